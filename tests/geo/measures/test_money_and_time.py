"""Sums of entries, to the penny and to the minute."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.measures.model import entries_frame
from geo.measures.officer_time import officer_hours
from geo.measures.spending import outstanding, spending


def money(own: str, amount: int, state: str = "paid", **others) -> dict:
    row = {"entry_id": own, "kind": "money", "day": "2025-05-01", "state": state}
    return {**row, "amount": amount, "area_code": "a", **others}


def committed(*rows: dict) -> dict[str, int]:
    frame = outstanding(entries_frame(list(rows)))
    own = frame[frame["state"] == "committed"]
    return dict(zip(own["entry_id"], own["amount"], strict=True))


def test_a_payment_takes_its_amount_from_the_commitment_that_it_settles():
    rows = [money("c", 1_000, "committed"), money("p", 300, settles="c")]
    assert committed(*rows) == {"c": 700}
    assert committed(*rows, money("q", 900, settles="c")) == {"c": 0}
    # A payment that settles nothing leaves every commitment as it is.
    assert committed(*rows, money("r", 500)) == {"c": 700}


def test_a_reversed_payment_gives_its_amount_back_to_the_commitment():
    rows = [money("c", 1_000, "committed"), money("p", 300, settles="c")]
    assert committed(*rows, money("x", -300, reverses="p")) == {"c": 1_000}
    assert committed(*rows, money("x", -1_000, "committed", reverses="c")) == {"c": 0, "x": 0}


def test_left_is_what_was_allocated_less_paid_less_committed():
    rows = [
        money("a", 500_000, "allocated"),
        money("c", 120_050, "committed"),
        money("p", 20_050, settles="c"),
        money("q", 1),
    ]
    table = spending(outstanding(entries_frame(rows)), ["a", "b"])
    assert table.loc[0, ["allocated", "committed", "paid", "left"]].tolist() == [
        5_000, 1_000, 200.51, 3_799.49,
    ]  # fmt: skip
    assert table.loc[1, ["allocated", "committed", "paid", "left"]].tolist() == [0, 0, 0, 0]
    assert pd.isna(table.loc[1, "share_paid"])


def test_too_much_spent_is_below_nothing():
    rows = [money("a", 100, "allocated"), money("p", 250)]
    assert spending(entries_frame(rows), ["a"])["left"].tolist() == [-1.5]


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from("abc")), max_size=40))
def test_areas_add_up_to_the_entries_to_the_penny(amounts):
    rows = [money(f"{n}", pence, area_code=code) for n, (pence, code) in enumerate(amounts)]
    table = spending(entries_frame(rows), list("abcd"))
    assert round(100 * table["paid"].sum()) == sum(pence for pence, _ in amounts)


def minutes(own: str, amount: int, activity: str = "patrol", code: str = "a") -> dict:
    row = {"entry_id": own, "kind": "time", "day": "2025-05-01", "amount": amount}
    return {**row, "activity": activity, "area_code": code}


def test_hours_are_of_whole_minutes_and_cost_what_is_stated():
    frame = entries_frame([minutes("1", 90), minutes("2", 20, "office"), minutes("3", -30)])
    table = officer_hours(
        frame, ["a", "b"], by={"activity": ["office", "patrol"]}, pence_per_hour=4_250
    )
    assert table["hours"].tolist() == pytest.approx([1 / 3, 1, 0, 0])
    assert table["cost"].tolist() == [14.17, 42.5, 0, 0]
    assert "cost" not in officer_hours(frame, ["a"], by={"activity": ["patrol"]})
