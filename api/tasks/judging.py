"""How a task will be judged, as the forms propose and read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qsl

from api.answers import Answers
from api.query import QUESTION_PARAMETERS
from api.tasks.request import Fields
from boundaries.tasking.assessment import MATCHED, REST, Assessment
from boundaries.tasking.deciding import AFTER_MONTHS, propose
from boundaries.tasking.task import Place
from geo.errors import InputError, PatchmapError
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


def proposal(answers: Answers, question: Question, place: Place, *, decided: date) -> Proposal:
    """Propose how a task at a place will be judged, or say why it cannot be.

    Parameters
    ----------
    answers
        Of what the caller sees.
    question
        The Question that the task comes from.
    place
        Where the task is.
    decided
        The day on which it was raised.
    """
    try:
        return Proposal(propose(question, place.geometry, decided, answer_of=answers.ask))
    except PatchmapError as refusal:
        return Proposal(None, str(refusal))


def fixed(
    answers: Answers, question: Question, place: Place, fields: Fields, *, decided: date
) -> Assessment | None:
    """The assessment that a form fixes; None where it fixes none.

    Parameters
    ----------
    answers, question, place, decided
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
    return propose(
        question,
        place.geometry,
        decided,
        answer_of=answers.ask,
        control=control,
        wait_months=_months(fields, "wait_months", 0),
        after_months=_months(fields, "after_months", AFTER_MONTHS),
    )


def _months(fields: Fields, name: str, default: int) -> int:
    text = fields.get(name, "") or str(default)
    if not text.isdecimal() or len(text) > 2 or int(text) > _MOST_MONTHS:
        raise InputError(f"{name.replace('_', ' ')}: write a whole number up to {_MOST_MONTHS}")
    return int(text)
