"""CQL2 filters: parsed within bounds, and evaluated on the properties of features."""
