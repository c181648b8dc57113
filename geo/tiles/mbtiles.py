"""Tiles of an MBTiles file: an SQLite database from an untrusted source.

Source: MBTiles 1.3. Its rows count from the south, those of addresses from the north.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from geo.errors import InputError
from geo.formats.untrusted_sqlite import MOST_CALLS, open_untrusted
from geo.tiles.grid import Box, tiles_of
from geo.tiles.tile_file import (
    DEEPEST,
    StoredTile,
    TileMetadata,
    layer_names,
    media_type_of,
    plain_text,
    title_of,
)

_FORMATS: Final = ("pbf", "png", "jpg", "jpeg", "webp")
_WORLD: Final = Box(-180, -85, 180, 85)
_ROWS: Final = 200
"""Rows that one query returns at most."""


class MBTiles:
    """The tiles of one file, which is only read.

    Attributes
    ----------
    path
        The file.
    metadata
        What the file says of itself.

    Raises
    ------
    InputError
        If it is not an MBTiles file, or has tiles of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._calls = 0
        self._database = open_untrusted(path, what="an MBTiles file", stop=self._count)
        try:
            self.metadata = self._read_metadata()
        except InputError:
            self.close()
            raise
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise InputError(f"{path} is not an MBTiles file: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """The content of a tile.

        Parameters
        ----------
        zoom, column, row
            The tile; rows count from the north, as in addresses.

        Returns
        -------
        Its bytes; None if the file has no such tile.
        """
        if not (0 <= zoom <= DEEPEST and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
            return None
        query = (
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        )
        try:
            rows = self._rows(query, (zoom, column, 2**zoom - 1 - row))
        except sqlite3.Error:
            return None
        return self._usable(rows[0][0]) if rows else None

    def tiles(self, zoom: int, box: Box | None) -> Iterator[StoredTile]:
        """The tiles of a zoom that touch a box in degrees, with whatever they hold.

        Parameters
        ----------
        zoom
            From `first` to `last` of the metadata.
        box
            None stands for all that the file covers.

        Yields
        ------
        Each tile once; empty where its content is of no use.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        wanted = tiles_of(box or self.metadata.box or _WORLD, zoom)
        last = 2**zoom - 1
        query = (
            "SELECT tile_row, tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? "
            "AND tile_row BETWEEN ? AND ?"
        )
        column = wanted.first_column - 1
        try:
            while (column := self._next_column(zoom, column)) <= wanted.last_column:
                for south in range(last - wanted.last_row, last - wanted.first_row + 1, _ROWS):
                    north = min(south + _ROWS - 1, last - wanted.first_row)
                    for row, data in self._rows(query, (zoom, column, south, north)):
                        content = data if isinstance(data, bytes) else b""
                        yield StoredTile(zoom, column, last - int(row), content)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise InputError(f"{self.path} cannot be read: {error}") from error

    def _next_column(self, zoom: int, column: int) -> int:
        """The next column that has tiles; one that no zoom has where there is none."""
        # Not min(): a view in place of the table would then be read whole.
        query = (
            "SELECT tile_column FROM tiles WHERE zoom_level = ? AND tile_column > ? "
            "ORDER BY tile_column LIMIT 1"
        )
        rows = self._rows(query, (zoom, column))
        if not rows:
            return 2**DEEPEST
        # Of 0.5, say, the whole number would lie before it, and be found again for ever.
        following = rows[0][0]
        if not isinstance(following, int) or following <= column:
            raise ValueError("the number of a column is not whole")
        return following

    def _usable(self, data: object) -> bytes | None:
        if not isinstance(data, bytes) or media_type_of(data, self.metadata.kind) is None:
            return None
        return data

    def _read_metadata(self) -> TileMetadata:
        rows = self._rows("SELECT name, substr(value, 1, 200000) FROM metadata LIMIT 200")
        texts = {str(name): str(value) for name, value in rows}
        form = texts.get("format", "png").lower()
        if form not in _FORMATS:
            raise InputError(
                f"{self.path} has tiles in the format {form[:40]!r}; a basemap needs vector tiles "
                f"(pbf) or pictures: {', '.join(_FORMATS[1:])}"
            )
        return TileMetadata(
            kind="vector" if form == "pbf" else "pictures",
            title=title_of(texts.get("name"), self.path),
            attribution=plain_text(texts.get("attribution", "")),
            first=self._end_zoom("ASC"),
            last=self._end_zoom("DESC"),
            box=_box(texts.get("bounds", "")),
            layers=layer_names(_details(texts).get("vector_layers")),
        )

    def _end_zoom(self, order: str) -> int:
        query = f"SELECT zoom_level FROM tiles ORDER BY zoom_level {order} LIMIT 1"  # noqa: S608 - ASC or DESC
        rows = self._rows(query)
        if not rows or rows[0][0] is None:
            raise InputError(f"{self.path} has no tiles")
        zoom = rows[0][0]
        if not isinstance(zoom, int) or not 0 <= zoom <= DEEPEST:
            raise ValueError(f"it has zoom levels that are not from 0 to {DEEPEST}")
        return zoom

    def _rows(self, query: str, values: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, closing(self._database.cursor()) as cursor:
            self._calls = 0
            return cursor.execute(query, values).fetchmany(_ROWS)

    def _count(self) -> int:
        self._calls += 1
        return int(self._calls > MOST_CALLS)


def _details(texts: Mapping[str, str]) -> Mapping[str, object]:
    with suppress(ValueError, RecursionError):
        details = json.loads(texts.get("json", ""))
        if isinstance(details, dict):
            return details
    return {}


def _box(text: str) -> Box | None:
    with suppress(ValueError):
        west, south, east, north = (float(part) for part in text.split(","))
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            return Box(west, south, east, north)
    return None
