"""Downloads of published data, for machines that have a network."""
