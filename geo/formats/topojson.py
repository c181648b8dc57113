"""TopoJSON to GeoJSON: arcs that areas share become the rings of each area.

Why not GDAL, which reads the other formats: its TopoJSON driver (GDAL 3.12) gives the same
coordinates for a sound file, but changes a faulty one without an error. It reads a position that is
not two numbers as 0, 0, joins arcs that do not meet by a straight line, leaves an area empty where
an arc number does not exist, an arc has heights, or a ring is open, ignores a broken `transform`,
and drops members it does not understand from the list of areas. A boundary that is silently wrong
is worse than one that is refused. It also drops the name of an object that is a single geometry.

What a short file could grow to is bounded, because a geometry names its arcs by number and can
name a long one again and again.

Source: https://github.com/topojson/topojson-specification
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from geo.errors import InputError

MOST_POSITIONS: Final = 20_000_000
"""Positions that the areas of one file may have: some ten times those of all UK wards."""

_RING = 4  # positions of the shortest ring, the last being the first again
_LISTED = 8  # names listed in a message

Positions = NDArray[np.float64]
Coordinates = Positions | list[Positions] | list[list[Positions]]


def to_geojson(content: bytes, *, file: str, layer: str = "") -> bytes:
    """One object of a TopoJSON file as a GeoJSON FeatureCollection.

    Parameters
    ----------
    content
        The file's bytes.
    file
        Its name, for messages.
    layer
        The name of the object; without one, that with the most polygons is taken.

    Returns
    -------
    content
        UTF-8 JSON, with the `crs` member of the object or of the file if there is one.

    Raises
    ------
    InputError
        With one line that names the first fault and where it is.
    """
    topology = _topology(content, file)
    name, chosen = _object(topology.get("objects"), layer, file)
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
    return orjson.dumps({**collection, "features": features}, option=orjson.OPT_SERIALIZE_NUMPY)


class _FaultError(Exception):
    """What is wrong with an arc or a geometry; the caller adds the file and the number."""


@dataclass(frozen=True)
class _Transform:
    """How whole numbers of a quantised file become coordinates."""

    scale: Positions
    translate: Positions

    def __call__(self, quantised: Positions) -> Positions:
        return quantised * self.scale + self.translate


def _topology(content: bytes, file: str) -> dict[str, object]:
    try:
        topology = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is not TopoJSON: {error}") from error
    if not isinstance(topology, dict) or topology.get("type") != "Topology":
        raise InputError(f"{file} is not TopoJSON: its type is not Topology")
    return topology


def _object(objects: object, layer: str, file: str) -> tuple[str, dict]:
    if not isinstance(objects, dict) or not objects:
        raise InputError(f"{file} holds no objects")
    counts = {name: _polygons(thing) for name, thing in objects.items()}
    if layer and layer not in objects:
        names = ", ".join(map(_one_line, list(objects)[:_LISTED]))
        raise InputError(f"{file} has no object {layer!r}; it has: {names}")
    name = layer or max(counts, key=counts.__getitem__)
    if not layer and not counts[name]:
        raise InputError(f"{file} holds no polygons")
    chosen = objects[name]
    if not isinstance(chosen, dict) or (
        chosen.get("type") == "GeometryCollection"
        and not isinstance(chosen.get("geometries"), list)
    ):
        raise InputError(f"{file}: its object {_one_line(name)!r} is not a geometry")
    return _one_line(name), chosen


def _one_line(name: str) -> str:
    """A name from the file, safe to put in a message."""
    return " ".join(name.split())[:60]


def _polygons(thing: object) -> int:
    """How many areas an object holds."""
    if not isinstance(thing, dict):
        return 0
    members = thing.get("geometries") if thing.get("type") == "GeometryCollection" else [thing]
    return sum(map(_is_area, members)) if isinstance(members, list) else 0


def _is_area(member: object) -> bool:
    return isinstance(member, dict) and member.get("type") in ("Polygon", "MultiPolygon")


def _transform(topology: dict[str, object], file: str) -> _Transform | None:
    transform = topology.get("transform")
    if transform is None:
        return None
    members = transform if isinstance(transform, dict) else {}
    try:
        scale, translate = _positions([members.get("scale"), members.get("translate")])
    except _FaultError as error:
        raise InputError(
            f"{file}: its transform must have a scale and a translate of two numbers each"
        ) from error
    return _Transform(scale, translate)


def _arcs(topology: dict[str, object], file: str) -> list[Positions]:
    arcs = topology.get("arcs")
    if not isinstance(arcs, list):
        raise InputError(f"{file} has no arcs")
    transform = _transform(topology, file)
    decoded = []
    for number, arc in enumerate(arcs):
        try:
            positions = _positions(arc)
            if transform:  # only quantised arcs store steps from one position to the next
                with np.errstate(over="ignore", invalid="ignore"):
                    positions = transform(np.cumsum(positions, axis=0))
            decoded.append(_finite(positions))
        except _FaultError as fault:
            raise InputError(f"{file}, arc {number}: {fault}") from fault
    return decoded


def _positions(values: object) -> Positions:
    """An array of positions from lists of two numbers; heights are left out."""
    try:
        positions = np.array([value[:2] for value in values] if isinstance(values, list) else [])
    except (IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise _FaultError("its positions are not pairs of numbers") from error
    if positions.shape[1:] != (2,) or positions.dtype.kind not in "iuf":
        raise _FaultError("its positions are not pairs of numbers")
    return positions.astype(float)


def _finite(positions: Positions) -> Positions:
    if not np.isfinite(positions).all():
        raise _FaultError("its coordinates are not finite numbers")
    return positions


class _Shapes:
    """Coordinates of geometries, by type; counts positions as it goes."""

    def __init__(self, arcs: list[Positions], transform: _Transform | None) -> None:
        self._arcs = arcs
        self._transform = transform
        self._count = 0
        self.of_type: dict[str, Callable[[dict], Coordinates]] = {
            "Point": lambda shape: self._points([shape.get("coordinates")])[0],
            "MultiPoint": lambda shape: self._points(shape.get("coordinates")),
            "LineString": lambda shape: self._line(shape.get("arcs")),
            "MultiLineString": lambda shape: [self._line(line) for line in _parts(shape)],
            "Polygon": lambda shape: self._rings(shape.get("arcs")),
            "MultiPolygon": lambda shape: [self._rings(rings) for rings in _parts(shape)],
        }

    def _points(self, values: object) -> Positions:
        positions = _positions(values)
        return _finite(self._transform(positions) if self._transform else positions)

    def _rings(self, rings: object) -> list[Positions]:
        if not isinstance(rings, list):
            raise _FaultError("its rings are not lists of arcs")
        return [self._ring(ring) for ring in rings]

    def _ring(self, numbers: object) -> Positions:
        ring = self._line(numbers)
        if (ring[0] != ring[-1]).any():
            raise _FaultError("a ring does not close")
        if len(ring) < _RING:
            # Quantising made it collapse. Like the reference implementation, repeat its first
            # position up to four, so that the later check of rings can name the place.
            ring = np.concatenate([ring, np.repeat(ring[:1], _RING - len(ring), axis=0)])
        return ring

    def _line(self, numbers: object) -> Positions:
        parts: list[Positions] = []
        for arc in self._named(numbers):
            if parts and (parts[-1][-1] != arc[0]).any():
                raise _FaultError("its arcs do not meet")
            # The first position of an arc is the last of the one before.
            parts.append(arc[1:] if parts and len(arc) > 1 else arc)
        if not parts:
            raise _FaultError("a line has no arcs")
        return np.ascontiguousarray(np.concatenate(parts))

    def _named(self, numbers: object) -> Iterator[Positions]:
        if not isinstance(numbers, list):
            raise _FaultError("its arcs are not a list of numbers")
        for number in numbers:
            # Not isinstance: in Python `true` is a whole number.
            if type(number) is not int or not -len(self._arcs) <= number < len(self._arcs):
                raise _FaultError(f"arc {repr(number)[:20]} does not exist")
            # ~n means arc n from its end to its beginning.
            arc = self._arcs[number] if number >= 0 else self._arcs[~number][::-1]
            # An empty arc counts too: naming it a billion times takes time all the same.
            self._count += len(arc) or 1
            if self._count > MOST_POSITIONS:
                raise _FaultError(f"with it the areas have more than {MOST_POSITIONS:,} positions")
            if len(arc):
                yield arc


def _parts(shape: dict) -> list[object]:
    parts = shape.get("arcs")
    if not isinstance(parts, list):
        raise _FaultError("its parts are not lists of arcs")
    return parts


def _feature(member: object, shapes: _Shapes) -> dict[str, object]:
    if not isinstance(member, dict):
        raise _FaultError("it is not a geometry")
    properties = member.get("properties") or {}
    if not isinstance(properties, dict):
        raise _FaultError("its properties are not a JSON object")
    feature: dict[str, object] = {"type": "Feature", "properties": properties, "geometry": None}
    own_id = member.get("id")
    if isinstance(own_id, str | int):
        feature["id"] = own_id
        if own_id not in properties.values():
            # Files made with the code as id often have no other property that names the area.
            feature["properties"] = {**properties, "id": properties.get("id", own_id)}
    kind = member.get("type")
    if kind is not None:
        coordinates_of = shapes.of_type.get(kind) if isinstance(kind, str) else None
        if coordinates_of is None:
            raise _FaultError(f"geometries of type {repr(kind)[:40]} are not read")
        feature["geometry"] = {"type": kind, "coordinates": coordinates_of(member)}
    return feature
