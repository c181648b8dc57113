"""What QGIS makes of a project and of styles: run by the Python that QGIS brings, prints JSON.

`open_project.py PROJECT`: a project file; beside it the style of each collection as QML and SLD.
"""

import json
import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsRenderContext, QgsVectorLayer


def drawn(layer: QgsVectorLayer) -> list:
    """The renderer of a layer, and how many symbols it has; QGIS draws no empty layer."""
    renderer = layer.renderer()
    if renderer is None:
        return ["", 0]
    return [renderer.type(), len(renderer.symbols(QgsRenderContext()))]


def described(layer: QgsVectorLayer, folder: Path, name: str) -> dict:
    renderer, symbols = drawn(layer)
    about = {
        "valid": layer.isValid(),
        "read": sum(1 for _ in layer.getFeatures()),
        "renderer": renderer,
        "symbols": symbols,
    }
    if not renderer:
        return about
    for form, load in (("qml", layer.loadNamedStyle), ("sld", layer.loadSldStyle)):
        message, loaded = load(str(folder / f"{name}.{form}"))
        assert loaded, f"{name}.{form}: {message}"
        about[form] = drawn(layer)
    return about


def main(path: str) -> None:
    project = QgsProject.instance()
    assert project.read(path), project.error()
    layers = {}
    for node in project.layerTreeRoot().findLayers():
        name = node.layerId().removeprefix("patchmap_layer_")
        layers[name] = {
            "group": node.parent().name(),
            "visible": node.itemVisibilityChecked(),
            **described(node.layer(), Path(path).parent, name),
        }
    box = project.viewSettings().defaultViewExtent()
    extent = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    summary = {"crs": project.crs().authid(), "layers": layers, "extent": extent}
    sys.stdout.write(json.dumps(summary))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(*sys.argv[1:])
    application.exitQgis()
