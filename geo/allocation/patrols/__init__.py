"""Patrols: visits to ranked places, in shifts."""
