"""Which area has most of what the table of areas is ordered by: incidents, or their harm."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from api.pages.text import percent


@dataclass(frozen=True)
class Leading:
    """A sentence around its number, which pages may print large.

    Attributes
    ----------
    lead, number, rest
        As `Abbey has most: `, `120`, ` incidents, 30.2 % of all.`
    """

    lead: str
    number: str = ""
    rest: str = ""

    def __str__(self) -> str:
        """The whole sentence."""
        return f"{self.lead}{self.number}{self.rest}"


def leading_area(areas: pd.DataFrame, *, harm: bool) -> Leading:
    """Say which area has most, or which share the first rank.

    Parameters
    ----------
    areas
        The areas shown, with `area_name`, `n` and `share`; with harm also `weighted`.
    harm
        Whether incidents are weighed by a harm table.
    """
    size = pd.to_numeric(areas["weighted" if harm else "n"], errors="coerce")
    if not size.notna().any():
        return Leading("How many incidents the areas have is unknown.")
    most = float(size.max())
    if not most:
        return Leading("No area has any incident.")
    first = areas[size == most]
    number, unit = f"{most:,.0f}", " of harm" if harm else incidents(most)
    if len(first) > 1:
        return Leading(f"{len(first):,} areas have most: ", number, f"{unit} each.")
    row = first.iloc[0]
    share = f"{percent(float(row['share']))} of all"
    if harm:
        n = f"{row['n']:,}{incidents(row['n'])}"
        return Leading(f"{row['area_name']} has most harm: ", number, f", from {n}, {share}.")
    return Leading(f"{row['area_name']} has most: ", number, f"{unit}, {share}.")


def incidents(n: float) -> str:
    """The word after a number of incidents, with the space before it."""
    return " incident" if n == 1 else " incidents"
