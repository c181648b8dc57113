"""Travel along streets, from lines that the user gives.

Streets join where their lines have a vertex in common, as those of OS Open Roads and
OpenStreetMap do; lines that cross without one, as under a bridge, do not. Places are joined to the
nearest point of a street by a straight line. Shortest paths are Dijkstra's, found by SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import scipy
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.allocation.patrols.problem import Travel
from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN_M = 0.1
"""Vertices of two lines that are nearer than about this are one."""

FURTHEST_M = 1_000.0
"""No place is further from a street; if one is, the streets are those of another town."""

_SOURCES = 64  # places whose distances to every vertex are in memory at once


@dataclass(frozen=True, eq=False)
class StreetNetwork:
    """Streets as a graph, as far as they are connected.

    Attributes
    ----------
    corners
        n × 2 metres.
    ends
        m × 2 numbers of corners: the straight pieces between them, each once, passable both ways.
    left_out_m
        Metres of street that cannot be reached from the rest.
    """

    corners: Floats
    ends: Ints
    left_out_m: float

    @classmethod
    def of(cls, lines: ArrayLike) -> StreetNetwork:
        """Join lines where they have a corner in common.

        Parameters
        ----------
        lines
            LineStrings and MultiLineStrings in metres.

        Returns
        -------
        The largest connected part by length.

        Raises
        ------
        InputError
            If none of them has any length.
        """
        xy, line = shapely.get_coordinates(
            shapely.get_parts(np.asarray(lines, dtype=object)), return_index=True
        )
        corners, number = _distinct(xy)
        follows = line[1:] == line[:-1]
        ends = np.sort(np.column_stack([number[:-1][follows], number[1:][follows]]), axis=1)
        ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
        if not len(ends):
            raise InputError("the streets have no line of any length; give a file of street lines")
        metres = _lengths(corners, ends)
        part = scipy.sparse.csgraph.connected_components(_graph(ends, metres, len(corners)))[1][
            ends[:, 0]
        ]
        largest = part == np.bincount(part, weights=metres).argmax()
        return cls(corners, ends[largest], float(metres[~largest].sum()))

    @property
    def metres(self) -> Floats:
        """How long each of the pieces is."""
        return _lengths(self.corners, self.ends)

    def distances(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Metres of the shortest way between each two of n places.

        Parameters
        ----------
        x, y
            Of the places, in metres.

        Returns
        -------
        n × n, symmetric.

        Raises
        ------
        InputError
            If a place is too far from every street.

        Source: Dijkstra 1959.
        """
        places = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
        n, first = len(places), len(self.corners)
        piece, aside, along = self._reached(places)
        length = self.metres
        nodes = np.arange(first, first + n)
        to_start = np.column_stack([self.ends[piece, 0], nodes])
        to_end = np.column_stack([self.ends[piece, 1], nodes])
        graph = _graph(
            np.concatenate([self.ends, to_start, to_end]),
            np.concatenate([length, aside + along, aside + length[piece] - along]),
            first + n,
        )
        parts = np.array_split(nodes, max(1, -(-n // _SOURCES)))
        between = np.concatenate(
            [
                scipy.sparse.csgraph.dijkstra(graph, directed=False, indices=part)[:, nodes]
                for part in parts
            ]
        )
        # Between two places on one piece the way need not pass its end.
        straight = aside[:, None] + np.abs(along[:, None] - along) + aside
        between = np.where(piece[:, None] == piece, np.minimum(between, straight), between)
        np.fill_diagonal(between, 0.0)
        return np.asarray(between)

    def _reached(self, places: Floats) -> tuple[Ints, Floats, Floats]:
        """Where places meet the streets: the piece, the metres to it, and the metres along it."""
        points = gpd.points_from_xy(*places.T).to_numpy()
        pieces = np.empty(len(self.ends), dtype=object)
        shapely.linestrings(self.corners[self.ends], out=pieces)
        nearest = np.atleast_1d(shapely.STRtree(pieces).nearest(points))
        aside = shapely.distance(pieces[nearest], points)
        if (aside > FURTHEST_M).any():
            at = int(aside.argmax())
            raise InputError(
                f"the nearest street is {aside[at] / 1000:,.1f} km from a place at "
                f"{places[at, 0]:.0f}, {places[at, 1]:.0f}: are these the streets of another town?"
            )
        return nearest, aside, shapely.line_locate_point(pieces[nearest], points)


@dataclass(frozen=True)
class AlongStreets:
    """Travel along the streets of a network.

    Attributes
    ----------
    network
        The streets.
    km_per_hour
        The same on all of them.
    base
        Where rounds begin and end, x and y in metres; None: at their first and last stop.
    """

    network: StreetNetwork
    km_per_hour: float
    base: tuple[float, float] | None = None

    def travel(self, x: ArrayLike, y: ArrayLike) -> Travel:
        """Travel between places, and from the base.

        Parameters
        ----------
        x, y
            Of n places, in metres.

        Returns
        -------
        n × n minutes, and n minutes from the base where there is one.

        Raises
        ------
        InputError
            If a place is too far from every street.
        """
        if self.base is None:
            return Travel.without_base(self._minutes(x, y))
        minutes = self._minutes(np.append(x, self.base[0]), np.append(y, self.base[1]))
        return Travel(minutes[:-1, :-1], minutes[-1, :-1], minutes[:-1, -1], has_base=True)

    def minutes_to(self, x: ArrayLike, y: ArrayLike, to_x: ArrayLike, to_y: ArrayLike) -> Floats:
        """Travel between places and sites.

        Parameters
        ----------
        x, y
            Of n places, in metres.
        to_x, to_y
            Of m sites, in metres.

        Returns
        -------
        n × m minutes.

        Raises
        ------
        InputError
            If a place or a site is too far from every street.
        """
        n = np.size(x)
        return self._minutes(np.append(x, to_x), np.append(y, to_y))[:n, n:]

    def _minutes(self, x: ArrayLike, y: ArrayLike) -> Floats:
        return self.network.distances(x, y) * (60 / (self.km_per_hour * 1000))


def _distinct(xy: Floats) -> tuple[Floats, Ints]:
    """Each corner once, and the number of each point's corner."""
    rounded = np.round(xy / JOIN_M).astype(np.int64)
    _, first, number = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    return xy[first], number.reshape(-1)


def _lengths(corners: Floats, ends: Ints) -> Floats:
    return np.asarray(np.hypot(*(corners[ends[:, 1]] - corners[ends[:, 0]]).T))


def _graph(
    ends: Ints, metres: Floats, size: int
) -> scipy.sparse.csr_array[np.float64, tuple[int, int]]:
    # SciPy reads a stored zero as no edge.
    ways = np.maximum(metres, np.finfo(float).tiny)
    return scipy.sparse.coo_array((ways, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
