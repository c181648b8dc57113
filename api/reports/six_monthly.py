"""The six-monthly report: how each priority area fares against the rest, over four half-years."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd

from api.answers import Answers
from api.reports.asking import Result, asked_of, known_period, over, whole_halves
from api.reports.fares import (
    INTERVAL_NOTE,
    by_area,
    halves_table,
    is_known,
    source_table,
    whole_sentence,
)
from api.reports.model import Part, Report, ReportTable
from api.reports.sentences import (
    area_sentence,
    change_sentence,
    partly_sentences,
    unknown_sentences,
)
from geo.analyses import Analysis
from geo.analyses.measure_figures import INCIDENTS
from geo.analyses.profile import SOURCE, profiles_by_source
from geo.calendar_parts import CalendarPart
from geo.question.model import Question

SOURCES_NOTE: Final = (
    "Verdicts are corrected together over all areas, all measures and all single sources of this "
    "report."
)
BY_SOURCE: Final = Analysis(
    "profile-by-source",
    "",
    "How areas fare, by source",
    "Compare each area with the rest, by every measure and source.",
    "As the profile, with the incidents of each source beside it, all judged together.",
    profiles_by_source,
    subject="measures",
)
"""What the report asks for; it has no door of its own."""

BEFORE: Final = "the same half a year before"


def six_monthly_report(answers: Answers, question: Question) -> Report:
    """Hold each area of a layer against the rest of its study area, half-year by half-year.

    Parameters
    ----------
    question
        Its layer has the priority areas, and its study area is the whole that they lie in.

    Raises
    ------
    QuestionError
        If the data cover no whole half-year, or cannot answer it.
    """
    halves = whole_halves(known_period(answers, question))
    now = Result(*answers.result(BY_SOURCE, over(question, halves[-1:])))
    track = asked_of(answers, "track", over(question, halves, by="half"))
    profile, values = now.frame, _with_sources(answers, now, track)
    # The last is what verdicts are of; of others of which nothing is known there is no column.
    halves = [*(half for half in halves[:-1] if is_known(values, half)), halves[-1]]
    whole, areas = now.answer.study_title, _layer_title(now)
    parts = [
        _part(name, rows, halves_table(rows, _of(values, code), halves), whole)
        for code, name, rows in by_area(profile)
    ]
    # What holds for every area is said once.
    common = [text for text in parts[0].unknown if all(text in one.unknown for one in parts)]
    own = [
        replace(one, unknown=[text for text in one.unknown if text not in common]) for one in parts
    ]
    return Report(
        title=f"{areas}: six-monthly report",
        period=_period(halves),
        about=[f"Held against the rest of {whole}"],
        sentences=[whole_sentence(profile, areas=areas, whole=whole)],
        parts=[*own, Part("All areas", [], [source_table(profile)], common)],
        methods=[
            INTERVAL_NOTE,
            *([SOURCES_NOTE] if len(now.answer.accounts.source) > 1 else []),
            now.analysis.method,
            *now.analysis.warnings,
            *now.analysis.caveats,
        ],
        accounts=now.answer.accounts,
    )


def _period(halves: list[CalendarPart]) -> str:
    last = f"{halves[-1].label} ({halves[-1].period.title})"
    n = len(halves) - 1
    if not n:
        return last
    return f"{last} and the {'half' if n == 1 else f'{n} halves'} before"


def _layer_title(now: Result) -> str:
    return now.answer.facts.title(now.answer.question.layer)


def _with_sources(answers: Answers, now: Result, track: Result) -> pd.DataFrame:
    """The rows of the track, with the incidents of each source as rows of theirs.

    Of several sources each stands alone too: what the police and the council record is not one
    demand.
    """
    sources = now.answer.accounts.source
    if len(sources) < 2:
        return track.frame
    own = [
        _of_source(asked_of(answers, "track", replace(track.answer.question, source=(name,))))
        for name in sources
    ]
    return pd.concat([*own, track.frame], ignore_index=True)


def _of_source(result: Result) -> pd.DataFrame:
    frame = result.frame[result.frame["measure_id"] == INCIDENTS]
    (source,) = result.answer.question.source
    return frame.assign(
        measure_id=f"{SOURCE}{source}", measure=frame["measure"].astype(str) + f" ({source})"
    )


def _of(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    return rows[rows["area_code"] == code]


def _part(name: str, profile: pd.DataFrame, table: ReportTable, whole: str) -> Part:
    return Part(
        name,
        [area_sentence(name, profile, whole), change_sentence(profile, BEFORE)],
        [table],
        [*partly_sentences(profile), *unknown_sentences(profile)],
        layout="together",
    )
