"""Finding street-level files of data.police.uk by their names: in archives, folders, or alone."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO

from geo.errors import InputError
from geo.formats.bounded import open_input, zip_entry
from geo.incidents import month_span

# Browsers name a second download `… (1).csv`, and Windows a copy `… - Copy.csv`.
_FILE_NAME = re.compile(
    r"(?P<month>\d{4}-\d{2})-(?P<force>[a-z0-9-]+)-street( - Copy)?( ?\(\d+\))?\.csv",
    re.IGNORECASE,
)
Opener = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class StreetFile:
    """A published file, not yet read. It can be pickled, to be opened by another process.

    Attributes
    ----------
    name
        Its full name, for messages.
    force, month
        What it covers, as in `derbyshire` and `2024-01`.
    open
        Opens its content as bytes.
    halved
        The category that it holds twice, '' for none.
    """

    name: str
    force: str
    month: str
    open: Opener
    halved: str = ""


def street_files(path: Path, *, partition: str = "") -> list[StreetFile]:
    """Find every street-level file at a path, without opening it.

    Parameters
    ----------
    path
        A zip archive or a folder in the published layout, or one CSV.
    partition
        `FORCE:YYYY-MM` for one CSV whose name does not say it.

    Returns
    -------
    files
        At least one, the earliest month first.

    Raises
    ------
    InputError
        If there is none, or two of them cover the same month of the same force.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if partition and (path.is_dir() or _is_zip(path)):
        raise InputError("--partition can only be used with one CSV")
    files = sorted(_street_files(path, partition), key=lambda file: (file.month, file.force))
    if not files:
        raise InputError(
            f"{path.name} holds no street-level file (YYYY-MM-FORCE-street.csv)"
            + _archives_in(path)
        )
    for before, after in pairwise(files):
        if (before.month, before.force) == (after.month, after.force):
            raise InputError(
                f"{path.name} holds {after.month} of {after.force} twice: "
                f"{before.name} and {after.name}; remove one"
            )
    return files


def _archives_in(folder: Path) -> str:
    """Advice on archives in a folder without street-level files; '' where it has none."""
    if not folder.is_dir():
        return ""
    archives = sorted(entry.name for entry in folder.glob("*.zip"))
    if not archives:
        return ""
    return f"; it has {len(archives)} zip archive{'s' * (len(archives) > 1)}: name {archives[0]}"


def _street_files(path: Path, partition: str) -> Iterator[StreetFile]:
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            if named := _FILE_NAME.fullmatch(entry.name):
                yield _file(named, partial(open_input, entry))
    elif _is_zip(path):
        yield from _zipped(path)
    else:
        yield _single(path, partition)


def _is_zip(path: Path) -> bool:
    # By its first bytes: zipfile looks for the end, which an archive that is cut off lacks.
    with open_input(path) as file:
        return file.read(2) == b"PK"


def _zipped(path: Path) -> Iterator[StreetFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error
    for name in names:
        # Only the last part of a name is used, and never to write to disk. Archives made on Windows
        # can have backslashes in it.
        if named := _FILE_NAME.fullmatch(name.replace("\\", "/").rpartition("/")[2]):
            yield _file(named, partial(zip_entry, path, name))


def _single(path: Path, partition: str) -> StreetFile:
    named = _FILE_NAME.fullmatch(path.name)
    if partition:
        force, _, month = partition.rpartition(":")
        if not force:
            raise InputError(f"--partition {partition!r}: write it as derbyshire:2024-01")
        month_span(month)
        return StreetFile(path.name, force.lower(), month, partial(open_input, path))
    if not named:
        raise InputError(
            f"{path.name} does not name its force and month; rename it YYYY-MM-FORCE-street.csv "
            "as published, or use --partition FORCE:YYYY-MM. A file that is not from "
            f"data.police.uk needs --mapping; 'patchmap mapping suggest {path.name}' proposes one"
        )
    return _file(named, partial(open_input, path))


def _file(named: re.Match[str], opened: Opener) -> StreetFile:
    month_span(named["month"])  # refuses a month such as 2024-13
    return StreetFile(named.string, named["force"].lower(), named["month"], opened)
