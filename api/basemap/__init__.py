"""The basemap: where it comes from, how it is served, embedded and drawn on paper."""
