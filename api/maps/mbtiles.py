"""Tiles of an MBTiles file: an SQLite database from an untrusted source.

Source: MBTiles 1.3. Its rows count from the south, those of addresses from the north.
"""

from __future__ import annotations

import html
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from geo.errors import InputError
from geo.formats.untrusted_sqlite import MOST_CALLS, open_untrusted

_PICTURES: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
_FORMATS: Final = ("png", "jpg", "jpeg", "webp")
DEEPEST = 24
"""The deepest zoom that is served."""


class MBTiles:
    """The tiles of one file, which is only read.

    Attributes
    ----------
    attribution
        The credit that the file asks for, as plain text.
    shallowest, deepest
        The first and last zoom of the file.

    Raises
    ------
    InputError
        If it is not an MBTiles file, or has vector tiles.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._calls = 0
        self._database = open_untrusted(path, what="an MBTiles file", stop=self._count)
        try:
            self._read_metadata()
        except InputError:
            self.close()
            raise
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise InputError(f"{path} is not an MBTiles file: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def tile(self, zoom: int, column: int, row: int) -> tuple[bytes, str] | None:
        """The content and media type of a tile; None if the file has no such tile.

        Parameters
        ----------
        zoom, column, row
            The tile; rows count from the north, as in addresses.
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
        data = rows[0][0] if rows else None
        if not isinstance(data, bytes):
            return None
        kind = next((kind for magic, kind in _PICTURES.items() if data.startswith(magic)), None)
        return (data, kind) if kind else None

    def _read_metadata(self) -> None:
        rows = self._rows("SELECT name, substr(value, 1, 4000) FROM metadata LIMIT 200")
        metadata = {str(name): str(value) for name, value in rows}
        form = metadata.get("format", "png").lower()
        if form not in _FORMATS:
            raise InputError(
                f"{self.path} has tiles in the format {form!r}; a basemap needs pictures: "
                f"{', '.join(_FORMATS)}"
            )
        zooms = self._rows("SELECT min(zoom_level), max(zoom_level) FROM tiles")[0]
        if None in zooms:
            raise InputError(f"{self.path} has no tiles")
        self.shallowest, self.deepest = (min(int(zoom), DEEPEST) for zoom in zooms)
        text = html.unescape(re.sub(r"<[^>]*>", "", metadata.get("attribution", "")))
        self.attribution = " ".join(text.split())[:300]

    def _rows(self, query: str, values: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, closing(self._database.cursor()) as cursor:
            self._calls = 0
            return cursor.execute(query, values).fetchmany(200)

    def _count(self) -> int:
        self._calls += 1
        return int(self._calls > MOST_CALLS)
