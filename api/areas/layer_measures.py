"""The measures of all areas of a layer, as columns of its table: chosen, dated, without ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from api.answers import Answers
from api.areas.facts import LayerFacts, values_of_layer
from api.pages.measure_text import days_words, number_words
from geo.errors import QuestionError
from geo.measures.model import Measure
from geo.question.model import MeasureTerms

BY_DEFAULT: Final = 3
"""How many measures the table begins with."""


@dataclass(frozen=True)
class Cell:
    """A value as the table shows it, with what it is sorted by, and why it is not known."""

    text: str
    sort: str
    why: str = ""


@dataclass(frozen=True)
class MeasureColumn:
    """A measure as a column of the table.

    Attributes
    ----------
    title, unit, when, source
        Of the measure and of the days of its values.
    carried, caveat
        How it came to these areas, and what to keep in mind; '' where there is nothing to say.
    values, whys
        By the codes of the areas: the value, NaN where it is unknown, and why.
    """

    measure_id: str
    title: str
    unit: str
    when: str
    source: str
    carried: str
    caveat: str
    values: pd.Series
    whys: pd.Series

    def cell(self, code: str) -> Cell:
        """The cell of an area."""
        value = float(self.values.get(code, np.nan))
        if np.isnan(value):
            return Cell("unknown", "unknown", str(self.whys.get(code, "")))
        return Cell(number_words(value, self.unit), f"{value:.12g}")

    @property
    def notes(self) -> str:
        """Where it comes from, and what to know of it, in a line."""
        whys = self.whys.where(self.values.isna(), "").unique()
        why = str(whys[0]) if len(whys) == 1 else ""
        parts = (self.when, why, self.source, self.carried, self.caveat.rstrip("."))
        return f"{self.title}: {'; '.join(part for part in parts if part)}."


@dataclass(frozen=True)
class LayerMeasures:
    """The measures in the table of a layer.

    Attributes
    ----------
    offered
        All that can be chosen.
    columns
        Those that are shown.
    reason
        Why none of those chosen can be shown; '' where some can, or none was chosen.
    table
        The same as rows: an area and a measure each.
    """

    offered: Sequence[Measure] = ()
    columns: Sequence[MeasureColumn] = ()
    reason: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def chosen(self) -> list[str]:
        """The ids of the measures that are shown."""
        return [column.measure_id for column in self.columns]


def layer_measures(
    answers: Answers, facts: LayerFacts, chosen: Sequence[str], *, every: bool = False
) -> LayerMeasures:
    """The measures of the areas of a layer.

    Parameters
    ----------
    answers
        About the present state of the store.
    facts
        About the layer.
    chosen
        Ids of measures; where there is none, the first that are known here.
    every
        Whether all are shown where none is chosen.

    Raises
    ------
    QuestionError
        If one is chosen that there is not.
    """
    offered = answers.snapshot().measures()
    names = [one.measure_id for one in offered]
    if unknown := sorted({*chosen} - {*names}):
        raise QuestionError(
            "measures", f"unknown value {unknown[0]!r}; choose among {', '.join(names[:20])}"
        )
    if not offered:
        return LayerMeasures()
    wanted = [name for name in names if name in chosen] or _first(offered, facts.layer_id)
    if every and not chosen:
        wanted = names
    question = replace(facts.question, measures=MeasureTerms(chosen=tuple(wanted)))
    table = values_of_layer(answers, question)
    if isinstance(table, str):
        return LayerMeasures(offered, reason=table)
    columns = [_column(table[table["measure_id"] == name]) for name in wanted]
    if not chosen:
        columns = [one for one in columns if one.when]
    return LayerMeasures(offered, columns, table=table)


def _first(offered: Sequence[Measure], layer_id: str) -> list[str]:
    """The first measures: those published on the layer before others, and those of incidents."""
    ordered = sorted(offered, key=lambda one: (bool(one.question), one.layer_id != layer_id))
    first = {one.measure_id for one in ordered[:BY_DEFAULT]}
    return [one.measure_id for one in offered if one.measure_id in first]


def _column(rows: pd.DataFrame) -> MeasureColumn:
    first, by_code = rows.iloc[0], rows.set_index("area_code")
    return MeasureColumn(
        str(first["measure_id"]),
        str(first["measure"]),
        str(first["unit"]),
        days_words(first["first_day"], first["last_day"]) if first["first_day"] else "",
        str(first["source"]),
        str(first["carried"]),
        str(first["caveat"]),
        by_code["value"].astype(float),
        by_code["why"],
    )
