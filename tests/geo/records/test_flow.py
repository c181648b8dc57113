"""Both accounts: by hand, against a tally record by record, and of any lives at all."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.judging import TOO_FEW
from geo.records.flow import (
    FATES,
    FLOW_COLUMNS,
    NOTHING_DUE,
    AccountError,
    backlog_account,
    check_backlog,
    check_received,
    fates_at,
    received_account,
)
from geo.records.targets import parse_target
from tests.geo.made_lives import MOMENTS, any_lives, drawn_lives, lives_of

MOMENT = pd.Timestamp("2026-02-01T12:00Z")


def test_each_record_has_one_fate() -> None:
    lives = lives_of(
        received=["2026-01-05T09:00Z"] * 8 + ["2026-02-02T09:00Z"],
        due=["2026-01-19T00:00Z"] * 3 + ["2026-02-20T00:00Z", None] + ["2026-01-19T00:00Z"] * 4,
        answered=[
            "2026-01-19T18:00Z",
            "2026-01-20T01:00Z",
            None,
            None,
            "2026-01-06T00:00Z",
            None,
            None,
            "2026-02-03T00:00Z",
            None,
        ],
        closed=[None] * 5 + ["2026-01-12T00:00Z"] + [None] * 3,
        vanished=[None] * 6 + ["2026-01-15T00:00Z"] + [None] * 2,
        withdrawn=[False] * 5 + [True] + [False] * 3,
    )
    assert fates_at(lives, MOMENT).tolist() == [
        "in_time",  # on the evening of the day that was due
        "late",
        "overdue",
        "not_yet_due",
        "no_due_date",
        "withdrawn",
        "vanished",
        "overdue",  # answered, but only later
        "",
    ]


def test_a_target_of_the_question_takes_the_place_of_stated_due_times() -> None:
    lives = lives_of(
        received=["2025-12-23T09:00Z"] * 2,
        due=["2025-12-24T00:00Z", None],
        answered=["2025-12-30T09:00Z", "2026-01-06T09:00Z"],
    )
    assert fates_at(lives, MOMENT).tolist() == ["late", "no_due_date"]
    # 24, 29, 30, 31 December and 2 January: Christmas, Boxing Day and New Year are no working days.
    within = parse_target("5wd")
    assert fates_at(lives, MOMENT, target=within).tolist() == ["in_time", "late"]


def test_a_withdrawal_after_the_answer_or_after_the_moment_changes_nothing() -> None:
    lives = lives_of(
        received=["2026-01-05T09:00Z"] * 3,
        due=["2026-01-19T00:00Z"] * 3,
        answered=["2026-01-10T00:00Z", None, None],
        closed=["2026-01-12T00:00Z", "2026-02-10T00:00Z", None],
        withdrawn=[True, True, True],
    )
    assert fates_at(lives, MOMENT).tolist() == ["in_time", "overdue", "withdrawn"]


def test_the_share_is_of_what_was_due_not_of_what_was_closed() -> None:
    # Twelve answered in time, eight overdue, twenty answered early of which none was due yet.
    lives = lives_of(
        received=["2026-01-05T09:00Z"] * 40,
        due=["2026-01-19T00:00Z"] * 20 + ["2026-02-20T00:00Z"] * 20,
        answered=["2026-01-06T00:00Z"] * 12 + [None] * 8 + ["2026-01-06T00:00Z"] * 20,
    )
    row = received_account(lives, MOMENT).loc["all"]
    assert row[["received", "in_time", "overdue", "due", "due_in_time"]].tolist() == [
        40,
        32,
        8,
        20,
        12,
    ]
    assert row["share_in_time"] == 0.6
    # Wilson's interval of 12 in 20, as statsmodels' proportion_confint has it.
    assert (row["lower"], row["upper"]) == (
        pytest.approx(0.3866, abs=1e-4),
        pytest.approx(0.7812, abs=1e-4),
    )


def test_no_share_is_said_of_nine_or_of_none() -> None:
    lives = lives_of(
        received=["2026-01-05T09:00Z"] * 11,
        due=["2026-01-19T00:00Z"] * 9 + [None] * 2,
        answered=["2026-01-06T00:00Z"] * 11,
    ).assign(area=["A"] * 9 + ["B"] * 2)
    table = received_account(lives, MOMENT, by=["area"])
    assert table["why"].to_dict() == {"A": TOO_FEW, "B": NOTHING_DUE}
    assert table["share_in_time"].isna().all()
    assert table["no_due_date"].to_dict() == {"A": 0, "B": 2}


@settings(max_examples=40)
@given(any_lives(), MOMENTS, st.sampled_from([None, "10wd", "14d"]))
def test_what_was_received_adds_up_in_every_group_and_in_total(
    lives: pd.DataFrame, moment: pd.Timestamp, target: str | None
) -> None:
    by, within = ["area", "category"], parse_target(target) if target else None
    total = received_account(lives, moment, target=within).loc["all"]
    groups = received_account(lives, moment, by=by, target=within)
    received = (lives["received"] <= moment).sum()
    assert total["received"] == received == total[list(FATES)].sum()
    assert groups[["received", *FATES, "due"]].sum().to_dict() == (
        total[["received", *FATES, "due"]].to_dict()
    )
    assert (groups["due_in_time"] <= groups["due"]).all()
    if within:
        assert total["no_due_date"] == 0


@settings(max_examples=40)
@given(any_lives(), MOMENTS, MOMENTS)
def test_what_is_open_adds_up_in_every_group_and_in_total(
    lives: pd.DataFrame, one: pd.Timestamp, other: pd.Timestamp
) -> None:
    before, after = sorted((one, other))
    total = backlog_account(lives, before, after).loc["all"]
    groups = backlog_account(lives, before, after, by=["category", "area"])
    assert groups.sum().to_dict() == total.to_dict()
    assert (groups >= 0).all(axis=None)


@settings(max_examples=40)
@given(any_lives(), MOMENTS, MOMENTS, MOMENTS)
def test_two_periods_in_a_row_are_as_one(
    lives: pd.DataFrame, one: pd.Timestamp, two: pd.Timestamp, three: pd.Timestamp
) -> None:
    first, middle, last = sorted((one, two, three))
    whole = backlog_account(lives, first, last).loc["all"]
    parts = [backlog_account(lives, *ends).loc["all"] for ends in ((first, middle), (middle, last))]
    assert parts[0]["open_after"] == parts[1]["open_before"]
    for name in ("received", "reopened", "closed", "vanished"):
        assert whole[name] == parts[0][name] + parts[1][name]


def test_the_account_is_that_of_a_tally_day_by_day() -> None:
    lives = drawn_lives(np.random.default_rng(23), 2_000)
    before, after = pd.Timestamp("2025-04-01T00:00Z"), pd.Timestamp("2025-07-01T00:00Z")
    tally = dict.fromkeys(FLOW_COLUMNS, 0)
    for row in lives.itertuples():
        closed = row.closed
        if row.withdrawn and pd.isna(closed):
            closed = row.received
        gone = row.vanished if pd.isna(closed) or row.vanished < closed else pd.NaT
        for name, at in (("received", row.received), ("closed", closed), ("vanished", gone)):
            tally[name] += before < at <= after
        if not pd.isna(gone) and not pd.isna(closed):
            tally["reopened"] += before < closed <= after
        end = min(
            (at for at in (closed, gone) if not pd.isna(at)),
            default=pd.Timestamp.max.tz_localize("UTC"),
        )
        tally["open_before"] += row.received <= before < end
        tally["open_after"] += row.received <= after < end
    assert backlog_account(lives, before, after).loc["all"].to_dict() == tally
    assert tally["reopened"] > 0 < tally["vanished"]


def test_a_record_that_was_closed_for_a_while_leaves_and_comes_back() -> None:
    lives = lives_of(received=["2026-01-05T00:00Z"] * 3, closed=[None, "2026-01-25T00:00Z", None])
    spells = pd.DataFrame(
        {
            "incident_id": ["r0", "r1", "r2", "elsewhere"],
            "closed": pd.to_datetime(
                ["2026-01-08", "2026-01-08", "2026-01-01", "2026-01-08"], utc=True
            ),
            "reopened": pd.to_datetime(
                ["2026-01-12", "2026-01-12", "2026-01-12", "2026-01-12"], utc=True
            ),
        }
    )
    ends = [pd.Timestamp(f"2026-01-{day:02}T00:00Z") for day in (1, 10, 20, 31)]
    rows = [
        backlog_account(lives, before, after, spells=spells).loc["all"].tolist()
        for before, after in pairwise(ends)
    ]
    # r2 states a closing before it was received, which cannot be.
    assert rows == [[0, 3, 0, 2, 0, 1], [1, 0, 2, 0, 0, 3], [3, 0, 0, 1, 0, 2]]
    alone = backlog_account(lives, ends[0], ends[1]).loc["all"].tolist()
    assert alone == [0, 3, 0, 0, 0, 3]


def test_a_record_closed_before_it_was_received_comes_and_goes_at_once() -> None:
    lives = lives_of(
        received=["2026-01-05T00:00Z"] * 2,
        closed=["2026-01-02T00:00Z", None],
        withdrawn=[False, True],
    )
    row = backlog_account(lives, pd.Timestamp("2026-01-03T00:00Z"), MOMENT).loc["all"]
    assert row.to_dict() == dict(zip(FLOW_COLUMNS, (0, 2, 0, 2, 0, 0), strict=True))


def test_groups_without_a_name_are_counted_too() -> None:
    lives = lives_of(received=["2026-01-05T00:00Z"] * 3).assign(area=["A", None, None])
    table = received_account(lives, MOMENT, by=["area"])
    assert table["received"].tolist() == [1, 2]


def test_an_account_that_does_not_add_up_is_refused() -> None:
    lives = drawn_lives(np.random.default_rng(1), 50)
    moment = pd.Timestamp("2025-10-01T00:00Z")
    received = received_account(lives, moment, by=["area"])
    received.loc["B", "late"] += 1
    with pytest.raises(AccountError, match=r"does not hold of 'B'"):
        check_received(received)
    flow = backlog_account(lives, pd.Timestamp("2025-04-01T00:00Z"), moment, by=["area"])
    flow.loc["C", "open_after"] -= 1
    with pytest.raises(AccountError, match=r"open_after does not hold of 'C'"):
        check_backlog(flow)
