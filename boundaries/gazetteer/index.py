"""An index of names: one SQLite file, built once from a source and then only read.

Each source has a file of its own, so that adding it again replaces it in one step and removing it
is removing a file. Words are found by FTS5 with an index of their beginnings. Row ids count from
the most important names on, so the first rows that match are the best ones, and a search can stop
early. For each square of 25 km there is a letter among the words of a name: so a search near some
place does not read the names of the whole country.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd

from boundaries.gazetteer.folding import folded
from boundaries.gazetteer.names import NAME_COLUMNS, NameBatch

FORMAT: Final = 1
"""Raised whenever an index of an earlier release cannot be read any more."""

SQUARE_M: Final = 25_000.0
_FIRST_LETTER: Final = 0x4E00
_LETTERS: Final = 20_000
IDS: Final = 2**40
"""Row ids of one order; of 12 orders at most, those of one are apart from those of the next."""

_SPREAD: Final = 7_919  # a prime: neighbouring squares get letters of their own

_SCHEMA: Final = f"""
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE places (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE types (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, name TEXT NOT NULL, also TEXT NOT NULL,
    type INTEGER NOT NULL, place INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL,
    half_x INTEGER NOT NULL, half_y INTEGER NOT NULL, ref TEXT NOT NULL
);
CREATE TABLE postcodes (
    key INTEGER PRIMARY KEY, x INTEGER NOT NULL, y INTEGER NOT NULL, place INTEGER NOT NULL
);
CREATE VIRTUAL TABLE names USING fts5 (
    name, place, square, content='', columnsize=0, detail=column, prefix='2 3 4',
    tokenize="unicode61 remove_diacritics 0"
);
PRAGMA user_version = {FORMAT};
"""
_INDEXES: Final = "CREATE INDEX exact ON entries (hash, x, y)"
_WORDS: Final = """
INSERT INTO names (rowid, name, place, square)
SELECT entries.id, folded(name || ' ' || also), folded(text), square(x, y)
FROM entries JOIN places ON places.id = entries.place ORDER BY entries.id
"""
_FAST: Final = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536")


@dataclass(frozen=True)
class IndexFacts:
    """What an index holds, and what it was made of.

    Attributes
    ----------
    source
        Its id, such as `os-open-names`.
    title, licence
        For people; the licence is the credit that its publisher asks for.
    file, sha256
        The file that was read.
    added
        When, UTC.
    crs
        Working CRS of its metres.
    read, names, postcodes
        Rows of the file; names and postcodes in the index.
    second, joined
        Names that are the second of their row, and rows that are parts of another row's name: read
        = rejected + names − second + joined + postcodes.
    rejected
        Rows that are not in the index, by reason.
    """

    source: str
    title: str = ""
    licence: str = ""
    file: str = ""
    sha256: str = ""
    added: str = ""
    crs: str = ""
    read: int = 0
    names: int = 0
    postcodes: int = 0
    second: int = 0
    joined: int = 0
    rejected: dict[str, int] = field(default_factory=dict)


def name_hash(folded_name: str) -> int:
    """A number by which an exact name is found."""
    return zlib.crc32(folded_name.encode())


def square_letter(x: float, y: float) -> str:
    """The letter of the square of a point.

    Parameters
    ----------
    x, y
        Metres.

    Returns
    -------
    A letter of a script in which each is a word of its own: no index of beginnings grows by it.
    """
    number = int(x // SQUARE_M) * _SPREAD + int(y // SQUARE_M)
    return chr(_FIRST_LETTER + number % _LETTERS)


def write_index(path: Path, facts: IndexFacts, batches: Iterable[NameBatch]) -> IndexFacts:
    """Write an index into an empty file.

    Parameters
    ----------
    path
        The file.
    facts
        What is known of the source.
    batches
        Its rows.

    Returns
    -------
    The facts with what was counted.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in _FAST:
            database.execute(f"PRAGMA {pragma}")
        facts = fill_index(database, facts, batches)
        database.execute("PRAGMA optimize")
    return facts


def fill_index(
    database: sqlite3.Connection, facts: IndexFacts, batches: Iterable[NameBatch]
) -> IndexFacts:
    """Fill an empty database, which may be in memory.

    Parameters
    ----------
    database
        A connection without transactions of its own.
    facts, batches
        As for `write_index`.

    Returns
    -------
    The facts with what was counted.
    """
    database.executescript(_SCHEMA)
    database.create_function("folded", 1, folded, deterministic=True)
    database.create_function("square", 2, square_letter, deterministic=True)
    database.execute("BEGIN")
    rows = _Rows(database)
    for batch in batches:
        rows.add(batch)
    rows.finish()
    database.execute("INSERT INTO names (names, rank) VALUES ('hashsize', 67108864)")
    database.execute(_WORDS)
    database.execute(_INDEXES)
    counted = IndexFacts(
        **asdict(facts)
        | {
            "read": rows.read,
            "names": rows.names,
            "postcodes": rows.postcodes,
            "second": rows.second,
            "joined": rows.joined,
            "rejected": dict(sorted(rows.rejected.items())),
        }
    )
    text = orjson.dumps(asdict(counted)).decode()
    database.execute("INSERT INTO facts VALUES ('facts', ?)", (text,))
    database.execute("COMMIT")
    database.execute("INSERT INTO names (names) VALUES ('optimize')")
    return counted


class _Numbers:
    """Numbers of texts, in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def of(self, values: Iterable[Any]) -> list[int]:
        numbers = self._numbers
        return [numbers.setdefault(value, len(numbers)) for value in values]

    def items(self) -> Iterator[tuple[Any, int]]:
        return iter(self._numbers.items())


class _Rows:
    """Writes batches, and counts them."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._places, self._types = _Numbers(), _Numbers()
        self._next: Counter[int] = Counter()
        self.read = self.names = self.postcodes = self.second = self.joined = 0
        self.rejected: Counter[str] = Counter()

    def add(self, batch: NameBatch) -> None:
        self.read += batch.read
        self.second += batch.second
        self.joined += batch.joined
        self.rejected += batch.rejected
        if len(batch.names):
            self._add_names(batch.names)
        if len(batch.postcodes):
            self._add_postcodes(batch.postcodes)

    def _add_names(self, names: pd.DataFrame) -> None:
        columns = {name: names[name].tolist() for name in NAME_COLUMNS}
        types = self._types.of(zip(columns["kind"], columns["type"], strict=True))
        places = self._places.of(columns["place"])
        hashes = [name_hash(folded(name)) for name in columns["name"]]
        metres = (
            names[name].to_numpy(float).round().astype(np.int64).tolist()
            for name in ("x", "y", "half_x", "half_y")
        )
        self._database.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            zip(
                self._ids(columns["order"]), hashes, columns["name"], columns["also"], types,
                places, *metres, columns["ref"], strict=True,
            ),
        )  # fmt: skip
        self.names += len(names)

    def _ids(self, orders: Sequence[int]) -> Iterator[int]:
        for order in orders:
            self._next[order] += 1
            yield order * IDS + self._next[order]

    def _add_postcodes(self, postcodes: pd.DataFrame) -> None:
        rows = zip(
            (postcode_key(postcode) for postcode in postcodes["postcode"]),
            *(postcodes[axis].to_numpy(float).round().astype(int).tolist() for axis in "xy"),
            self._places.of(postcodes["place"]),
            strict=True,
        )
        before = self._database.total_changes
        self._database.executemany("INSERT OR IGNORE INTO postcodes VALUES (?, ?, ?, ?)", rows)
        added = self._database.total_changes - before
        self.postcodes += added
        if added < len(postcodes):
            self.rejected["the postcode stands in an earlier row"] += len(postcodes) - added

    def finish(self) -> None:
        """Write the texts that rows name by number."""
        self._database.executemany(
            "INSERT INTO places (text, id) VALUES (?, ?)", self._places.items()
        )
        self._database.executemany(
            "INSERT INTO types VALUES (?, ?, ?)",
            ((number, kind, text) for (kind, text), number in self._types.items()),
        )


_ALPHABET: Final = {
    letter: number for number, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=1)
}
POSTCODE_LETTERS: Final = 7


def postcode_key(postcode: str) -> int:
    """A number for a postcode, or the beginning of one, in the order of the alphabet.

    Parameters
    ----------
    postcode
        Up to seven capitals and digits, without a space.

    Returns
    -------
    The least number of all postcodes that begin so.
    """
    key = 0
    for letter in postcode:
        key = key * 37 + _ALPHABET[letter]
    return key * int(37 ** (POSTCODE_LETTERS - len(postcode)))


def postcode_of(key: int) -> str:
    """The postcode of a number, with its space."""
    letters = []
    while key:
        key, number = divmod(key, 37)
        if number:
            letters.append("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number - 1])
    text = "".join(reversed(letters))
    return f"{text[:-3]} {text[-3:]}"
