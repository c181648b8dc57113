"""A page for every area, for every layer, and for the money of all areas."""
