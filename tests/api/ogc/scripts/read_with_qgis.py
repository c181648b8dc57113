"""What QGIS makes of the service: run by the Python that QGIS brings, prints JSON.

`read_with_qgis.py ADDRESS GEOPACKAGE PICTURE`: the address of the OGC door, a download of its
hotspots, and the picture to draw of them over the vector tiles of the wards.
"""

import json
import sys
from urllib.parse import quote

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def features_of(address: str, name: str) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"url='{address}' typename='{name}'", name, "OAPIF")
    assert layer.isValid(), f"QGIS does not open {name}"
    return layer


def tiles_of(address: str, name: str) -> QgsVectorTileLayer:
    place = quote(f"{address}/collections/{name}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}")
    layer = QgsVectorTileLayer(f"type=xyz&url={place}&zmin=0&zmax=20", name)
    assert layer.isValid(), f"QGIS does not open the tiles of {name}"
    blue = QColor(170, 170, 210)
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(
        QgsVectorTileBasicRenderer.simpleStyle(blue, blue, 1, blue, 1, blue, blue, 1)
    )
    layer.setRenderer(renderer)
    return layer


def picture_of(layers: list, extent: QgsRectangle, path: str) -> dict:
    """Draw layers, the first on top; returns the share of red, of blue and of empty pixels."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(600, 400))
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    colours = [QColor(image.pixel(x, y)) for x in range(0, 600, 3) for y in range(0, 400, 3)]
    shares = {
        "red": sum(one.red() > one.blue() + 50 for one in colours),
        "blue": sum(one.blue() > one.red() + 20 for one in colours),
        "empty": sum(one == QColor("white") for one in colours),
    }
    return {name: count / len(colours) for name, count in shares.items()}


def main(address: str, geopackage: str, picture: str) -> None:
    hotspots, wards = features_of(address, "hotspots"), features_of(address, "wards")
    busy = QgsFeatureRequest().setFilterExpression('"class" LIKE \'no%\' AND "n" >= 3')
    coloured = QgsVectorLayer(f"{geopackage}|layername=hotspots", "coloured", "ogr")
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    place = QgsCoordinateTransform(coloured.crs(), mercator, QgsProject.instance())
    extent = place.transformBoundingBox(coloured.extent()).buffered(200)
    summary = {
        "wards": sorted(str(one["area_name"]) for one in wards.getFeatures()),
        "cells": sum(1 for _ in hotspots.getFeatures()),
        "counted": hotspots.featureCount(),
        "busy": sum(1 for _ in hotspots.getFeatures(busy)),
        "crs": hotspots.crs().authid(),
        "renderer": coloured.renderer().type(),
        "classes": [category.value() for category in coloured.renderer().categories()],
        "below": picture_of([tiles_of(address, "wards")], extent, picture),
        "picture": picture_of([coloured, tiles_of(address, "wards")], extent, picture),
    }
    sys.stdout.write(json.dumps(summary))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(*sys.argv[1:])
    application.exitQgis()
