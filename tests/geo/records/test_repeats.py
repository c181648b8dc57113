"""Repeat issues against a comparison of every pair, places, and the threshold of a case review."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.judging import TOO_FEW
from geo.records.places import place_codes
from geo.records.repeats import (
    came_back_after,
    case_review_places,
    repeat_issues,
    reports_near,
)
from tests.geo.made_lives import drawn_lives, lives_of

MOMENT = pd.Timestamp("2025-12-31T23:59Z")


def spread_lives(seed: int, n: int, *, width: float = 120.0) -> pd.DataFrame:
    """Lives on a small patch of land, some of them without a place, in whole minutes."""
    rng = np.random.default_rng(seed)
    lives = drawn_lives(rng, n)
    x, y = rng.uniform(0, width, (2, n)).round()
    lives["x"], lives["y"] = np.where(rng.random(n) < 0.9, x, np.nan), y
    lives.loc[lives["x"].isna(), "y"] = np.nan
    lives["outcome"] = rng.choice(["cleared", "no action"], n)
    return lives


def by_every_pair(lives: pd.DataFrame, metres: float, days: int) -> dict[str, str]:
    """The later and the earlier record of each repeat, by comparing all of them."""
    repeats = {}
    for later in lives.itertuples():
        candidates = []
        for earlier in lives.itertuples():
            if earlier.withdrawn or pd.isna(earlier.closed) or later.category != earlier.category:
                continue
            gap = later.received.tz_convert("Europe/London").tz_localize(None) - (
                max(earlier.closed, earlier.received).tz_convert("Europe/London").tz_localize(None)
            )
            apart = np.hypot(later.x - earlier.x, later.y - earlier.y)
            day = later.received.tz_convert("Europe/London").toordinal()
            closed = max(earlier.closed, earlier.received).tz_convert("Europe/London").toordinal()
            if gap > pd.Timedelta(0) and day - closed <= days and apart <= metres:
                candidates.append((gap, apart, earlier.Index))
        if candidates:
            repeats[later.Index] = min(candidates)[2]
    return repeats


@pytest.mark.parametrize(("seed", "metres", "days"), [(1, 20, 90), (2, 0, 90), (3, 45, 14)])
def test_repeats_are_those_that_a_comparison_of_every_pair_finds(
    seed: int, metres: float, days: int
) -> None:
    lives = spread_lives(seed, 150, width=8 if metres == 0 else 120)
    result = repeat_issues(lives, metres=metres, days=days)
    expected = by_every_pair(lives, metres, days)
    assert len(expected) > 5
    assert result.repeats["earlier"].to_dict() == expected
    assert result.examined + result.without_place == 150
    assert (result.repeats["metres"] <= metres).all()
    assert result.repeats["days"].between(0, days).all()
    assert result.repeats["outcome"].tolist() == [
        lives.loc[earlier, "outcome"] for earlier in result.repeats["earlier"]
    ]


def test_what_was_done_before_is_the_outcome_of_the_record_closed_last() -> None:
    lives = lives_of(
        received=["2025-03-01", "2025-03-20", "2025-05-01", "2025-05-01", "2025-05-02"],
        closed=["2025-03-10", "2025-04-20", None, None, None],
        outcome=["cleared", "fine", "", "", ""],
    ).assign(category=["litter"] * 3 + ["noise", "litter"], x=[0, 5, 15, 5, np.nan], y=0.0)
    result = repeat_issues(lives, examine=(lives["received"] > "2025-04-01").to_numpy())
    # The second is a repeat of the first, but was not asked about; the noise is another issue.
    assert result.repeats["earlier"].to_dict() == {"r2": "r1"}
    row = result.repeats.loc["r2"]
    assert (row["outcome"], row["days"], row["metres"]) == ("fine", 11.0, 10.0)
    assert (result.examined, result.without_place) == (2, 1)
    assert np.isnan(result.share)


def test_a_second_report_while_the_first_is_open_or_of_the_same_day_is_no_repeat() -> None:
    lives = lives_of(
        received=["2025-03-01", "2025-03-05", "2025-03-10", "2025-06-09", "2025-06-08"],
        closed=["2025-03-10", None, None, None, None],
    ).assign(category="litter", x=0.0, y=0.0)
    # From 10 March to 8 June are ninety days.
    assert repeat_issues(lives).repeats["earlier"].to_dict() == {"r4": "r0"}


def test_a_record_closed_at_once_does_not_repeat_itself() -> None:
    lives = lives_of(received=["2025-03-02"], closed=["2025-03-01"]).assign(
        category="litter", x=0.0, y=0.0
    )
    assert repeat_issues(lives).repeats.empty


def test_withdrawn_records_are_nobodys_earlier_one() -> None:
    lives = lives_of(
        received=["2025-03-01", "2025-03-20"], closed=["2025-03-10", None], withdrawn=[True, False]
    ).assign(category="litter", x=0.0, y=0.0)
    assert repeat_issues(lives).repeats.empty


def test_a_record_that_was_opened_again_is_an_earlier_one_while_it_was_closed() -> None:
    # r0 was closed on 10 March, open again from 1 May and closed for good on 20 May.
    received = ["2025-03-01", "2025-03-10", "2025-04-20", "2025-05-05", "2025-06-01", "2025-06-08"]
    closed = ["2025-05-20", None, None, None, None, None]
    lives = lives_of(received=received, closed=closed, outcome=["fine", *[""] * 5]).assign(
        category="litter", x=[0.0, 0, 8, 0, 0, 500], y=0.0
    )
    spells = pd.DataFrame(
        {
            "incident_id": ["r0", "r0", "gone"],
            "closed": pd.to_datetime(["2025-03-10", "2025-03-12", "2025-03-10"], utc=True),
            "reopened": pd.to_datetime(["2025-05-01", "2025-03-15", "2025-05-01"], utc=True),
        }
    )
    result = repeat_issues(lives, spells=spells).repeats
    # On 10 March it was closed that very day, on 5 May it was open again, and r5 is elsewhere. The
    # spell of three days in March is over by 20 April, though it began later.
    assert result["earlier"].to_dict() == {"r2": "r0", "r4": "r0"}
    assert result["closed"].dt.strftime("%Y-%m-%d").tolist() == ["2025-03-10", "2025-05-20"]
    assert result["days"].tolist() == [41, 12]
    assert result["metres"].tolist() == [8.0, 0.0]
    assert result["outcome"].tolist() == ["", "fine"]
    assert repeat_issues(lives, spells=spells, days=40).repeats.index.tolist() == ["r4"]
    assert repeat_issues(lives).repeats.index.tolist() == ["r4"]
    withdrawn = lives.assign(withdrawn=lives.index == "r0")
    assert repeat_issues(withdrawn, spells=spells).repeats.empty


def test_a_record_that_is_open_again_now_was_still_closed_before() -> None:
    lives = lives_of(
        received=["2025-03-01", "2025-03-05", "2025-03-20"], closed=[None, "2025-03-12", None]
    ).assign(category="litter", x=[0.0, 5, 0], y=0.0, outcome="fine")
    spells = pd.DataFrame(
        {
            "incident_id": ["r0"],
            "closed": pd.to_datetime(["2025-03-10"], utc=True),
            "reopened": pd.to_datetime(["2025-04-01"], utc=True),
        }
    )
    # The neighbour was closed two days later, and so is the one before it.
    assert repeat_issues(lives, spells=spells).repeats["earlier"].to_dict() == {"r2": "r1"}
    alone = lives.drop("r1")
    assert repeat_issues(alone, spells=spells).repeats["earlier"].to_dict() == {"r2": "r0"}
    assert repeat_issues(alone).repeats.empty


def test_what_did_not_last_is_counted_by_outcome_over_records_watched_long_enough() -> None:
    lives = spread_lives(5, 400)
    moment = pd.Timestamp("2025-10-01T00:00Z")
    table = came_back_after(lives, moment)
    known = lives[lives["received"] <= moment]
    back = {"cleared": [0, 0], "no action": [0, 0]}
    for earlier in known[known["x"].notna() & ~known["withdrawn"]].itertuples():
        if not earlier.closed <= moment - pd.Timedelta(days=90):
            continue
        gap = known["received"].dt.tz_convert("Europe/London").dt.normalize() - (
            earlier.closed.tz_convert("Europe/London").normalize()
        )
        one = known[
            (known["received"] > max(earlier.closed, earlier.received))
            & (gap.dt.round("D") <= pd.Timedelta(days=90))
            & (known["category"] == earlier.category)
            & (np.hypot(known["x"] - earlier.x, known["y"] - earlier.y) <= 20)
        ]
        back[earlier.outcome][0] += 1
        back[earlier.outcome][1] += len(one) > 0
    assert {name: list(row) for name, row in table[["closed", "came_back"]].iterrows()} == back
    assert table.loc["cleared", "share"] == back["cleared"][1] / back["cleared"][0]
    assert table["closed"].is_monotonic_decreasing


def test_of_few_closed_records_no_share_is_said() -> None:
    lives = lives_of(received=["2025-03-01"] * 9, closed=["2025-03-10"] * 9).assign(
        category="litter", x=0.0, y=0.0, outcome="cleared"
    )
    table = came_back_after(lives, MOMENT)
    assert table.loc["cleared", ["closed", "came_back", "why"]].tolist() == [9, 0, TOO_FEW]
    assert np.isnan(table.loc["cleared", "share"])


def test_records_of_a_list_that_was_extracted_soon_after_were_not_watched_long_enough() -> None:
    lives = lives_of(received=["2025-03-01"] * 12, closed=["2025-03-10"] * 12).assign(
        category="litter", x=0.0, y=0.0, outcome="cleared"
    )
    assert came_back_after(lives, MOMENT).loc["cleared", "closed"] == 12
    days = pd.to_datetime(["2025-06-09"] * 10 + ["2025-04-01", None], utc=True)
    seen = came_back_after(lives.assign(known_until=days), MOMENT)
    assert seen.loc["cleared", "closed"] == 11  # all but the one whose list ends in April


def test_points_that_many_addresses_share_are_refused() -> None:
    lives = spread_lives(1, 5)
    with pytest.raises(InputError, match="true places"):
        repeat_issues(lives, snapped=True)
    with pytest.raises(InputError, match="true places"):
        came_back_after(lives, MOMENT, snapped=True)


def test_nothing_is_found_among_no_records() -> None:
    lives = spread_lives(1, 5)[:0]
    assert repeat_issues(lives).repeats.empty
    assert came_back_after(lives, MOMENT).empty
    assert case_review_places(lives, MOMENT).empty


def test_places_take_points_within_reach_of_their_middle_and_do_not_chain() -> None:
    # Five points ten metres apart in a row: two places, not one of forty metres.
    x = np.array([0.0, 10, 20, 30, 40])
    codes = place_codes(x, np.zeros(5), metres=10)
    assert codes.tolist() == [0, 0, 0, 1, 1]
    assert place_codes(x, np.zeros(5), metres=0).tolist() == [0, 1, 2, 3, 4]
    assert place_codes(np.array([]), np.array([])).tolist() == []


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=60),
    st.sampled_from([0.0, 7.0, 20.0]),
)
def test_every_point_has_a_place_no_wider_than_twice_the_distance(
    points: list[tuple[int, int]], metres: float
) -> None:
    x, y = np.array(points, float).T
    codes = place_codes(x, y, metres=metres)
    assert sorted(set(codes)) == list(range(codes.max() + 1))
    for code in set(codes):
        own = np.column_stack([x, y])[codes == code]
        apart = np.hypot(*(own[:, None] - own[None]).transpose(2, 0, 1))
        assert (apart.max(axis=1) <= metres).any()
    counts = np.bincount(codes)
    around = (np.hypot(x[:, None] - x, y[:, None] - y) <= metres).sum(axis=1)
    assert counts[0] == around.max()


def test_three_reports_in_six_months_reach_the_threshold_of_a_case_review() -> None:
    lives = lives_of(
        received=[
            f"{day}T12:00Z"
            for day in (
                *("2025-07-01", "2025-09-01", "2025-12-31"),
                *("2025-06-30", "2025-09-01", "2025-10-01", "2025-10-02"),
                *("2025-11-01", "2025-11-02"),
            )
        ],
        closed=[None, "2025-09-10", None, None, None, None, None, None, None],
        withdrawn=[False] * 6 + [True, False, False],
    )  # fmt: skip
    # Three within 12 metres; at the other place one is too old and one withdrawn.
    lives["x"] = [0.0, 8, 12, 500, 500, 500, 500, np.nan, 900]
    lives["y"] = 0.0
    table = case_review_places(lives, MOMENT)
    assert len(table) == 1
    row = table.loc[0]
    assert row[["reports", "still_open", "x", "spread_m"]].tolist() == [3, 2, 8.0, 8.0]
    assert (str(row["first"]), str(row["last"])) == ("2025-07-01", "2025-12-31")
    assert case_review_places(lives, MOMENT, reports=2)["reports"].tolist() == [3, 2]


def test_the_reports_of_one_place_are_counted_for_its_story() -> None:
    lives = lives_of(received=["2025-09-01"] * 4).assign(x=[0.0, 20, 20.5, np.nan], y=0.0)
    assert reports_near(lives, 0.0, 0.0, MOMENT) == 2
    assert reports_near(lives, 0.0, 0.0, MOMENT, metres=21) == 3
    assert reports_near(lives, 0.0, 0.0, MOMENT, months=3) == 0
