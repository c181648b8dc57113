"""The default store: one GeoPackage file."""
