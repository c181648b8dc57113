"""data.police.uk street-level files: a zip archive, a folder or a single CSV.

Both schemas are read: today's with longitude and latitude, and that of 2010–2011 with easting
and northing. Rows are never dropped as duplicates: anti-social behaviour has no id, and real
incidents share an anonymised point.

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
from geo.sources.points import Points
from geo.sources.street_files import StreetFile, street_files

SOURCE: Final = "police.uk"
PUBLISHED_TWICE: Final = "published twice"

CAVEATS: Final = (
    (
        "Locations are moved to anonymous points, each shared by several addresses, so a hotspot "
        "can sit beside the place it speaks of."
    ),
    "Only the month of each incident is published.",
)

Made = TypeVar("Made")

_OLD_PLACE, _PLACE = ("Easting", "Northing"), ("Longitude", "Latitude")


def read_police_uk(
    path: Path,
    projection: Projection,
    *,
    partition: str = "",
    halves: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> Iterator[Partition]:
    """Find every street-level file at a path, the earliest month first.

    Parameters
    ----------
    path
        A zip archive or a folder in the published layout, or one CSV.
    projection
        Leads to the metres that the incidents bear.
    partition
        `FORCE:YYYY-MM` for one CSV whose name does not say it.
    halves
        Categories that a force's month published twice, by (force, month): every second of
        identical rows is rejected, and the file refused if a group of them is odd.

    Raises
    ------
    InputError
        If there is no street-level file, or one of them cannot be read; the line names the file.
        Reading the batches of a partition raises it too.
    """
    for file in street_files(path, partition=partition):
        yield _partition(replace(file, halved=halves.get((file.force, file.month), "")), projection)


def read_points(file: StreetFile, projection: Projection) -> Iterator[Points]:
    """Read one file for counting: the same rows are accepted and rejected as at an import.

    Raises
    ------
    InputError
        If it cannot be read; also after some of its points have come.
    """
    return _read(file, projection, _points)


def _partition(file: StreetFile, projection: Projection) -> Partition:
    with file.open() as stream:
        digest = sha256_of(stream, file=file.name)
    if file.halved:
        # The same file now means something else, and must not pass for what is there already.
        digest += f" halved {file.halved}"
    with file.open() as stream:
        header = next(read_tables(stream, file=file.name, rows=1)).header
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
class _Judged:
    """Some rows: why each is rejected, '' where it is not, and the metres of those accepted."""

    file: StreetFile
    table: Table
    reasons: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @property
    def accepted(self) -> NDArray[np.bool_]:
        return np.asarray(self.reasons == "", dtype=bool)


def _read(
    file: StreetFile, projection: Projection, make: Callable[[_Judged], Made]
) -> Iterator[Made]:
    reasons: Counter[str] = Counter()
    identical: Counter[tuple[str, ...]] = Counter()
    taken = 0
    with file.open() as stream:
        for table in read_tables(stream, file=file.name):
            judged = _judge(file, table, projection, identical)
            taken += len(judged.x)
            reasons.update(judged.reasons[~judged.accepted].tolist())
            yield make(judged)
    if not taken:
        commonest = reasons.most_common(1)[0][0]
        raise InputError(
            f"{file.name}: none of its {reasons.total():,} rows can be taken, mostly: {commonest}"
        )
    odd = sum(count % 2 for count in identical.values())
    if odd or (file.halved and not identical):
        why = f"{odd:,} groups of identical rows are odd" if odd else "it has no rows"
        raise InputError(f"{file.name}: {file.halved} was not published twice: {why}")


def _judge(
    file: StreetFile, table: Table, projection: Projection, identical: Counter[tuple[str, ...]]
) -> _Judged:
    place, place_crs = _place_columns(table)
    first, second = (table.numbers(name) for name in place)
    reasons = implausible(first, second, source=place_crs, projection=projection)
    _overrule(reasons, table, place=place, month=file.month)
    if file.halved:
        _reject_every_second(reasons, table, file.halved, identical)
    accepted = reasons == ""
    x, y = projection.to_metres(first[accepted], second[accepted], source=place_crs)
    return _Judged(file, table, reasons, x, y)


def _batch(judged: _Judged) -> Batch:
    table, accepted = judged.table, judged.accepted
    rejected = {
        "line": table.lines[~accepted],
        "reason": judged.reasons[~accepted],
        "row": [tuple(table.rows[i]) for i in np.flatnonzero(~accepted)],
    }
    incidents = _incidents(judged.file, table, accepted=accepted).assign(x=judged.x, y=judged.y)
    return Batch(incidents, pd.DataFrame(rejected))


def _points(judged: _Judged) -> Points:
    kinds, labels = pd.factorize(judged.table.text("Crime type")[judged.accepted])
    month = np.datetime64(judged.file.month, "M").astype(np.int64)
    return Points(
        x=judged.x,
        y=judged.y,
        month=np.full(len(kinds), month),
        category=kinds,
        categories=tuple(map(category_slug, labels)),
        rejected=Counter(judged.reasons[~judged.accepted].tolist()),
    )


def _place_columns(table: Table) -> tuple[tuple[str, str], str]:
    old = _OLD_PLACE[0] in table.header and _PLACE[0] not in table.header
    place = _OLD_PLACE if old else _PLACE
    table.require("Month", *place, "Location", "Crime type")
    return place, BRITISH_NATIONAL_GRID if old else LONLAT


def _overrule(
    reasons: NDArray[np.object_], table: Table, *, place: tuple[str, str], month: str
) -> None:
    """Put the faults that explain a row better in place of those of its coordinates."""
    first, second = (table.text(name) for name in place)
    reasons[(first == "") & (second == "")] = "no location"
    kinds = table.text("Crime type")
    nameless = [kind for kind in kinds.unique() if not category_slug(kind)]
    reasons[kinds.isin(nameless)] = "no crime type"
    reasons[table.text("Month") != month] = f"the month is not the file's, {month}"
    reasons[table.wrong_width] = f"not {len(table.header)} columns wide"


def _reject_every_second(
    reasons: NDArray[np.object_], table: Table, category: str, identical: Counter[tuple[str, ...]]
) -> None:
    kinds = table.text("Crime type").map(category_slug)
    for position in np.flatnonzero((kinds == category) & (reasons == "")):
        row = tuple(table.rows[position])
        identical[row] += 1
        if identical[row] % 2 == 0:
            reasons[position] = PUBLISHED_TWICE


def _incidents(file: StreetFile, table: Table, *, accepted: NDArray[np.bool_]) -> pd.DataFrame:
    start, end = month_span(file.month)
    kinds = table.text("Crime type")[accepted]
    lines = table.lines[accepted]
    values = {
        "incident_id": [f"{SOURCE}/{file.force}/{file.month}:{line}" for line in lines],
        "source": SOURCE,
        "category": kinds.map({kind: category_slug(kind) for kind in kinds.unique()}),
        "occurred_from": start.as_unit("s"),
        "occurred_to": end.as_unit("s"),
        "precision": "month",
        "x": np.nan,
        "y": np.nan,
        "location": table.text("Location")[accepted],
        "reference": table.text("Crime ID")[accepted] if "Crime ID" in table.header else "",
    }
    return pd.DataFrame(values, columns=list(COLUMNS)).reset_index(drop=True)
