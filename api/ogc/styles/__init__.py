"""The style of each collection, as QGIS, SLD, Mapbox GL and ArcGIS write styles."""
