"""Which features of a collection a request selects, in which order, with which properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.ogc.coordinates import Axes, axes_of
from api.ogc.cql2.filters import Filter
from api.ogc.cql2.parse import read_filter
from api.ogc.items import Items, Positions
from api.ogc.properties import Property
from geo.errors import QuestionError
from geo.period import Moments, Period

Mask = NDArray[np.bool_]

CHUNK = 10_000
"""Features that are in memory as objects at once."""


@dataclass(frozen=True)
class FeatureSelection:
    """Some features of a collection as a caller asked for them.

    Attributes
    ----------
    names
        The properties to write; None for all.
    """

    items: Items
    positions: Positions
    axes: Axes
    names: Sequence[str] | None = None
    with_geometry: bool = True

    @classmethod
    def of_query(
        cls, items: Items, positions: Positions, query: Mapping[str, str]
    ) -> FeatureSelection:
        """Return features with the properties and in the system that the parameters ask for.

        Raises
        ------
        QuestionError
            If a property or the system is unknown.
        """
        return cls(
            items,
            positions,
            axes_of(query, "crs", items.projection),
            names=_property_names(items, query),
            with_geometry=query.get("skipGeometry") != "true",
        )

    def features(self) -> list[bytes]:
        """Return each feature as GeoJSON."""
        if self.names is None and self.with_geometry:
            return self.items.features(self.positions, self.axes)
        return self.items.encode(
            self.positions, self.axes, names=self.names, with_geometry=self.with_geometry
        )

    def rows(self) -> pd.DataFrame:
        """Return the properties of each feature."""
        rows = self.items.rows(self.positions)
        return rows if self.names is None else rows[list(self.names)]

    def chunks(self) -> Iterator[FeatureSelection]:
        """Yield the features, some thousands at a time."""
        for start in range(0, len(self.positions), CHUNK):
            yield replace(self, positions=self.positions[start : start + CHUNK])


def select(
    items: Items,
    query: Mapping[str, str],
    *,
    queryables: Sequence[Property],
    times: Period | None = None,
) -> Positions:
    """Return positions of the features that the parameters select, in their order.

    Parameters
    ----------
    queryables
        The properties that are parameters themselves.
    times
        The days of the features, for `datetime`; None where features have no time.

    Raises
    ------
    QuestionError
        With the parameter that cannot be read.
    """
    positions: Positions = range(len(items))
    if "bbox" in query:
        axes = axes_of(query, "bbox-crs", items.projection)
        positions = items.geometries.touching(axes.read_box(query["bbox"], items.projection))
    if times and "datetime" in query:
        positions = narrowed(positions, _during(items, positions, query["datetime"], times))
    for one in queryables:
        if one.name in query:
            positions = narrowed(positions, _equal(items, positions, one, query[one.name]))
    if "filter" in query:
        tree = read_filter(query["filter"], query.get("filter-lang", ""))
        axes = axes_of(query, "filter-crs", items.projection)
        positions = narrowed(positions, Filter(items, positions, axes=axes).matches(tree))
    return ordered(items, positions, query["sortby"]) if "sortby" in query else positions


def _property_names(items: Items, query: Mapping[str, str]) -> list[str] | None:
    """Return the properties that the parameter `properties` names; None for all.

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


def narrowed(positions: Positions, mask: Mask) -> NDArray[np.int64]:
    """Return those positions for which a mask is true."""
    return np.asarray(positions, dtype=np.int64)[mask]


def _during(items: Items, positions: Positions, text: str, times: Period) -> Mask:
    # Incidents count at `occurred_from`, on days in London, as in every answer. One dated by month
    # or day alone can lie anywhere in it: the standard asks for what intersects.
    moments = Moments.read(text, times)
    rows = items.rows(positions)
    coarse = rows["precision"].isin(["month", "day"])
    ends = rows["occurred_to"].where(coarse, rows["occurred_from"])
    during: Mask = ((ends >= moments.first) & (rows["occurred_from"] <= moments.last)).to_numpy()
    return during


def _equal(items: Items, positions: Positions, one: Property, text: str) -> Mask:
    _check_property(items, one.name, one.name)
    column = items.rows(positions)[one.name]
    try:
        value = _READERS[one.form if one.form == "date-time" else one.kind](text)
    except (ValueError, OverflowError) as error:
        raise QuestionError(one.name, f"{text!r} is not a valid {one.form or one.kind}") from error
    equal: Mask = (column == value).fillna(value=False).to_numpy(dtype=bool)
    return equal


def ordered(items: Items, positions: Positions, text: str) -> NDArray[np.int64]:
    """Return positions in the order of some properties, equal ones as they were.

    Parameters
    ----------
    text
        The properties, with commas between them; `-` before a name sorts in descending order.

    Raises
    ------
    QuestionError
        If one is unknown or named twice.
    """
    keys = [key.strip() for key in text.split(",")]
    names = [key.lstrip("+-") for key in keys]
    for name in names:
        _check_property(items, "sortby", name)
    if len(set(names)) < len(names):
        raise QuestionError("sortby", "name each property once")
    rows = items.rows(positions)[names].set_axis(np.asarray(positions, dtype=np.int64))
    for name in rows.columns:
        if isinstance(rows[name].dtype, pd.CategoricalDtype):
            # Categories sort in their own order, which no caller knows.
            rows[name] = rows[name].astype(str)
    # Stable: ties stay in the order of the collection, so that pages never overlap.
    ordered = rows.sort_values(
        names, ascending=[not key.startswith("-") for key in keys], kind="stable"
    )
    return np.asarray(ordered.index, dtype=np.int64)


def _check_property(items: Items, option: str, name: str) -> None:
    if name not in items.table:
        names = ", ".join(map(str, items.table.columns))
        raise QuestionError(option, f"unknown property {name!r}; choose one of: {names}")


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
