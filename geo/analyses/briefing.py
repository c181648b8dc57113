"""A briefing about one place: what happens there, and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.analyses.patrolling import TIMED
from geo.hotspots.dayparts import dayparts
from geo.hotspots.peaks import FEWEST_TIMED, peaks
from geo.hotspots.street_names import street_names
from geo.incidents import category_title, london_hours
from geo.question.answer import Answer

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
        Those of them that are known to have started in the given hours.
    kinds
        The categories that occur most, as words with their share: in these hours where enough
        are known, else of all.
    then
        Whether `kinds` are of these hours.
    streets
        The streets named most, the first named most of all.
    peak
        The hours of the day that hold most, `16:00 to 19:00`, and their share of the incidents
        with a time; '' and 0 where too few have one, or a flat day gives as high a peak.
    peak_by_chance
        The share that the busiest hours of a flat day with as many incidents have.
    """

    n: int
    n_then: int
    then: bool
    kinds: tuple[tuple[str, float], ...]
    streets: tuple[str, ...]
    peak: str
    peak_share: float
    peak_by_chance: float


def briefing(answer: Answer, *, x: float, y: float, hours: Collection[int] = ()) -> Briefing:
    """Brief about a place: the incidents of an Answer within its radius.

    Parameters
    ----------
    answer
        Its question has the radius.
    x, y
        The place's centre, in metres.
    hours
        Hours of the day in London, 0 to 23, of the shift; empty for all.

    Returns
    -------
    What happened there, when, and on which streets.
    """
    counted, radius = answer.counted, answer.question.places.radius
    here = counted[(counted["x"] - x) ** 2 + (counted["y"] - y) ** 2 <= radius**2]
    begun = here[here["precision"] == "instant"]
    begun = begun[np.isin(london_hours(begun["occurred_from"]), list(hours))]
    then = len(begun) >= FEWEST_TIMED
    described = begun if then else here
    kinds = described["category"].astype(str).value_counts()
    # By name first: of equals the first in the alphabet, whatever the order of the rows.
    kinds = kinds.sort_index().sort_values(ascending=False, kind="stable")[:MOST_KINDS]
    names = pd.Series(street_names(here["location"].astype(str).tolist()), dtype=object)
    streets = names[names != ""].value_counts().sort_index()
    streets = streets.sort_values(ascending=False, kind="stable")[:MOST_STREETS]
    peak, share, by_chance = _peak(here)
    return Briefing(
        n=len(here),
        n_then=len(begun),
        then=then,
        kinds=tuple(
            (category_title(str(name)), count / len(described)) for name, count in kinds.items()
        ),
        streets=tuple(str(name) for name in streets.index),
        peak=peak,
        peak_share=share,
        peak_by_chance=by_chance,
    )


def _peak(here: pd.DataFrame) -> tuple[str, float, float]:
    timed = here[here["precision"].isin(TIMED)]
    busiest = peaks(dayparts(timed), hours=PEAK_HOURS, of="day").to_dict("records")
    if not busiest or not busiest[0]["clear"]:
        return "", 0.0, 0.0
    best = busiest[0]
    by_chance = best["share"] * best["lift_by_chance"] / best["lift"]
    return f"{best['hour']:02}:00 to {best['to_hour']:02}:00", best["share"], by_chance
