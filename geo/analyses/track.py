"""Tracks: each measure by parts of time, each against the same part of the year before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo import judging
from geo.analyses.analysis import AnalysisResult, as_layer, refuse_part_months, refuse_weight
from geo.analyses.measure_figures import INCIDENTS, measures_asked, method_of, unit_of
from geo.analyses.measure_tracks import Step, Track, track_of, unit_of_time
from geo.analyses.profile import headline_of
from geo.calendar_parts import CalendarUnit, column_of
from geo.errors import QuestionError
from geo.measures import comparison
from geo.measures.before_after import NO_COUNTS, before_and_after
from geo.period import Period
from geo.prepared import prepared
from geo.question.answer import Answer

SINCE: Final = "since"
"""The table of before and after."""

METHOD: Final = (
    "Each part of time against the same one a year before: ratio of rates with its exact 95 % "
    "interval (Clopper & Pearson 1934), the exact test of counts divided by how they vary from "
    "month to month, corrected over all areas, measures and parts (Benjamini & Hochberg 1995)"
)
_SINCE_METHOD: Final = (
    "; before and after as a ratio of two changes, the area's and its control's, each period with "
    "the same one of earlier years (Wilson 2022)"
)

Floats = NDArray[np.float64]


def tracks(answer: Answer) -> AnalysisResult:
    """Follow each measure by parts of time, each against the same part of the year before."""
    refuse_weight(answer, "a measure over time")
    refuse_part_months(answer, "a measure over time")
    unit = unit_of_time(answer)
    measured = answer.facts.measured()
    parts = [
        track_of(answer, measure, measured, unit) for measure in measures_asked(answer, measured)
    ]
    rows = [_rows(answer, part, step) for part in parts for step in part.steps]
    table = pd.concat(rows, ignore_index=True) if rows else _no_rows(unit)
    better = table.pop("better")
    table = judging.judged(table, better, alike=judging.NO_CLEAR_CHANGE)
    areas = np.tile(np.arange(len(answer.areas)), len(rows))
    order = np.argsort(areas, kind="stable")
    shapes = answer.areas.geometry.to_numpy()[areas[order]]
    layer = as_layer(table.iloc[order].reset_index(drop=True), shapes, answer)
    since = answer.question.treatment.since
    shown = answer.shown(layer)
    return AnalysisResult(
        shown,
        METHOD + (_SINCE_METHOD if since else ""),
        _parameters(parts, unit, shown),
        _caveats(answer, parts),
        tables={SINCE: _since(answer, parts, since)} if since else {},
    )


def _rows(answer: Answer, part: Track, step: Step) -> pd.DataFrame:
    measure = part.measure
    of_incidents = measure.measure_id == INCIDENTS or bool(measure.question)
    method = "rate" if of_incidents else method_of(measure, step.compared)
    change = comparison.against_before(
        method,
        step.compared,
        step.before,
        dispersion=part.spreads.over_time,
        freedom=part.spreads.over_time_freedom,
    )
    return pd.DataFrame(
        {
            "area_code": answer.areas.index.astype(str),
            "area_name": answer.areas["area_name"].to_numpy(),
            "measure_id": measure.measure_id,
            "measure": measure.title,
            "unit": unit_of(measure),
            **step.names,
            **{name: step.now[name].to_numpy() for name in ("value", "numerator", "denominator")},
            **{name: change[name].to_numpy() for name in change.columns.drop("why")},
            "why": np.where(step.why == "", change["why"], step.why),
            "better": measure.better,
        }
    )


def _no_rows(unit: CalendarUnit) -> pd.DataFrame:
    texts = ["area_code", "area_name", "measure_id", "measure", "unit", column_of(unit)]
    names = [*texts, "first_day", "last_day", "value", "numerator", "denominator", "before"]
    columns = [*names, "ratio", "lower", "upper", "p", "why", "better"]
    return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})


def _since(answer: Answer, parts: Sequence[Track], since: str) -> pd.DataFrame:
    """Before and after of each measure: a row for each area."""
    day = Period.of_months(since, since).first
    control = _control(answer)
    tables = []
    for part in parts:
        if part.over_time is None:
            continue
        changed = before_and_after(
            part.over_time,
            day,
            control=control,
            dispersion=part.spreads.among,
            freedom=part.spreads.among_freedom,
        )
        if np.isnan(part.over_time.counts).all():
            changed["why"] = NO_COUNTS
        changed.insert(0, "measure", part.measure.title)
        changed.insert(0, "measure_id", part.measure.measure_id)
        changed.insert(0, "area_name", answer.areas["area_name"].to_numpy())
        changed.insert(0, "area_code", answer.areas.index.astype(str))
        tables.append(changed.assign(better=part.measure.better))
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    table = judging.judged(table, table.pop("better"), alike=judging.NO_CLEAR_CHANGE)
    return _shown_rows(answer, table)


def _shown_rows(answer: Answer, table: pd.DataFrame) -> pd.DataFrame:
    shown = answer.question.within
    rows = table if not shown else table[table["area_code"].isin(shown)]
    return rows.sort_values("area_code", kind="stable").reset_index(drop=True)


def _control(answer: Answer) -> NDArray[np.bool_] | None:
    """Which areas the control is; None for all others."""
    named = answer.question.treatment.control
    if not named:
        return None
    if (layer := answer.facts.control) is not None:
        return _inside(answer, layer)
    codes = [text.strip() for text in named.split(",")] if isinstance(named, str) else list(named)
    own = answer.areas.index.astype(str)
    if unknown := sorted({*codes} - {*own}):
        raise QuestionError(
            "control", f"{unknown[0]!r} is no area of {answer.question.layer}; name codes of areas"
        )
    return np.asarray(own.isin(codes), dtype=bool)


def _inside(answer: Answer, layer: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Which areas lie in those of another layer, by most of their land."""
    land, own = shapely.union_all(layer.geometry.to_numpy()), answer.areas.geometry.to_numpy()
    inside = np.asarray(shapely.intersects(prepared(land), own))
    # A place inside a ward makes no control of the ward, wherever the ward's middle is.
    shared = shapely.area(shapely.intersection(land, own[inside]))
    inside[inside] = shared > shapely.area(own[inside]) / 2
    if not inside.any():
        raise QuestionError("control", "no area lies in the layer of the control")
    return inside


def _parameters(
    parts: Sequence[Track], unit: CalendarUnit, shown: pd.DataFrame
) -> dict[str, object]:
    verdicts = shown["verdict"].value_counts()
    return {
        "headline": headline_of(shown, "than a year before", judging.NO_CLEAR_CHANGE),
        "by": unit,
        "measures": len(parts),
        "judged": int(shown["q"].notna().sum()),
        **{name: int(verdicts.get(name, 0)) for name in (judging.BETTER, judging.WORSE)},
        "false_discovery_rate": judging.FALSE_DISCOVERY_RATE,
        "fewest": judging.FEWEST,
        "variance_over_mean": max((part.spreads.over_time for part in parts), default=1.0),
    }


def _caveats(answer: Answer, parts: Sequence[Track]) -> list[str]:
    caveats = [f"{part.measure.title}: {part.why}." for part in parts if part.why]
    if answer.series and answer.series.left_out:
        caveats.append(f"Left out: {'; '.join(answer.series.left_out)}.")
    return caveats
