"""Finding a place by what people type: names, codes, postcodes, grid references, coordinates."""
