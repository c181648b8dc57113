"""Where layers, incidents and settings are kept: one contract, several backends."""
