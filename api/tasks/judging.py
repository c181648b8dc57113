"""How a task will be judged, as the forms propose and read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import parse_qsl

import numpy as np
import shapely

from api.answers import Answers
from api.query import QUESTION_PARAMETERS
from api.tasks.request import Fields, today
from boundaries.tasking.assessment import MATCHED, REST, Assessment
from boundaries.tasking.deciding import AFTER_MONTHS, BEFORE_MONTHS, assessment_for
from boundaries.tasking.task import Place
from geo.errors import InputError, PatchmapError
from geo.period import Interval
from geo.question.ask import Question

CONTROLS: Final = {
    MATCHED: "places of like level and trend",
    REST: "the rest of the study area",
}
_MOST_MONTHS: Final = 24


@dataclass(frozen=True)
class Proposal:
    """How a task could be judged.

    Attributes
    ----------
    assessment
        As it would be fixed; None where nobody could ever say whether the task worked.
    reason
        Why it could not.
    """

    assessment: Assessment | None
    reason: str = ""


def question_of(query: str) -> Question:
    """The Question of a query string, which may hold options of a page beside it."""
    return Question.read(
        {name: text for name, text in parse_qsl(query) if name in QUESTION_PARAMETERS}
    )


def proposal(answers: Answers, question: Question, place: Place) -> Proposal:
    """Propose how a task at a place will be judged, or say why it cannot be.

    Parameters
    ----------
    answers
        Of what the caller sees.
    question
        The Question that the task comes from.
    place
        Where the task is.
    """
    try:
        return Proposal(_assessment(answers, question, place))
    except PatchmapError as refusal:
        return Proposal(None, str(refusal))


def fixed(answers: Answers, question: Question, place: Place, fields: Fields) -> Assessment | None:
    """The assessment that a form fixes; None where it fixes none.

    Parameters
    ----------
    answers, question, place
        As for `proposal`.
    fields
        `judge` (yes), `control`, `wait_months`, `after_months`.

    Raises
    ------
    PatchmapError
        If it cannot be judged, or a number is none.
    """
    if not fields.get("judge"):
        return None
    control = fields.get("control", MATCHED)
    if control not in CONTROLS:
        raise InputError(f"unknown control {control!r}; choose {', '.join(CONTROLS)}")
    return _assessment(
        answers,
        question,
        place,
        control=control,
        wait_months=_months(fields, "wait_months", 0),
        after_months=_months(fields, "after_months", AFTER_MONTHS),
    )


def _assessment(
    answers: Answers,
    question: Question,
    place: Place,
    *,
    control: str = MATCHED,
    wait_months: int = 0,
    after_months: int = AFTER_MONTHS,
) -> Assessment:
    # A place is chosen by what was known: the day after the period that the map showed.
    last = answers.ask(question).accounts.period.last
    chosen = min(today(), last + timedelta(days=1))
    return assessment_for(
        question,
        shapely.from_wkb(place.wkb),
        chosen,
        published=_published(answers, question, chosen),
        control=control,
        wait_months=wait_months,
        after_months=after_months,
    )


def _published(answers: Answers, question: Question, chosen: date) -> tuple[str, ...]:
    """The months of the year before a day in which what is asked about was published."""
    month = np.datetime64(f"{chosen:%Y-%m}", "M")
    year = Interval.read(f"{month - BEFORE_MONTHS}/{month - 1}")
    return answers.ask(replace(question, period=year, compare="")).published


def _months(fields: Fields, name: str, default: int) -> int:
    text = fields.get(name, "") or str(default)
    if not text.isdecimal() or len(text) > 2 or int(text) > _MOST_MONTHS:
        raise InputError(f"{name.replace('_', ' ')}: write a whole number up to {_MOST_MONTHS}")
    return int(text)
