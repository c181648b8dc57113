"""Layers of the store as files of any format in which collections are served."""

from __future__ import annotations

from pathlib import Path

from api.formats.registry import CSV, FEATURE_FILES, GEOJSON, format_of_file
from api.ogc.collections.layers import layer_items
from api.ogc.coordinates import offered
from api.ogc.files import CsvForm, Download, write_features
from api.ogc.selection import FeatureSelection
from boundaries.plans.plan_layers import plan_of, read_layer_or_plan
from geo.output import write_file
from geo.store.contract import LayerMetadata, StoreReader


def export_layer(store: StoreReader, layer_id: str, path: Path) -> tuple[LayerMetadata, int]:
    """Write a layer, or a plan as `plan-ID`, to a file, whole or not at all.

    GeoJSON is in longitude and latitude, every other format in metres of the working CRS.

    Parameters
    ----------
    path
        Its ending chooses the format, of `FEATURE_FILES`.

    Returns
    -------
    The layer's metadata, and how many features were written.

    Raises
    ------
    InputError
        If the ending names no format.
    NotFoundError
        If there is no such layer or plan.
    """
    form = format_of_file(path, FEATURE_FILES)
    metadata, features = (
        read_layer_or_plan(store, layer_id) if plan_of(layer_id) else store.features(layer_id)
    )
    items = layer_items(features, metadata.geometry_type, store.projection)
    axes = next(
        each for each in offered(store.projection).values() if each.in_degrees == (form is GEOJSON)
    )
    selection = FeatureSelection(items, range(len(items)), axes)
    # As well-known text, which names its system: a file of coordinates alone could not.
    download = Download.of(selection, CsvForm("wkt") if form is CSV else None)
    write_file(path, lambda part: write_features(download, form, part))
    return metadata, len(items)
