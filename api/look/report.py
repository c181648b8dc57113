"""The facts of a file as plain text of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from api.look.facts import Check, Dates, FieldFacts, FileFacts, Part, Place
from api.text_tables import cell_text
from geo.incidents import category_title
from geo.sources.sample import SAMPLE
from geo.text import printable

WIDTH: Final = 80

_MOST_PARTS = 12
_MOST_FIELDS = 40
_MOST_MONTHS = 12
_SHADES = ".:oO@"


def report(facts: FileFacts) -> list[str]:
    """The lines for people."""
    size = "" if facts.size is None else f", {_size(facts.size)}"
    lines = [*_wrapped(f"{facts.file}: {facts.kind}{size}")]
    if facts.title:
        lines += _wrapped(facts.title[:1].upper() + facts.title[1:])
    lines += _rows(facts)
    for notice in facts.notices:
        lines += _wrapped(f"Note: {notice}")
    sections = (
        ("Parts", _parts(facts.parts, facts.part)),
        (_fields_title(facts), _fields(facts.fields)),
        ("Where", _place(facts.place)),
        ("When", _dates(facts.dates)),
        ("Most frequent categories", _categories(facts.categories.items())),
        ("If it is imported", _check(facts.check, facts.file)),
        ("Command" if len(facts.commands) == 1 else "Commands", facts.commands),
    )
    # Commands are not wrapped, because they are copied whole.
    for title, content in sections:
        below = list(content)
        lines += ["", title, *(f"  {line}".rstrip() for line in below)] if below else []
    # What a file holds can act on a terminal.
    return [printable(line) for line in lines]


def _fields_title(facts: FileFacts) -> str:
    of_all = facts.rows is not None and facts.rows <= SAMPLE and not facts.parts
    return "Fields" if of_all else f"Fields, by the first {SAMPLE:,} rows"


def _number(n: int, what: str) -> str:
    return f"{n:,} {what.removesuffix('s') if n == 1 else what}"


def _rows(facts: FileFacts) -> list[str]:
    read = facts.check.read if facts.check else 0
    if facts.rows is None:
        if not read:
            return []
        return [f"The first {read:,} rows were checked; how many there are was not counted"]
    about = "" if facts.rows_exact else "about "
    if read and (read < facts.rows or not facts.rows_exact):
        return [f"Of {about}{facts.rows:,} rows the first {read:,} were checked"]
    what = facts.place.what if facts.place and facts.place.what != "incidents" else "rows"
    return [f"{about}{_number(facts.rows, what)}".capitalize()]


def _parts(parts: tuple[Part, ...], chosen: str) -> Iterator[str]:
    width = min(max((len(part.name) for part in parts), default=0), 50)
    for part in parts[:_MOST_PARTS]:
        rows = "not counted" if part.rows is None else _number(part.rows, "rows")
        geometry = f"  {part.geometry}" if part.geometry else ""
        mark = "  (described below)" if part.name == chosen else ""
        yield _cut(f"{_cut(part.name, 50).ljust(width)}  {rows}{geometry}{mark}", WIDTH - 2)
    if len(parts) > _MOST_PARTS:
        yield f"and {len(parts) - _MOST_PARTS:,} more"


def _fields(fields: tuple[FieldFacts, ...]) -> Iterator[str]:
    shown = fields[:_MOST_FIELDS]
    names = min(max((len(field.name) for field in shown), default=0), 24)
    kinds = min(max((len(field.kind) for field in shown), default=0), 28)
    for field in shown:
        empty = f"({field.empty:,} empty) " if field.empty and field.samples else ""
        samples = empty + " | ".join(field.samples)
        start = f"{_cut(field.name, 24).ljust(names)}  {_cut(field.kind, 28).ljust(kinds)}  "
        yield _cut(start + samples, WIDTH - 2).rstrip()
    if len(fields) > _MOST_FIELDS:
        yield f"and {len(fields) - _MOST_FIELDS:,} more"


def _place(place: Place | None) -> Iterator[str]:
    if place is None:
        return
    west, south, east, north = place.bounds
    yield f"{place.crs}; longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"
    wide, high = place.width_km, place.height_km
    yield f"{wide:,.1f} km from west to east, {high:,.1f} km from south to north"
    top = max(max(row) for row in place.counts)
    steps = _steps(top)
    edge = f"+{'-' * len(place.counts[0])}+"
    yield edge
    for row in place.counts:
        yield f"|{''.join(_shade(n, steps) for n in row)}|"
    yield edge
    across, up = place.cell_km
    yield f"One character is {across:g} by {up:g} km; {place.what} in it:"
    yield from _wrapped(_legend(steps, top))
    if place.beyond:
        yield f"{place.beyond:,} {place.what} lie beyond this map"


def _steps(top: int) -> list[int]:
    """The least count of each shade: equal ratios, because counts differ by their ratio."""
    steps = [max(1, round(top ** (n / len(_SHADES)))) for n in range(len(_SHADES))]
    return sorted(set(steps))


def _shade(n: int, steps: list[int]) -> str:
    reached = sum(n >= step for step in steps)
    return _SHADES[reached - 1] if reached else " "


def _legend(steps: list[int], top: int) -> str:
    parts = []
    for shade, least, above in zip(_SHADES, steps, [*steps[1:], top + 1], strict=False):
        most = above - 1
        parts.append(f"{shade} {least:,}" if most <= least else f"{shade} {least:,}-{most:,}")
    return "  ".join(parts)


def _dates(dates: Dates | None) -> Iterator[str]:
    if dates is None:
        return
    note = f"; {dates.note}" if dates.note else ""
    yield from _wrapped(f"{dates.first} to {dates.last}{note}", indent=2)
    if dates.missing:
        shown = ", ".join(dates.missing[:_MOST_MONTHS])
        more = len(dates.missing) - _MOST_MONTHS
        tail = f" and {more:,} more" if more > 0 else ""
        months = _number(len(dates.missing), "months")
        yield from _wrapped(f"No row in {months} between: {shown}{tail}", indent=2)


def _categories(categories: Iterable[tuple[str, int]]) -> Iterator[str]:
    rows = [(category_title(name), f"{n:,}") for name, n in categories]
    width = max((len(n) for _, n in rows), default=0)
    for name, n in rows:
        yield _cut(f"{n.rjust(width)}  {name}", WIDTH - 2)


def _check(check: Check | None, file: str) -> Iterator[str]:
    if check is None:
        return
    if check.read:
        rejected = check.read - check.accepted
        yield f"{check.read:,} checked = {check.accepted:,} accepted + {rejected:,} rejected"
    for reason, n in list(check.rejected.items())[:10]:
        yield from _wrapped(f"  {n:,}: {reason}", indent=4)
    if len(check.rejected) > 10:
        yield f"  and {len(check.rejected) - 10:,} more reasons"
    if check.problem:
        # The name of a file stays as it is.
        named = check.problem.startswith(file)
        text = check.problem if named else check.problem[:1].upper() + check.problem[1:]
        yield from _wrapped(text, indent=2)


def _size(size: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{cell_text(size)} bytes"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text, WIDTH - 2, subsequent_indent=" " * indent, break_long_words=True
    ) or [text]
