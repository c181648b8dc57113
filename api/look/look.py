"""Looks at one file: what it is, and which command takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from api.look.databases import look_at_parquet, look_at_store, look_at_tiles, look_at_toml
from api.look.facts import FileFacts
from api.look.features import look_at_features
from api.look.kinds import Kind, kind_of
from api.look.names import look_at_names
from api.look.options import Options
from api.look.street import look_at_street_files
from api.look.tables import look_at_table
from geo.errors import InputError

_READERS: Final[Mapping[Kind, Callable[[Path, Options], FileFacts]]] = {
    Kind.STREET_FILES: look_at_street_files,
    Kind.TOML: look_at_toml,
    Kind.MBTILES: look_at_tiles,
    Kind.PMTILES: look_at_tiles,
    Kind.STORE: look_at_store,
    Kind.PARQUET: look_at_parquet,
}


def look_at(path: Path, options: Options) -> FileFacts:
    """Tell what a file is, without a store and without changing anything.

    Parameters
    ----------
    path
        A file of a user, or a folder of street-level files.
    options
        Which layer and mapping, and for which store its commands are written.

    Raises
    ------
    InputError
        With one sentence that says what it is, where Patchmap does not read it.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if path.suffix.lower() == ".zip" and (names := look_at_names(path)):
        return names
    kind = kind_of(path)
    if read := _READERS.get(kind):
        return read(path, options)
    if kind in {Kind.TABLE, Kind.WORKBOOK}:
        return look_at_table(path, str(kind), options)
    return look_at_features(path, kind, options)
