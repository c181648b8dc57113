"""How a task is to be judged, proposed from the Question that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import shapely

from boundaries.tasking.assessment import MATCHED, Assessment
from geo.coverage import span_words
from geo.errors import InputError
from geo.incidents import months_between
from geo.period import Interval
from geo.question.answer import Answer
from geo.question.model import Question

BEFORE_MONTHS: Final = 12
"""A year before the choice: each season counts once."""

FEWEST_BEFORE: Final = 6
"""With fewer published months before the choice, the worst of them weighs too much."""

AFTER_MONTHS: Final = 6
"""Months after the work: with fewer, a place of usual size has too few incidents to tell."""

LEAST_BUFFER_M, MOST_BUFFER_M = 100, 500
"""The ring is as wide as the place is from its middle to its edge, within these bounds."""


def propose(
    question: Question,
    place: shapely.Geometry,
    decided: date,
    *,
    answer_of: Callable[[Question], Answer],
    control: str = MATCHED,
    wait_months: int = 0,
    after_months: int = AFTER_MONTHS,
) -> Assessment:
    """Propose how a task that is decided on a day will be judged: the same at every door.

    Parameters
    ----------
    question
        The Question that the task comes from.
    place
        Where the task is, in metres.
    decided
        The day on which the task was raised.
    answer_of
        Answers a Question.
    control, wait_months, after_months
        As `assessment_for` takes them.

    Returns
    -------
    As `assessment_for`.

    Raises
    ------
    InputError
        As `assessment_for`.
    QuestionError
        If the Question cannot be answered.
    """
    chosen = chosen_on(decided, answer_of(question).accounts.period.last)
    month = np.datetime64(f"{chosen:%Y-%m}", "M")
    year = Interval.read(f"{month - BEFORE_MONTHS}/{month - 1}")
    return assessment_for(
        question,
        place,
        chosen,
        published=answer_of(replace(question, period=year, compare="")).published,
        control=control,
        wait_months=wait_months,
        after_months=after_months,
    )


def chosen_on(decided: date, shown_to: date) -> date:
    """The day on which a place was chosen: by what the map showed, before it was decided.

    Parameters
    ----------
    decided
        The day on which the task was raised.
    shown_to
        The last day of the Question's period.

    Returns
    -------
    The day after the map's last one. Months that were only published later took no part in the
    choice; they are left out, so that one Question fixes one comparison whenever it is asked. A map
    that runs past the decision, as of an older task, was not seen beyond it.
    """
    return min(decided, shown_to + timedelta(days=1))


def assessment_for(
    question: Question,
    place: shapely.Geometry,
    chosen: date,
    *,
    published: Collection[str],
    control: str = MATCHED,
    wait_months: int = 0,
    after_months: int = AFTER_MONTHS,
    buffer_m: float | None = None,
) -> Assessment:
    """Propose how a task will be judged.

    Parameters
    ----------
    question
        The Question that the task comes from: what it counts is what shall become less.
    place
        Where the task is, in metres. A point or a line becomes a circle or a strip with the radius
        of the Question's ranked places.
    chosen
        The day on which the place was chosen.
    published
        The months, `YYYY-MM`, in which the Question's categories are known.
    control
        `matched`, `rest`, or codes of areas joined by `,`.
    wait_months, after_months
        Whole months after the work that are left out, and that are then counted.
    buffer_m
        Width of the ring in which displacement is looked for; by the place's size without it.

    Returns
    -------
    The assessment: of the twelve months before the one in which the place was chosen. Those that
    are not published yet count once they are.

    Raises
    ------
    InputError
        If nobody could ever tell whether the task worked, with the reason: too few months with data
        before the choice, a place without a geometry, or a Question of records' states.
    """
    if question.records.chosen:
        raise InputError(
            f"an assessment counts incidents, and this Question chooses records by "
            f"{question.records.chosen}; decide from a Question without it, or without an "
            "assessment"
        )
    if shapely.is_empty(place):
        raise InputError("the place has no geometry, so nothing can be counted there")
    judged = place if shapely.area(place) else shapely.buffer(place, question.places.radius)
    return Assessment(
        category=question.category,
        before=_before(chosen, published),
        wait_months=wait_months,
        after_months=after_months,
        control=control,
        buffer_m=buffer_by_size(judged) if buffer_m is None else buffer_m,
        chosen=chosen,
        place=shapely.to_wkb(judged),
    )


def buffer_by_size(place: shapely.Geometry) -> float:
    """How far around a place displacement is looked for.

    Parameters
    ----------
    place
        A polygon in metres.

    Returns
    -------
    The radius of a circle of its size, in whole tens of metres from 100 to 500.
    """
    radius = float(np.sqrt(shapely.area(place) / np.pi))
    return float(np.clip(round(radius, -1), LEAST_BUFFER_M, MOST_BUFFER_M))


def _before(chosen: date, published: Collection[str]) -> tuple[str, str]:
    """First and last month before the choice, after the last gap in what was published."""
    choice = np.datetime64(f"{chosen:%Y-%m}", "M")
    months = months_between(str(choice - BEFORE_MONTHS), str(choice - 1))
    earlier = [month for month in published if month < str(choice)]
    if not earlier:
        raise InputError(
            f"no data is known before {chosen:%B %Y}, when the place was chosen, so nothing can be "
            "compared; import earlier months, or decide without an assessment"
        )
    # A month after the last one published is only not published yet; any other one is a gap.
    gaps = [month for month in months if month < max(earlier) and month not in published]
    own = [month for month in months if month > max(gaps, default="")]
    known = [month for month in own if month in published]
    if len(known) < FEWEST_BEFORE:
        words = f"only {span_words(known)} has" if known else "none of them has"
        raise InputError(
            f"a comparison needs {FEWEST_BEFORE} months with data without a gap in the year before "
            f"{chosen:%B %Y}, when the place was chosen, and {words} it; import earlier months, "
            "or decide without an assessment"
        )
    return own[0], own[-1]
