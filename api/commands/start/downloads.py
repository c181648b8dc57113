"""Looks through a folder of downloads: its folders, its archives, and archives in these."""

from __future__ import annotations

import re
import shlex
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.commands.context import with_progress
from api.commands.start.recognise import (
    AreaFile,
    FigureFile,
    IncidentFile,
    LookupFile,
    Source,
    recognise_areas,
    recognise_table,
)
from geo.errors import InputError
from geo.formats.bounded import LARGEST_FILE, unpack_entry
from geo.formats.gdal import FOREIGN_ENDINGS, SIBLINGS
from geo.sources.street_files import street_files
from geo.store.geopackage import is_store
from geo.temporary import TemporaryFolder

_AREAS: Final = (".geojson", ".json", *(each for each in FOREIGN_ENDINGS if each != ".zip"))
_TABLES: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_READ: Final = (*_TABLES, *_AREAS)
# Parts of another file, of an unfinished download, and what Patchmap writes itself.
_PASSED_OVER: Final = (
    *(beside for endings in SIBLINGS.values() for beside in endings),
    *(".part", ".tag", ".new", ".rejects.csv"),
)
_PUBLISHED = re.compile(r"\d{4}-\d\d-[a-z0-9-]+-(street|outcomes|stop-and-search)\.csv")
_DEEPEST: Final = 3
"""Archives in archives that are opened."""


@dataclass
class Downloads:
    """What lies in a folder, as far as it is recognised.

    Attributes
    ----------
    unused
        Why each other file is not used, by its path.
    """

    folder: Path
    areas: list[AreaFile] = field(default_factory=list)
    incidents: list[IncidentFile] = field(default_factory=list)
    figures: list[FigureFile] = field(default_factory=list)
    lookups: list[LookupFile] = field(default_factory=list)
    unused: dict[Path, str] = field(default_factory=dict)

    @property
    def authorities(self) -> dict[str, str]:
        """The name of each authority that a file names, by code."""
        named: dict[str, str] = {}
        for authorities in (
            *(file.authorities for file in self.areas),
            *(file.authorities for file in self.lookups),
        ):
            for code, name in authorities.items():
                named[code] = named.get(code) or name
        return named

    @property
    def forces(self) -> list[str]:
        """The forces of the archives and files."""
        return sorted({each.file.force for each in self.incidents})


@contextmanager
def open_downloads(folder: Path) -> Iterator[Downloads]:
    """Look through a folder; what archives hold can be read while this is open."""
    downloads = Downloads(folder)
    with TemporaryFolder() as temporary:
        files = sorted(path for path in folder.rglob("*") if _is_download(path, folder))
        for number, path in enumerate(with_progress(files, "Looking", total=len(files))):
            _add(downloads, Source(path, path), Path(temporary) / str(number), depth=0)
        yield downloads


def _is_download(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    if hidden or not path.is_file() or path.name.lower().endswith(_PASSED_OVER):
        return False
    return not (path.suffix == ".gpkg" and is_store(path))


def _add(downloads: Downloads, source: Source, temporary: Path, *, depth: int) -> None:
    ending = source.path.suffix.lower()
    try:
        if ending == ".zip":
            _add_archive(downloads, source, temporary, depth)
        elif ending in _TABLES:
            for file in recognise_table(source):
                _sort_in(downloads, file)
        elif ending in _AREAS:
            _sort_in(downloads, recognise_areas(source))
        else:
            downloads.unused[source.by_hand] = "not a format that is read here"
    except (InputError, OSError, TypeError) as error:  # TypeError: a list where a code belongs
        reason = str(error).removeprefix(f"{source.path.name} ").removeprefix(f"{source.name}: ")
        downloads.unused[source.by_hand] = reason


def _sort_in(downloads: Downloads, file: AreaFile | IncidentFile | FigureFile | LookupFile) -> None:
    if isinstance(file, AreaFile):
        downloads.areas.append(file)
    elif isinstance(file, IncidentFile):
        downloads.incidents.append(file)
    elif isinstance(file, FigureFile):
        downloads.figures.append(file)
    else:
        downloads.lookups.append(file)


def _add_archive(downloads: Downloads, source: Source, temporary: Path, depth: int) -> None:
    try:
        with zipfile.ZipFile(source.path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise InputError(f"a damaged archive ({error}); download it again") from error
    names = [entry.filename for entry in entries if not entry.is_dir()]
    published = [name for name in names if _PUBLISHED.fullmatch(name.rpartition("/")[2])]
    if any(name.endswith("-street.csv") for name in published):
        downloads.incidents += [IncidentFile(source, file) for file in street_files(source.path)]
    if any(name.lower().endswith(".shp") for name in names):
        _sort_in(downloads, recognise_areas(source))
        return
    others = [name for name in names if name not in published and _is_readable(name)]
    if depth >= _DEEPEST or not (others or published):
        raise InputError("holds no file that is read here")
    if sum(entry.file_size for entry in entries if entry.filename in others) > LARGEST_FILE:
        raise InputError(f"holds more than {LARGEST_FILE:,} bytes; unpack what you need")
    for number, name in enumerate(others):
        inner = _unpacked(source, name, temporary / str(number))
        _add(downloads, inner, temporary / f"{number} inside", depth=depth + 1)


def _is_readable(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.lower().endswith((*_READ, ".zip")) and not last.startswith(".")


def _unpacked(source: Source, name: str, temporary: Path) -> Source:
    """An entry of an archive as a file; only the last part of its name is used."""
    temporary.mkdir(parents=True)
    target = temporary / name.rpartition("/")[2]
    with target.open("wb") as stream:
        unpack_entry(source.path, name, stream)
    beside = source.by_hand.parent
    command = shlex.join(["unzip", "-j", str(source.by_hand), name, "-d", str(beside)])
    unpack = f"{source.unpack} && {command}" if source.unpack else command
    return Source(target, beside / target.name, unpack)


def unused_lines(unused: Iterable[tuple[Path, str]], folder: Path) -> list[str]:
    """A line for each file that is not used, with the reason."""
    return [f"  not used: {path.relative_to(folder)}: {reason}" for path, reason in unused]
