"""Finding a place: the box of the board, its page, and the same answer as GeoJSON."""
