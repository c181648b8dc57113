"""Street-level files of data.police.uk: a zip archive, a folder or a single CSV.

Both layouts are read: today's with longitude and latitude, and that of 2010–2011 with easting and
northing. Rows are never dropped as duplicates, because anti-social behaviour has no id and
different incidents share an anonymised point.

Source: https://data.police.uk/about/ (columns, anonymisation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Projection, implausible
from geo.errors import InputError
from geo.formats.bounded import sha256_of
from geo.formats.csv_table import Table, read_tables
from geo.incidents import COLUMNS, Batch, Partition, category_slug, month_span
from geo.sources.points import IncidentPoints
from geo.sources.street_files import StreetFile, street_files

SOURCE: Final = "police.uk"
PUBLISHED_TWICE: Final = "published twice"

CAVEATS: Final = (
    (
        "Locations are moved to anonymous points, each shared by several addresses, so a hotspot "
        "can lie beside the true place."
    ),
    "Only the month of each incident is published.",
)

Product = TypeVar("Product")

_OLD_PLACE, _PLACE = ("Easting", "Northing"), ("Longitude", "Latitude")


def read_police_uk(
    path: Path,
    projection: Projection,
    *,
    partition: str = "",
    halves: Mapping[tuple[str, str], str] = MappingProxyType({}),
    wanted: Callable[[StreetFile], bool] = lambda _file: True,
) -> Iterator[Partition]:
    """Find every street-level file at a path.

    Parameters
    ----------
    path
        A zip archive or a folder in the published layout, or one CSV.
    projection
        Converts the points to metres.
    partition
        `FORCE:YYYY-MM` for one CSV whose name does not say it.
    halves
        Categories that were published twice, by (force, month): every second of identical rows is
        rejected, and the file is refused if a group of identical rows is odd.
    wanted
        Which files to read; an archive holds those of many forces.

    Returns
    -------
    partitions
        One for each wanted file, the earliest month first; their rows are read later, by `batches`.

    Raises
    ------
    InputError
        If there is no street-level file, or one of them cannot be read; the line names the file.
        Reading the batches of a partition raises it too.
    """
    for file in filter(wanted, street_files(path, partition=partition)):
        yield partition_of(
            replace(file, halved=halves.get((file.force, file.month), "")), projection
        )


def read_points(file: StreetFile, projection: Projection) -> Iterator[IncidentPoints]:
    """Read one file for counting: the same rows are accepted and rejected as by an import.

    Parameters
    ----------
    file
        One file of `street_files`.
    projection
        Converts the points to metres.

    Returns
    -------
    points
        The rows of the file, some at a time.

    Raises
    ------
    InputError
        If it cannot be read; also after some of its points have come.
    """
    return _read(file, projection, _points)


def partition_of(file: StreetFile, projection: Projection) -> Partition:
    """Describe one file as a partition to import.

    Parameters
    ----------
    file
        One file of `street_files`.
    projection
        Converts the points to metres.

    Returns
    -------
    The partition; its rows are read later, by `batches`.

    Raises
    ------
    InputError
        If the file is empty or cannot be read.
    """
    with file.open() as stream:
        digest = sha256_of(stream, file=file.name)
        # Not opened again: that reads the archive's list of its files, thousands in a whole one.
        stream.seek(0)
        header = next(read_tables(stream, file=file.name, rows=1)).header
    if file.halved:
        # The same file now gives other rows, so it must not be skipped as already imported.
        digest += f" halved {file.halved}"
    return Partition(
        source=SOURCE,
        name=file.force,
        month=file.month,
        file=file.name,
        sha256=digest,
        fields=tuple(header),
        batches=lambda: _read(file, projection, _batch),
    )


@dataclass(frozen=True)
class _CheckedRows:
    """Some rows with the reason why each is rejected, '' if it is not, and the accepted points."""

    file: StreetFile
    table: Table
    reasons: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @property
    def accepted(self) -> NDArray[np.bool_]:
        accepted: NDArray[np.bool_] = self.reasons == ""
        return accepted


def _read(
    file: StreetFile, projection: Projection, make: Callable[[_CheckedRows], Product]
) -> Iterator[Product]:
    reasons: Counter[str] = Counter()
    identical: Counter[tuple[str, ...]] = Counter()
    accepted = 0
    with file.open() as stream:
        for table in read_tables(stream, file=file.name):
            checked = _check(file, table, projection, identical)
            accepted += len(checked.x)
            reasons.update(checked.reasons[~checked.accepted].tolist())
            yield make(checked)
    if not accepted:
        commonest = reasons.most_common(1)[0][0]
        raise InputError(
            f"{file.name}: all of its {reasons.total():,} rows are rejected, mostly: {commonest}"
        )
    odd = sum(count % 2 for count in identical.values())
    if odd or (file.halved and not identical):
        reason = f"{odd:,} groups of identical rows are odd" if odd else "it has no rows"
        raise InputError(f"{file.name}: {file.halved} was not published twice: {reason}")


def _check(
    file: StreetFile, table: Table, projection: Projection, identical: Counter[tuple[str, ...]]
) -> _CheckedRows:
    place, place_crs = _place_columns(table)
    first, second = (table.numbers(name) for name in place)
    reasons = implausible(first, second, source=place_crs, projection=projection)
    _add_faults(reasons, table, place=place, month=file.month)
    if file.halved:
        _reject_every_second(reasons, table, file.halved, identical)
    accepted = reasons == ""
    x, y = projection.to_metres(first[accepted], second[accepted], source=place_crs)
    return _CheckedRows(file, table, reasons, x, y)


def _batch(checked: _CheckedRows) -> Batch:
    table, accepted = checked.table, checked.accepted
    rejected = {
        "line": table.lines[~accepted],
        "reason": checked.reasons[~accepted],
        "row": [tuple(table.rows[i]) for i in np.flatnonzero(~accepted)],
    }
    incidents = _incidents(checked.file, table, accepted=accepted).assign(x=checked.x, y=checked.y)
    return Batch(incidents, pd.DataFrame(rejected), table.notices)


def _points(checked: _CheckedRows) -> IncidentPoints:
    numbers, labels = pd.factorize(checked.table.text("Crime type")[checked.accepted])
    month = np.datetime64(checked.file.month, "M").astype(np.int64)
    return IncidentPoints(
        x=checked.x,
        y=checked.y,
        month=np.full(len(numbers), month),
        category=numbers,
        categories=tuple(map(category_slug, labels)),
        rejected=Counter(checked.reasons[~checked.accepted].tolist()),
    )


def _place_columns(table: Table) -> tuple[tuple[str, str], str]:
    old = _OLD_PLACE[0] in table.header and _PLACE[0] not in table.header
    place = _OLD_PLACE if old else _PLACE
    table.require("Month", *place, "Location", "Crime type")
    return place, BRITISH_NATIONAL_GRID if old else LONLAT


def _add_faults(
    reasons: NDArray[np.object_], table: Table, *, place: tuple[str, str], month: str
) -> None:
    """Add faults other than those of coordinates; of several, the last one here wins."""
    first, second = (table.text(name) for name in place)
    reasons[(first == "") & (second == "")] = "no location"
    types = table.text("Crime type")
    nameless = [label for label in types.unique() if not category_slug(label)]
    reasons[types.isin(nameless)] = "no crime type"
    reasons[table.text("Month") != month] = f"the month is not {month}, the month of the file"
    reasons[table.wrong_width] = f"not {len(table.header)} columns wide"


def _reject_every_second(
    reasons: NDArray[np.object_], table: Table, category: str, identical: Counter[tuple[str, ...]]
) -> None:
    categories = table.text("Crime type").map(category_slug)
    for position in np.flatnonzero((categories == category) & (reasons == "")):
        row = tuple(table.rows[position])
        identical[row] += 1
        if identical[row] % 2 == 0:
            reasons[position] = PUBLISHED_TWICE


def _incidents(file: StreetFile, table: Table, *, accepted: NDArray[np.bool_]) -> pd.DataFrame:
    start, end = month_span(file.month)
    types = table.text("Crime type")[accepted]
    lines = table.lines[accepted]
    values = {
        "incident_id": [f"{SOURCE}/{file.force}/{file.month}:{line}" for line in lines],
        "source": SOURCE,
        "category": types.map({label: category_slug(label) for label in types.unique()}),
        "occurred_from": start.as_unit("s"),
        "occurred_to": end.as_unit("s"),
        "precision": "month",
        "x": np.nan,
        "y": np.nan,
        "location": table.text("Location")[accepted],
        "reference": table.text("Crime ID")[accepted] if "Crime ID" in table.header else "",
    }
    return pd.DataFrame(values, columns=list(COLUMNS)).reset_index(drop=True)
