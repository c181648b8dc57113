"""Hotspot methods: pure functions of arrays and frames, one file for each question."""
