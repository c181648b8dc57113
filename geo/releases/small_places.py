"""Areas of few people, and counts that are mostly of one place.

Rounding hides small counts. It does not hide that a large one is of a single household, or of a
handful of people whom everyone knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.releases.model import Finding, ReleaseTable

FEWEST_RESIDENTS: Final = 100
"""As few as an output area of the census of England and Wales may have; see the Office for National
Statistics, "Census 2021 geographies"."""

FEWEST_COUNTED: Final = 10
"""A count that is worth looking at for a single place."""

MOST_OF_ONE: Final = 0.5
"""The share of a count above which one place dominates it."""

_NAMED: Final = 10


def population_findings(
    table: ReleaseTable, residents: NDArray[np.float64] | None
) -> list[Finding]:
    """Find areas of fewer than 100 residents, or of an unknown number.

    Parameters
    ----------
    table
        Of n areas.
    residents
        n numbers; None where the layer does not have them.

    Returns
    -------
    A refusal that names them, and a caution that names those whose residents are not known or 0.
    """
    if residents is None:
        text = f"{table.title} has no residents: check that no area has under {FEWEST_RESIDENTS}"
        return [Finding("caution", text)]
    findings = list[Finding]()
    if len(few := np.flatnonzero((residents > 0) & (residents < FEWEST_RESIDENTS))):
        text = f"fewer than {FEWEST_RESIDENTS} residents in {_named(table, few)}; use larger areas"
        findings.append(Finding("refused", f"{table.title}: {text}"))
    # Also where it is not a number. None at all may be a park, or a number that nobody filled in.
    if len(unknown := np.flatnonzero(~(residents > 0))):
        text = (
            f"{table.title}: no residents, or an unknown number, in {_named(table, unknown)}; "
            f"check that none has under {FEWEST_RESIDENTS}"
        )
        findings.append(Finding("caution", text))
    return findings


def single_places(
    table: ReleaseTable, incidents: pd.DataFrame, cells: NDArray[np.int64]
) -> list[Finding]:
    """Find areas of whose incidents more than half are at one point, to the metre.

    Parameters
    ----------
    table
        Of the areas.
    incidents
        m incidents with `x` and `y` in metres.
    cells
        The cell of the table of each; −1 for those that it does not count.

    Returns
    -------
    A caution that names the areas, or nothing.
    """
    inside = cells >= 0
    area = table.shape.split(cells[inside])[0]
    frame = pd.DataFrame(
        {
            "area": area,
            "x": incidents["x"].to_numpy(float)[inside].round(),
            "y": incidents["y"].to_numpy(float)[inside].round(),
        }
    )
    largest = frame.groupby(["area", "x", "y"]).size().groupby(level="area").max()
    total = frame.groupby("area").size()
    one = total.index[(total >= FEWEST_COUNTED) & (largest > MOST_OF_ONE * total)]
    if not len(one):
        return []
    names = _named(table, one)
    return [
        Finding(
            "caution",
            f"{table.title}: more than half of the incidents are at one place in {names}; check "
            "that the numbers tell nothing of one household or person",
        )
    ]


def _named(table: ReleaseTable, areas: Iterable[int]) -> str:
    names = [table.names[at] for at in areas]
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
