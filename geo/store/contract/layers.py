"""Layers of a store: areas and their metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd


@dataclass(frozen=True)
class LayerMetadata:
    """What is known of a layer besides its areas.

    Dates are ISO (`2025-05-01`) or empty; `code_field` and `name_field` are the names that the
    file used (`name_field` is empty where the file had no names); `file` and `sha256` identify
    the file that was read, and `note` says what was changed on the way in. `stored_as` is the id
    under which an earlier release stored the layer, if that id is reserved now; else empty.
    """

    layer_id: str
    title: str = ""
    authority: str = ""
    licence: str = ""
    source: str = ""
    valid_from: str = ""
    valid_to: str = ""
    code_field: str = ""
    name_field: str = ""
    file: str = ""
    sha256: str = ""
    note: str = ""
    stored_as: str = ""


class LayerReader(Protocol):
    """Reads layers."""

    def layers(self) -> list[LayerMetadata]:
        """The metadata of every layer, in the order in which they were added."""
        ...

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """A layer's metadata and areas: indexed by `area_code`, with `area_name` and attributes.

        Raises
        ------
        NotFoundError
            If there is no such layer; the message lists the layers that exist.
        """
        ...


class LayerStore(LayerReader, Protocol):
    """Reads and writes layers."""

    def put_layer(self, metadata: LayerMetadata, areas: gpd.GeoDataFrame) -> None:
        """Add a layer, or replace the whole of the layer with the same id.

        Parameters
        ----------
        metadata
            The id of a layer of the store, or a new one that `check_layer_id` allows.
        areas
            Polygons and multipolygons in the working CRS, indexed by `area_code`. A column of
            whole numbers, numbers or booleans keeps its type; any other is stored as text.

        Raises
        ------
        InputError
            If the id is not allowed.
        """
        ...
