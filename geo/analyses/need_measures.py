"""Measures as needs: their latest values as columns of the areas that share."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np

from geo.errors import QuestionError
from geo.period import Period
from geo.question.answer import Answer
from geo.question.model import OWN_NEEDS


class Needs(NamedTuple):
    """Areas with a column for each need.

    Attributes
    ----------
    areas
        The n areas.
    low
        Columns of which low values mean more need: those that the Question names, and measures of
        which high values are better.
    notes
        Of which days values are, and how they came to these areas: a sentence each.
    """

    areas: gpd.GeoDataFrame
    low: tuple[str, ...]
    notes: tuple[str, ...] = ()


def with_measures(answer: Answer, areas: gpd.GeoDataFrame) -> Needs:
    """Add the measures that an Answer's needs name as columns.

    Parameters
    ----------
    answer
        Its Question names the needs; columns of the layer come first.
    areas
        n of its areas, indexed by code.

    Returns
    -------
    The areas with the latest value of each measure up to the end of the period.

    Raises
    ------
    QuestionError
        If a measure is made of incidents, or cannot be shown on these areas.
    """
    low = answer.question.need.low
    names = [
        name for name, _ in answer.question.need.mix if name not in (*OWN_NEEDS, *areas.columns)
    ]
    if not names:
        return Needs(areas, low)
    try:
        measured = answer.facts.measured()
    except QuestionError:
        # An Answer of frames alone knows no measures; `need_of` says that the column is missing.
        return Needs(areas, low)
    measures = {one.measure_id: one for one in measured.measures}
    columns, ups, notes = {}, [], []
    for name in names:
        if name not in measures:
            continue  # `need_of` says which columns there are
        if measures[name].question:
            raise QuestionError(
                "need",
                f"{name!r} is made of incidents; ask for these, and use the need 'incidents'",
            )
        values, carrying = measured.latest(name, by=answer.accounts.period)
        column = values.set_index("area_code")["value"].reindex(areas.index.astype(str))
        if column.isna().all():
            reason = carrying.note or "no value is known up to the end of the period"
            raise QuestionError("need", f"{name!r}: {reason}")
        columns[name] = column.to_numpy(np.float64)
        if measures[name].better == "up":
            ups.append(name)
            notes.append(
                f"{measures[name].title}: low values mean more need, as high ones are better."
            )
        first, last = (values[name].iloc[0].date() for name in ("first_day", "last_day"))
        carried = f"; {carrying.note.rstrip('.')}" if carrying.note else ""
        notes.append(f"{measures[name].title}: values of {Period(first, last).title}{carried}.")
    return Needs(areas.assign(**columns), tuple(dict.fromkeys((*low, *ups))), tuple(notes))
