"""Rows that are replaced or undone, and how to find what is left of them in files."""

from __future__ import annotations

from pathlib import Path

from geo.store.contract import Store
from tests.geo.stores.parts import Row, imported, keyed_part, lines, month_part, part, put, undo

TRACE = b"Quince Passage"
"""In the location of each row that is purged, and of no other."""


def traced(n: int, **values: str) -> list[Row]:
    """Rows with the trace, too different from one another to be stored as one."""
    return [
        row._replace(location=f"{TRACE.decode()} {number * 7919 % 1009}")
        for number, row in enumerate(lines(n, **values))
    ]


def fill_with_traces(store: Store) -> None:
    """Some months, of which rows were replaced, updated and undone; all of these bear the trace."""
    put(store, part(traced(300)), month_part("2024-03", 40))
    put(store, part(lines(7)))
    put(store, keyed_part([Row(f"council:{i}", location=TRACE.decode()) for i in range(50)]))
    put(store, keyed_part([Row(f"council:{i}") for i in range(50)]))
    undone = imported(store, part(traced(200, month="2024-02"), month="2024-02"))
    undo(store, undone.import_id)


def traces(folder: Path) -> int:
    """How often the trace stands in the files of a folder, as `strings` would find it."""
    return sum(path.read_bytes().count(TRACE) for path in folder.rglob("*") if path.is_file())
