"""Patrols: visits to hotspots in shifts, candidate bases, and what was delivered."""
