"""A release: what it is of, its protected tables, and who made, approved and withdrew it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.disclosure.pieces import TableShape
from geo.errors import InputError
from geo.period import Period

State = Literal["draft", "approved", "withdrawn"]
Severity = Literal["refused", "caution"]

OPEN_LICENCE: Final = "Open Government Licence v3.0"
ALL_INCIDENTS: Final = "All incidents"
"""The one category group of a release that names none."""

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class ReleaseDefinition:
    """What a release is of.

    Attributes
    ----------
    release_id
        Its address: lower-case letters, digits and `-`.
    title
        For people.
    layers
        The ids of layers of areas, each a table of its own.
    first, last
        Months, `YYYY-MM`, both included.
    groups
        Categories by the name of their group; no categories mean all.
    sources
        Of the incidents.
    licence
        Under which it is published.
    """

    release_id: str
    title: str
    layers: tuple[str, ...]
    first: str
    last: str
    groups: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    licence: str = OPEN_LICENCE

    def __post_init__(self) -> None:
        """Refuse what cannot be published."""
        if not _ID.fullmatch(self.release_id):
            raise InputError(
                f"invalid id {self.release_id!r}; use lower-case letters, digits and '-', such as "
                "asb-2025"
            )
        if not self.layers or len({*self.layers}) < len(self.layers):
            raise InputError("name one layer or more, each once")
        if self.last < self.first:
            raise InputError(f"the period ends before it begins: {self.first} to {self.last}")
        named = [slug for slugs in self.groups.values() for slug in slugs]
        if len({*named}) < len(named):
            raise InputError("a category can be in one group only")
        if len(self.groups) > 1 and not all(self.groups.values()):
            raise InputError("a group of all categories must be the only one")

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> ReleaseDefinition:
        """The definition that `as_dict` wrote."""
        return cls(
            **{
                **record,
                "layers": tuple(record["layers"]),
                "sources": tuple(record["sources"]),
                "groups": {name: tuple(slugs) for name, slugs in record["groups"].items()},
            }
        )

    def as_dict(self) -> dict[str, Any]:
        """The definition as JSON."""
        return asdict(self)

    @property
    def period(self) -> Period:
        """Its whole months."""
        return Period.of_months(self.first, self.last)


@dataclass(frozen=True)
class ReleaseTable:
    """A protected table of areas × months × category groups.

    Attributes
    ----------
    layer, title, authority, layer_licence
        Of the layer of areas.
    codes, names, outlines
        Of the areas, in the order of the table; the outlines in metres of the store's CRS.
    months, groups
        In the order of the table.
    values
        Counts; NaN is unknown.
    rounded
        Whether they are rounded; those of open sources need not be.
    """

    layer: str
    title: str
    authority: str
    layer_licence: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    outlines: NDArray[np.object_]
    months: tuple[str, ...]
    groups: tuple[str, ...]
    values: NDArray[np.float64]
    rounded: bool

    @property
    def shape(self) -> TableShape:
        """Its size."""
        return TableShape(len(self.codes), len(self.months), len(self.groups))

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> ReleaseTable:
        """The table that `as_dict` wrote."""
        sequences = {name: tuple(record[name]) for name in ("codes", "names", "months", "groups")}
        outlines = shapely.from_wkb([base64.b64decode(one) for one in record["outlines"]])
        size = [len(sequences[name]) for name in ("codes", "months", "groups")]
        values = np.array(record["values"], float).reshape(size)  # None becomes NaN
        return cls(**{**record, **sequences, "outlines": outlines, "values": values})

    def as_dict(self) -> dict[str, Any]:
        """The table as JSON."""
        values = [None if np.isnan(one) else int(one) for one in self.values.ravel()]
        outlines = [base64.b64encode(one).decode() for one in shapely.to_wkb(self.outlines)]
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "values": values,
            "outlines": outlines,
        }

    def by_area(self, crs: str) -> gpd.GeoDataFrame:
        """A row for each area: `area_code`, `area_name`, `n`, and a column for each group.

        Parameters
        ----------
        crs
            Of the outlines.

        Returns
        -------
        With geometry; a count is empty where a month of the area is unknown.
        """
        frame = pd.DataFrame({"area_code": self.codes, "area_name": self.names})
        frame["n"] = _whole(self.values.sum(axis=(1, 2)))
        if len(self.groups) > 1:
            for at, group in enumerate(self.groups):
                frame[group] = _whole(self.values[:, :, at].sum(axis=1))
        return gpd.GeoDataFrame(frame, geometry=list(self.outlines), crs=crs)

    def by_month(self) -> pd.DataFrame:
        """A row for each area, month and group: `area_code`, `area_name`, `month`, `group`, `n`.

        Returns
        -------
        The finest numbers that there are; `n` is empty where it is unknown.
        """
        area, month, group = (part.ravel() for part in np.indices(self.values.shape))
        return pd.DataFrame(
            {
                "area_code": np.array(self.codes, dtype=object)[area],
                "area_name": np.array(self.names, dtype=object)[area],
                "month": np.array(self.months, dtype=object)[month],
                "group": np.array(self.groups, dtype=object)[group],
                "n": _whole(self.values.ravel()),
            }
        )

    def months_of_all(self) -> pd.DataFrame:
        """A row for each month: `month`, `n`, and a column for each group; all areas together."""
        frame = pd.DataFrame({"month": self.months, "n": _whole(self.values.sum(axis=(0, 2)))})
        if len(self.groups) > 1:
            for at, group in enumerate(self.groups):
                frame[group] = _whole(self.values[:, :, at].sum(axis=0))
        return frame


def _whole(values: NDArray[np.float64]) -> pd.Series:
    return pd.Series(values).astype("Int64")


@dataclass(frozen=True)
class Finding:
    """Something that the person who approves should know.

    Attributes
    ----------
    severity
        `refused` if the release cannot be approved with it.
    text
        A sentence.
    """

    severity: Severity
    text: str


@dataclass(frozen=True)
class Accuracy:
    """How far a table's numbers are from the true ones; not for the public, who could undo it.

    Attributes
    ----------
    layer
        Of the table.
    by_area
        Mean absolute error of the areas' totals over the period.
    total
        Error of the grand total.
    most
        The largest absolute error of an area's total.
    """

    layer: str
    by_area: float
    total: int
    most: int


@dataclass(frozen=True)
class Release:
    """A release with its history.

    Attributes
    ----------
    definition
        What it is of.
    tables
        One for each of its layers.
    linked
        The releases whose numbers it agrees with.
    months_missing
        Months of its period that are not known of all its sources.
    findings, accuracy
        What was noticed when it was made.
    made_by, made_at, checked_at, approved_by, approved_at, withdrawn_by, withdrawn_at
        Times are UTC; empty for what has not happened.
    based_on
        The last release that had been approved when it was made; '' for none.
    reason
        Why it was withdrawn.
    """

    definition: ReleaseDefinition
    tables: tuple[ReleaseTable, ...]
    crs: str
    attribution: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    months_missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    accuracy: tuple[Accuracy, ...] = ()
    state: State = "draft"
    made_by: str = ""
    made_at: str = ""
    approved_by: str = ""
    approved_at: str = ""
    withdrawn_by: str = ""
    withdrawn_at: str = ""
    based_on: str = ""
    reason: str = ""

    @property
    def release_id(self) -> str:
        """Its id."""
        return self.definition.release_id

    @property
    def is_rounded(self) -> bool:
        """Whether its numbers are rounded."""
        return any(table.rounded for table in self.tables)

    def table(self, layer: str) -> ReleaseTable | None:
        """Its table of a layer; None where there is none."""
        return next((one for one in self.tables if one.layer == layer), None)
