"""Map tiles: Mapbox Vector Tiles written and read, and the files and pyramids that hold them."""
