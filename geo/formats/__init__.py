"""Files from users, read within bounds: tables, GeoJSON, and whatever GDAL reads."""
