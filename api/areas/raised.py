"""Raised and answered in one area: a card of its page, where a source has records with a life."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from api.addresses import own_address
from api.answers import Answers
from geo.analyses.backlog import open_in_area
from geo.analyses.record_rows import record_rows
from geo.analyses.response_times import response_times_of
from geo.question.model import Question


@dataclass(frozen=True)
class Raised:
    """What was raised and answered in an area.

    Attributes
    ----------
    period
        Of which time, in words.
    lines
        What is said of it, a sentence each.
    address
        The page of response times of all areas.
    """

    period: str
    lines: list[str]
    address: str


def raised_in(answers: Answers, question: Question, code: str) -> Raised | None:
    """What was raised and answered in an area.

    Parameters
    ----------
    answers
        About the store.
    question
        That of the page, with its layer.
    code
        Of the area.

    Returns
    -------
    None where no source has records, or none of the area is known.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    if not any(one.extracted for one in answers.snapshot().imports()):
        return None
    plain = Question(period=question.period, layer=question.layer, category=question.category)
    answer = answers.ask(plain, subject="records")
    own = response_times_of(answer, code)
    before, after = open_in_area(answer, code)
    if not own["received"] and not before:
        return None
    return Raised(
        answer.accounts.period.title,
        [
            *_lines(own),
            f"{after:,} are open at the end.",
            *record_rows(answer).known,
        ],
        own_address(f"/answers/response-times?{plain.query()}"),
    )


def _lines(own: pd.Series) -> list[str]:
    lines = [f"{own['received']:,} received, {own['due']:,} of them due"]
    if pd.isna(own["share_in_time"]):
        lines[0] += f": {own['share_why']} what share was answered in time."
    else:
        low, high = (100 * own[f"share_in_time_{end}"] for end in ("low", "high"))
        share = 100 * own["share_in_time"]
        lines[0] += f": {share:.0f} % answered in time ({low:.0f} to {high:.0f} %)."
    if pd.notna(own["answer_days"]):
        verdict = f"; against the rest: {own['verdict']}" if own["verdict"] else ""
        lines.append(f"Half were answered within {own['answer_days']:.1f} days{verdict}.")
    return lines
