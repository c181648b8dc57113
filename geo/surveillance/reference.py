"""Which past steps a step is compared with, and their seasons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from geo.surveillance.quasi_poisson import Design


@dataclass(frozen=True)
class Reference:
    """Which past steps a step is compared with.

    Attributes
    ----------
    steps_per_year
        12 for months, 52 for weeks.
    years
        How many years back.
    half_window
        Steps before and after the same step of each year that belong to its season.
    seasons
        Seasons of a year: the one around the step, and as many as fill the rest of the year in
        equal parts. With 1 only the steps around the same step of each year are used.
    latest_left_out
        Steps right before the one that is judged: they are not used, so that what has just begun
        does not count as usual.

    Source: Noufaily, Enki, Farrington, Garthwaite, Andrews & Charlett 2013, section 3.2.
    """

    steps_per_year: int
    years: int
    half_window: int
    seasons: int
    latest_left_out: int

    @property
    def reach(self) -> int:
        """Steps before the judged one that the first reference step lies back."""
        return self.years * self.steps_per_year + self.half_window

    @property
    def first_left_out(self) -> int:
        """The position of the first step that is left out, among the `reach` + 1."""
        return self.reach - self.latest_left_out

    def design(self) -> Design:
        """The seasons and times of the `reach` + 1 steps up to the judged one.

        Returns
        -------
        The judged step is the last and has no season, as those that are left out.
        """
        length = self.reach + 1
        season = np.full(length, -1)
        now = length - 1
        same = [now - year * self.steps_per_year for year in range(self.years + 1)]
        for later, earlier in pairwise(same):
            season[earlier - self.half_window : earlier + self.half_window + 1] = 0
            between = np.arange(earlier + self.half_window + 1, later - self.half_window)
            if self.seasons > 1:
                for number, part in enumerate(np.array_split(between, self.seasons - 1), start=1):
                    season[part] = number
        season[now - self.half_window :] = 0
        season[self.first_left_out :] = -1
        return Design(season, np.arange(length, dtype=float), season_now=0, time_now=float(now))


MONTHS: Final = Reference(12, years=5, half_window=0, seasons=12, latest_left_out=3)
"""Months, each a season of its own: of all divisions of a year the nearest to seven weeks."""

WEEKS: Final = Reference(52, years=5, half_window=3, seasons=10, latest_left_out=26)
"""Weeks, as Noufaily et al. 2013 advise: seven weeks, and nine more seasons of five."""
