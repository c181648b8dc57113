"""Imports layers of points and lines: premises, assets, schools, streets."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from api.imports.layers import ReadingOptions, StoredLayer, put_layer, replaced_lines
from api.settings import user_name
from boundaries.layers.features import FeatureLayer, layer_kind, read_features_layer
from boundaries.layers.selecting import features_within
from boundaries.plans.plan_layers import read_layer_or_plan
from geo.errors import InputError
from geo.formats.geojson import feature_collection
from geo.store.contract import LayerMetadata, Store, StoreReader


@dataclass(frozen=True)
class StoredFeatures:
    """A layer of points or lines as it was stored.

    Attributes
    ----------
    read
        How many features were read.
    left_out
        How many of them `within` left out.
    replaced
        A sentence for each thing that was in the store before; none for a new layer.
    """

    layer: FeatureLayer
    read: int
    left_out: int
    replaced: list[str]

    @property
    def line(self) -> str:
        """How many features there are, and which fields name them."""
        metadata, features = self.layer.metadata, self.layer.features
        noun = metadata.kind[:-1] if len(features) == 1 else metadata.kind
        return f"{metadata.layer_id}: {len(features):,} {noun}, {fields_text(metadata)}"

    @property
    def lines(self) -> list[str]:
        """All there is to say of it."""
        rejected = sum(map(len, self.layer.rejected.values()))
        accounts = (
            f"{self.read:,} read = {len(self.layer.features):,} stored + {rejected:,} rejected"
            + (f" + {self.left_out:,} left out by --within" if self.left_out else "")
        )
        return [
            self.line,
            accounts,
            *self.layer.rejections,
            *self.layer.notes,
            *self.replaced,
        ]

    @property
    def facts(self) -> dict[str, object]:
        """The same as JSON members."""
        metadata = self.layer.metadata
        return {
            "layer": metadata.layer_id,
            "kind": metadata.kind,
            "geometry_type": metadata.geometry_type,
            "features": len(self.layer.features),
            "read": self.read,
            "rejected": {reason: len(rows) for reason, rows in self.layer.rejected.items()},
            "left_out": self.left_out,
            "code_field": metadata.code_field,
            "name_field": metadata.name_field,
            "notes": list(self.layer.notes),
            "replaced": self.replaced,
        }


def fields_text(metadata: LayerMetadata) -> str:
    """From which fields of a file the codes and names of points or lines come."""
    codes = (
        f"codes from {metadata.code_field}"
        if metadata.code_field
        else "codes made from their order in the file"
    )
    names = f"names from {metadata.name_field}" if metadata.name_field else "no field of names"
    return f"{codes}, {names}"


def put_any_layer(
    store: Store, content: bytes, metadata: LayerMetadata, how: ReadingOptions, *, by: str = ""
) -> StoredLayer | StoredFeatures:
    """Read features as a layer of areas, of points or of lines, as they are, and store it.

    Parameters
    ----------
    store, content, metadata, how, by
        As `put_layer` takes them.

    Raises
    ------
    InputError
        If they are of several kinds, or not the features of a layer.
    """
    put = put_layer if layer_kind(content, metadata.file) == "areas" else put_features
    return put(store, content, metadata, how, by=by)


def put_features(
    store: Store, content: bytes, metadata: LayerMetadata, how: ReadingOptions, *, by: str = ""
) -> StoredFeatures:
    """Read features as a layer of points or lines and store it.

    Parameters
    ----------
    store
        Its coordinates, and the layer of `how.within`.
    content
        GeoJSON of points or of lines.
    metadata, how
        Which fields hold codes and names, and which features are wanted.
    by
        Who does it, for the records of changes; by default the user who runs this process.

    Raises
    ------
    InputError
        If they are not the features of a layer, its id is not allowed, or an option is one of
        areas.
    """
    layer, read, left_out = read_points_or_lines(store, content, metadata, how)
    with store.transaction():
        replaced = replaced_lines(store, layer.metadata.layer_id, layer.features)
        store.put_layer(layer.metadata, layer.features, by=by or user_name())
    return StoredFeatures(layer, read, left_out, replaced)


def read_points_or_lines(
    store: StoreReader, content: bytes, metadata: LayerMetadata, how: ReadingOptions
) -> tuple[FeatureLayer, int, int]:
    """Read features as a layer of points or lines; nothing is stored.

    Parameters
    ----------
    store, content, metadata, how
        As `put_features` takes them.

    Returns
    -------
    layer
        The layer.
    read, left_out
        How many features were read, and how many of them `how.within` left out.

    Raises
    ------
    InputError
        As `put_features`.
    """
    if how.repair or how.snap_m is not None:
        option = "--repair" if how.repair else "--snap"
        raise InputError(f"{option} is for layers of areas; {metadata.file} holds points or lines")
    read = count_features(content, metadata.file)
    content = _within(store, content, metadata.file, how)
    layer = read_features_layer(content, metadata, projection=store.projection)
    return layer, read, read - count_features(content, metadata.file)


def count_features(content: bytes, file: str) -> int:
    """How many features a GeoJSON FeatureCollection has; `file` names it in messages."""
    return len(feature_collection(content, file)["features"])


def _within(store: StoreReader, content: bytes, file: str, how: ReadingOptions) -> bytes:
    if not how.within:
        return content
    outer: gpd.GeoDataFrame = read_layer_or_plan(store, how.within)[1]
    return features_within(content, outer, projection=store.projection, file=file, layer=how.within)
