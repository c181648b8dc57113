"""Layers as collections: boundaries, points and lines of the store, and the areas of plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

import geopandas as gpd

from api.answers import Answers
from api.formats.registry import HTML
from api.ogc.collections.base import BoundingBox, Collection, GeometryFormat, Group, Summary
from api.ogc.collections.extents import layer_box
from api.ogc.items import Items, Kind
from api.ogc.links import Link, link
from api.ogc.properties import Property
from api.snapshot import Snapshot
from boundaries.plans.plan_layers import plan_metadata, plan_of
from geo.crs import Projection
from geo.errors import InputError
from geo.geometry_types import GeometryType
from geo.store.contract import LayerMetadata, PlanSummary
from geo.store.layer_ids import renaming_notices

_METADATA = ("authority", "licence", "source", "valid_from", "valid_to", "file", "sha256", "note")


_GEOMETRIES: Final[Mapping[GeometryType, GeometryFormat]] = {
    "Point": "geometry-point",
    "MultiPoint": "geometry-multipoint",
    "MultiLineString": "geometry-multilinestring",
    "MultiPolygon": "geometry-multipolygon",
}


class LayerCollection(Collection):
    """The features of a layer: areas, lines or points."""

    group: ClassVar[Group] = "Boundaries"

    def __init__(self, metadata: LayerMetadata, answers: Answers) -> None:
        super().__init__(metadata.layer_id, answers)
        self.metadata = metadata
        self.geometry = _GEOMETRIES[metadata.geometry_type]
        self.merges_points = self.kind == "Point"

    @property
    def title(self) -> str:
        """The layer's title, else its id."""
        return self.metadata.title or self.id

    def summary(self) -> Summary:
        """Return the layer's metadata."""
        layer = self.metadata
        summary: Summary = {"title": self.title}
        if layer.source:
            summary["description"] = layer.source
        if layer.authority:
            summary["attribution"] = layer.authority
        if layer.licence:
            summary["license"] = layer.licence
        values: dict[str, str] = {name: getattr(layer, name) for name in _METADATA}
        summary["metadata"] = {name: text for name, text in values.items() if text}
        if notices := renaming_notices([layer]):
            summary["caveats"] = notices
        return summary

    def items(self, query: Mapping[str, str]) -> Items:
        """Return the features, by code."""
        return self.answers.cached(self.key(query), self._items, light=True)

    def _items(self, snapshot: Snapshot) -> Items:
        return layer_items(self.features(snapshot), self.kind, snapshot.projection)

    def features(self, snapshot: Snapshot) -> gpd.GeoDataFrame:
        """Return the features by their codes, in metres of the working CRS."""
        return snapshot.features(self.id)[1]

    def extent_box(self) -> BoundingBox | None:
        """Return the box of its features."""
        return layer_box(self.answers, self.id)

    def further_links(self, root: str) -> list[Link]:
        """Return a link to where the layer was published, if its source is an address."""
        del root
        source = self.metadata.source
        if not source.startswith(("http://", "https://")):
            return []
        return [link(source, "describedby", HTML, "Where the layer was published")]


def layer_items(features: gpd.GeoDataFrame, kind: Kind, projection: Projection) -> Items:
    """Return the features of a layer, indexed by their codes, as those of a collection."""
    codes = [str(code) for code in features.index]
    return Items.of_frame(features.reset_index(), codes, projection=projection, kind=kind)


class PlanLayerCollection(LayerCollection):
    """The areas of a plan."""

    group = "Boundary plans"

    def __init__(self, plan: PlanSummary, answers: Answers) -> None:
        # Without its note, which names the version: the list of collections is read for each of
        # them, and a step in a plan must leave the others as they are.
        super().__init__(replace(plan_metadata(plan), note=""), answers)
        self._blocks_layer = plan["blocks_layer"]

    def summary(self) -> Summary:
        """Return the plan's metadata, with the note that names its version."""
        plans = self.snapshot.plans()
        plan = next(plan for plan in plans if plan["plan_id"] == plan_of(self.id))
        return LayerCollection(plan_metadata(plan), self.answers).summary()

    def features(self, snapshot: Snapshot) -> gpd.GeoDataFrame:
        """Return the plan's areas; a plan without any area has none, and is no error."""
        return snapshot.plan_areas(plan_of(self.id))

    def properties(self) -> list[Property]:
        """Return the properties of the areas; none if the plan no longer fits its blocks."""
        try:
            return super().properties()
        except InputError:
            return []

    def extent_box(self) -> BoundingBox | None:
        """Return that of the plan's blocks: an extent is known before the plan is opened."""
        return layer_box(self.answers, self._blocks_layer)
