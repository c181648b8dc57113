"""The profile of areas: every measure of each with its date and source, on two sheets of A4."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd

from api.answers import Answers
from api.reports.asking import asked_of, known_period, over, whole_halves
from api.reports.fares import INTERVAL_NOTE, by_area, profile_table, rows_of, source_table
from api.reports.model import Part, Report
from api.reports.sentences import (
    JUDGED,
    area_sentence,
    change_sentence,
    measure_sentence,
    partly_sentences,
    unknown_sentences,
)
from geo.errors import QuestionError
from geo.question.model import Question

CHARTED: Final = 12
"""Half-years that the small charts show, at most."""


def ward_profile_report(answers: Answers, question: Question) -> Report:
    """Put all measures of each area together.

    Parameters
    ----------
    question
        `within` chooses areas; else the report has all of the layer.
    """
    result = asked_of(answers, "profile", question)
    profile, answer = result.frame, result.answer
    whole = answer.study_title
    history = _history(answers, question)
    parts = [
        _part(name, rows, history[history["area_code"] == code], whole)
        for code, name, rows in by_area(profile)
    ]
    areas = answer.facts.title(answer.question.layer)
    alone = len(parts) == 1
    if alone:
        parts = [replace(parts[0], title="How it fares")]
    return Report(
        title=f"{profile['area_name'].iloc[0]}: profile" if alone else f"{areas}: profiles",
        period=answer.accounts.period.title,
        about=[areas, f"held against the rest of {whole}"],
        sentences=[] if alone else [f"{len(parts)} areas, in the order of their names."],
        parts=parts,
        methods=[
            INTERVAL_NOTE,
            result.analysis.method,
            *result.analysis.warnings,
            *result.analysis.caveats,
        ],
        accounts=answer.accounts,
    )


def _history(answers: Answers, question: Question) -> pd.DataFrame:
    """The values of the known half-years, for the small charts; empty where there is none."""
    try:
        halves = whole_halves(known_period(answers, replace(question, period=None)), CHARTED)
        return asked_of(answers, "track", over(question, halves, by="half")).frame
    except QuestionError:
        return pd.DataFrame(columns=["area_code", "measure_id", "first_day", "last_day", "value"])


def _part(name: str, rows: pd.DataFrame, history: pd.DataFrame, whole: str) -> Part:
    """An area: what it is like on its first sheet, where that comes from on its second."""
    measures = [measure_sentence(row, whole) for row in rows_of(rows) if row["verdict"] in JUDGED]
    tables = [profile_table("Measures", rows, history), source_table(rows)]
    return Part(
        name,
        [area_sentence(name, rows, whole), change_sentence(rows, "a year before"), *measures],
        tables,
        [*partly_sentences(rows), *unknown_sentences(rows)],
        layout="sheet",
    )
