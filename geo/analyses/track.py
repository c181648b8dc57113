"""Tracks: each measure by parts of time, each against the same part of the year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo import judging
from geo.analyses.analysis import AnalysisResult, as_layer, refuse_part_months, refuse_weight
from geo.analyses.measure_figures import (
    INCIDENTS,
    NOT_KNOWN,
    Spreads,
    a_year_before,
    asked_again,
    counts_by_month,
    denominators,
    measures_asked,
    method_of,
    published_figures,
    question_of,
    unit_of,
    values_of,
)
from geo.analyses.profile import headline_of
from geo.calendar_parts import CalendarPart, CalendarUnit, column_of, parts_of
from geo.coverage.published import span_words
from geo.errors import PatchmapError, QuestionError
from geo.hotspots.dispersion import MOST_MONTHS
from geo.incidents import months_between
from geo.measures import comparison
from geo.measures.before_after import NO_COUNTS, CountsOverTime, before_and_after
from geo.measures.comparison import FIGURES
from geo.measures.measured import Measured
from geo.measures.model import Measure
from geo.period import Period
from geo.prepared import prepared
from geo.question.answer import Answer
from geo.question.time_parts import part_columns
from geo.question.time_parts import unit_of as unit_asked

DEFAULT_UNIT: Final = "quarter"

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


@dataclass(frozen=True)
class _Step:
    """A part of time of one measure: its figures and those a year before, on n areas."""

    names: dict[str, str]
    now: pd.DataFrame
    before: pd.DataFrame
    compared: pd.DataFrame
    why: NDArray[np.object_]


@dataclass(frozen=True)
class _Track:
    """One measure over time."""

    measure: Measure
    steps: list[_Step]
    over_time: CountsOverTime | None
    spreads: Spreads = NOT_KNOWN
    why: str = ""


def tracks(answer: Answer) -> AnalysisResult:
    """Follow each measure by parts of time, each against the same part of the year before."""
    refuse_weight(answer, "a measure over time")
    refuse_part_months(answer, "a measure over time")
    unit = unit_asked(answer.question.by or DEFAULT_UNIT)
    measured = answer.facts.measured()
    parts = [
        _track(answer, measure, measured, unit) for measure in measures_asked(answer, measured)
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


def _track(answer: Answer, measure: Measure, measured: Measured, unit: CalendarUnit) -> _Track:
    if measure.measure_id != INCIDENTS and not measure.question:
        return _of_values(answer, measure, measured, unit)
    if answer.facts.no_incidents:
        return _Track(measure, [], None, why=answer.facts.no_incidents)
    own = answer
    if measure.question:
        try:
            own = asked_again(answer, question_of(answer, measure), history=True)
        except QuestionError as refusal:
            return _Track(measure, [], None, why=refusal.reason)
    return _of_incidents(own, measure, unit, denominators(measure, measured))


def _of_incidents(
    answer: Answer, measure: Measure, unit: CalendarUnit, residents: Floats
) -> _Track:
    parts = parts_of(answer.accounts.period, unit)
    months = months_between(parts[0].year_before.period.months[0], parts[-1].period.months[-1])
    cube = _known_counts(answer, months)
    days = np.array([float(Period.of_months(name, name).days) for name in months])
    over_time = CountsOverTime(
        tuple(Period.of_months(month, month) for month in months),
        cube,
        np.broadcast_to(days, cube.shape),
    )
    steps = [_step(measure, part, over_time, residents) for part in parts]
    return _Track(measure, steps, over_time, _spreads(cube))


def _known_counts(answer: Answer, months: list[str]) -> Floats:
    """Counts by area and month, NaN where the month is not known in full or not alike."""
    counts = counts_by_month(answer, answer.history, months)
    cube = np.full(counts.shape, np.nan)
    position = {month: at for at, month in enumerate(months)}
    for rows, known in answer.groups(months):
        columns = np.array([position[month] for month in known], dtype=np.int64)
        at = np.ix_(rows, columns)
        cube[at] = counts[at]
    return cube


def _spreads(cube: Floats) -> Spreads:
    """How much counts vary from month to month, by the last year of months known everywhere."""
    whole = cube[:, ~np.isnan(cube).any(axis=0)][:, -MOST_MONTHS:]
    return Spreads.of(whole)


def _step(
    measure: Measure, part: CalendarPart, over_time: CountsOverTime, residents: Floats
) -> _Step:
    cube, months = over_time.counts, [one.months[0] for one in over_time.periods]
    sums = []
    for one in (part, part.year_before):
        columns = np.array([months.index(month) for month in one.period.months])
        n = cube[:, columns].sum(axis=1)
        days = np.full(len(n), float(one.period.days))
        value = measure.multiplier * n / residents if measure.per else n
        # Days are part of the exposure: a leap year is no rise.
        exposure = residents * days if measure.per else days
        sums.append((_figures(value, n, residents), _figures(value, n, exposure)))
    (now, compared), (_, before) = sums
    columns = np.array([months.index(month) for month in part.period.months])
    unknown = np.isnan(cube[:, columns])
    why = np.array([_missing(part, row) if row.any() else "" for row in unknown], dtype=object)
    return _Step(part_columns(part), now, before, compared, why)


def _missing(part: CalendarPart, unknown: NDArray[np.bool_]) -> str:
    months = np.array(part.period.months)[unknown].tolist()
    return f"no data for {span_words(months)}"


def _figures(value: Floats, n: Floats, size: Floats) -> pd.DataFrame:
    table = pd.DataFrame({"value": value, "numerator": n, "denominator": size})
    return table.reindex(columns=list(FIGURES)).astype(float)


def _of_values(answer: Answer, measure: Measure, measured: Measured, unit: CalendarUnit) -> _Track:
    try:
        frame = values_of(measure, measured).values
    except PatchmapError as refusal:
        return _Track(measure, [], None, why=str(refusal))
    days = answer.accounts.period
    per = pd.Series(denominators(measure, measured), index=answer.areas.index.astype(str))
    spans = (
        frame[["first_day", "last_day"]].drop_duplicates().sort_values(["last_day", "first_day"])
    )
    periods = [
        Period(first.date(), last.date())
        for first, last in zip(spans["first_day"], spans["last_day"], strict=True)
    ]
    tables = {one: published_figures(measure, frame, one, per=per) for one in periods}
    steps = []
    for one in periods:
        if one.last < days.first or one.first > days.last:
            continue
        now, why = tables[one]
        earlier = a_year_before(one)
        before = tables[earlier][0] if earlier in tables else now * np.nan
        steps.append(_Step(_names(one, unit), now, before, now, why))
    if not steps:
        return _Track(measure, [], None, why=f"no value is known of {days.title}")
    parts = [tables[one][0] for one in periods]
    counts, sizes = (
        np.column_stack([part[name].to_numpy(float) for part in parts])
        for name in ("numerator", "denominator")
    )
    lengths = np.array([float(one.days) for one in periods])
    over_time = CountsOverTime(tuple(periods), counts, np.where(np.isnan(sizes), lengths, sizes))
    return _Track(measure, steps, over_time)


def _names(period: Period, unit: CalendarUnit) -> dict[str, str]:
    """The part that holds a published period, if one does; and its own days."""
    parts = parts_of(period, unit)
    days = {"first_day": f"{period.first}", "last_day": f"{period.last}"}
    return {column_of(unit): parts[0].label if len(parts) == 1 else "", **days}


def _rows(answer: Answer, part: _Track, step: _Step) -> pd.DataFrame:
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


def _since(answer: Answer, parts: Sequence[_Track], since: str) -> pd.DataFrame:
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
    parts: Sequence[_Track], unit: CalendarUnit, shown: pd.DataFrame
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


def _caveats(answer: Answer, parts: Sequence[_Track]) -> list[str]:
    caveats = [f"{part.measure.title}: {part.why}." for part in parts if part.why]
    if answer.series and answer.series.left_out:
        caveats.append(f"Left out: {'; '.join(answer.series.left_out)}.")
    return caveats
