"""Which features of a collection a request means, in which order, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.ogc.coordinates import axes_of
from api.ogc.cql2.filters import Filter
from api.ogc.cql2.parse import read_filter
from api.ogc.items import Items, Positions
from api.ogc.properties import Property
from geo.errors import QuestionError
from geo.period import Interval, Period

Mask = NDArray[np.bool_]


def select(
    items: Items,
    query: Mapping[str, str],
    *,
    queryables: Sequence[Property],
    times: Period | None = None,
) -> Positions:
    """Positions of the features that the parameters ask for, in the order asked for.

    Parameters
    ----------
    queryables
        The properties that may be parameters themselves.
    times
        From the first to the last day of features that have times: what `datetime` is about.

    Raises
    ------
    QuestionError
        With the parameter that cannot be read.
    """
    positions: Positions = range(len(items))
    if "bbox" in query:
        axes = axes_of(query, "bbox-crs", items.projection)
        positions = items.places.touching(axes.read_box(query["bbox"], items.projection))
    if times and "datetime" in query:
        positions = _narrowed(positions, _during(items, positions, query["datetime"], times))
    for told in queryables:
        if told.name in query:
            positions = _narrowed(positions, _equal(items, positions, told, query[told.name]))
    if "filter" in query:
        tree = read_filter(query["filter"], query.get("filter-lang", ""))
        axes = axes_of(query, "filter-crs", items.projection)
        positions = _narrowed(positions, Filter(items, positions, axes=axes).keep(tree))
    return _ordered(items, positions, query["sortby"]) if "sortby" in query else positions


def chosen_names(items: Items, query: Mapping[str, str]) -> list[str] | None:
    """The properties that `properties` asks for; None where it asks for all.

    Raises
    ------
    QuestionError
        If there is no such property.
    """
    if "properties" not in query:
        return None
    names = [name.strip() for name in query["properties"].split(",") if name.strip()]
    for name in names:
        _check_property(items, "properties", name)
    return list(dict.fromkeys(names))


def _narrowed(positions: Positions, mask: Mask) -> NDArray[np.int64]:
    return np.asarray(positions, dtype=np.int64)[mask]


def _during(items: Items, positions: Positions, text: str, times: Period) -> Mask:
    """Incidents count at `occurred_from`, on days in London, as in every answer."""
    asked = Interval.read(text).within(times)
    occurred = items.rows(positions)["occurred_from"]
    return np.asarray((occurred >= asked.start) & (occurred < asked.end))


def _equal(items: Items, positions: Positions, told: Property, text: str) -> Mask:
    _check_property(items, told.name, told.name)
    column = items.rows(positions)[told.name]
    try:
        value = _READERS[told.form if told.form == "date-time" else told.kind](text)
    except (ValueError, OverflowError) as error:
        raise QuestionError(told.name, f"{text!r} is no {told.form or told.kind}") from error
    return np.asarray((column == value).fillna(value=False), dtype=bool)


def _ordered(items: Items, positions: Positions, text: str) -> NDArray[np.int64]:
    """Ties stay in the order of the collection, so that pages never overlap."""
    keys = [key.strip() for key in text.split(",")]
    names = [key.lstrip("+-") for key in keys]
    for name in names:
        _check_property(items, "sortby", name)
    if len(set(names)) < len(names):
        raise QuestionError("sortby", "names a property twice")
    rows = items.rows(positions)[names].set_axis(np.asarray(positions, dtype=np.int64))
    for name in rows.columns:
        if isinstance(rows[name].dtype, pd.CategoricalDtype):
            rows[name] = rows[name].astype(str)
    ordered = rows.sort_values(
        names, ascending=[not key.startswith("-") for key in keys], kind="stable"
    )
    return np.asarray(ordered.index, dtype=np.int64)


def _check_property(items: Items, option: str, name: str) -> None:
    if name not in items.table:
        names = ", ".join(map(str, items.table.columns))
        raise QuestionError(option, f"there is no property {name!r} here; there are: {names}")


def _moment(text: str) -> pd.Timestamp:
    moment = pd.Timestamp(text)
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READERS: Mapping[str, Callable[[str], object]] = {
    "integer": float,
    "number": float,
    "boolean": _boolean,
    "date-time": _moment,
    "string": str,
}
