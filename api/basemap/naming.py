"""Names on a drawing of the basemap, placed so that none overlaps another text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BoundingBox = tuple[float, float, float, float]
"""West, south, east and north, in metres."""

_MOST_NAMES: Final = 40
STATION_ABOVE: Final = 7.0
"""Units from a station to the middle of its name above it."""

_LETTER: Final = 0.56
"""The mean width of a letter, as a share of its height."""


class Name(NamedTuple):
    """A name on the drawing: where its middle lies, how it is turned in degrees, its letters."""

    x: int
    y: int
    turn: int
    text: str
    kind: str


class NamedPoint(NamedTuple):
    """A place or station in metres, its importance (0 is a city), its kind and its name."""

    x: float
    y: float
    rank: int
    kind: str
    text: str


class NamedRoad(NamedTuple):
    """A road's name, and the ends in metres of its longest straight piece."""

    text: str
    start: Floats
    end: Floats


class NameWriter:
    """Places names so that none overlaps another.

    Parameters
    ----------
    box
        Where names are written.
    unit
        Metres in a unit of paper.
    taken
        X, y and half the width in metres of each text that is there already.

    Attributes
    ----------
    names
        Those that found room.
    """

    def __init__(
        self, box: BoundingBox, unit: float, taken: Iterable[tuple[float, float, float]]
    ) -> None:
        self._box, self._unit = box, unit
        self._taken = [(x, y, half, 7 * unit) for x, y, half in taken]
        self.names: list[Name] = []

    def write_points(self, points: Iterable[NamedPoint]) -> list[tuple[int, int]]:
        """Write the names of places and stations; returns where the stations lie."""
        stations = []
        for x, y, rank, kind, text in points:
            shown = "place" if rank < 2 else kind if kind in ("station", "water") else "suburb"
            if self._at((x, y), text, shown, size=12 if rank < 2 else 9) and kind == "station":
                stations.append((round(x), round(-y)))
        return stations

    def write_roads(self, roads: Iterable[NamedRoad]) -> None:
        """Write the names of roads along them, of those that are long enough."""
        for road in roads:
            self._along(road)

    def _at(self, point: tuple[float, float], text: str, kind: str, *, size: float) -> bool:
        """Write a name around a point if there is room; whether there was."""
        x, y = point
        half = _LETTER * size * self._unit * len(text) / 2
        above = STATION_ABOVE * self._unit if kind == "station" else 0.0
        return self._write((x, y + above), (half, size * self._unit * 0.6), text, kind)

    def _along(self, road: NamedRoad) -> None:
        """Write a name along the straight piece of a road, if it is long enough."""
        text, start, end = road
        long = _LETTER * 9 * self._unit * len(text)
        across, up = end - start
        if np.hypot(across, up) < long or len(self.names) >= _MOST_NAMES:
            return
        turn = np.degrees(np.arctan2(-up, across))
        turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
        half = (abs(np.cos(np.radians(turn))) * long / 2 + 4 * self._unit,
                abs(np.sin(np.radians(turn))) * long / 2 + 4 * self._unit)  # fmt: skip
        self._write(tuple((start + end) / 2), half, text, "road", turn=round(float(turn)))

    def _write(
        self,
        middle: tuple[float, float],
        half: tuple[float, float],
        text: str,
        kind: str,
        *,
        turn: int = 0,
    ) -> bool:
        (x, y), (wide, high) = middle, half
        west, south, east, north = self._box
        inside = west + wide < x < east - wide and south + high < y < north - high
        if not inside or any(
            abs(x - a) < wide + b and abs(y - c) < high + d for a, c, b, d in self._taken
        ):
            return False
        self._taken.append((x, y, wide, high))
        self.names.append(Name(round(x), round(-y), turn, text, kind))
        return True


def longest_straight(paths: Sequence[Floats], unit: float) -> tuple[Floats, Floats]:
    """The ends of the longest piece of some lines that is straight but for two units.

    Parameters
    ----------
    paths
        Lines in metres.
    unit
        Metres in a unit of paper.
    """
    return max(
        (_straight(path, unit) for path in paths),
        key=lambda piece: float(np.hypot(*(piece[1] - piece[0]))),
    )


def _straight(path: Floats, unit: float) -> tuple[Floats, Floats]:
    line = shapely.simplify(shapely.LineString(path), 2 * unit)
    corners = shapely.get_coordinates(line)
    longest = int(np.hypot(*np.diff(corners, axis=0).T).argmax())
    return corners[longest], corners[longest + 1]
