"""Stores of layers, incidents, plans and settings: one contract, several backends."""
