"""Enforcement: how many places were engaged, educated and enforced, and where it stopped."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from geo.analyses.analysis import AnalysisResult, refuse_weight
from geo.analyses.record_rows import (
    ALL,
    RecordRows,
    both_accounts,
    on_shown_areas,
    received_in,
    record_caveats,
    record_rows,
)
from geo.question.answer import Answer
from geo.records.enforcement import STEPS, EnforcementLadder, enforcement_ladder
from geo.records.places import SAME_PLACE_M, place_codes

METHOD: Final = (
    "Outcomes of the records received in the period and answered or closed by its end, by the "
    f"ladder engagement, education, enforcement; a place is {SAME_PLACE_M:.0f} metres around the "
    "point with most records, and stopped at the highest step that it reached. A place without a "
    "lower step before was not taken up the ladder"
)


def ladder(answer: Answer) -> AnalysisResult:
    """Count the places that reached each step of the ladder, and stopped there, by area.

    Raises
    ------
    QuestionError
        If the Question weighs by harm.
    """
    refuse_weight(answer, "a step of enforcement")
    rows = record_rows(answer)
    lives = _known_until(received_in(rows.whole, rows.period), rows)
    place = _places(lives)
    every = enforcement_ladder(lives, place)
    own = _known_until(received_in(rows.by_area, rows.period), rows)
    parts = dict(list(own[own["area_code"] != ""].groupby("area_code")))
    tables = []
    for code, name in zip(
        answer.areas.index.astype(str), answer.areas["area_name"].astype(str), strict=True
    ):
        some = parts.get(code, own[:0])
        steps = enforcement_ladder(some, place.reindex(some.index)).steps.reset_index()
        steps.insert(0, "area_code", code)
        steps.insert(1, "area_name", name)
        tables.append(steps)
    caveats = [*record_caveats(rows)]
    if every.no_step:
        caveats.append(
            f"{every.no_step:,} records of kind enforcement have an outcome that is no step of the "
            "ladder, or none yet."
        )
    if every.without_place:
        caveats.append(f"{every.without_place:,} records with a step have no place.")
    caveats.append("A place that lies across areas counts in each of them.")
    return AnalysisResult(
        on_shown_areas(answer, pd.concat(tables, ignore_index=True)),
        METHOD,
        {
            "headline": _headline(every),
            **both_accounts(answer),
            "no_step": every.no_step,
            "without_place": every.without_place,
        },
        caveats,
        tables={ALL: every.steps.reset_index()},
    )


def _known_until(lives: pd.DataFrame, rows: RecordRows) -> pd.DataFrame:
    """Lives with the outcomes and times that were known at the moment alone."""
    done = (lives["closed"] <= rows.moment) | (lives["answered"] <= rows.moment)
    return lives.assign(outcome=lives["outcome"].where(done, ""))


def _places(lives: pd.DataFrame) -> pd.Series:
    """The number of each record's place; missing without one."""
    placed = lives[lives["x"].notna()]
    codes = place_codes(placed["x"].to_numpy(float), placed["y"].to_numpy(float))
    return pd.Series(codes, index=placed.index, dtype="float").reindex(lives.index)


def _headline(every: EnforcementLadder) -> str:
    n = len(every.places)
    if not n:
        return "No place has an outcome that is a step of the ladder."
    counts = {name: every.steps[name].astype(int).tolist() for name in ("places", "stopped")}
    reached = [f"{k:,} reached {step}" for k, step in zip(counts["places"], STEPS, strict=True)]
    stopped = [f"{k:,} stopped at {step}" for k, step in zip(counts["stopped"], STEPS, strict=True)]
    stopped.pop()
    skipped = int(np.sum(every.places["skipped"].to_numpy(bool)))
    return (
        f"Of {n:,} places with a step, {', '.join(reached)}; {' and '.join(stopped)}. "
        f"{skipped:,} skipped a step on the way."
    )
