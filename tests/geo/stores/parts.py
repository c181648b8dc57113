"""Partitions and layers written as lists, and what tests ask of a store in one line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import pandas as pd

from geo.errors import PatchmapError
from geo.incidents import COLUMNS, Batch, Partition, month_span
from geo.store.contract import ImportRecord, LayerMetadata, Store, StoreReader

WARDS = LayerMetadata("wards", title="Wards of 2025", valid_from="2025-05-01", note="é")

CURRENT, REPLACED, UNDONE = "current", "replaced", "undone"


class Row(NamedTuple):
    """One incident: a month or a UTC instant is when it happened."""

    key: str
    category: str = "drugs"
    when: str = "2024-01"
    x: float = 435_000.25
    y: float = 336_000.5
    location: str = "On or near High Street"
    reference: str = ""


_span = cache(month_span)


def frame(rows: Iterable[Row], *, source: str = "police.uk") -> pd.DataFrame:
    """An incident frame of the rows."""
    table = []
    for row in rows:
        instant = "T" in row.when
        moment = pd.Timestamp(row.when, tz="UTC") if instant else None
        first, last = (moment, moment) if instant else _span(row.when)
        precision = "instant" if instant else "month"
        table.append(
            (row.key, source, row.category, first, last, precision, *row[3:]),
        )
    made = pd.DataFrame(table, columns=list(COLUMNS))
    for name in ("occurred_from", "occurred_to"):
        made[name] = pd.to_datetime(made[name], utc=True).astype("datetime64[s, UTC]")
    return made.astype({"x": float, "y": float})


def rejects(*reasons: str) -> pd.DataFrame:
    """Rejected rows, one for each reason."""
    lines = range(90, 90 + len(reasons))
    rows = [("a", "b") for _ in reasons]
    return pd.DataFrame({"line": list(lines), "reason": list(reasons), "row": rows})


def part(
    rows: Sequence[Row],
    *,
    content: str = "",
    source: str = "police.uk",
    name: str = "derbyshire",
    month: str = "2024-01",
    rejected: Sequence[str] = (),
    keyed: bool = False,
    batch_rows: int = 1000,
    fails: Exception | None = None,
) -> Partition:
    """A partition of these rows; `content` stands for the file's, by default the rows' own."""

    def batches() -> Iterator[Batch]:
        starts = range(0, max(len(rows), 1), batch_rows)
        for start in starts:
            turned_away = rejects(*(rejected if start == starts[-1] else ()))
            yield Batch(frame(rows[start : start + batch_rows], source=source), turned_away)
        if fails:
            raise fails

    identity = content or repr([tuple(row) for row in rows]) + repr(rejected)
    return Partition(
        source=source,
        name=name,
        month=month,
        file=f"{month}-{name}-street.csv",
        sha256=hashlib.sha256(identity.encode()).hexdigest(),
        fields=("Longitude", "Latitude"),
        batches=batches,
        keyed=keyed,
    )


def lines(n: int, *, month: str = "2024-01", name: str = "derbyshire", **values: str) -> list[Row]:
    """Rows with the ids of lines 2, 3 …, each at its own place."""
    start = f"police.uk/{name}/{month}:"
    return [
        Row(f"{start}{line}", when=month, x=435_000.25 + line, **values) for line in range(2, n + 2)
    ]


def month_part(month: str, n: int = 2, *, category: str = "drugs", **options) -> Partition:
    """A published month of `n` incidents, one rejected row beside them."""
    rows = lines(n, month=month, category=category)
    return part(rows, month=month, rejected=["no location"], **options)


def keyed_part(rows: Sequence[Row], **options) -> Partition:
    """A list of a council whose rows bear ids of their own."""
    return part(rows, **({"source": "council", "name": "", "month": "", "keyed": True} | options))


def put(store: Store, *parts: Partition) -> list[str]:
    """Import in one transaction; tells what each import changed."""
    with store.transaction():
        return [store.put_partition(one)[0] for one in parts]


def imported(store: Store, one: Partition) -> ImportRecord:
    """Import a partition in a transaction of its own; the record of it."""
    with store.transaction():
        return store.put_partition(one)[1]


def undo(store: Store, import_id: int) -> ImportRecord:
    """Undo an import in a transaction of its own."""
    with store.transaction():
        return store.undo_import(import_id)


def undo_refusal(store: Store, import_id: int) -> str:
    """The line with which undoing an import is refused; what it was refused with is its class."""
    try:
        undo(store, import_id)
    except PatchmapError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"import {import_id} was undone")


def put_layer(store: Store, areas, metadata: LayerMetadata = WARDS) -> None:
    """Add a layer in a transaction of its own."""
    with store.transaction():
        store.put_layer(metadata, areas)


def as_tuples(incidents: pd.DataFrame) -> list[tuple]:
    """Incidents as tuples in the order of their ids, to compare frames whatever their order."""
    assert set(incidents.columns) == set(COLUMNS)
    return sorted(zip(*(incidents[name].tolist() for name in COLUMNS), strict=True))


def all_incidents(store: StoreReader) -> list[tuple]:
    """All incidents of a store as tuples; its count must say the same."""
    with store.reading():
        rows = as_tuples(store.incidents())
        assert store.incident_count() == len(rows)
    return rows


def categories(store: StoreReader) -> dict[str, str]:
    """The category of each incident by the last part of its id."""
    incidents = store.incidents()
    keys = incidents["incident_id"].str.rpartition(":")[2]
    return dict(sorted(zip(keys, incidents["category"].astype(str), strict=True)))


def states(store: StoreReader) -> list[str]:
    """The state of each import, the oldest first."""
    return [record.state for record in store.imports(history=True)]


def counters(store: StoreReader) -> tuple[int, int, int, int]:
    """The counters of the data version: incidents, layers, plans, settings."""
    version = store.data_version()
    return version.incidents, version.layers, version.plans, version.settings
