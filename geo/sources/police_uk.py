"""data.police.uk street-level files: a zip archive, a folder or a single CSV.

Both schemas are read: today's with longitude and latitude, and that of 2010–2011 with easting
and northing. Rows are never dropped as duplicates: anti-social behaviour has no id, and real
incidents share an anonymised point.

Source: https://data.police.uk/about/ (columns, anonymisation).
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Projection, implausible
from geo.errors import InputError
from geo.files import sha256_of, zip_entry
from geo.incidents import COLUMNS, Batch, Partition, category_slug, month_span
from geo.table import Table, read_tables

SOURCE: Final = "police.uk"
PUBLISHED_TWICE: Final = "published twice"

CAVEATS: Final = (
    (
        "Locations are moved to anonymous points, each shared by several addresses, so a hotspot "
        "can sit beside the place it speaks of."
    ),
    "Only the month of each incident is published.",
)

_FILE_NAME = re.compile(r"(?P<month>\d{4}-\d{2})-(?P<force>[a-z0-9-]+)-street\.csv", re.IGNORECASE)
Opener = Callable[[], AbstractContextManager[IO[bytes]]]

_OLD_PLACE, _PLACE = ("Easting", "Northing"), ("Longitude", "Latitude")


@dataclass(frozen=True)
class _File:
    """A published file before it is read, and how to open it."""

    name: str
    force: str
    month: str
    open: Opener
    halved: str = ""


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
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if partition and (path.is_dir() or _is_zip(path)):
        raise InputError("--partition goes with one CSV, not with an archive or a folder")
    files = sorted(_street_files(path, partition), key=lambda file: (file.month, file.force))
    if not files:
        raise InputError(f"{path.name} holds no street-level file (YYYY-MM-FORCE-street.csv)")
    for before, after in pairwise(files):
        if (before.month, before.force) == (after.month, after.force):
            raise InputError(
                f"{path.name} holds {after.month} of {after.force} twice: "
                f"{before.name} and {after.name}"
            )
    for file in files:
        halved = halves.get((file.force, file.month), "")
        yield _partition(replace(file, halved=halved), projection)


def _street_files(path: Path, partition: str) -> Iterator[_File]:
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            if named := _FILE_NAME.fullmatch(entry.name):
                yield _file(named, _opener(entry))
    elif _is_zip(path):
        yield from _zipped(path)
    else:
        yield _single(path, partition)


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _is_zip(path: Path) -> bool:
    # By its first bytes: the standard library looks for the end, which a cut-off one lacks.
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _zipped(path: Path) -> Iterator[_File]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error
    for name in names:
        # Only the last part of a name is looked at, and nothing is written to disk by it.
        if named := _FILE_NAME.fullmatch(name.rpartition("/")[2]):
            yield _file(named, partial(zip_entry, path, name))


def _single(path: Path, partition: str) -> _File:
    named = _FILE_NAME.fullmatch(path.name)
    if partition:
        force, _, month = partition.rpartition(":")
        if not force:
            raise InputError(f"--partition {partition!r}: write it as derbyshire:2024-01")
        month_span(month)
        return _File(path.name, force.lower(), month, _opener(path))
    if not named:
        raise InputError(
            f"{path.name} does not say what it covers: name it YYYY-MM-FORCE-street.csv as "
            "published, or give --partition FORCE:YYYY-MM"
        )
    return _file(named, _opener(path))


def _file(named: re.Match[str], opened: Opener) -> _File:
    month_span(named["month"])  # refuses what is no month
    return _File(named.string, named["force"].lower(), named["month"], opened)


def _partition(file: _File, projection: Projection) -> Partition:
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
        batches=lambda: _batches(file, projection),
    )


def _batches(file: _File, projection: Projection) -> Iterator[Batch]:
    reasons: Counter[str] = Counter()
    identical: Counter[tuple[str, ...]] = Counter()
    taken = 0
    with file.open() as stream:
        for table in read_tables(stream, file=file.name):
            batch = _batch(file, table, projection, identical)
            taken += len(batch.accepted)
            reasons.update(batch.rejected["reason"].tolist())
            yield batch
    if not taken:
        commonest = reasons.most_common(1)[0][0]
        raise InputError(
            f"{file.name}: none of its {reasons.total():,} rows can be taken, mostly: {commonest}"
        )
    odd = sum(count % 2 for count in identical.values())
    if odd or (file.halved and not identical):
        why = f"{odd:,} groups of identical rows are odd" if odd else "it has no rows"
        raise InputError(f"{file.name}: {file.halved} was not published twice: {why}")


def _batch(
    file: _File, table: Table, projection: Projection, identical: Counter[tuple[str, ...]]
) -> Batch:
    place, place_crs = _place_columns(table)
    first, second = (table.numbers(name) for name in place)
    reasons = implausible(first, second, source=place_crs, projection=projection)
    _overrule(reasons, table, place=place, month=file.month)
    if file.halved:
        _reject_every_second(reasons, table, file.halved, identical)
    accepted = reasons == ""
    x, y = projection.to_metres(first[accepted], second[accepted], source=place_crs)
    rejected = {
        "line": table.lines[~accepted],
        "reason": reasons[~accepted],
        "row": [tuple(table.rows[i]) for i in np.flatnonzero(~accepted)],
    }
    incidents = _incidents(file, table, accepted=accepted).assign(x=x, y=y)
    return Batch(incidents, pd.DataFrame(rejected))


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


def _incidents(file: _File, table: Table, *, accepted: NDArray[np.bool_]) -> pd.DataFrame:
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
