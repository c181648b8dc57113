"""The layer of streets that a Question counts along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import geopandas as gpd

from geo.errors import QuestionError
from geo.store.contract import LayerMetadata

OPTION: Final = "streets"
"""The option that names the layer, for refusals."""

NO_STREETS: Final = "there is no layer of streets; add one of lines with 'patchmap layers add'"


@dataclass(frozen=True)
class StreetLayer:
    """A layer of lines to count along.

    Attributes
    ----------
    layer_id, title
        Its id, and what people call it.
    segments
        Its lines in metres, indexed by code, with `name`.
    version
        The state of the store's layers that it was read from; '' for a layer of no store.
    """

    layer_id: str
    title: str
    segments: gpd.GeoDataFrame
    version: str = ""


def street_metadata(layers: Iterable[LayerMetadata], layer_id: str = "") -> LayerMetadata:
    """Choose the layer of streets among all layers of a store.

    Parameters
    ----------
    layers
        The metadata of all layers.
    layer_id
        The layer that the Question names; '' for the only layer of lines.

    Returns
    -------
    Its metadata.

    Raises
    ------
    QuestionError
        If there is no such layer, it has no lines, or none is named and there are several.
    """
    layers = list(layers)
    lines = [metadata for metadata in layers if metadata.kind == "lines"]
    names = ", ".join(metadata.layer_id for metadata in lines)
    if not layer_id:
        if len(lines) == 1:
            return lines[0]
        several = f"there are several layers of lines; name one of: {names}"
        raise QuestionError(OPTION, several if lines else NO_STREETS)
    for metadata in lines:
        if metadata.layer_id == layer_id:
            return metadata
    kinds = {metadata.layer_id: metadata.kind for metadata in layers}
    reason = (
        f"{layer_id!r} is a layer of {kinds[layer_id]}, and streets are lines"
        if layer_id in kinds
        else f"there is no layer {layer_id!r}"
    )
    raise QuestionError(OPTION, f"{reason}; choose {names}" if lines else NO_STREETS)
