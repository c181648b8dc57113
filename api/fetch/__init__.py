"""Downloading published data, for machines with a network."""
