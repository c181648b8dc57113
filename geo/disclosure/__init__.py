"""Protection of published counts: controlled rounding, and the attacks that test it."""
