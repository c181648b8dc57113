"""Statistics of fields, for all features or for each group of them.

Source: Esri, ArcGIS REST API, "Query (Feature Service/Layer)", parameter `outStatistics`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.arcgis.fields import Fields
from geo.errors import QuestionError
from geo.question.kinds import one_of

# Unknown values count nowhere; the sum of none is unknown and not 0.
_METHODS: Final[Mapping[str, str]] = {
    "count": "count",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "avg": "mean",
    "stddev": "std",
    "var": "var",
}
_OF_ANY_TYPE: Final = frozenset({"count", "min", "max"})


@dataclass(frozen=True)
class Statistic:
    """A statistic of a field.

    Attributes
    ----------
    kind
        One of count, sum, min, max, avg, stddev and var; the last two of a sample.
    name
        Of the field that it becomes.
    """

    kind: str
    field: str
    name: str

    @classmethod
    def read(cls, definition: object, fields: Fields) -> Statistic:
        """Read one definition of `outStatistics`.

        Raises
        ------
        QuestionError
            If it is none.
        """
        members = definition if isinstance(definition, dict) else {}
        kind = str(members.get("statisticType", "")).lower()
        if kind not in _METHODS:
            raise _refused(f"unknown statisticType {kind!r}; choose {one_of(list(_METHODS))}")
        named = str(members.get("onStatisticField", ""))
        field = fields.by_name.get(named.strip('"').lower())
        if field is None:
            raise _refused(f"unknown field {named!r}")
        name = str(members.get("outStatisticFieldName") or f"{kind}_{field}")
        if not re.fullmatch(r"\w{1,63}", name):
            raise _refused(f"{name!r} is no name of a field")
        return cls(kind, field, name)

    def document(self, described: Mapping[str, object]) -> dict[str, object]:
        """Return the field that it becomes, as a query's answer describes it.

        Parameters
        ----------
        described
            The description of the field that it is about.
        """
        kind = {"count": "esriFieldTypeInteger"}.get(self.kind, "esriFieldTypeDouble")
        if self.kind in ("min", "max"):
            kind = str(described["type"]).replace("TypeOID", "TypeInteger")
        return {"name": self.name, "type": kind, "alias": self.name}


def _refused(message: str) -> QuestionError:
    return QuestionError("outStatistics", message)


def read_statistics(definitions: object, fields: Fields) -> list[Statistic]:
    """Read the parameter `outStatistics`.

    Raises
    ------
    QuestionError
        If it holds anything but statistics, or two of the same name.
    """
    if not isinstance(definitions, list) or not definitions:
        raise _refused("is no list of statistics")
    statistics = [Statistic.read(one, fields) for one in definitions]
    names = [one.name.lower() for one in statistics]
    if len(set(names)) < len(names):
        raise _refused("give each statistic its own outStatisticFieldName")
    return statistics


def summarised(rows: pd.DataFrame, statistics: list[Statistic], groups: list[str]) -> pd.DataFrame:
    """Return a row of statistics for each group, in the order of the groups.

    Parameters
    ----------
    rows
        Features, with a column for each field.
    groups
        Fields whose combinations of values are the groups, unknown ones too; without any, there
        is one row for all features.

    Raises
    ------
    QuestionError
        If a statistic needs numbers and its field has none, or is named as a group.
    """
    taken = {name.lower() for name in groups}
    for one in statistics:
        if one.name.lower() in taken:
            raise _refused(f"{one.name!r} is a field of the groups; give it another name")
        if one.kind not in _OF_ANY_TYPE and not pd.api.types.is_numeric_dtype(rows[one.field]):
            raise _refused(f"{one.kind} needs numbers, which {one.field} has not")
    if not groups:
        values = {one.name: [_value(rows[one.field], one.kind)] for one in statistics}
        return pd.DataFrame(values)
    grouped = rows.groupby(groups, dropna=False, sort=True, observed=True)
    columns = {one.name: _of_groups(grouped[one.field], one.kind) for one in statistics}
    return pd.DataFrame(columns).reset_index()


def _value(column: pd.Series, kind: str) -> Any:
    known = column.dropna()
    if kind != "count" and known.empty:
        return None
    return getattr(known, _METHODS[kind])()


def _of_groups(column: Any, kind: str) -> pd.Series:
    result: pd.Series = (
        column.sum(min_count=1) if kind == "sum" else getattr(column, _METHODS[kind])()
    )
    return result
