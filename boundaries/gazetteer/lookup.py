"""Looking names and postcodes up in one index."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import orjson

from boundaries.gazetteer.folding import NameQuery
from boundaries.gazetteer.index import (
    FORMAT,
    IDS,
    POSTCODE_LETTERS,
    SQUARE_M,
    IndexFacts,
    name_hash,
    postcode_key,
    postcode_of,
    square_letter,
)
from boundaries.gazetteer.names import Entry, Kind
from geo.errors import StoreError

NEAR_M: Final = 15_000.0
"""How far around the study area names count as near it."""

MOST_SQUARES: Final = 100
"""Squares of a search near a place; a larger study area is no narrower than the whole index."""

_NEAR, _EXACT, _ANYWHERE = 150, 60, 100  # candidates of each kind that are ranked

_WHOLE: Final = frozenset(
    ("avenue", "close", "court", "crescent", "drive", "gardens", "grove", "lane", "place")
) | {"road", "street", "terrace", "way"}
"""Words of so many names that beside others they are taken whole: the names with words that begin
so, such as "streetly", are few, and gathering all would take most of the time."""

_ENTRIES: Final = """
SELECT entries.id, name, kind, types.type, text, x, y, half_x, half_y, also, ref
FROM entries JOIN types ON types.id = entries.type JOIN places ON places.id = entries.place
WHERE entries.id IN ({})
"""
POSTCODE: Final = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{0,2})?")
"""A postcode, or the beginning of one that has a digit."""


@dataclass(frozen=True)
class MetresBox:
    """West, south, east and north in metres."""

    west: float
    south: float
    east: float
    north: float

    def grown(self, metres: float) -> MetresBox:
        """The box with a margin on all sides."""
        return MetresBox(
            self.west - metres, self.south - metres, self.east + metres, self.north + metres
        )

    def squares(self) -> list[str] | None:
        """The letters of the squares that it touches; None if they are too many."""
        columns = range(int(self.west // SQUARE_M), int(self.east // SQUARE_M) + 1)
        rows = range(int(self.south // SQUARE_M), int(self.north // SQUARE_M) + 1)
        if len(columns) * len(rows) > MOST_SQUARES:
            return None
        letters = [square_letter(c * SQUARE_M, r * SQUARE_M) for c in columns for r in rows]
        return list(dict.fromkeys(letters))


class NameIndex:
    """One index, open for reading. Threads may share it.

    Attributes
    ----------
    facts
        What it holds.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._lock = threading.Lock()
        (text,) = database.execute("SELECT value FROM facts WHERE key = 'facts'").fetchone()
        self.facts = IndexFacts(**orjson.loads(text))

    @classmethod
    def open(cls, path: Path) -> NameIndex:
        """Open an index file.

        Raises
        ------
        StoreError
            If it is none of this version.
        """
        # Immutable: a source that is added again is another file under the same name.
        address = f"file:{quote(str(path))}?mode=ro&immutable=1"
        try:
            database = sqlite3.connect(address, uri=True, check_same_thread=False)
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == FORMAT:
                return cls(database)
        except (sqlite3.Error, TypeError, ValueError) as error:
            raise StoreError(f"the gazetteer {path} cannot be read: {error}") from error
        database.close()
        raise StoreError(
            f"the gazetteer {path} is of another version; add its file again with "
            "'patchmap gazetteer add'"
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def names(self, query: NameQuery, near: MetresBox | None) -> list[Entry]:
        """Find names that may match; the caller decides which do, and ranks them.

        Parameters
        ----------
        query
            What to look for.
        near
            The study area; None to prefer no place.

        Returns
        -------
        Some hundred at most, in no order.
        """
        # A single letter is the beginning of nearly everything: the caller looks at it.
        terms = [term for term in query.terms if len(term) > 1]
        if not terms:
            return []
        squares = near.grown(NEAR_M).squares() if near else None
        # Of common words alone, as "street road", nobody looks for all in the country.
        only_near = bool(squares) and len(terms) > 1 and _WHOLE.issuperset(terms)
        ids = dict.fromkeys(self._exact(query.name, near))
        for columns in ("name", "name place"):
            if squares:
                ids |= dict.fromkeys(self._matching(columns, terms, squares, most=_NEAR))
            if not only_near:
                ids |= dict.fromkeys(self._matching(columns, terms, None, most=_ANYWHERE))
            if len(terms) == 1 or len(ids) >= _ANYWHERE:
                break
        return self._entries(list(ids))

    def _exact(self, name: str, near: MetresBox | None) -> list[int]:
        number = name_hash(name)
        anywhere = ("SELECT id FROM entries WHERE hash = ? ORDER BY id LIMIT ?", (number, _EXACT))
        if near is None:
            return self._ids(*anywhere)
        box = near.grown(NEAR_M)
        nearby = self._ids(
            "SELECT id FROM entries WHERE hash = ? AND x BETWEEN ? AND ? AND y BETWEEN ? AND ?"
            " LIMIT ?",
            (number, box.west, box.east, box.south, box.north, _EXACT),
        )
        return [*nearby, *self._ids(*anywhere)]

    def _matching(
        self, columns: str, terms: Sequence[str], squares: Sequence[str] | None, *, most: int
    ) -> list[int]:
        # Terms are letters and digits alone, so a quotation mark cannot be in them.
        words = (
            f'"{term}"' + (" *" if term not in _WHOLE or len(terms) == 1 else "") for term in terms
        )
        text = f"{{{columns}}} : (" + " AND ".join(words) + ")"
        if squares:
            text = "square : (" + " OR ".join(f'"{one}"' for one in squares) + f") AND {text}"
        return self._ids("SELECT rowid FROM names WHERE names MATCH ? LIMIT ?", (text, most))

    def _ids(self, sql: str, values: tuple[Any, ...]) -> list[int]:
        return [number for (number,) in self._rows(sql, values)]

    def _rows(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        with self._lock, closing(self._database.cursor()) as cursor:
            return cursor.execute(sql, tuple(values)).fetchall()

    def _entries(self, ids: Sequence[int]) -> list[Entry]:
        rows = self._rows(_ENTRIES.format(", ".join("?" * len(ids))), ids)
        return [
            Entry(name, cast("Kind", kind), own, number // IDS, place, x, y, half_x, half_y, *more)
            for number, name, kind, own, place, x, y, half_x, half_y, *more in rows
        ]

    def postcodes(self, text: str, *, most: int) -> list[Entry]:
        """Find a postcode, or those that begin with a text.

        Parameters
        ----------
        text
            What was typed.
        most
            How many at most.

        Returns
        -------
        Postcodes in the order of the alphabet; none if the text is not the beginning of one.
        """
        match = POSTCODE.fullmatch(" ".join(text.upper().split()))
        if not match:
            return []
        begin = match[1] + (match[2] or "")
        if len(begin) > POSTCODE_LETTERS:
            return []
        first, step = postcode_key(begin), 37 ** (POSTCODE_LETTERS - len(begin))
        # After its space a postcode has three characters: "DE1 1" is no beginning of "DE11 0AA".
        size = 37 ** (POSTCODE_LETTERS - len(match[1]) - 3) if match[2] else 0
        rows = self._rows(
            "SELECT key, x, y, text FROM postcodes JOIN places ON places.id = place"
            " WHERE key >= ? AND key < ? AND (? = 0 OR (key % ? = 0 AND key % (37 * ?) > 0))"
            " ORDER BY key LIMIT ?",
            (first, first + step, size, size, size, most),
        )
        return [
            Entry(postcode_of(key), "postcode", "Postcode", 0, place, x, y)
            for key, x, y, place in rows
        ]
