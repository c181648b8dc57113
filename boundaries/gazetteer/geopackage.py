"""OS Open Names as a GeoPackage, read row by row: it is larger than a layer may be.

Source: OS Open Names technical specification. One table, called `NamedPlace` until 2024 and
`named_place` since, with the columns of the CSV; the point is its geometry.
"""

from __future__ import annotations

import io
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

from boundaries.gazetteer.parts import Part
from geo.errors import InputError
from geo.formats.untrusted_sqlite import open_untrusted

_WHAT: Final = "a GeoPackage"
_ROWS: Final = 2_000
_X, _Y = "GEOMETRY_X", "GEOMETRY_Y"
_ENVELOPES: Final = (0, 32, 48, 48, 64)
"""Bytes of the envelope before a shape, by the number that a GeoPackage has for its kind."""
_HEADER: Final = 8
_POINT: Final = 1


def names_table(path: Path, columns: Sequence[str], *, needed: Sequence[str]) -> Part | None:
    """Find the table of a GeoPackage that has some columns.

    Parameters
    ----------
    path
        Any file.
    columns
        Names of the columns that are read, in capitals; the file may write them otherwise.
    needed
        Those without which the table is another one.

    Returns
    -------
    A CSV of those columns that there are, with the point of each row as GEOMETRY_X and GEOMETRY_Y;
    read in bounded memory. None where there is no such table.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if path.suffix.lower() != ".gpkg":
        return None
    with _opened(path) as database:
        for table in _tables(database):
            own = _columns(database, table)
            if own.keys() >= {*needed}:
                chosen = {name: own[name] for name in columns if name in own}
                shape = _shape_column(database, table) if _X not in own else ""
                return Part(path.name, partial(_stream, path, table, chosen, shape))
    return None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        # A plain table is read once from its beginning to its end, however long that takes.
        with closing(open_untrusted(path, what=_WHAT, stop=lambda: 0)) as database:
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is a damaged GeoPackage: {error}") from error


def _tables(database: sqlite3.Connection) -> list[str]:
    """The plain tables: views, virtual tables and computed columns would run SQL of the file."""
    rows = database.execute(
        "SELECT m.name FROM gpkg_contents c JOIN sqlite_master m ON lower(m.name) = "
        "lower(c.table_name) WHERE m.type = 'table' AND upper(m.sql) NOT LIKE 'CREATE VIRTUAL%' "
        "AND c.data_type IN ('features', 'attributes') ORDER BY 1"
    )
    names = [str(name) for (name,) in rows]
    computed = "SELECT max(hidden) FROM pragma_table_xinfo(?)"
    return [name for name in names if not database.execute(computed, [name]).fetchone()[0]]


def _columns(database: sqlite3.Connection, table: str) -> dict[str, str]:
    rows = database.execute("SELECT name FROM pragma_table_info(?)", [table])
    return {str(name).upper(): str(name) for (name,) in rows}


def _shape_column(database: sqlite3.Connection, table: str) -> str:
    row = database.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)", [table]
    ).fetchone()
    return str(row[0]) if row else ""


@contextmanager
def _stream(path: Path, table: str, columns: dict[str, str], shape: str) -> Iterator[IO[bytes]]:
    names = [*columns.values(), *([shape] if shape else [])]
    chosen = ", ".join(map(_quoted, names))
    with _opened(path) as database:
        rows = database.execute(f"SELECT {chosen} FROM {_quoted(table)}")  # noqa: S608 - quoted
        header = [*columns, *([_X, _Y] if shape else [])]
        yield cast("IO[bytes]", io.BufferedReader(_Rows(rows, header, has_shape=bool(shape))))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Rows(io.RawIOBase):
    """The rows of a query as CSV."""

    def __init__(self, rows: sqlite3.Cursor, header: list[str], *, has_shape: bool) -> None:
        self._rows, self._has_shape = rows, has_shape
        self._ahead = memoryview(_csv([header]))

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a memoryview is one
        """Fill a buffer, as io.BufferedReader asks."""
        if not self._ahead:
            self._ahead = memoryview(_csv(map(self._cells, self._rows.fetchmany(_ROWS))))
        part, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _cells(self, row: tuple[object, ...]) -> list[object]:
        if not self._has_shape:
            return [*row]
        *cells, shape = row
        return [*cells, *_point(shape)]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows for this project's own reader: no cell is changed, as for a spreadsheet it would be."""
    lines = [",".join(map(_cell, row)) + "\n" for row in rows]
    return "".join(lines).encode("utf-8", "replace")


def _cell(value: object) -> str:
    return "" if value is None else '"' + str(value).replace('"', '""') + '"'


def _point(shape: object) -> tuple[float | str, float | str]:
    """The coordinates of a GeoPackage's point; empty texts for anything else."""
    if not isinstance(shape, bytes) or shape[:2] != b"GP" or len(shape) <= _HEADER:
        return "", ""
    kind = shape[3] >> 1 & 7
    at = _HEADER + (_ENVELOPES[kind] if kind < len(_ENVELOPES) else 0)
    try:
        order = "<" if shape[at] else ">"
        geometry, x, y = struct.unpack_from(f"{order}Idd", shape, at + 1)
    except (struct.error, IndexError):
        return "", ""
    return (x, y) if geometry % 1000 == _POINT else ("", "")
