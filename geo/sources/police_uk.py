"""data.police.uk street-level files: a zip archive, a folder or a single CSV.

Both schemas are read: today's with longitude and latitude, and that of 2010–2011 with easting
and northing. Rows are never dropped as duplicates: anti-social behaviour has no id, and real
incidents share an anonymised point.

Source: https://data.police.uk/about/ (columns, anonymisation).
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Projection, implausible
from geo.errors import InputError
from geo.incidents import COLUMNS, Partition, category_slug, month_span
from geo.table import Table, read_table

SOURCE: Final = "police.uk"

CAVEATS: Final = (
    (
        "Locations are moved to anonymous points, each shared by several addresses, so a hotspot "
        "can sit beside the place it speaks of."
    ),
    "Only the month of each incident is published.",
)

_FILE_NAME = re.compile(r"(?P<month>\d{4}-\d{2})-(?P<force>[a-z0-9-]+)-street\.csv", re.IGNORECASE)


@dataclass(frozen=True)
class _File:
    """A published file before it is read: its name, and its whole content."""

    name: str
    force: str
    month: str
    content: bytes


def read_police_uk(
    path: Path, projection: Projection, *, partition: str = ""
) -> Iterator[Partition]:
    """Read every street-level file at a path, the earliest month first.

    Parameters
    ----------
    path
        A zip archive or a folder in the published layout, or one CSV.
    projection
        Leads to the metres that the incidents bear.
    partition
        `FORCE:YYYY-MM` for one CSV whose name does not say it.

    Raises
    ------
    InputError
        If there is no street-level file, or one of them cannot be read; the line names the file.
    """
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
        yield _read(file, projection)


def _street_files(path: Path, partition: str) -> Iterator[_File]:
    if path.is_dir():
        for entry in sorted(path.rglob("*.csv")):
            if named := _FILE_NAME.fullmatch(entry.name):
                yield _file(named, entry.read_bytes())
    elif _is_zip(path):
        yield from _zipped(path)
    else:
        yield _single(path, partition)


def _is_zip(path: Path) -> bool:
    # By its first bytes: the standard library looks for the end, which a cut-off one lacks.
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _zipped(path: Path) -> Iterator[_File]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                base = name.rpartition("/")[2]
                if named := _FILE_NAME.fullmatch(base):
                    yield _file(named, archive.read(name))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error


def _single(path: Path, partition: str) -> _File:
    named = _FILE_NAME.fullmatch(path.name)
    if partition:
        force, _, month = partition.rpartition(":")
        if not force:
            raise InputError(f"--partition {partition!r}: write it as derbyshire:2024-01")
        month_span(month)
        return _File(path.name, force, month, path.read_bytes())
    if not named:
        raise InputError(
            f"{path.name} does not say what it covers: name it YYYY-MM-FORCE-street.csv as "
            "published, or give --partition FORCE:YYYY-MM"
        )
    return _file(named, path.read_bytes())


def _file(named: re.Match[str], content: bytes) -> _File:
    month_span(named["month"])  # refuses what is no month
    return _File(named.string, named["force"].lower(), named["month"], content)


def _read(file: _File, projection: Projection) -> Partition:
    table = read_table(file.content, file=file.name)
    place, place_crs = _place_columns(table)
    first, second = (table.numbers(name) for name in place)
    reasons = implausible(first, second, source=place_crs, projection=projection)
    _overrule(reasons, table, place=place, month=file.month)
    accepted = reasons == ""
    if not accepted.any():
        raise InputError(_nothing_accepted(file, reasons))
    x, y = projection.to_metres(first[accepted], second[accepted], source=place_crs)
    return Partition(
        source=SOURCE,
        force=file.force,
        month=file.month,
        file=file.name,
        sha256=hashlib.sha256(file.content).hexdigest(),
        accepted=_incidents(file, table, accepted=accepted).assign(x=x, y=y),
        rejected=pd.DataFrame(
            {
                "line": table.lines[~accepted],
                "reason": reasons[~accepted],
                "row": [tuple(table.rows[i]) for i in np.flatnonzero(~accepted)],
            }
        ),
        fields=tuple(table.header),
    )


def _place_columns(table: Table) -> tuple[tuple[str, str], str]:
    old = "Easting" in table.header and "Longitude" not in table.header
    place = ("Easting", "Northing") if old else ("Longitude", "Latitude")
    table.require("Month", *place, "Location", "Crime type")
    return place, BRITISH_NATIONAL_GRID if old else LONLAT


def _overrule(
    reasons: NDArray[np.object_], table: Table, *, place: tuple[str, str], month: str
) -> None:
    """Put the faults that explain a row better in place of those of its coordinates."""
    first, second = (table.text(name) for name in place)
    reasons[(first == "") & (second == "")] = "no location"
    reasons[table.text("Crime type") == ""] = "no crime type"
    reasons[table.text("Month") != month] = f"the month is not the file's, {month}"
    reasons[table.wrong_width] = f"not {len(table.header)} columns wide"


def _nothing_accepted(file: _File, reasons: NDArray[np.object_]) -> str:
    values, counts = np.unique(reasons.astype(str), return_counts=True)
    commonest = values[counts.argmax()]
    return f"{file.name}: none of its {len(reasons):,} rows can be taken, mostly: {commonest}"


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
