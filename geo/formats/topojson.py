"""TopoJSON to GeoJSON: arcs that areas share are laid out as the rings that they form.

A pure function of bytes. What a short file could grow to is bounded, because a geometry names
its arcs by number and may name a long one again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from geo.errors import InputError

MOST_POSITIONS: Final = 20_000_000
"""Positions that the areas of one file may have: some ten times those of all UK wards."""

_RING = 4
_NAMED = 8

Positions = NDArray[np.float64]


def to_geojson(content: bytes, *, file: str, layer: str = "") -> bytes:
    """One object of a TopoJSON file as a GeoJSON FeatureCollection.

    Parameters
    ----------
    content
        The file's bytes.
    file
        What messages call it.
    layer
        The name of the object; without one, that with the most polygons is taken.

    Raises
    ------
    InputError
        With one line that names the first fault and where it is.
    """
    topology = _topology(content, file)
    name, chosen = _object(topology["objects"], layer, file)
    shapes = _Shapes(_arcs(topology, file), _transform(topology, file))
    members = chosen["geometries"] if chosen.get("type") == "GeometryCollection" else [chosen]
    features = []
    for number, member in enumerate(members, start=1):
        try:
            features.append(_feature(member, shapes))
        except _FaultError as fault:
            raise InputError(f"{file}, {name}, geometry {number}: {fault}") from fault
    crs = chosen.get("crs") or topology.get("crs")
    collection = {"type": "FeatureCollection", **({"crs": crs} if crs else {})}
    return orjson.dumps(
        {**collection, "features": features},
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


class _FaultError(Exception):
    """What is wrong with a geometry; the file and the geometry are told by who catches it."""


@dataclass(frozen=True)
class _Transform:
    scale: Positions
    translate: Positions

    def __call__(self, quantised: Positions) -> Positions:
        return quantised * self.scale + self.translate


def _topology(content: bytes, file: str) -> dict[str, Any]:
    try:
        topology = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is no TopoJSON: {error}") from error
    if not isinstance(topology, dict) or topology.get("type") != "Topology":
        raise InputError(f"{file} is no TopoJSON: its type is not Topology")
    if not isinstance(topology.get("objects"), dict) or not topology["objects"]:
        raise InputError(f"{file} holds no objects")
    return topology


def _object(objects: dict[str, Any], layer: str, file: str) -> tuple[str, dict[str, Any]]:
    counts = {name: _polygons(thing) for name, thing in objects.items()}
    if layer and layer not in objects:
        names = ", ".join(map(_shown, list(objects)[:_NAMED]))
        raise InputError(f"{file} has no object {layer!r}; it has: {names}")
    name = layer or max(counts, key=lambda each: counts[each])
    if not layer and not counts[name]:
        raise InputError(f"{file} holds no polygons")
    chosen = objects[name]
    if not isinstance(chosen, dict) or (
        chosen.get("type") == "GeometryCollection"
        and not isinstance(chosen.get("geometries"), list)
    ):
        raise InputError(f"{file}: its object {_shown(name)!r} is no geometry")
    return _shown(name), chosen


def _shown(name: str) -> str:
    """A name from the file, fit for one line."""
    return " ".join(name.split())[:60]


def _polygons(thing: Any) -> int:
    if not isinstance(thing, dict):
        return 0
    if thing.get("type") == "GeometryCollection":
        members = thing.get("geometries")
        return sum(_is_area(member) for member in members) if isinstance(members, list) else 0
    return int(_is_area(thing))


def _is_area(member: Any) -> bool:
    return isinstance(member, dict) and member.get("type") in ("Polygon", "MultiPolygon")


def _transform(topology: dict[str, Any], file: str) -> _Transform | None:
    transform = topology.get("transform")
    if transform is None:
        return None
    try:
        scale, translate = _positions([transform["scale"], transform["translate"]])
    except (_FaultError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: its transform is no scale and translate of two numbers"
        ) from error
    return _Transform(scale, translate)


def _arcs(topology: dict[str, Any], file: str) -> list[Positions]:
    arcs = topology.get("arcs")
    if not isinstance(arcs, list):
        raise InputError(f"{file} has no arcs")
    transform = _transform(topology, file)
    laid = []
    for number, arc in enumerate(arcs):
        try:
            positions = _positions(arc)
            if transform:  # only quantised arcs are told by their steps
                with np.errstate(over="ignore", invalid="ignore"):
                    positions = transform(np.cumsum(positions, axis=0))
            laid.append(_finite(positions))
        except _FaultError as fault:
            raise InputError(f"{file}, arc {number}: {fault}") from fault
    return laid


def _positions(values: Any) -> Positions:
    """Lists of two numbers (further ones, such as heights, are left out) as an array."""
    try:
        positions = np.array([value[:2] for value in values])
    except (IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise _FaultError("its positions are not pairs of numbers") from error
    if positions.shape[1:] != (2,) or positions.dtype.kind not in "iuf":
        raise _FaultError("its positions are not pairs of numbers")
    return positions.astype(float)


def _finite(positions: Positions) -> Positions:
    if not np.isfinite(positions).all():
        raise _FaultError("its coordinates are not numbers")
    return positions


class _Shapes:
    """Coordinates of geometries, by type; counts positions as it goes."""

    def __init__(self, arcs: list[Positions], transform: _Transform | None) -> None:
        self._arcs = arcs
        self._transform = transform
        self._laid = 0
        self.of_type: dict[str, Callable[[dict[str, Any]], Any]] = {
            "Point": lambda shape: self._points([shape.get("coordinates")])[0],
            "MultiPoint": lambda shape: self._points(shape.get("coordinates")),
            "LineString": lambda shape: self._line(shape.get("arcs")),
            "MultiLineString": lambda shape: [self._line(line) for line in _each(shape)],
            "Polygon": lambda shape: self._rings(shape.get("arcs")),
            "MultiPolygon": lambda shape: [self._rings(rings) for rings in _each(shape)],
        }

    def _points(self, values: Any) -> Positions:
        positions = _positions(values)
        return _finite(self._transform(positions) if self._transform else positions)

    def _rings(self, rings: Any) -> list[Positions]:
        if not isinstance(rings, list):
            raise _FaultError("its rings are no lists of arcs")
        return [self._ring(ring) for ring in rings]

    def _ring(self, numbers: Any) -> Positions:
        ring = self._line(numbers)
        if (ring[0] != ring[-1]).any():
            raise _FaultError("a ring does not close")
        if len(ring) < _RING:
            # Quantising made it collapse. As the reference implementation does, it is kept as a
            # ring of four positions, so that the check of rings can name the place.
            ring = np.concatenate([ring, np.repeat(ring[:1], _RING - len(ring), axis=0)])
        return ring

    def _line(self, numbers: Any) -> Positions:
        parts: list[Positions] = []
        for arc in self._named(numbers):
            if parts and (parts[-1][-1] != arc[0]).any():
                raise _FaultError("its arcs do not meet")
            # The first position of an arc is the last of the one before.
            parts.append(arc[1:] if parts and len(arc) > 1 else arc)
        if not parts:
            raise _FaultError("a line has no arcs")
        return np.ascontiguousarray(np.concatenate(parts))

    def _named(self, numbers: Any) -> Iterator[Positions]:
        if not isinstance(numbers, list):
            raise _FaultError("its arcs are no list of numbers")
        for number in numbers:
            if type(number) is not int or not -len(self._arcs) <= number < len(self._arcs):
                raise _FaultError(f"it names an arc {repr(number)[:20]} that is not there")
            # ~n means arc n from its end to its beginning.
            arc = self._arcs[number] if number >= 0 else self._arcs[~number][::-1]
            self._laid += len(arc) or 1
            if self._laid > MOST_POSITIONS:
                raise _FaultError(f"with it the areas have more than {MOST_POSITIONS:,} positions")
            if len(arc):
                yield arc


def _each(shape: dict[str, Any]) -> list[Any]:
    parts = shape.get("arcs")
    if not isinstance(parts, list):
        raise _FaultError("its parts are no lists of arcs")
    return parts


def _feature(member: Any, shapes: _Shapes) -> dict[str, Any]:
    if not isinstance(member, dict):
        raise _FaultError("it is no geometry")
    properties = member.get("properties") or {}
    if not isinstance(properties, dict):
        raise _FaultError("its properties are no names and values")
    kind = member.get("type")
    feature: dict[str, Any] = {"type": "Feature", "properties": dict(properties), "geometry": None}
    if isinstance(member.get("id"), str | int):
        feature["id"] = member["id"]
        if member["id"] not in properties.values():
            # Files made with the code as id often have no other property that names the area.
            feature["properties"].setdefault("id", member["id"])
    if kind is not None:
        lay = shapes.of_type.get(kind) if isinstance(kind, str) else None
        if lay is None:
            raise _FaultError(f"geometries of type {repr(kind)[:40]} are not read")
        feature["geometry"] = {"type": kind, "coordinates": lay(member)}
    return feature
