"""The order of stops on one officer's round.

A route is a list of positions of hotspots. With a base a round begins and ends there; without
one it is open, or returns to its first stop where it is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geo.allocation.patrols.problem import Travel
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Route = tuple[int, ...]


@dataclass(frozen=True)
class RouteTravel:
    """Travel on the rounds of one shift, repeated or not."""

    travel: Travel
    again: bool

    @property
    def circular(self) -> bool:
        """Whether a round leads from its last stop straight to its first."""
        return self.again and not self.travel.has_base

    @cached_property
    def _between(self) -> list[list[float]]:
        # Single numbers are read from lists several times as fast as from an array.
        between: list[list[float]] = self.travel.between.tolist()
        return between

    def legs(self, route: Sequence[int]) -> list[float]:
        """Minutes of travel to each stop of a round; for the first from the base."""
        if not route:
            return []
        between = self._between
        legs = [between[start][end] for start, end in pairwise(route)]
        return [float(self.travel.out[route[0]]), *legs]

    def home(self, route: Sequence[int]) -> float:
        """Minutes from the last stop to the end of the round."""
        if not route:
            return 0.0
        if self.circular:
            return self._between[route[-1]][route[0]]
        return float(self.travel.back[route[-1]])

    def minutes(self, route: Sequence[int]) -> float:
        """Minutes of travel of a whole round."""
        return sum(self.legs(route)) + self.home(route)

    def insertions(self, route: Sequence[int]) -> tuple[Floats, Ints]:
        """For every hotspot the least minutes of travel that it adds to a round, and at which stop.

        Source: cheapest insertion as in Rosenkrantz, Stearns & Lewis 1977.
        """
        travel, n = self.travel, len(self.travel.between)
        if not route:
            return travel.out + travel.back, np.zeros(n, np.int64)
        stops = np.asarray(route)
        into, away = travel.between[stops], travel.between[:, stops].T
        added = np.empty((len(route) + 1, n))
        added[1:-1] = into[:-1] + away[1:] - travel.between[stops[:-1], stops[1:]][:, None]
        if self.circular:
            added[0] = into[-1] + away[0] - travel.between[stops[-1], stops[0]]
            added[-1] = added[0]
        else:
            added[0] = travel.out + away[0] - travel.out[stops[0]]
            added[-1] = into[-1] + travel.back - travel.back[stops[-1]]
        where = added.argmin(axis=0)
        return added[where, np.arange(n)], where

    def shortened(self, route: Route) -> Route:
        """Reverse stretches and move single stops, as long as the round gets shorter.

        Source: 2-opt of Croes 1958; the moves of single stops of Or 1976.
        """
        # A search comes back to most rounds again and again.
        if route not in self._shortest:
            self._shortest[route] = self._shortened(route)
        return self._shortest[route]

    @cached_property
    def _shortest(self) -> dict[Route, Route]:
        return {}

    def _shortened(self, route: Route) -> Route:
        best, least = np.array(route, np.int64), self.minutes(route)
        while len(route) > 2:
            trials = best[_changes(len(route))]
            minutes = self._minutes_of_all(trials)
            shorter = np.flatnonzero(minutes < least - 1e-9)
            if not len(shorter):
                break
            best, least = trials[shorter[0]], float(minutes[shorter[0]])
        return tuple(best.tolist())

    def _minutes_of_all(self, routes: Ints) -> Floats:
        """Minutes of travel of rounds of equal length, one a row."""
        travel, first, last = self.travel, routes[:, 0], routes[:, -1]
        home = travel.between[last, first] if self.circular else travel.back[last]
        legs = travel.between[routes[:, :-1], routes[:, 1:]]
        minutes: Floats = travel.out[first] + legs.sum(axis=1) + home
        return minutes


@cache
def _changes(n: int) -> Ints:
    """The orders of n stops with one stretch reversed (2-opt) or one stop moved, one a row."""
    stops = tuple(range(n))
    turned = [
        (*stops[:i], *stops[i:j][::-1], *stops[j:]) for i in range(n) for j in range(i + 2, n + 1)
    ]
    moved = []
    for i in range(n):
        rest = (*stops[:i], *stops[i + 1 :])
        moved += [(*rest[:j], i, *rest[j:]) for j in range(n) if j != i]
    return np.array([*turned, *moved], np.int64)
