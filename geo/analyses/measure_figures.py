"""Measures on the areas of an Answer: published values, and counts of incidents, alike."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage.published import span_words
from geo.errors import InputError, PatchmapError, QuestionError
from geo.hotspots.dispersion import FEWEST_MONTHS, MOST_MONTHS, dispersion
from geo.incidents import category_title, london_months
from geo.measures import comparison
from geo.measures.comparison import FIGURES, Method, month_dispersion
from geo.measures.measured import CarriedValues, Measured
from geo.measures.model import Measure
from geo.period import Period
from geo.question.answer import Answer
from geo.question.model import Question

INCIDENTS: Final = "incidents"
"""The id of the measure that a Question's own incidents are."""

RESIDENTS: Final = "residents"

MOST_ESTIMATED: Final = 0.5
"""With more of its total estimated a value says more of the areas around than of this one."""

MOST_TRIED: Final = 5
"""How many of a measure's last periods are looked at for a value of these areas."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spreads:
    """Variance over mean of the counts of a measure by month; 1 where that is not known.

    Attributes
    ----------
    among
        Of areas that are compared with each other: what all months share is left out.
    over_time
        Of an area that is compared with itself.
    months
        How many months they are measured on.
    areas
        How many areas with incidents they are measured on.
    """

    among: float = 1.0
    over_time: float = 1.0
    months: int = 0
    areas: int = 0

    @classmethod
    def of(cls, counts: Floats) -> Spreads:
        """Measure them on counts of n areas in m months.

        Parameters
        ----------
        counts
            n × m, all of them known.
        """
        if counts.shape[1] < FEWEST_MONTHS:
            return cls()
        areas = int((counts.sum(axis=1) > 0).sum())
        return cls(dispersion(counts), month_dispersion(counts), counts.shape[1], areas)

    @property
    def among_freedom(self) -> float:
        """Degrees of freedom of `among`: what is left of areas and months beside their totals."""
        return float(max(1, (self.areas - 1) * (self.months - 1))) if self.months else np.inf

    @property
    def over_time_freedom(self) -> float:
        """Degrees of freedom of `over_time`: of each area its months but one, for its mean."""
        return float(max(1, self.areas * (self.months - 1))) if self.months else np.inf


NOT_KNOWN: Final = Spreads()


@dataclass(frozen=True)
class MeasureFigures:
    """What is known of a measure in one period, on n areas.

    Attributes
    ----------
    measure
        What is measured.
    period
        The days; None where nothing is known.
    figures
        n rows with `FIGURES`.
    why
        Why an area has no value; '' where it has one.
    earlier
        n rows with `FIGURES` of the same days a year before, and of this period as far as it can be
        compared with them.
    whole
        Numerator and denominator of the study area, where that is more than the areas.
    spreads
        How much its counts vary from month to month.
    carried
        How its values were brought to these areas; '' where they were published on them.
    no_earlier
        Why there is no year before; '' where areas say it themselves.
    """

    measure: Measure
    period: Period | None
    figures: pd.DataFrame
    why: NDArray[np.object_]
    earlier: tuple[pd.DataFrame, pd.DataFrame]
    whole: tuple[float, float] | None = None
    spreads: Spreads = NOT_KNOWN
    carried: str = ""
    no_earlier: str = ""


def measures_asked(answer: Answer, measured: Measured) -> list[Measure]:
    """The measures that a Question asks about: its own incidents first.

    Parameters
    ----------
    answer
        With the Question.
    measured
        The measures there are.

    Returns
    -------
    Measures, in the order in which they were added.

    Raises
    ------
    QuestionError
        If one is asked for that there is not.
    """
    every = [own_incidents(answer, measured), *measured.measures]
    names = {measure.measure_id for measure in every}
    chosen = answer.question.measures.chosen
    if unknown := sorted({*chosen} - names):
        known = ", ".join(sorted(names)[:20])
        raise QuestionError("measures", f"unknown value {unknown[0]!r}; choose among {known}")
    return [measure for measure in every if not chosen or measure.measure_id in chosen]


def own_incidents(answer: Answer, measured: Measured) -> Measure:
    """The Question's own incidents as a measure: a rate where residents are known.

    Parameters
    ----------
    answer
        With the Question.
    measured
        It knows the residents.

    Returns
    -------
    The measure `INCIDENTS`.
    """
    kinds = " and ".join(map(category_title, answer.question.category))
    rated = measured.residents is not None
    return Measure(
        INCIDENTS,
        kinds or "Incidents",
        "per 1,000 residents" if rated else "incidents",
        kind="rate" if rated else "count",
        better="down",
        layer_id="",
        source=", ".join(answer.accounts.source),
        multiplier=1000.0 if rated else 1.0,
        per=RESIDENTS if rated else "",
    )


def method_of(measure: Measure, figures: pd.DataFrame) -> Method | None:
    """By which method a measure's values are compared.

    Parameters
    ----------
    measure
        The measure.
    figures
        `FIGURES` of its areas.

    Returns
    -------
    As `geo.measures.comparison.method_of`.
    """
    return comparison.method_of(measure.kind, figures, multiplier=measure.multiplier)


def unit_of(measure: Measure) -> str:
    """The unit of a measure's values as they are shown."""
    if measure.kind != "count" or not measure.per:
        return measure.unit
    many = "" if measure.multiplier == 1 else f"{measure.multiplier:,.0f} "
    return f"{measure.unit} per {many}{measure.per}"


def denominators(measure: Measure, measured: Measured) -> Floats:
    """What a measure is counted per, in each area; NaN where that is not known.

    Parameters
    ----------
    measure
        With `per`, or without.
    measured
        It knows attributes of the layer, and other measures.

    Returns
    -------
    n numbers above 0, or NaN.
    """
    known = measured.denominator(measure.per) if measure.per else None
    if known is None:
        return np.full(len(measured.areas), np.nan)
    numbers = known.to_numpy(float)
    return np.where(numbers > 0, numbers, np.nan)


def figures_of(answer: Answer, measure: Measure, measured: Measured) -> MeasureFigures:
    """What is known of a measure at the end of a Question's period.

    Parameters
    ----------
    answer
        The Answer.
    measure
        One of `measures_asked`.
    measured
        Reads published values.

    Returns
    -------
    The period's incidents, or the latest published values.
    """
    if measure.measure_id == INCIDENTS or measure.question:
        return _of_incidents(answer, measure, measured)
    return _of_values(answer, measure, measured)


def question_of(answer: Answer, measure: Measure) -> Question:
    """The Question of incidents that a measure is, about the period and areas of another.

    Parameters
    ----------
    answer
        Of the other Question.
    measure
        The Question's own incidents, or a measure with a Question.

    Returns
    -------
    The Question, neither split nor compared.
    """
    other = answer.question
    if not measure.question:
        return replace(other, by="", compare="", within=())
    own = Question.read(dict(parse_qsl(measure.question)))
    return replace(
        own,
        period=other.period,
        layer=other.layer,
        study=other.study,
        by="",
        compare="",
        within=(),
    )


def nothing_known(answer: Answer, measure: Measure, why: str) -> MeasureFigures:
    """A measure of which nothing is known here.

    Parameters
    ----------
    answer
        With n areas.
    measure
        The measure.
    why
        The reason.

    Returns
    -------
    n empty rows.
    """
    n = len(answer.areas)
    empty = _figures(n)
    reasons = np.full(n, why, dtype=object)
    return MeasureFigures(measure, None, empty, reasons, (empty, empty))


def _figures(n: int, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame(columns, index=range(n))
    return table.reindex(columns=list(FIGURES)).astype(float)


def _of_incidents(answer: Answer, measure: Measure, measured: Measured) -> MeasureFigures:
    facts = answer.facts
    if facts.no_incidents:
        return nothing_known(answer, measure, facts.no_incidents)
    question = question_of(answer, measure)
    try:
        own, both, no_earlier = _with_year_before(answer, measure, question)
    except QuestionError as refusal:
        return nothing_known(answer, measure, refusal.reason)
    residents = denominators(measure, measured)
    if both is None:
        empty = _figures(len(answer.areas))
        earlier = (empty, empty)
    else:
        published = answer.accounts.months_published
        earlier = _year_before(both, measure, residents, published=published)
    months = own.accounts.period.months
    n = own.membership.counts(own.counted_in_areas).astype(float)
    why = own.known.why(months)
    if own.accounts.months_missing:
        missing = f"no data for {span_words(own.accounts.months_missing)}"
        why = np.where(why == "", missing, why).astype(object)
    n[own.known.counted(own.accounts.months_published) == 0] = np.nan
    return MeasureFigures(
        measure,
        own.accounts.period,
        _rates(measure, n, residents),
        why,
        earlier,
        whole=_whole(own, measure),
        spreads=month_spreads(own),
        no_earlier=no_earlier,
    )


def _with_year_before(
    answer: Answer, measure: Measure, question: Question
) -> tuple[Answer, Answer | None, str]:
    """The incidents of a measure, and the same compared with the year before, or why not.

    Where a comparison leaves nothing out both are one Answer: incidents are selected and located
    once.
    """
    compared = replace(question, compare="year")
    both, reason = None, ""
    try:
        # The page of an area asks about the year before itself.
        same = not measure.question and answer.question == compared
        both = answer if same else asked_again(answer, compared)
    except QuestionError as refusal:
        # What to do about it stands after the semicolon: a measure has no options to choose.
        reason = refusal.reason.partition(";")[0]
    if not measure.question:
        return answer, both, reason
    if both is not None and both.comparison is not None and not both.comparison.left_out:
        return both, both, reason
    return asked_again(answer, question), both, reason


def asked_again(answer: Answer, question: Question, *, history: bool = False) -> Answer:
    """Answer another Question about the same layers.

    Parameters
    ----------
    answer
        It knows whom to ask.
    question
        The other Question.
    history
        Whether the incidents of earlier years are wanted.

    Returns
    -------
    Its Answer.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    if answer.facts.answer_another is None:
        raise AssertionError("an Answer with incidents can be asked again")
    # What to keep in mind of another Question's incidents is said nowhere, and takes a while.
    other = answer.facts.answer_another(question, history=history, caveats=False)
    # The incidents of all times are the same, and are read once.
    return replace(other, rows=replace(other.rows, everything=answer.rows.everything))


def _rates(measure: Measure, n: Floats, size: Floats) -> pd.DataFrame:
    value = measure.multiplier * n / size if measure.per else n
    return _figures(len(n), value=value, numerator=n, denominator=size)


def _whole(answer: Answer, measure: Measure) -> tuple[float, float] | None:
    """The incidents and residents of the study area, where they are not those of the areas."""
    elsewhere = answer.question.study not in ("", answer.question.layer)
    if not elsewhere and not answer.membership.overlapping:
        return None
    study = answer.study_areas
    once = not answer.indexes.of(study).membership.overlapping
    people = np.nan
    if once and measure.per in study.columns:
        people = float(pd.to_numeric(study[measure.per], errors="coerce").sum(min_count=1))
    return float(len(answer.counted_in_areas)), people


def _year_before(
    both: Answer, measure: Measure, size: Floats, *, published: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same days a year before, and the period as far as both are known alike."""
    now = both.membership.counts(both.counted_in_areas).astype(float)
    then = both.membership.counts(both.compared_in_areas).astype(float)
    now[~both.compares], then[~both.compares] = np.nan, np.nan
    days = both.days
    # Days are part of the exposure: a leap year is no rise.
    frames = [
        _figures(
            len(n),
            value=measure.multiplier * n / size if measure.per else n,
            numerator=n,
            denominator=(size if measure.per else 1.0) * span,
        )
        for n, span in ((then, days[1]), (now, days[0]))
    ]
    if both.comparison and {*both.comparison.now} != {*published}:
        # Of fewer months than the value beside it: only the change can be read.
        frames[0]["value"] = np.nan
    return frames[0], frames[1]


def month_spreads(answer: Answer) -> Spreads:
    """How much the counts of an Answer's areas vary from month to month.

    Parameters
    ----------
    answer
        With incidents.

    Returns
    -------
    Of the last year of months up to the period's end that are known in full.
    """
    last = answer.accounts.period.months[-1]
    first = str(np.datetime64(last, "M") - (MOST_MONTHS - 1))
    months = [
        name for name in answer.published if first <= name <= last and name not in answer.short
    ]
    if len(months) < FEWEST_MONTHS:
        return Spreads()
    table = counts_by_month(
        answer, answer.rows.of_period(Period.of_months(months[0], months[-1])), months
    )
    return Spreads.of(table)


def counts_by_month(answer: Answer, incidents: pd.DataFrame, months: Sequence[str]) -> Floats:
    """Count located incidents by area and month.

    Parameters
    ----------
    answer
        With n areas.
    incidents
        With `area`.
    months
        m months, as `YYYY-MM`.

    Returns
    -------
    n × m counts.
    """
    point, area = answer.membership.of(incidents)
    month = pd.Index(months).get_indexer(
        pd.Index(london_months(incidents["occurred_from"]).astype(str))
    )[point]
    table = np.zeros((len(answer.areas), len(months)))
    np.add.at(table, (area[month >= 0], month[month >= 0]), 1.0)
    return table


def _of_values(answer: Answer, measure: Measure, measured: Measured) -> MeasureFigures:
    last = answer.accounts.period.last
    # What was known at the end of the period: a census of years ago may be the latest there is.
    periods = [one for one in measured.periods(measure.measure_id) if one.last <= last]
    try:
        # Of a measure of the whole country the latest periods may be of other areas.
        for period in periods[: -MOST_TRIED - 1 : -1]:
            earlier = a_year_before(period)
            # Only what is shown is read: sixty months of a country's areas are millions of rows.
            values, carrying = values_of(measure, measured, period=period)
            if (values["last_day"] == pd.Timestamp(period.last)).any():
                break
        else:
            return nothing_known(answer, measure, f"no value is known up to {last:%-d %B %Y}")
    except PatchmapError as refusal:
        return nothing_known(answer, measure, str(refusal))
    per = pd.Series(denominators(measure, measured), index=answer.areas.index.astype(str))
    now, notes = published_figures(measure, values, period, per=per)
    before = _figures(len(now))
    if earlier in periods:
        # Carried from fewer areas it may say too little of these.
        with suppress(PatchmapError):
            values = values_of(measure, measured, period=earlier).values
            before, _ = published_figures(measure, values, earlier, per=per)
    return MeasureFigures(
        measure,
        period,
        now,
        notes,
        (before, now),
        whole=_whole_of_values(answer, measure, measured, period),
        carried=carrying.note,
    )


def _whole_of_values(
    answer: Answer, measure: Measure, measured: Measured, period: Period
) -> tuple[float, float] | None:
    """Numerator and denominator of the study area, where that is not the areas themselves."""
    layer, study = answer.question.layer, answer.question.study or answer.question.layer
    if study == layer and not answer.membership.overlapping:
        return None
    on_study = measured.on(study, answer.study_areas)
    if answer.indexes.of(answer.study_areas).membership.overlapping:
        return (np.nan, np.nan)
    try:
        values = values_of(measure, on_study, period=period).values
    except PatchmapError:
        return (np.nan, np.nan)
    codes = answer.study_areas.index.astype(str)
    per = pd.Series(denominators(measure, on_study), index=codes)
    figures, _ = published_figures(measure, values, period, per=per)
    known = figures["numerator"].notna() & (figures["denominator"] > 0)
    numerator, denominator = figures.loc[known, ["numerator", "denominator"]].sum()
    return (float(numerator), float(denominator)) if known.any() else (np.nan, np.nan)


def values_of(
    measure: Measure,
    measured: Measured,
    *,
    period: Period | None = None,
    area_code: str | None = None,
) -> CarriedValues:
    """The values of a measure on the areas of an Answer.

    Parameters
    ----------
    measure
        With values of its own.
    measured
        Reads them.
    period, area_code
        As `Measured.values` takes them.

    Returns
    -------
    As `Measured.values`.

    Raises
    ------
    PatchmapError
        If they cannot be brought to these areas, with the reason.
    """
    values = measured.values(measure.measure_id, period=period, area_code=area_code)
    return checked(values, measure, measured)


def checked(carried: CarriedValues, measure: Measure, measured: Measured) -> CarriedValues:
    """Refuse values that say nothing of the areas that they were brought to.

    Parameters
    ----------
    carried
        The values.
    measure, measured
        Of which measure they are, and on which areas.

    Returns
    -------
    The same values.

    Raises
    ------
    InputError
        If they cannot be brought to these areas, or most of them would be guessed.
    """
    if carried.carrying.way == "not carried":
        raise InputError(carried.carrying.note)
    if carried.carrying.estimated_share > MOST_ESTIMATED:
        raise InputError(
            f"published on {measure.layer_id}; of {measured.layer_id} most of it would be guessed "
            f"({100 * carried.carrying.estimated_share:.0f} % lies in areas that were cut)"
        )
    return carried


def a_year_before(period: Period) -> Period:
    """The same days of the calendar a year earlier."""
    first, last = (
        (pd.Timestamp(day) + pd.Timedelta(days=extra) - pd.DateOffset(years=1)).date()
        for day, extra in ((period.first, 0), (period.last, 1))
    )
    return Period(first, (pd.Timestamp(last) - pd.Timedelta(days=1)).date())


def published_figures(
    measure: Measure, frame: pd.DataFrame, period: Period, *, per: pd.Series
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """The values of a measure in one of its periods.

    Parameters
    ----------
    measure, frame, per
        As for `figures_by_period`.
    period
        Its first and last day.

    Returns
    -------
    n rows with `FIGURES`, and why a value is not known.
    """
    return figures_by_period(measure, frame, [period], per=per)[0]


def figures_by_period(
    measure: Measure, frame: pd.DataFrame, periods: Sequence[Period], *, per: pd.Series
) -> list[tuple[pd.DataFrame, NDArray[np.object_]]]:
    """The values of a measure in some of its periods.

    Parameters
    ----------
    measure
        The measure.
    frame
        `VALUE_COLUMNS` of the measure, by the codes of the areas.
    periods
        Their first and last days.
    per
        What it is counted per, by the codes of all n areas.

    Returns
    -------
    For each period n rows with `FIGURES`, and why a value is not known.
    """
    # All periods in one table: sixty months of an area are sixty times a row.
    table = _in_order(frame, periods, per.index)
    notes = table.pop("note").fillna("").to_numpy(dtype=object)
    table = table.astype(float)
    if measure.per:
        every = pd.Series(np.tile(per.to_numpy(), len(periods)))
        table["denominator"] = table["denominator"].fillna(every)
    if measure.kind == "count":
        table["numerator"] = table["numerator"].fillna(table["value"])
        if measure.per:
            # Counts of areas of unlike size say nothing beside each other.
            table["value"] = measure.multiplier * table["numerator"] / table["denominator"]
    unknown = table["value"].isna() & table["numerator"].isna()
    why = np.where(unknown, notes, "").astype(object)
    n = len(per)
    own = [slice(n * position, n * (position + 1)) for position in range(len(periods))]
    return [(table[rows].reset_index(drop=True), why[rows]) for rows in own]


def _in_order(frame: pd.DataFrame, periods: Sequence[Period], codes: pd.Index) -> pd.DataFrame:
    """`FIGURES` and `note` of every period and area, empty where there is no value."""
    spans = pd.MultiIndex.from_arrays(
        [pd.to_datetime([getattr(one, name) for one in periods]) for name in ("first", "last")]
    )
    period = spans.get_indexer(pd.MultiIndex.from_frame(frame[["first_day", "last_day"]]))
    area = codes.get_indexer(pd.Index(frame["area_code"]))
    known = np.flatnonzero((period >= 0) & (area >= 0))
    place = period[known] * len(codes) + area[known]
    rows = np.full(len(periods) * len(codes), -1)
    rows[place[::-1]] = known[::-1]  # of two values of one period and area, the first
    shown = frame[[*FIGURES, "note"]].reset_index(drop=True)
    return shown.reindex(pd.Index(rows)).reset_index(drop=True)
