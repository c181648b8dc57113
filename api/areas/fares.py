"""How an area fares against the whole without it: a row for each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from api.answers import Answers
from api.areas.facts import LayerFacts, counts_of_layer, result_of
from api.errors import LASTING
from api.pages.charts import Chart, chart
from api.pages.measure_text import days_words, number_words, ratio_words
from api.pages.trends import Trend
from geo.analyses.measure_tracks import published_over_time

CHART: Final = (150.0, 40.0)
"""Width and height of the chart of a measure, in SVG units."""

PROFILE: Final = "profile"
TRACK: Final = "track"

_TITLES: Final = ("better", "worse", "higher", "lower")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fare:
    """A measure of an area as its page presents it; texts are '' where there is nothing to say.

    Attributes
    ----------
    title, unit
        Of the measure.
    value, rest
        Of the area, and of the whole without it, in its unit.
    of
        What the value is made of: `1,118 of 17,049`.
    ratio
        The value in times that of the rest, with its interval.
    verdict, why
        Better, worse or no clear difference; else why nothing can be said.
    change
        The verdict against a year before, with its ratio.
    when
        The days of the value.
    carried
        How it came to these areas, where it was published for others.
    chart
        Its history; None where fewer than two values are known.
    history
        What the chart shows, in words.
    """

    title: str
    unit: str
    value: str
    of: str
    rest: str
    ratio: str
    verdict: str
    why: str
    change: str
    when: str
    source: str
    licence: str
    carried: str
    caveat: str
    chart: Chart | None
    history: str

    @property
    def kind(self) -> str:
        """The verdict as a class of the style sheet."""
        return self.verdict if self.verdict in _TITLES else "same" if self.verdict else "none"


@dataclass(frozen=True)
class Fares:
    """The measures of an area.

    Attributes
    ----------
    rows
        One for each measure.
    reason
        Why there is none; '' where there are some.
    caveats
        What to keep in mind of all of them.
    table
        The same as a table: a row for each measure.
    """

    rows: list[Fare]
    reason: str = ""
    caveats: Sequence[str] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame)


def fares_of(answers: Answers, facts: LayerFacts, code: str) -> Fares:
    """The measures of an area; none, with the reason, where nothing is measured here.

    Parameters
    ----------
    answers
        About the present state of the store.
    facts
        About the layer.
    code
        The area.
    """
    result = result_of(answers, PROFILE, facts.question)
    if isinstance(result, str):
        return Fares([], result)
    table = _of_area(result.frame, code)
    if not len(table):
        return Fares([], "No measure is known here")
    history: dict[str, list[Row]] = {}
    for row in _rows(_history(answers, facts, code)):
        history.setdefault(_text(row, "measure_id"), []).append(row)
    fares = [_fare(row, history) for row in _rows(table)]
    return Fares(fares, caveats=result.caveats, table=table)


def compared_over_time(answers: Answers, facts: LayerFacts, code: str) -> pd.DataFrame:
    """The measures of an area by quarters, each against the same one a year before.

    Verdicts depend on all areas, so their values are read too: the page, which shows none of
    these, does without them.

    Parameters
    ----------
    answers, facts, code
        As `fares_of` takes them.

    Returns
    -------
    The rows of the analysis `track`; empty where there are none.
    """
    result = result_of(answers, TRACK, facts.two_years)
    return pd.DataFrame() if isinstance(result, str) else _of_area(result.frame, code)


def verdicts(fares: list[Fare]) -> dict[str, list[str]]:
    """The titles of the measures of each verdict that is one, in the order of the table."""
    return {
        name: titles
        for name in _TITLES
        if (titles := [fare.title for fare in fares if fare.verdict == name])
    }


def _of_area(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    return plain[plain["area_code"].astype(str) == code].reset_index(drop=True)


def _rows(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _fare(row: Row, history: Mapping[str, list[Row]]) -> Fare:
    unit = _text(row, "unit")
    own = history.get(_text(row, "measure_id"), [])
    drawn, words = _chart(own, unit)
    return Fare(
        title=_text(row, "measure"),
        unit=unit,
        value=number_words(_number(row, "value"), unit),
        of=_of(row),
        rest=number_words(_number(row, "rest"), unit),
        ratio=_ratio(row, ("ratio", "lower", "upper")),
        verdict=_text(row, "verdict"),
        why=_text(row, "why"),
        change=_change(row),
        when=days_words(row.get("first_day"), row.get("last_day")),
        source=_text(row, "source") or "entered here",
        licence=_text(row, "licence"),
        carried=_text(row, "carried"),
        caveat=_text(row, "caveat").rstrip("."),
        chart=drawn,
        history=words,
    )


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None or pd.isna(value) else str(value)


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return float("nan") if value is None or pd.isna(value) else float(value)


def _of(row: Row) -> str:
    numerator, denominator = _number(row, "numerator"), _number(row, "denominator")
    # The numerator of a mean is a sum of people's scores, and no part of the people.
    if np.isnan([numerator, denominator]).any() or numerator > denominator:
        return ""
    return f"{numerator:,.0f} of {denominator:,.0f}"


def _ratio(row: Row, names: tuple[str, str, str]) -> str:
    ratio, lower, upper = (_number(row, name) for name in names)
    return "" if np.isnan(ratio) else ratio_words(ratio, lower, upper)


def _change(row: Row) -> str:
    """As `no clear change on a year before: 1.02 (0.97 to 1.06)`."""
    verdict = _text(row, "change_verdict")
    if not verdict:
        return ""
    joint = " on" if verdict.startswith("no clear") else " than" if verdict in _TITLES else ","
    ratio = _ratio(row, ("change", "change_lower", "change_upper"))
    return ": ".join(filter(None, [f"{verdict}{joint} a year before", ratio]))


def _history(answers: Answers, facts: LayerFacts, code: str) -> pd.DataFrame:
    """The values of each measure of an area over time; empty where there are none."""
    question = facts.two_years
    try:
        counted = counts_of_layer(answers, question)
        answer = answers.ask_history(question, subject="measures")
        published = published_over_time(answer, code)
    except LASTING:
        return pd.DataFrame()
    return pd.concat([_of_area(counted, code), published], ignore_index=True)


def _chart(rows: list[Row], unit: str) -> tuple[Chart | None, str]:
    """The values of a measure over time as a chart that begins at 0, and what it shows."""
    values = np.array([[_number(row, "value") for row in rows]], dtype=float)
    known = np.flatnonzero(np.isfinite(values[0])) if rows else np.zeros(0, int)
    if len(known) < 2 or np.nanmin(values) < 0:
        return None, ""
    empty = np.full_like(values, np.nan)
    labels = [days_words(row.get("first_day"), row.get("last_day")) for row in rows]
    drawn = chart(Trend(labels, values, empty, empty), 0, width=CHART[0], height=CHART[1])
    first, last = known[0], known[-1]
    words = (
        f"{number_words(values[0, first], unit)} in {labels[first]}, "
        f"{number_words(values[0, last], unit)} in {labels[last]}"
    )
    return drawn, words
