"""Maps: folium, offline, and the plain drawings for print."""
