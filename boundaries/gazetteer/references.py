"""Positions written as text: National Grid references, eastings and northings, degrees.

Source of the grid's letters: Ordnance Survey, A Guide to Coordinate Systems in Great Britain,
section 7: squares of 500 km and within them of 100 km, each lettered A to Z without I, from the
north-west, row by row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Floats, Projection, implausible

_GRID: Final = re.compile(r"([A-HJ-Z]{2})[\s,.]*((?:\d[\s,.]*)*)")
_PAIR: Final = re.compile(
    r"(?:E(?:ASTINGS?)?[:=\s]*)?(\d{4,7}(?:\.\d+)?)\s*(?:M|E)?[\s,;/]+"
    r"(?:N(?:ORTHINGS?)?[:=\s]*)?(\d{4,7}(?:\.\d+)?)\s*(?:M|N)?"
)
_DIGITS: Final = 10  # of the finest grid reference: 1 m
_EAST, _NORTH = 7, 13  # squares of 100 km that the National Grid has
_DEGREES: Final = re.compile(r"[\d\s.,;:+\-−°º˚'′’\"″”NSEW]+")
_PART: Final = re.compile(r"[NSEW]|[+-]?\d+(?:\.\d+)?")
_NAMED: Final = re.compile(r"^(?:GEO:|@)|\b(?:LAT(?:ITUDE)?|LONG?(?:ITUDE)?)\b[:=]?")
_SAME_DEGREES: Final = 1e-4
_SAME_M: Final = 10.0
_SIGN: Final = {"N": 1, "E": 1, "S": -1, "W": -1}


@dataclass(frozen=True)
class Reference:
    """A position that a text states.

    Attributes
    ----------
    kind
        `grid reference` or `coordinates`.
    title
        The position as it is usually written.
    x, y
        Metres in the working CRS: the centre, where a grid reference names a square.
    half
        Half the side of that square, in metres; 0 for a point.
    note
        What is against it, or how it was read; '' if there is nothing to say.
    """

    kind: str
    title: str
    x: float
    y: float
    half: float = 0.0
    note: str = ""


def read_reference(text: str, projection: Projection) -> Reference | None:
    """Read a text as a position.

    Parameters
    ----------
    text
        Such as `SK 351 362`, `435100, 336200`, `52.92, -1.47` or `52°55′N 1°28′W`.
    projection
        The store's working CRS.

    Returns
    -------
    The position; None if the text does not state one.
    """
    upper = " ".join(text.upper().split())
    return (
        _grid_reference(upper, projection)
        or _eastings(upper, projection)
        or _degrees(upper, projection)
    )


def _grid_reference(text: str, projection: Projection) -> Reference | None:
    match = _GRID.fullmatch(text)
    if not match:
        return None
    letters, digits = match[1], re.sub(r"\D", "", match[2])
    places = len(digits) // 2
    if len(digits) % 2 or not 2 <= len(digits) <= _DIGITS:
        return None
    corner = _square(letters)
    if corner is None:
        return None
    side = 10.0 ** (5 - places)
    east, north = (int(part) * side for part in (digits[:places], digits[places:]))
    x, y = corner[0] + east + side / 2, corner[1] + north + side / 2
    title = f"{letters} {digits[:places]} {digits[places:]}"
    size = f"{side / 1000:.0f} km" if side >= 1000 else f"{side:.0f} m"
    return _placed(
        f"{title} (square of {size})",
        (x, y),
        crs=BRITISH_NATIONAL_GRID,
        projection=projection,
        kind="grid reference",
        half=side / 2,
    )


def _square(letters: str) -> tuple[float, float] | None:
    """The south-western corner of a square of 100 km; None outside the National Grid."""
    first, second = ("ABCDEFGHJKLMNOPQRSTUVWXYZ".index(letter) for letter in letters)
    # The square S of 500 km begins at the grid's false origin.
    east = (first % 5 - 2) * 5 + second % 5
    north = (3 - first // 5) * 5 + 4 - second // 5
    if not (0 <= east < _EAST and 0 <= north < _NORTH):
        return None
    return east * 100_000.0, north * 100_000.0


def _eastings(text: str, projection: Projection) -> Reference | None:
    match = _PAIR.fullmatch(text)
    if not match:
        return None
    x, y = float(match[1]), float(match[2])
    title = f"easting {match[1]}, northing {match[2]}"
    return _placed(title, (x, y), crs=projection.crs, projection=projection)


def _degrees(text: str, projection: Projection) -> Reference | None:
    bare = _NAMED.sub(" ", text).strip()
    if not _DEGREES.fullmatch(bare):
        return None
    parts = _PART.findall(bare.replace("−", "-"))
    pair = _two_angles(parts, named=bool(re.search(r"[°º˚'′’\":]", bare)))
    if pair is None:
        return None
    latitude, longitude, note = pair
    if not (note or _in_use(longitude, latitude, projection)) and _in_use(
        latitude, longitude, projection
    ):
        latitude, longitude = longitude, latitude
        note = "read as longitude, latitude: the other way round it lies elsewhere"
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    # Two small whole numbers that are nowhere near, such as a house number, are no position.
    if (
        not note
        and not re.search(r"[.°º˚:]", bare)
        and not _in_use(longitude, latitude, projection)
    ):
        return None
    title = f"{latitude:.5f}, {longitude:.5f} (latitude, longitude)"
    note = "" if note == "hemispheres" else note
    return _placed(title, (longitude, latitude), crs=LONLAT, projection=projection, note=note)


def _two_angles(parts: list[str], *, named: bool) -> tuple[float, float, str] | None:
    """Latitude, longitude and whether hemispheres name them; None if they are no two angles."""
    letters = [part for part in parts if part in _SIGN]
    if not letters:
        numbers = [float(part) for part in parts]
        if len(numbers) == 2 or (len(numbers) in (4, 6) and named):
            half = len(numbers) // 2
            first, second = (_angle(part) for part in (parts[:half], parts[half:]))
            return None if first is None or second is None else (first, second, "")
        return None
    if len(letters) != 2 or {letters[0] in "NS", letters[1] in "NS"} != {True, False}:
        return None
    if parts[0] in _SIGN:
        at = parts.index(letters[1], 1)
        groups = (parts[1:at], parts[at + 1 :])
    else:
        at = parts.index(letters[0])
        groups = (parts[:at], parts[at + 1 : -1])
        if parts[-1] != letters[1]:
            return None
    angles = {}
    for letter, group in zip(letters, groups, strict=True):
        angle = _angle(group)
        if angle is None or angle < 0:
            return None
        angles["latitude" if letter in "NS" else "longitude"] = angle * _SIGN[letter]
    return angles["latitude"], angles["longitude"], "hemispheres"


def _angle(parts: list[str]) -> float | None:
    """Degrees from degrees, minutes and seconds; None if they are none."""
    if not 1 <= len(parts) <= 3:
        return None
    degrees, *smaller = map(float, parts)
    whole = [float(part).is_integer() for part in parts[:-1]]
    if not all(whole) or any(not 0 <= part < 60 for part in smaller):
        return None
    parts_of_one = (part / 60.0**power for power, part in enumerate(smaller, start=1))
    size: float = abs(degrees) + sum(parts_of_one)
    return -size if parts[0].startswith("-") else size


def _in_use(longitude: float, latitude: float, projection: Projection) -> bool:
    west, south, east, north = projection.area_of_use
    return west <= longitude <= east and south <= latitude <= north


def _placed(
    title: str,
    point: tuple[float, float],
    *,
    crs: str,
    projection: Projection,
    kind: str = "coordinates",
    half: float = 0.0,
    note: str = "",
) -> Reference | None:
    reason = str(implausible([point[0]], [point[1]], source=crs, projection=projection)[0])
    x, y = projection.to_metres([point[0]], [point[1]], source=crs)
    if reason and not _comes_back(x, y, point, crs=crs, projection=projection):
        return None
    notes = "; ".join(filter(None, (note, reason)))
    return Reference(kind, title, float(x[0]), float(y[0]), half, notes)


def _comes_back(
    x: Floats, y: Floats, point: tuple[float, float], *, crs: str, projection: Projection
) -> bool:
    """Whether a point outside the area of use can be placed at all: far from it none can."""
    lon, lat = projection.to_lonlat(x, y)
    there = (lon, lat) if crs == LONLAT else projection.to_metres(lon, lat)
    near = _SAME_DEGREES if crs == LONLAT else _SAME_M
    return all(abs(float(a[0]) - b) <= near for a, b in zip(there, point, strict=True))


def grid_reference(x: float, y: float, projection: Projection) -> str:
    """The National Grid reference of a point, to 10 m.

    Parameters
    ----------
    x, y
        Metres in the working CRS.
    projection
        The working CRS.

    Returns
    -------
    Such as `SK 3510 3620`; '' outside the grid, and where the working CRS is another one.
    """
    if projection.crs != BRITISH_NATIONAL_GRID:
        return ""
    column, row = int(x // 100_000), int(y // 100_000)
    if not (0 <= column < _EAST and 0 <= row < _NORTH):
        return ""
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
    first = (3 - row // 5) * 5 + 2 + column // 5
    second = (4 - row % 5) * 5 + column % 5
    east, north = (int(value % 100_000) // 10 for value in (x, y))
    return f"{letters[first]}{letters[second]} {east:04d} {north:04d}"
