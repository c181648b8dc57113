"""What to look for at a place: what happens there, and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.analyses.patrolling import TIMED
from geo.hotspots.dayparts import dayparts, peak_hours
from geo.hotspots.street_names import street_names
from geo.incidents import category_title, london_hours
from geo.question.answer import Answer

FEWEST_TIMED = 30
"""With fewer timed incidents a peak would be one of chance."""

PEAK_HOURS = 3
MOST_KINDS = 3
MOST_STREETS = 3


@dataclass(frozen=True)
class Briefing:
    """What is known of one place over the period.

    Attributes
    ----------
    n
        Incidents in its circle.
    n_then
        Those of them that are known to have begun in the hours asked for.
    kinds
        The categories that occur most, as words with their share: in these hours where enough
        are known, else of all.
    then
        Whether `kinds` are of these hours.
    streets
        The streets named most, the first named most of all.
    peak
        The hours of the day that hold most, `16:00 to 19:00`, and their share of the incidents
        with a time; '' and 0 where too few have one.
    """

    n: int
    n_then: int
    then: bool
    kinds: tuple[tuple[str, float], ...]
    streets: tuple[str, ...]
    peak: str
    peak_share: float


def briefing(answer: Answer, *, x: float, y: float, hours: Collection[int] = ()) -> Briefing:
    """Look at the incidents of an Answer within its radius of a place.

    Parameters
    ----------
    x, y
        Of its middle, in metres.
    hours
        The hours of the day in London that are asked for; none where all are.
    """
    counted, radius = answer.counted, answer.question.places.radius
    here = counted[(counted["x"] - x) ** 2 + (counted["y"] - y) ** 2 <= radius**2]
    begun = here[here["precision"] == "instant"]
    begun = begun[np.isin(london_hours(begun["occurred_from"]), list(hours))]
    then = len(begun) >= FEWEST_TIMED
    told = begun if then else here
    kinds = told["category"].astype(str).value_counts()
    # Of equals the first in the alphabet.
    kinds = kinds.sort_index().sort_values(ascending=False, kind="stable")[:MOST_KINDS]
    names = pd.Series(street_names(here["location"].astype(str)))
    streets = names[names != ""].value_counts().sort_index()
    streets = streets.sort_values(ascending=False, kind="stable")[:MOST_STREETS]
    peak, share = _peak(here)
    return Briefing(
        n=len(here),
        n_then=len(begun),
        then=then,
        kinds=tuple((category_title(name), count / len(told)) for name, count in kinds.items()),
        streets=tuple(str(name) for name in streets.index),
        peak=peak,
        peak_share=share,
    )


def _peak(here: pd.DataFrame) -> tuple[str, float]:
    timed = here[here["precision"].isin(TIMED)]
    if len(timed) < FEWEST_TIMED:
        return "", 0.0
    found = peak_hours(np.asarray(dayparts(timed).weights), hours=PEAK_HOURS)
    if found.empty:
        return "", 0.0
    best = found.iloc[0]
    return f"{int(best['hour']):02}:00 to {int(best['to_hour']):02}:00", float(best["share"])
