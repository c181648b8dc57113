"""Which areas fit which, and figures carried from the areas of one layer to those of another."""
