"""Posts, patches and patrols asked as Questions: the options, the refusals, and the sums."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses.briefing import briefing
from geo.analyses.deployment import patches, posts
from geo.analyses.patrolling import patrols
from geo.analyses.places import ranked
from geo.errors import InputError, QuestionError
from geo.question.ask import Answer, answer
from geo.question.model import Question

ASB = "anti-social-behaviour"
WEST, SOUTH = 435_000, 336_000


@pytest.fixture(scope="module")
def nine_wards() -> gpd.GeoDataFrame:
    """Three by three squares of 1 km, W1 in the south-west, W9 in the north-east."""
    at = [(WEST + x * 1_000, SOUTH + y * 1_000) for y in range(3) for x in range(3)]
    squares = [shapely.box(x, y, x + 1_000, y + 1_000) for x, y in at]
    codes = pd.Index([f"W{number}" for number in range(1, 10)], name="area_code")
    values = {
        "area_name": [f"Ward {code}" for code in codes],
        "members": [1, 2, 1, 2, 1, 2, 1, 2, 1],
        "imd_rank": np.arange(1, 10) * 1_000,
        "patch": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    }
    return gpd.GeoDataFrame(values, index=codes, geometry=squares, crs="EPSG:27700")


@pytest.fixture
def ask(nine_wards, incident_frame):
    def reply(*, timed: bool = False, **options: str) -> Answer:
        draw = np.random.default_rng(3)
        rows = []
        for number in range(9):
            x, y = WEST + number % 3 * 1_000 + 500, SOUTH + number // 3 * 1_000 + 500
            for _ in range((number + 1) * 3):
                hour = int(draw.choice([15, 16, 23]))
                when = f"2024-01-{draw.integers(1, 28):02}T{hour}:10:00" if timed else "2024-01"
                rows.append((x, y, ASB, when))
        question = Question.read({"layer": "wards", "cell": "500", **options})
        return answer(question, incident_frame(rows), nine_wards)

    return reply


def test_posts_follow_the_need_above_a_floor(ask):
    frame = posts(ask(posts="20")).frame
    assert frame["posts"].sum() == 20
    assert frame["posts"].min() == 1
    assert frame.set_index("area_code")["posts"]["W9"] == frame["posts"].max()


def test_a_need_is_a_mix_of_counts_and_columns_of_the_layer(ask):
    ranks = posts(ask(posts="30", need="imd_rank", low="imd_rank")).frame.set_index("area_code")
    assert ranks["need"].is_monotonic_decreasing
    mixed = posts(ask(posts="30", need="incidents:2,members:1")).frame
    assert mixed["need"].sum() == pytest.approx(1)


def test_money_is_shared_to_the_penny_with_no_floor_of_itself(ask):
    result = posts(ask(money="10,000.01"))
    assert result.frame["need_pence"].sum() == result.frame["flat_pence"].sum() == 1_000_001
    assert result.parameters["floor"] == 0


def test_an_excluded_area_has_no_row_and_a_pinned_officer_keeps_the_place(ask):
    frame = posts(ask(posts="12", exclude="W9", pinned="Ann Lee=W1")).frame.set_index("area_code")
    assert "W9" not in frame.index
    assert frame["officers"]["W1"] == "Ann Lee"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "posts: say how many officers there are"),
        ({"posts": "8"}, "posts: a floor of 1 in each of 9 areas takes 9 posts"),
        ({"posts": "9", "need": "crime"}, "need: "),
        ({"posts": "9", "exclude": "W10"}, "exclude: unknown value 'W10'"),
        ({"money": "ten"}, "money: 'ten' is not an amount of money"),
    ],
)
def test_what_cannot_be_shared_is_refused(ask, options, message):
    with pytest.raises(QuestionError, match=message):
        posts(ask(**options))


def test_patches_hold_every_area_once_in_each_plan(ask):
    result = patches(ask(size="2-3", need="members"))
    for _, plan in result.frame.groupby("plan"):
        assert sorted(plan["area_code"]) == [f"W{number}" for number in range(1, 10)]
        assert plan.groupby("patch").size().between(2, 3).all()
    assert result.frame["optimal"].any()


def test_patches_of_today_are_compared_with(ask):
    plans = patches(ask(groups="3", today="patch")).parameters["plans"]
    assert all("changes" in plan for plan in plans)


def test_patches_that_cannot_be_are_explained(ask):
    with pytest.raises(QuestionError, match="size: Patches of 2 areas each cannot be made"):
        patches(ask(size="2"))
    with pytest.raises(QuestionError, match="groups: say how many areas or members"):
        patches(ask())
    with pytest.raises(QuestionError, match="today: unknown column 'beat'"):
        patches(ask(groups="3", today="beat"))


def test_patrols_of_months_are_daily_visits_and_say_so(ask):
    result = patrols(ask(officers="1", minutes="240"))
    assert set(result.frame["shift"]) == {"day"}
    assert "dated by month only" in " ".join(result.caveats)
    spent = result.frame.groupby(["officer"])[["minutes", "travel_minutes"]].sum().sum(axis=1)
    assert (spent <= 240 + 1e-6).all()


def test_officers_whom_nobody_entered_are_named_as_an_assumption(ask):
    options = {"minutes": "240", "again": "240", "visits": "1"}
    assumed, entered = patrols(ask(**options)), patrols(ask(officers="2", **options))
    assert assumed.frame.equals(entered.frame)
    (warning,) = assumed.warnings
    assert warning.startswith("Nobody entered the officers: 2 with 240 minutes each are an assum")
    assert not entered.warnings
    assert ask(officers="2").question.options()["officers"] == "2"


def test_an_allocation_that_rests_on_too_little_says_so_with_the_number(ask):
    reply = ask(officers="2", posts="9", minutes="240", again="240", visits="1")
    few = replace(reply, counted=reply.counted[:2])
    assert patrols(few).warnings[0].startswith("Too little to plan on: this rests on 2 incidents")
    assert "method_caveats" in patrols(few).as_dict()
    counts = reply.area_counts_of_all
    thin = posts(reply)
    assert not thin.warnings
    assert counts["n"].sum() >= 45
    other_need = posts(ask(posts="9", need="members"))
    assert not other_need.warnings


def test_minutes_in_which_nothing_fits_are_refused(ask):
    with pytest.raises(QuestionError, match="minutes: no place can be visited 2 times a day"):
        patrols(ask(officers="1", minutes="120"))


def test_shifts_are_refused_where_hours_are_not_known(ask):
    with pytest.raises(QuestionError, match="shifts: these incidents are dated by month"):
        patrols(ask(shifts="late:1"))


def test_a_shift_goes_where_its_hours_are(ask):
    result = patrols(ask(timed=True, shifts="late:1,night:1", minutes="240", spacing="500"))
    frame = result.frame
    assert set(frame["shift"]) == {"late", "night"}
    night = frame[frame["shift"] == "night"]["arrive"]
    assert ((night >= "22:00") | (night < "02:00")).all()
    assert (frame["demand"] > 0).all()


def test_rounds_begin_at_the_base(ask):
    near = patrols(ask(officers="1", base="435500,336500")).frame
    assert near["travel_minutes"].iloc[0] >= 0
    with pytest.raises(QuestionError, match="base: cannot read 'station'"):
        ask(base="station")


def test_every_area_with_a_place_is_visited_where_that_is_asked(ask):
    options = {"officers": "2", "minutes": "240", "again": "240", "visits": "1"}
    result = patrols(ask(**options, everywhere="1"))
    assert set(result.frame["area_code"]) == {f"W{number}" for number in range(1, 10)}
    with pytest.raises(QuestionError, match="minutes: there is time for 9 visit"):
        patrols(ask(officers="1", minutes="60", everywhere="9"))


def test_harm_weighs_the_demand_of_a_shift_as_well(ask, monkeypatch):
    reply = ask(timed=True, shifts="late:1")
    counted = patrols(reply).frame
    monkeypatch.setattr(Answer, "harm_of", lambda self, rows: np.full(len(rows), 3.0))
    weighed = patrols(reply).frame
    assert weighed["demand"].sum() == pytest.approx(3 * counted["demand"].sum())


def test_a_shift_says_how_many_incidents_have_no_hour(ask):
    reply = ask(timed=True, shifts="late:1")
    months = reply.counted["precision"].where(np.arange(len(reply.counted)) > 9, "month")
    caveats = patrols(replace(reply, counted=reply.counted.assign(precision=months))).caveats
    assert any(caveat.startswith("10 of 135 incidents have no time of day") for caveat in caveats)


def test_a_table_of_minutes_takes_the_place_of_straight_lines(ask):
    reply = ask(officers="1", minutes="240", again="240", visits="1")
    ids = ranked(reply).frame["hotspot_id"]
    pairs = [(start, end, 7.0) for start in ids for end in ids]
    table = pd.DataFrame(pairs, columns=["from", "to", "minutes"])
    result = patrols(reply, travel=table)
    assert set(result.frame["travel_minutes"]) == {0.0, 7.0}
    with pytest.raises(InputError, match=r"^the travel table has no minutes"):
        patrols(reply, travel=table[1:5])


def test_a_visit_longer_than_its_return_is_refused(ask):
    with pytest.raises(QuestionError, match="again: a hotspot cannot be visited again"):
        patrols(ask(visit="60", again="30"))


def test_a_briefing_tells_kinds_and_streets_of_the_hours_asked(ask):
    reply = ask(timed=True)
    place = ranked(reply).frame.iloc[0]
    known = briefing(reply, x=place["x"], y=place["y"])
    assert (known.n, known.then, known.streets) == (27, False, ("Street",))
    assert known.kinds == (("Anti-social behaviour", 1.0),)
    assert known.peak == ""
    assert briefing(reply, x=place["x"], y=place["y"], hours=[15, 16]).n_then < 27
