"""Extracts of a council's records written as lists, and what tests ask of their lives."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from geo.incidents import Batch, Extract, Partition
from geo.records.life import LIFE_TIMES, with_life_types
from geo.store.contract import StoreReader
from tests.geo.stores.parts import Row, frame, rejects

WEEK = date(2026, 11, 23), date(2026, 11, 30)


class Record(NamedTuple):
    """One record: its key, its life, and where it is; without `x` it has no place."""

    key: str
    life: dict[str, Any]
    x: float | None = 435_000.25
    category: str = "litter"


def record(key: str, x: float | None = 435_000.25, **life: Any) -> Record:
    """A record received on 2 November 2026, with what else its life says."""
    return Record(f"council:{key}", {"received": "2026-11-02", "kind": "request"} | life, x)


def extract(
    records: Sequence[Record],
    day: date = WEEK[0],
    *,
    whole: bool = True,
    source: str = "council",
    **options: Any,
) -> Partition:
    """An extract of these records, as its reader gives it."""
    placed = [_row(one) for one in records if one.x is not None]
    without = [_row(one) for one in records if one.x is None]
    values = [{name: _moment(name, text) for name, text in one.life.items()} for one in records]
    lives = pd.DataFrame(values, index=pd.Index([one.key for one in records], dtype="str"))
    placeless = frame(without, source=source).assign(x=float("nan"), y=float("nan"))
    batch = Batch(
        frame(placed, source=source),
        rejects(),
        placeless=placeless,
        lives=with_life_types(lives.rename_axis("incident_id")),
    )
    identity = f"{records} {day} {whole} {source} {options}"
    return Partition(
        source,
        "",
        "",
        "cases.csv",
        hashlib.sha256(identity.encode()).hexdigest(),
        (),
        lambda: iter([batch]),
        keyed=True,
        extract=Extract(day, whole, **options),
    )


def _row(one: Record) -> Row:
    return Row(one.key, one.category, "2026-11-02T09:00:00", one.x or 0.0)


def _moment(name: str, value: Any) -> Any:
    return pd.Timestamp(value, tz="UTC") if name in LIFE_TIMES else value


def life_of(store: StoreReader, key: str) -> dict[str, Any]:
    """What a store knows of a record; moments as days, '' where there is none."""
    row = store.records().loc[f"council:{key}"]
    return {
        name: ("" if pd.isna(value) else f"{value:%Y-%m-%d}")
        if isinstance(value, pd.Timestamp) or value is pd.NaT
        else value
        for name, value in row.to_dict().items()
    }


def events(store: StoreReader) -> list[tuple[str, str, str]]:
    """The events as (key, event, day)."""
    rows = store.life_events()
    keys = rows["incident_id"].str.removeprefix("council:")
    return list(zip(keys, rows["event"], rows["extracted"], strict=True))
