"""What reports ask the analyses for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from api.answers import Answers
from geo.analyses import ANALYSES
from geo.analyses.analysis import AnalysisResult
from geo.calendar_parts import CalendarPart, parts_of
from geo.errors import QuestionError
from geo.period import Interval, Period
from geo.question.answer import Answer
from geo.question.model import Question, SplitBy

HALVES: Final = 4
"""How many half-years a report shows: two years, each half beside its own a year before."""

_ANALYSES: Final = {analysis.command: analysis for analysis in ANALYSES}


@dataclass(frozen=True)
class Result:
    """An Answer, and what an analysis made of it."""

    answer: Answer
    analysis: AnalysisResult

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows, without geometry; areas of the same name have their codes beside it."""
        frame = pd.DataFrame(self.analysis.frame.drop(columns="geometry", errors="ignore"))
        return frame.assign(area_name=names_apart(frame["area_code"], frame["area_name"]))


def names_apart(codes: pd.Series, names: pd.Series) -> pd.Series:
    """The names of areas, each with its code where another area has the same name.

    Tables of a report are by name: two wards called Abbey would be added up as one.

    Parameters
    ----------
    codes, names
        Of n rows, any number of which may be of one area.
    """
    names = names.astype(str)
    shared = codes.groupby(names).transform("nunique") > 1
    return names.where(~shared, names + " (" + codes.astype(str) + ")")


def asked_of(answers: Answers, command: str, question: Question) -> Result:
    """Ask an analysis.

    Parameters
    ----------
    command
        Of the analysis, such as `profile`.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    return Result(*answers.result(_ANALYSES[command], question))


def whole_halves(period: Period, n: int = HALVES) -> list[CalendarPart]:
    """The last half-years that a period covers whole, the oldest first.

    Parameters
    ----------
    period
        The days of which there is data.
    n
        How many, at most.

    Raises
    ------
    QuestionError
        If it covers none.
    """
    halves = [part for part in parts_of(period, "half") if not part.is_cut]
    if not halves:
        raise QuestionError(
            "datetime",
            f"{period.title} has no whole half-year (April to September, October to March)",
        )
    return halves[-n:]


def known_period(answers: Answers, question: Question) -> Period:
    """The period that a Question asks for; all that is known where it names none."""
    if question.period is None:
        question = replace(question, period=Interval.read("../.."))
    question = replace(question, by="", compare="")
    try:
        return answers.ask(question).accounts.period
    except QuestionError as refusal:
        if refusal.option not in ("period", "datetime"):
            raise
        # A store of measures alone is known as far as these are.
        return asked_of(answers, "profile", question).answer.accounts.period


def over(question: Question, parts: list[CalendarPart], by: SplitBy = "") -> Question:
    """The same Question over parts of the calendar, split by them if wanted."""
    span = Interval(parts[0].period.first, parts[-1].period.last)
    return replace(question, period=span, by=by, compare="")
