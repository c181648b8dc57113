"""Measures by parts of time: of all areas of a layer, or of one whose page shows its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analyses.analysis import refuse_part_months
from geo.analyses.measure_figures import (
    INCIDENTS,
    NOT_KNOWN,
    Spreads,
    a_year_before,
    asked_again,
    counts_by_month,
    denominators,
    figures_by_period,
    measures_asked,
    question_of,
    values_of,
)
from geo.calendar_parts import CalendarPart, CalendarUnit, column_of, parts_of
from geo.coverage.published import span_words
from geo.errors import PatchmapError, QuestionError
from geo.hotspots.dispersion import MOST_MONTHS
from geo.incidents import months_between
from geo.measures.before_after import CountsOverTime
from geo.measures.comparison import FIGURES
from geo.measures.measured import Measured
from geo.measures.model import Measure
from geo.period import Period
from geo.question.answer import Answer
from geo.question.time_parts import part_columns
from geo.question.time_parts import unit_of as unit_asked

DEFAULT_UNIT: Final = "quarter"

HISTORY: Final = ("area_code", "measure_id", "first_day", "last_day", "value")
"""The columns of values over time."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A part of time of one measure: its figures and those a year before, on n areas.

    Attributes
    ----------
    names
        The part of time and its days, as columns.
    now, before
        n rows with `FIGURES`: of the part, and of the same part a year before.
    compared
        Those of the part, as far as they can be held against `before`.
    why
        Why an area has no value; '' where it has one.
    """

    names: dict[str, str]
    now: pd.DataFrame
    before: pd.DataFrame
    compared: pd.DataFrame
    why: NDArray[np.object_]


@dataclass(frozen=True)
class Track:
    """One measure over time.

    Attributes
    ----------
    measure
        What is measured.
    steps
        Its parts of time, in order.
    over_time
        All counts that are known of it; None where there are none.
    spreads
        How much its counts vary from month to month.
    why
        Why nothing is known of it; '' where something is.
    """

    measure: Measure
    steps: list[Step]
    over_time: CountsOverTime | None
    spreads: Spreads = NOT_KNOWN
    why: str = ""


def track_of(answer: Answer, measure: Measure, measured: Measured, unit: CalendarUnit) -> Track:
    """Follow a measure on all areas of an Answer.

    Parameters
    ----------
    answer
        With n areas, and its incidents of earlier years.
    measure
        One of those that are asked about.
    measured
        Reads published values.
    unit
        The parts of time.

    Returns
    -------
    Its parts of time, or why there is none.
    """
    if _is_published(measure):
        codes = answer.areas.index.astype(str)
        return _of_values(answer, measure, measured, unit, codes=codes)
    return _counted(answer, measure, measured, unit)


def counts_over_time(answer: Answer) -> pd.DataFrame:
    """The measures that are made of incidents, by parts of time.

    Parameters
    ----------
    answer
        With n areas, its incidents of earlier years, and the parts of time as `by`.

    Returns
    -------
    With `HISTORY`: a row for each measure, part and area.

    Raises
    ------
    QuestionError
        If the period is not one of whole months.
    """
    refuse_part_months(answer, "a measure over time")
    measured, unit = answer.facts.measured(), unit_of_time(answer)
    tracks = [
        _counted(answer, measure, measured, unit)
        for measure in measures_asked(answer, measured)
        if not _is_published(measure)
    ]
    return _history(tracks, answer.areas.index.astype(str))


def published_over_time(answer: Answer, code: str) -> pd.DataFrame:
    """The published measures of one area, by parts of time.

    The other areas' values are not read where a measure is published on the layer of the Answer: a
    country's areas have many millions.

    Parameters
    ----------
    answer
        With the area, and the parts of time as `by`.
    code
        The area.

    Returns
    -------
    With `HISTORY`: a row for each measure and published period.
    """
    measured, unit = answer.facts.measured(), unit_of_time(answer)
    codes = pd.Index([code], dtype="str")
    tracks = [
        _of_values(answer, measure, measured, unit, codes=codes)
        for measure in measures_asked(answer, measured)
        if _is_published(measure)
    ]
    return _history(tracks, codes)


def _is_published(measure: Measure) -> bool:
    return measure.measure_id != INCIDENTS and not measure.question


def unit_of_time(answer: Answer) -> CalendarUnit:
    """The parts of time that a Question asks for."""
    return unit_asked(answer.question.by or DEFAULT_UNIT)


def _history(tracks: list[Track], codes: pd.Index) -> pd.DataFrame:
    """The values of tracks on n areas, without what they are compared with."""
    rows = [
        pd.DataFrame(
            {
                "area_code": codes,
                "measure_id": track.measure.measure_id,
                "first_day": step.names["first_day"],
                "last_day": step.names["last_day"],
                "value": step.now["value"].to_numpy(float),
            }
        )
        for track in tracks
        for step in track.steps
    ]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(HISTORY))


def _counted(answer: Answer, measure: Measure, measured: Measured, unit: CalendarUnit) -> Track:
    if answer.facts.no_incidents:
        return Track(measure, [], None, why=answer.facts.no_incidents)
    own = answer
    if measure.question:
        try:
            own = asked_again(answer, question_of(answer, measure), history=True)
        except QuestionError as refusal:
            return Track(measure, [], None, why=refusal.reason)
    return _of_incidents(own, measure, unit, denominators(measure, measured))


def _of_incidents(answer: Answer, measure: Measure, unit: CalendarUnit, residents: Floats) -> Track:
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
    return Track(measure, steps, over_time, _spreads(cube))


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
) -> Step:
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
    return Step(part_columns(part), now, before, compared, why)


def _missing(part: CalendarPart, unknown: NDArray[np.bool_]) -> str:
    months = np.array(part.period.months)[unknown].tolist()
    return f"no data for {span_words(months)}"


def _figures(value: Floats, n: Floats, size: Floats) -> pd.DataFrame:
    table = pd.DataFrame({"value": value, "numerator": n, "denominator": size})
    return table.reindex(columns=list(FIGURES)).astype(float)


def _of_values(
    answer: Answer,
    measure: Measure,
    measured: Measured,
    unit: CalendarUnit,
    *,
    codes: pd.Index,
) -> Track:
    """A published measure on n areas of the Answer, by their codes."""
    days = answer.accounts.period
    one_area = str(codes[0]) if len(codes) == 1 else None
    try:
        needed = _needed(answer, measured.periods(measure.measure_id))
        frame = values_of(measure, measured, period=needed, area_code=one_area).values
    except PatchmapError as refusal:
        return Track(measure, [], None, why=str(refusal))
    per = pd.Series(denominators(measure, measured), index=answer.areas.index.astype(str))
    per = per.reindex(codes)
    spans = (
        frame[["first_day", "last_day"]].drop_duplicates().sort_values(["last_day", "first_day"])
    )
    periods = [
        Period(first.date(), last.date())
        for first, last in zip(spans["first_day"], spans["last_day"], strict=True)
    ]
    figures = figures_by_period(measure, frame, periods, per=per)
    tables = dict(zip(periods, figures, strict=True))
    steps = []
    for one in periods:
        if one.last < days.first or one.first > days.last:
            continue
        now, why = tables[one]
        earlier = a_year_before(one)
        before = tables[earlier][0] if earlier in tables else now * np.nan
        steps.append(Step(_names(one, unit), now, before, now, why))
    if not steps:
        return Track(measure, [], None, why=f"no value is known of {days.title}")
    parts = [tables[one][0] for one in periods]
    counts, sizes = (
        np.column_stack([part[name].to_numpy(float) for part in parts])
        for name in ("numerator", "denominator")
    )
    lengths = np.array([float(one.days) for one in periods])
    over_time = CountsOverTime(tuple(periods), counts, np.where(np.isnan(sizes), lengths, sizes))
    return Track(measure, steps, over_time)


def _needed(answer: Answer, periods: list[Period]) -> Period | None:
    """The days whose values are compared; None where all are.

    From the years before that before and after are adjusted by, no period is left out.
    """
    days = answer.accounts.period
    own = [one for one in periods if one.first <= days.last and one.last >= days.first]
    if answer.question.treatment.since or not own:
        return None
    return Period(min(a_year_before(one).first for one in own), max(one.last for one in own))


def _names(period: Period, unit: CalendarUnit) -> dict[str, str]:
    """The part that holds a published period, if one does; and its own days."""
    parts = parts_of(period, unit)
    days = {"first_day": f"{period.first}", "last_day": f"{period.last}"}
    return {column_of(unit): parts[0].label if len(parts) == 1 else "", **days}
