"""What lies in each area in each part of time, counted in one pass over the incidents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.question.membership import AreaMembership
from geo.question.time_parts import TimePart, part_numbers

Floats = NDArray[np.float64]

AT_ONCE: Final = 250_000
"""Incidents that are counted at a time: of a country's the numbers alone would take gigabytes."""


class Tally(NamedTuple):
    """What lies in each of n areas in one part of time.

    Attributes
    ----------
    n
        Incidents of each area.
    harm
        Their harm; None without a harm table.
    total
        Incidents in all, in the areas or not.
    """

    n: NDArray[np.int64]
    harm: Floats | None
    total: int


def tallies(
    incidents: pd.DataFrame,
    parts: Sequence[TimePart],
    membership: AreaMembership,
    harm_of: Callable[[pd.DataFrame], Floats] | None = None,
) -> list[Tally]:
    """Count incidents by area and part of time.

    Parameters
    ----------
    incidents
        Located incidents, as `AreaMembership.of` takes them, with `occurred_from`.
    parts
        The parts of time, at least one; of the whole period all incidents are.
    membership
        Of the areas.
    harm_of
        Gives the harm of each of some incidents.

    Returns
    -------
    A tally for each part.
    """
    areas = membership.size
    n = np.zeros(len(parts) * areas, dtype=np.int64)
    total = np.zeros(len(parts), dtype=np.int64)
    harm = np.zeros(n.size) if harm_of else None
    for start in range(0, len(incidents), AT_ONCE):
        rows = incidents[start : start + AT_ONCE]
        part = np.zeros(len(rows), dtype=np.int16)
        if parts[0].columns:
            part = part_numbers(rows["occurred_from"], parts)
        total += np.bincount(part[part >= 0], minlength=len(parts))
        row, area = membership.of(rows)
        known = part[row] >= 0
        row, area = row[known], area[known]
        cell = part[row] * np.int64(areas) + area
        n += np.bincount(cell, minlength=n.size)
        if harm is not None and harm_of:
            # One after another: a sum of sums would be rounded otherwise.
            np.add.at(harm, cell, harm_of(rows)[row])
    shape = len(parts), areas
    harms = [None] * len(parts) if harm is None else list(harm.reshape(shape))
    return [Tally(*each) for each in zip(n.reshape(shape), harms, total.tolist(), strict=True)]
