"""The state of a record follows from its times; the outcome alone never decides it."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.records.life import (
    LIFE_TIME_TYPE,
    OPEN_STATES,
    STATES,
    STORED_LIFE_COLUMNS,
    empty_lives,
    state_at,
    with_life_types,
)

MOMENT = pd.Timestamp("2026-06-30 23:59:59", tz="UTC")
BEFORE, AT, AFTER = "2026-06-01", "2026-06-30 23:59:59", "2026-07-01"


def _life(**values: object) -> pd.DataFrame:
    times = {
        name: pd.Timestamp(str(value), tz="UTC")
        for name, value in values.items()
        if name in ("received", "due", "answered", "closed", "vanished")
    }
    return with_life_types(pd.DataFrame([values | times], index=["a"]))


@pytest.mark.parametrize(
    ("life", "state"),
    [
        ({}, "not received"),
        ({"received": AFTER}, "not received"),
        ({"received": AT}, "open"),
        ({"received": BEFORE, "due": BEFORE}, "open"),
        ({"received": BEFORE, "answered": AFTER}, "open"),
        ({"received": BEFORE, "answered": AT}, "answered"),
        ({"received": BEFORE, "answered": BEFORE, "closed": AFTER}, "answered"),
        ({"received": BEFORE, "closed": AT}, "closed"),
        ({"received": BEFORE, "outcome": "No action"}, "open"),
        ({"received": BEFORE, "vanished": AT}, "vanished"),
        ({"received": BEFORE, "vanished": AFTER}, "open"),
        ({"received": BEFORE, "answered": BEFORE, "vanished": BEFORE}, "vanished"),
        ({"received": BEFORE, "closed": BEFORE, "vanished": BEFORE}, "closed"),
        ({"received": BEFORE, "withdrawn": True}, "withdrawn"),
        ({"received": BEFORE, "withdrawn": True, "closed": AT}, "withdrawn"),
        ({"received": BEFORE, "withdrawn": True, "closed": AFTER}, "open"),
        ({"received": AFTER, "withdrawn": True}, "not received"),
        ({"received": BEFORE, "reopened": 2}, "open"),
    ],
)
def test_state_at_a_moment(life: dict[str, object], state: str) -> None:
    assert state_at(_life(**life), MOMENT).tolist() == [state]
    assert state in STATES


def test_open_records_wait_to_be_closed() -> None:
    assert set(OPEN_STATES) < set(STATES)


def test_what_a_life_leaves_out_is_unknown() -> None:
    lives = with_life_types(pd.DataFrame({"category": ["litter"]}, index=["a"]))
    assert list(lives) == [*STORED_LIFE_COLUMNS, "category"]
    assert lives.dtypes[["received", "vanished"]].tolist() == [LIFE_TIME_TYPE] * 2
    row = lives.iloc[0]
    assert (row["kind"], row["reopened"], row["withdrawn"]) == ("", 0, False)
    assert pd.isna(row["due"])


def test_no_lives_have_the_types_of_some() -> None:
    some = with_life_types(pd.DataFrame(index=["a"]))
    assert empty_lives().dtypes.tolist() == some.dtypes.tolist()
    assert state_at(empty_lives(), MOMENT).empty
