"""Mapbox Vector Tiles of collections."""
