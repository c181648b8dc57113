"""Proposing a mapping file from the column names of a sheet and a sample of its rows.

What the sample cannot decide becomes a comment with the reason, so that nobody imports a guess:
above all whether 03/04/2024 is in April or in March.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, Projection, implausible
from geo.errors import InputError
from geo.incidents import category_slug
from geo.personal_texts import personal_column
from geo.sources.dates import ISO
from geo.sources.sample import SAMPLE, Column, form_of
from geo.sources.sheets import CellTable, read_sheet

# Words of column names, as councils' case systems, police extracts and OS files spell them.
_ID = r"\b(ref|reference|id|case|urn|number|no)\b"
_NO_ID = r"post ?code|uprn|usrn|house|flat|phone|officer|ward|lsoa|user|staff"
_CATEGORY = r"categor|type|offence|crime|nature|classification|subject|complaint|code"
_NO_CATEGORY = r"status|outcome|result|ward|area|officer|team|post ?code|priority|channel|lsoa"
_PLACE = r"address|street|location|road|premises|house|locality|town"
_EAST, _NORTH = r"\b(e|east|eastings?|oseast1m|x)\b", r"\b(n|north|northings?|osnrth1m|y)\b"
_LON, _LAT = r"\b(lon|lng|long|longitude|x)\b", r"\b(lat|latitude|y)\b"
_PLACES = {
    BRITISH_NATIONAL_GRID: ("easting", "northing"),
    LONLAT: ("longitude", "latitude"),
}
_OUTCOME = r"outcome|result|disposal|resolution|status"
_OCCURRED = r"occurred|incident|offence|committed|happened"
_STARTED = r"\b(from|start|began|earliest)"
_REPORTED = r"report|receiv|creat|logg|open|raised"
_ENDED = r"\b(to|end|until|finish|latest)\b"
_AFTERWARDS = r"clos|updat|modif|resolv|complet|due|birth|review"

_LIVED = {
    "due": r"\b(due|target|deadline)\b",
    "answered": r"repl|answer|respon|acknowledg",
    "closed": r"clos|resolv|complet",
}
"""Columns of dates that tell what became of a record, by their keys in `[life]`."""

SWAPPED = "the values show that the names or the order are swapped"


@dataclass(frozen=True)
class Proposal:
    """Lines of one table of the mapping file, and the columns that they use."""

    lines: list[str]
    used: list[Column]

    def rest(self, columns: list[Column]) -> list[Column]:
        """The columns that are not used yet."""
        used = {column.name for column in self.used}
        return [column for column in columns if column.name not in used]


@dataclass(frozen=True)
class Coordinates:
    """Two columns of coordinates, easting or longitude first.

    Attributes
    ----------
    crs
        The system that their values fit.
    swapped
        Whether the values show that their names or their order are swapped.
    """

    crs: str
    x: Column
    y: Column
    swapped: bool


def coordinate_columns(columns: Sequence[Column], systems: Sequence[str]) -> Coordinates | None:
    """Find the two columns of a table that hold coordinates, by their names and values.

    Parameters
    ----------
    columns
        All columns, of a sample of the rows.
    systems
        Coordinate reference systems that the values may be in, the likeliest first.

    Returns
    -------
    The first pair of which at least half of the values are plausible; None if there is none.
    """
    for first, second in _pairs([column for column in columns if _may_be_coordinate(column)]):
        for crs in systems:
            for x, y in ((first, second), (second, first)):
                if _plausible(x, y, crs=crs):
                    return Coordinates(crs, x, y, swapped=x is second)
    return None


def suggest_mapping(path: Path) -> str:
    """Propose a mapping file for a CSV or XLSX file from its first `SAMPLE` rows.

    What is unusual about the file, such as its encoding or its sheets, becomes a comment too.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    table = next(read_sheet(path, rows=SAMPLE))
    cells = isinstance(table, CellTable)
    columns = [Column(name, table.text(name), cells) for name in table.header if name]
    if not columns:
        raise InputError(f"{path.name} names no column in its first row")
    life = _life(columns)
    parts = []
    for suggest in (_when, _where, _own_id, _texts, _what):
        part = suggest(columns)
        columns = part.rest(columns)
        parts.append(part.lines)
    when, where, own_id, texts, what = parts
    top = [
        f"# Proposed from the first {len(table):,} rows of {quoted(path.name)}: check every line.",
        *(f"# {quoted(notice)[1:-1]}" for notice in table.notices),
        'source = "council"  # the id of the source, used in Questions',
        *own_id,
        *texts,
    ]
    return "\n\n".join("\n".join(lines) for lines in (top, when, where, what, life) if lines) + "\n"


def quoted(text: str) -> str:
    """Text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(columns: Sequence[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def _named(columns: Sequence[Column]) -> str:
    return f"[{_listed(columns)}]" if len(columns) > 1 else _listed(columns)


def _when(columns: list[Column]) -> Proposal:
    dates = [column for column in columns if column.formats]
    if not dates:
        return Proposal(["[when]", "# from: no column holds dates in a known format"], [])
    start = max(dates, key=_start_rank)
    clocks = [column for column in columns if column not in dates and column.clock]
    ends = [date for date in dates if _is_end(date) and date.formats == start.formats]
    first = _with_clock(start, [clock for clock in clocks if not clock.named(_ENDED)])
    last = _with_clock(ends[0], [clock for clock in clocks if clock.named(_ENDED)]) if ends else []
    lines = ["[when]", f"from = {_named(first)}"]
    lines += [f"to = {_named(last)}"] if last else []
    lines += _format_lines(start, first[1].clock if len(first) > 1 else "")
    used = [*first, *last]
    others = [column for column in (*dates, *clocks) if column not in used]
    lines += [f"# also dates or times, not used: {_listed(others)}"] if others else []
    return Proposal(lines, [*used, *others])


def _life(columns: list[Column]) -> list[str]:
    """A table that follows records from extract to extract, where they are closed; as comments."""
    dates = [column for column in columns if column.formats and not personal_column(column.name)]
    named = {
        key: next((column for column in dates if column.named(pattern)), None)
        for key, pattern in _LIVED.items()
    }
    if named["closed"] is None:
        return []
    return [
        "# If each row is a record that is received, answered and closed (it needs id):",
        "# [life]",
        '# every_kind = "request"  # or: kind = a column, with a table [kinds]',
        *(f"# {key} = {quoted(column.name)}" for key, column in named.items() if column),
        '# extract = "whole"  # what is missing from it has vanished; or "changes"',
    ]


def _start_rank(column: Column) -> int:
    rank = 4 * column.named(_OCCURRED) + 2 * column.named(_STARTED) + column.named(_REPORTED)
    return rank - 8 * column.named(_AFTERWARDS) - 4 * column.named(_ENDED)


def _is_end(column: Column) -> bool:
    return column.named(_ENDED) and not column.named(_AFTERWARDS)


def _with_clock(date: Column, clocks: list[Column]) -> list[Column]:
    """The date and, if it has no time, the column of times whose name is most like its own."""
    timed = any(form_of(form).time or (form == ISO and _holds_times(date)) for form in date.formats)
    clocks = [clock for clock in clocks if not clock.named(_AFTERWARDS)]
    if timed or not clocks:
        return [date]
    words = set(date.words.split())
    return [date, max(clocks, key=lambda clock: len(words & set(clock.words.split())))]


def _holds_times(column: Column) -> bool:
    return bool(column.values.str.contains(":", regex=False).any())


def _format_lines(date: Column, clock: str) -> list[str]:
    forms = [_with_time(form, clock) for form in date.formats]
    if len(forms) == 1:
        return [f"format = {quoted(forms[0])}"]
    return [
        "# format: the values fit several formats (no day above 12?); keep the right one",
        *(f"# format = {quoted(form)}" for form in forms),
    ]


def _with_time(form: str, clock: str) -> str:
    if form == ISO:
        return f"yyyy-mm-dd {clock}" if clock not in ("", "HH:MM", "HH:MM:SS") else ISO
    return f"{form} {clock}".strip()


def _where(columns: list[Column]) -> Proposal:
    numeric = [column for column in columns if column.numeric and not column.formats]
    postcodes = [column for column in columns if column.postcodes]
    if pair := coordinate_columns(columns, tuple(_PLACES)):
        return _place(pair)
    if postcodes:
        lines = [
            "[where]",
            f"postcode = {quoted(postcodes[0].name)}",
            "# lookup: name your Code-Point Open or ONS Postcode Directory file here",
            '# lookup = "codepo.csv"',
        ]
        return Proposal(lines, postcodes)
    large = [column for column in numeric if np.nanmedian(np.abs(column.numbers)) > 10_000]
    lines = ["[where]", "# no two columns look like coordinates, and none holds postcodes"]
    if len(large) > 1:
        lines += [f"# these can be easting and northing in either order: {_listed(large)}"]
    return Proposal(lines, [])


def _may_be_coordinate(column: Column) -> bool:
    """Whether a column holds numbers; half of the values suffice where its name says so."""
    if not column.numeric:
        numbers = np.isfinite(column.numbers).sum()
        by_name = column.named(f"{_EAST}|{_NORTH}|{_LON}|{_LAT}")
        return bool(by_name and numbers and numbers >= len(column.values) / 2)
    return not column.formats


def _pairs(numeric: list[Column]) -> Iterator[tuple[Column, Column]]:
    """Pairs by their names, then pairs of numbers with decimals, which can be degrees."""
    for patterns in ((_EAST, _NORTH), (_LON, _LAT)):
        first, second = ([c for c in numeric if c.named(pattern)] for pattern in patterns)
        yield from ((x, y) for x in first for y in second if x is not y)
    broken = [c for c in numeric if c.values.str.contains(r"\.[0-9]{3}").mean() >= 0.5]
    yield from ((x, y) for x in broken for y in broken if x is not y)


def _plausible(x: Column, y: Column, *, crs: str) -> bool:
    both = np.isfinite(x.numbers) & np.isfinite(y.numbers)
    reasons = implausible(
        x.numbers[both], y.numbers[both], source=crs, projection=Projection.choose()
    )
    return len(reasons) > 0 and float((reasons == "").mean()) >= 0.5


def _place(pair: Coordinates) -> Proposal:
    names, used = _PLACES[pair.crs], [pair.x, pair.y]
    lines = ["[where]", *(f"{n} = {quoted(c.name)}" for n, c in zip(names, used, strict=True))]
    if pair.swapped:
        lines.insert(1, f"# {SWAPPED}")
    return Proposal(lines, used)


def _own_id(columns: list[Column]) -> Proposal:
    named = [column for column in columns if column.named(_ID) and not column.named(_NO_ID)]
    for column in named:
        if len(column.distinct) == len(column.text):
            return Proposal([f"id = {quoted(column.name)}"], [column])
    reason = f"{_listed(named)} repeats or is empty" if named else "no column is named like one"
    return Proposal([f"# id: {reason}; without it, import the file with --partition NAME"], [])


def _texts(columns: list[Column]) -> Proposal:
    free = [c for c in columns if not c.named(r"date|time|categor|type")]
    address = [column for column in free if column.named(_PLACE)][:6]
    outcome = [column for column in free if column.named(_OUTCOME) and column not in address][:1]
    lines = [f"address = {_named(address)}"] if address else []
    lines += [f"reference = {_named(outcome)}"] if outcome else []
    return Proposal(lines, [*address, *outcome])


def _what(columns: list[Column]) -> Proposal:
    few = [column for column in columns if _is_few(column)]
    named = [column for column in few if column.named(_CATEGORY)]
    if named:
        # The pattern lists the words from the surest to the least sure.
        best = min(named, key=lambda c: _CATEGORY.split("|").index(_word_of(c)))
        return Proposal(["[what]", f"column = {quoted(best.name)}", *_codes(best)], [best])
    if len(few) == 1:
        line = f"column = {quoted(few[0].name)}  # the only column with few different texts"
        return Proposal(["[what]", line, *_codes(few[0])], few)
    lines = ["[what]"]
    lines += [f"# column: can be any of {_listed(few)}"] if few else []
    lines += ["# no column is named like a category; if all rows are of one category:"]
    return Proposal([*lines, '# category = "anti-social-behaviour"'], [])


def _word_of(column: Column) -> str:
    return next(word for word in _CATEGORY.split("|") if column.named(word))


def _is_few(column: Column) -> bool:
    n = len(column.distinct)
    coded = column.named("code|categor|type") or not column.numeric
    return (
        0 < n <= max(20, len(column.text) // 10)
        and coded
        and not (column.postcodes or column.named(_NO_CATEGORY))
    )


def _codes(column: Column) -> list[str]:
    codes = sorted(column.distinct[column.distinct.str.len() <= 100])[:60]
    lines = [f"# {quoted(code)} = {quoted(category_slug(code))}" for code in codes]
    return ["", "# To map the codes to your own categories:", "# [categories]", *lines]
