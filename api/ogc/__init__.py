"""OGC API – Features and Tiles: what GIS tools read."""
