"""How a CSV is written: its encoding, its separator, and which row is the header.

Rules
-----
- The encoding is UTF-8, or UTF-16 where the file begins with its mark or with letters that are
  zero bytes apart. The first text that is not UTF-8 makes the file Windows-1252, unless earlier
  text only reads as UTF-8: then the file is mixed, which nobody can read.
- The separator is a comma, a semicolon or a tab: the one by which most rows are as wide as the
  first, or, where that has one column by each of them, as the header below it; of equal ones the
  one with most columns. A first line `sep=;` decides it, as it does for Excel.
- Rows above the header that hold one filled cell are titles and are skipped. A header has two
  filled cells or more, and a row of as many fields below it.

A guess by letter frequencies (charset-normalizer) is not made: on the few accents of a list of
names it is often wrong, and a wrong guess garbles them in silence.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Final

from geo.errors import InputError

HEAD_BYTES: Final = 2**16
"""Bytes at the beginning of a file that show how it is written."""

MOST_TITLES: Final = 20
"""Rows above the header."""

SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}

_SAMPLE_ROWS = 60
_SEP = re.compile(r'^"?sep=(.)"?\r?$', re.IGNORECASE)
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
# Quotes, dashes, the euro and the like: the only marks of Windows-1252 that follow a letter. The
# others stand for letters in the encodings of DOS and old Macs.
_FOREIGN = re.compile(r"[a-z][‚ƒ„†‡ˆ‰Š‹ŒŽ˜›]")


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    Attributes
    ----------
    encoding
        `utf-16-le`, `utf-16-be`, or '' where each text decides between UTF-8 and Windows-1252.
    separator
        One of `SEPARATORS`.
    stated
        Whether a first line `sep=` states the separator.
    titles
        Number of rows above the header that are skipped, empty ones not counted.
    """

    encoding: str = ""
    separator: str = ","
    stated: bool = False
    titles: int = 0


def dialect_of(head: bytes, *, cut: bool) -> Dialect:
    """Tell how a file is written by its beginning.

    Parameters
    ----------
    head
        The first `HEAD_BYTES` bytes.
    cut
        Whether the file goes on after them.

    Returns
    -------
    dialect
        Of a file that cannot be read, any.
    """
    encoding = _utf_16(head)
    lines = head.decode(encoding or "utf-8", "replace").removeprefix("\ufeff").split("\n")
    if cut and len(lines) > 1:
        lines.pop()
    stated = _SEP.match(lines[0])
    if stated and stated[1] in SEPARATORS:
        rows = _rows(lines[1:], stated[1])
        return Dialect(encoding, stated[1], stated=True, titles=titles_above(rows))
    readings = {mark: _rows(lines, mark) for mark in SEPARATORS}
    titles = {mark: titles_above(rows) for mark, rows in readings.items()}
    # First a separator that needs no titles; of equally many columns the first, the comma.
    best = max(
        SEPARATORS,
        key=lambda mark: (
            _width(readings[mark], 0) > 1 and not titles[mark],
            _agreement(readings[mark], titles[mark]),
            _width(readings[mark], titles[mark]),
        ),
    )
    return Dialect(encoding, best, titles=titles[best])


def titles_above(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are titles above the header.

    Parameters
    ----------
    rows
        The first rows of a table that are not empty.

    Returns
    -------
    titles
        At most `MOST_TITLES`; 0 unless a header and a row follow them.
    """
    for number, row in enumerate(rows[: MOST_TITLES + 1]):
        if _filled(row) > 1:
            return number if any(_filled(below) > 1 for below in rows[number + 1 :]) else 0
    return 0


def clean_name(name: str) -> str:
    """The name of a column without what nobody sees: marks of no width, hard spaces, line ends."""
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return " ".join(visible.split())


def windows_1252(text: bytes) -> str | None:
    """Decode text as Windows-1252; None if it cannot be that.

    Parameters
    ----------
    text
        Whole lines, some of them not UTF-8.

    Returns
    -------
    decoded
        None also where a line reads as UTF-8, or letters would become marks inside words.
    """
    try:
        decoded = text.decode("cp1252")
    except UnicodeDecodeError:
        return None
    mixed = any(is_utf_8(line) for line in _NOT_ASCII.findall(text))
    return None if mixed or _FOREIGN.search(decoded) else decoded


class Utf16Stream:
    """A stream of UTF-16 as UTF-8, with the two ways to read that a CSV needs."""

    def __init__(self, stream: IO[bytes], encoding: str, file: str) -> None:
        self._stream = stream
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._ended = False

    def read(self, size: int) -> bytes:
        """About so many bytes; fewer at the end."""
        while len(self._ready) < size and not self._ended:
            self._more()
        part, self._ready = self._ready[:size], self._ready[size:]
        return part

    def readline(self, limit: int) -> bytes:
        """The next line with its end, or its first bytes if it is longer than the limit."""
        while b"\n" not in self._ready and len(self._ready) < limit and not self._ended:
            self._more()
        end = self._ready.find(b"\n") + 1 or len(self._ready)
        return self.read(min(end, limit))

    def _more(self) -> None:
        part = self._stream.read(HEAD_BYTES)
        self._ended = not part
        try:
            self._ready += self._decoder.decode(part, final=not part).encode()
        except UnicodeError as error:
            raise InputError(f"{self._file} is damaged UTF-16 text; save it as UTF-8") from error


def _utf_16(head: bytes) -> str:
    for mark, encoding in zip(_BYTE_ORDER_MARKS, ("utf-16-le", "utf-16-be"), strict=True):
        if head.startswith(mark):
            return encoding
    even, odd = head[::2], head[1::2]
    # Without a mark: English letters have a zero in every second byte, and text has no other.
    if len(head) >= 4 and not even.count(0) and odd.count(0) > len(odd) // 2:
        return "utf-16-le"
    if len(head) >= 4 and not odd.count(0) and even.count(0) > len(even) // 2:
        return "utf-16-be"
    return ""


def is_utf_8(text: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _rows(lines: list[str], separator: str) -> list[list[str]]:
    """The first rows that are not empty, as far as they can be read."""
    rows: list[list[str]] = []
    try:
        ended = (f"{line}\n" for line in lines)
        # Strict: by a wrong separator, one inside quotes would seem to part columns.
        for row in csv.reader(ended, delimiter=separator, strict=True):
            if any(row):
                rows.append(row)
            if len(rows) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        pass  # the reader of the whole file says where
    return rows


def _width(rows: list[list[str]], titles: int) -> int:
    return len(rows[titles]) if rows else 0


def _agreement(rows: list[list[str]], titles: int) -> float:
    """The share of rows that are as wide as the header; 0 for a single column."""
    width = _width(rows, titles)
    below = rows[titles + 1 :]
    return sum(len(row) == width for row in below) / max(len(below), 1) if width > 1 else 0.0


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)
