"""The order of the table of a layer: by name, or by a column, of all areas and not of some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from api.areas.facts import LayerFacts
from api.areas.layer_measures import LayerMeasures
from geo.errors import QuestionError

SORT: Final = "sort"
"""The parameter that names a column; with a minus sign before it the greatest comes first."""

NAME: Final = "area_name"
_COUNTS: Final = {
    "n": "incidents",
    "rate_per_1000": "incidents per 1,000 residents",
    "n_compared": "incidents before",
    "change": "change",
}
"""Columns of counts that are shown, as the page names the order by them."""

_MEASURE: Final = "measure:"


@dataclass(frozen=True)
class Sorting:
    """The order of a table.

    Attributes
    ----------
    column, is_down
        By which column, and whether the greatest comes first.
    words
        The column, for people.
    named
        Code and name of every area, in this order.
    query
        The other parameters of the address.
    """

    column: str
    is_down: bool
    words: str
    named: list[tuple[str, str]]
    query: Mapping[str, str]

    def address(self, column: str) -> str:
        """Where a column leads: to the table in its order, or in the opposite one."""
        down = not self.is_down if column == self.column else column != NAME
        return "?" + urlencode({**self.query, SORT: f"{'-' if down else ''}{column}"})

    def direction(self, column: str) -> str:
        """The order of a column as `aria-sort` names it; '' where the table is in another one."""
        if column != self.column:
            return ""
        return "descending" if self.is_down else "ascending"


def sorting_of(
    facts: LayerFacts, measures: LayerMeasures, text: str, query: Mapping[str, str]
) -> Sorting:
    """Put all areas of a layer in an order.

    Areas of which a number is unknown come last, and equal ones in the order of names.

    Parameters
    ----------
    facts
        About the layer.
    measures
        Those that its table shows.
    text
        What the address asks for: a column, or one after a minus sign; '' for names.
    query
        The other parameters of the address.

    Raises
    ------
    QuestionError
        If the table has no such column.
    """
    column, down = text.removeprefix("-") or NAME, text.startswith("-")
    if column == NAME:
        return Sorting(NAME, down, "names", facts.named[:: -1 if down else 1], query)
    columns = {**_counts(facts), **_measured(measures)}
    if column not in columns:
        known = ", ".join([NAME, *columns])
        raise QuestionError(SORT, f"unknown value {column!r}; choose from: {known}")
    words, values = columns[column]
    numbers = values.reindex([code for code, _ in facts.named]).to_numpy(float)
    # Of equal numbers a stable order keeps that of names; NaN is the last of all.
    order = np.argsort(-numbers if down else numbers, kind="stable")
    return Sorting(column, down, words, [facts.named[at] for at in order.tolist()], query)


def _counts(facts: LayerFacts) -> dict[str, tuple[str, pd.Series]]:
    counts = facts.counts
    return {
        name: (words, pd.to_numeric(counts[name], errors="coerce").astype(float))
        for name, words in _COUNTS.items()
        if name in counts
    }


def _measured(measures: LayerMeasures) -> dict[str, tuple[str, pd.Series]]:
    return {f"{_MEASURE}{one.measure_id}": (one.title, one.values) for one in measures.columns}
