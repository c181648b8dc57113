"""Boundary layers: read, checked, mended, and joined to attributes."""
