"""Allocation: posts over areas, areas grouped into patches, visits to hotspots in shifts."""
