"""Two extracts show what happened between them, each event by its name."""

from __future__ import annotations

import pandas as pd

from geo.records.events import step, vanished
from geo.records.life import with_life_types

DAY = pd.Timestamp("2026-11-02", tz="UTC")
LATER = pd.Timestamp("2026-11-20", tz="UTC")


def _lives(**rows: dict[str, object]) -> pd.DataFrame:
    table = pd.DataFrame([{"received": DAY} | row for row in rows.values()], index=[*rows])
    return with_life_types(table)


def _happened(before: pd.DataFrame, now: pd.DataFrame, **options: bool) -> list[tuple[str, str]]:
    events = step(before, now, **options).events
    return list(events.itertuples(index=False, name=None))


def test_each_event_is_named() -> None:
    before = _lives(
        answered={},
        closed={"answered": DAY},
        withdrawn={},
        reopened={"closed": DAY},
        returned={"vanished": DAY},
        same={"closed": DAY},
    )
    now = _lives(
        answered={"answered": LATER},
        closed={"answered": DAY, "closed": LATER},
        withdrawn={"withdrawn": True, "closed": LATER},
        reopened={},
        returned={},
        same={"closed": DAY},
        new={},
        new_and_closed={"closed": LATER},
    )
    assert _happened(before, now) == [
        ("answered", "answered"),
        ("closed", "closed"),
        ("withdrawn", "withdrawn"),
        ("reopened", "reopened"),
        ("returned", "returned"),
        ("new", "opened"),
        ("new_and_closed", "opened"),
        ("new_and_closed", "closed"),
    ]


def test_reopening_is_counted_from_extract_to_extract() -> None:
    first = step(_lives(a={"closed": DAY}, b={}), _lives(a={}, b={})).lives
    assert first["reopened"].to_dict() == {"a": 1, "b": 0}
    second = step(first, _lives(a={"closed": LATER}, b={})).lives
    third = step(second, _lives(a={}, b={})).lives
    assert third["reopened"].to_dict() == {"a": 2, "b": 0}


def test_a_council_that_counts_reopening_is_believed() -> None:
    before = _lives(a={"closed": DAY, "reopened": 1}, b={"reopened": 1})
    now = _lives(a={"closed": LATER, "reopened": 2}, b={"reopened": 1})
    assert _happened(before, now, counts_reopened=True) == [("a", "reopened")]
    assert step(before, now, counts_reopened=True).lives["reopened"].to_dict() == {"a": 2, "b": 1}


def test_a_correction_of_a_date_is_no_event() -> None:
    assert _happened(_lives(a={"closed": DAY}), _lives(a={"closed": LATER})) == []


def test_only_open_records_vanish() -> None:
    before = _lives(
        open={}, answered={"answered": DAY}, closed={"closed": DAY}, gone={"vanished": DAY},
        withdrawn={"withdrawn": True}, present={},
    )  # fmt: skip
    assert vanished(before, {"present"}).tolist() == ["open", "answered"]
