"""Which features a query selects, in which order, and which of their fields it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.arcgis.fields import Layer
from api.arcgis.geometry import SpatialReference, buffered, read_geometry
from api.arcgis.request import ArcgisRequest
from api.arcgis.where import read_where
from api.ogc.coordinates import offered
from api.ogc.cql2.filters import Filter
from api.ogc.items import Items, PointGeometries, Positions
from api.ogc.selection import narrowed, ordered
from geo.errors import QuestionError

TIME_FIELD: Final = "occurred_from"
"""When a feature happened: the property that `time` is about."""

# The relation of the geometry that is given to a feature; CQL2 says it the other way round.
_RELATIONS: Final = {
    "esriSpatialRelContains": "s_within",
    "esriSpatialRelWithin": "s_contains",
    "esriSpatialRelTouches": "s_touches",
    "esriSpatialRelOverlaps": "s_overlaps",
    "esriSpatialRelCrosses": "s_crosses",
}
_INTERSECTS: Final = "esriSpatialRelIntersects"
_ENVELOPES: Final = ("esriSpatialRelEnvelopeIntersects", "esriSpatialRelIndexIntersects")
_REFUSED: Final = ("having", "relationParam", "historicMoment", "parentLayerDefinition")
"""Parameters that would change an answer and are not read."""

_EARLIEST, _LATEST = -(2**53), 2**53


@dataclass(frozen=True)
class LayerQuery:
    """A query of a layer.

    Attributes
    ----------
    items
        The features of the layer, with their fields as properties.
    """

    request: ArcgisRequest
    layer: Layer
    items: Items

    @classmethod
    def read(cls, request: ArcgisRequest, layer: Layer) -> LayerQuery:
        """Read the features that a query is about: those of the Question that it holds, if any.

        Raises
        ------
        QuestionError
            If a parameter cannot be read.
        """
        for name in _REFUSED:
            if request.text(name):
                raise QuestionError(name, "is not supported; leave it out")
        if request.text("distance", "0") not in ("0", "0.0") and not request.text("geometry"):
            raise QuestionError("distance", "is from a geometry; give one")
        options = {name: request.text(name) for name in layer.collection.options}
        # ArcGIS has a parameter of this name too.
        question = {name: text for name, text in options.items() if text and name != "distance"}
        return cls(request, layer, layer.items(question))

    def positions(self) -> NDArray[np.int64]:
        """Return the features that are selected, in the order that is asked for.

        Raises
        ------
        QuestionError
            With the parameter that cannot be read.
        """
        positions = self.selected()
        if self.request.text("orderByFields"):
            order = ",".join(self.order(self.layer.fields.by_name))
            try:
                positions = ordered(self.items, positions, order)
            except QuestionError as error:
                raise error.under("orderByFields") from error
        return positions

    def selected(self) -> NDArray[np.int64]:
        """Return the features that are selected, in the order of the layer.

        Raises
        ------
        QuestionError
            With the parameter that cannot be read.
        """
        request, items = self.request, self.items
        positions: Positions = self._related() if request.text("geometry") else range(len(items))
        if request.text("objectIds"):
            positions = narrowed(positions, self._numbered(positions))
        if condition := request.text("where"):
            tree = read_where(condition, self.layer.fields.by_name)
            try:
                positions = self._filtered(positions, tree)
            except QuestionError as error:
                raise error.under("where") from error
        if request.text("time") and TIME_FIELD in items.table:
            positions = narrowed(positions, self._during(positions))
        return np.asarray(positions, dtype=np.int64)

    def order(self, names: Mapping[str, str]) -> list[str]:
        """Return the fields to sort by, with `-` before one in descending order.

        Parameters
        ----------
        names
            The name of each field by that in small letters.

        Raises
        ------
        QuestionError
            If one is unknown.
        """
        keys = []
        for part in self.request.text("orderByFields").split(","):
            match = re.fullmatch(r"\s*(\S+)(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
            name = names.get(match[1].strip('"').lower()) if match else None
            if not match or name is None:
                raise QuestionError("orderByFields", f"cannot be read at {part.strip()!r}")
            descending = (match[2] or "").lower() == "desc"
            keys.append(f"-{name}" if descending else name)
        return keys

    def names(self, option: str) -> list[str]:
        """Return the fields that a parameter lists; all of them for `*`.

        Raises
        ------
        QuestionError
            If one is unknown.
        """
        known = self.layer.fields.by_name
        names = [part.strip().strip('"') for part in self.request.text(option).split(",")]
        if "*" in names:
            return list(known.values())
        for name in filter(None, names):
            if name.lower() not in known:
                listed = ", ".join(known.values())
                raise QuestionError(option, f"unknown field {name!r}; choose one of: {listed}")
        return list(dict.fromkeys(known[name.lower()] for name in names if name))

    def _numbered(self, positions: Positions) -> NDArray[np.bool_]:
        try:
            numbers = [int(part) for part in self.request.text("objectIds").split(",")]
        except ValueError as error:
            raise QuestionError("objectIds", "is no list of whole numbers") from error
        own = self.items.rows(positions)[self.layer.fields.id_name]
        return own.isin(numbers).to_numpy()

    def _related(self) -> Positions:
        request, items = self.request, self.items
        kind = request.text("geometryType", "esriGeometryEnvelope")
        given, reference = read_geometry(request.text("geometry"), kind)
        own = items.projection.crs
        system = SpatialReference(own, items.projection)
        if named := request.text("inSR") or _json_text(reference):
            system = SpatialReference.read("inSR", named, items.projection)
        relation = request.text("spatialRel", _INTERSECTS)
        distance, unit = request.text("distance"), request.text("units")
        if distance and not unit and system.name != own:
            # Degrees, or the metres of web Mercator, are of another length at each latitude.
            raise QuestionError("units", "is missing; name one, such as esriSRUnit_Meter")
        if relation in _ENVELOPES and distance:
            area = buffered(system.read_geometry(given), distance, unit)
            return _envelopes(items, shapely.envelope(area))
        if relation in _ENVELOPES:
            return _envelopes(items, system.read_geometry(shapely.envelope(given)))
        if relation != _INTERSECTS and relation not in _RELATIONS:
            listed = ", ".join((_INTERSECTS, *_RELATIONS, *_ENVELOPES))
            raise QuestionError("spatialRel", f"unknown relation {relation!r}; choose: {listed}")
        area = buffered(system.read_geometry(given), distance, unit)
        touching = items.geometries.touching(area)
        if relation == _INTERSECTS:
            return touching
        if not len(touching):
            return touching
        literal = orjson.loads(shapely.to_geojson(area))
        tree = {"op": _RELATIONS[relation], "args": [{"property": "geometry"}, literal]}
        return self._filtered(touching, tree)

    def _filtered(self, positions: Positions, tree: object) -> NDArray[np.int64]:
        systems = offered(self.items.projection).values()
        metres = next(axes for axes in systems if not axes.in_degrees).in_file
        mask = Filter(self.items, positions, axes=metres).matches(tree)
        return narrowed(positions, mask)

    def _during(self, positions: Positions) -> NDArray[np.bool_]:
        text = self.request.text("time")
        ends = [part.strip().lower() for part in text.split(",")]
        open_ends = (_EARLIEST, _LATEST)
        try:
            numbers = [
                open_end if end == "null" else int(end)
                for end, open_end in zip(ends * (3 - len(ends)), open_ends, strict=True)
            ]
        except ValueError as error:
            raise QuestionError(
                "time", f"{text!r} is no time; write milliseconds since 1970, or two of them"
            ) from error
        moments = milliseconds(self.items.rows(positions)[TIME_FIELD])
        first, last = numbers
        return moments.between(first, last).fillna(value=False).to_numpy(dtype=bool)


def milliseconds(column: pd.Series) -> pd.Series:
    """Return moments as ArcGIS writes them: milliseconds since 1970 in UTC."""
    seconds = pd.Series(column.to_numpy(dtype="datetime64[s]").astype(np.int64), column.index)
    return seconds.astype("Int64").where(column.notna()) * 1000


def _json_text(reference: object) -> str:
    """The spatial reference that a geometry names itself, as text; '' where it names none."""
    return orjson.dumps(reference).decode() if reference else ""


def _envelopes(items: Items, envelope: shapely.Geometry) -> NDArray[np.int64]:
    """Features whose box touches a box."""
    if shapely.is_empty(envelope):
        return np.array([], dtype=np.int64)
    if isinstance(items.geometries, PointGeometries):
        return items.geometries.touching(envelope)
    west, south, east, north = shapely.bounds(envelope)
    left, below, right, above = shapely.bounds(items.geometries.geometries).T
    apart = (left > east) | (right < west) | (below > north) | (above < south)
    missing = np.isnan(left)
    return np.flatnonzero(~apart & ~missing)
