"""The collections as an ArcGIS FeatureServer, to read only.

Source: Esri, ArcGIS REST API, "Feature Service" and "Query (Feature Service/Layer)",
https://developers.arcgis.com/rest/services-reference/enterprise/feature-service/
"""
