"""Patches: contiguous groups of areas under one officer each."""
