"""Patrols keep to their minutes, come again when they should, and go where demand is."""

import re
from dataclasses import replace
from itertools import combinations, combinations_with_replacement, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.allocation.patrols.checks import verify_crews
from geo.allocation.patrols.problem import (
    PatrolProblem,
    Shift,
    StraightLines,
    Travel,
    VisitRule,
    travel_from_table,
)
from geo.allocation.patrols.scheduling import PatrolAnswer, daily_shift, plan_patrols
from geo.errors import InputError

LATE, NIGHT = Shift("late", 2, 240, "18:00"), Shift("night", 1, 240, "22:30")
LINES = StraightLines()


def hotspots(n: int, *, seed: int = 1, side: float = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(0, side, (n, 2)), columns=["x", "y"])
    table.insert(0, "hotspot_id", [f"H{at:03}" for at in range(n)])
    table["area_code"] = [f"W{int(x // 1000)}" for x in table["x"]]
    for name in ("late", "night", "day"):
        table[name] = rng.integers(1, 60, n)
    return table


def plan(table: pd.DataFrame, *shifts: Shift, **options) -> PatrolAnswer:
    rule = options.pop("rule", VisitRule())
    travel = options.pop("travel", LINES)
    return plan_patrols(table, shifts, rule=rule, travel=travel, **{"tries": 10, **options})


RULES = st.builds(
    VisitRule,
    minutes=st.sampled_from([10.0, 15.0, 25.0]),
    again_within=st.sampled_from([None, 60.0, 120.0]),
    per_day=st.integers(1, 3),
    covers=st.sampled_from([0.3, 0.5, 1.0]),
)


@settings(max_examples=25, deadline=None)
@given(rule=RULES, seed=st.integers(0, 999), base=st.sampled_from([None, (2000.0, 2000.0)]))
def test_minutes_are_never_exceeded_and_visits_come_as_often_as_asked(rule, seed, base):
    table = hotspots(25, seed=seed)
    answer = plan(
        table, LATE, NIGHT, rule=rule, travel=StraightLines(base=base), tries=2, seconds=1
    )
    stops = answer.stops
    assert (stops["after_minutes"] + rule.minutes <= 240 + 1e-6).all()
    ends = stops["after_minutes"] + stops["minutes"]
    begins = stops["after_minutes"] - stops["travel_minutes"]
    same = stops["officer"] == stops["officer"].shift()
    assert (begins[same] >= ends.shift()[same] - 0.05).all()
    a_day = stops.groupby("hotspot_id").size()
    assert (a_day >= rule.per_day).all()
    visits = answer.hotspots.set_index("hotspot_id")["visits"]
    assert visits[visits > 0].sort_index().to_dict() == a_day.to_dict()
    if rule.again_within:
        again = stops.groupby(["officer", "hotspot_id"])["after_minutes"].diff().dropna()
        assert (again <= rule.again_within + 0.05).all()
    assert set(stops["officer"]) <= {"late 1", "late 2", "night 1"}
    assert 0 <= answer.covered <= answer.bound + 1e-6


def test_the_order_of_the_rows_changes_nothing():
    table = hotspots(40)
    first = plan(table, LATE, NIGHT)
    again = plan(table.sample(frac=1, random_state=3), LATE, NIGHT)
    pd.testing.assert_frame_equal(first.stops, again.stops)
    pd.testing.assert_frame_equal(first.hotspots, again.hotspots)


def best_by_trying(table: pd.DataFrame, *, room: float, visit: float) -> float:
    """The most demand that one open round of one officer covers, of all rounds there are."""
    between = LINES.travel(table["x"], table["y"]).between
    demand, best = table["late"].to_numpy(float), 0.0
    paths = [((at,), visit) for at in range(len(table))]
    while paths:
        path, spent = paths.pop()
        if spent <= room:
            best = max(best, demand[list(path)].sum())
            paths += [
                ((*path, at), spent + visit + between[path[-1], at])
                for at in range(len(table))
                if at not in path
            ]
    return best


@pytest.mark.parametrize("seed", range(12))
def test_one_officer_covers_about_what_the_best_of_all_rounds_covers(seed):
    table = hotspots(8, seed=seed)
    rule = VisitRule(again_within=None, per_day=1, covers=1.0)
    answer = plan(table, Shift("late", 1, 80), rule=rule, tries=60)
    best = best_by_trying(table, room=80, visit=15)
    assert answer.bound >= best - 1e-6
    assert best * 0.97 <= answer.covered <= best + 1e-6


def best_of_two(case: PatrolProblem) -> float:
    """The most that two officers cover, of all pairs of rounds that there are."""
    n = len(case.ids)
    fits = [
        spots
        for size in range(n + 1)
        for spots in combinations(range(n), size)
        if any(not verify_crews(case, [(0, order)]) for order in permutations(spots))
    ]
    values = []
    for one, other in combinations_with_replacement(fits, 2):
        visits = np.zeros((n, 1), int)
        visits[list(one)] += case.rounds[0]
        visits[list(other)] += case.rounds[0]
        values.append(float((case.demand * case.covered(visits)).sum()))
    return max(values)


@pytest.mark.parametrize("base", [None, (2000.0, 2000.0)])
@pytest.mark.parametrize("again", [None, 60.0])
@pytest.mark.parametrize("seed", range(6))
def test_two_officers_cover_about_the_best_of_all_plans_and_the_bound_is_above(seed, again, base):
    table = hotspots(6, seed=seed)
    rule = VisitRule(again_within=again, per_day=1)
    shift = Shift("late", 2, 60 if again is None else 120)
    lines = StraightLines(base=base)
    answer = plan(table, shift, rule=rule, travel=lines, tries=60)
    ways, demand = lines.travel(table["x"], table["y"]), table[["late"]].to_numpy(float)
    ids, areas = tuple(table["hotspot_id"]), np.full(6, -1)
    best = best_of_two(PatrolProblem(ids, demand, areas, ways, (shift,), rule))
    assert best * 0.97 <= answer.covered <= best + 1e-6
    assert answer.bound >= best - 1e-6


def test_a_round_is_walked_again_within_two_hours_for_the_whole_shift():
    stops = plan(hotspots(30), LATE).stops
    assert stops["round"].unique().tolist() == [1, 2]
    first, second = (stops[stops["round"] == turn] for turn in (1, 2))
    assert first["hotspot_id"].tolist() == second["hotspot_id"].tolist()
    assert stops.query("round == 2 and stop == 1")["arrive"].eq("20:00").all()


def test_a_clock_goes_past_midnight():
    stops = plan(hotspots(30), NIGHT).stops
    assert stops["arrive"].iloc[0] == "22:30"
    assert stops["arrive"].iloc[-1] < "03:00"


def test_the_busiest_hotspot_is_worth_more_officers_than_one_but_each_counts_less():
    table = hotspots(3, side=300).assign(late=[1000, 1, 1])
    answer = plan(table, LATE)
    busiest = answer.hotspots.set_index("hotspot_id").loc["H000"]
    assert busiest["visits"] == 4
    assert busiest["covered"] == pytest.approx(1000 * (1 - 0.5**4))


def test_every_area_has_its_visits_before_demand_decides():
    table = hotspots(30).assign(late=lambda t: np.where(t["area_code"] == "W0", 900, 1))
    none, floor = (plan(table, LATE, rule=VisitRule(area_visits=least)).stops for least in (0, 1))
    assert set(floor["area_code"]) == set(table["area_code"])
    assert (none["area_code"] == "W0").sum() > (floor["area_code"] == "W0").sum()


def test_an_area_has_its_visits_even_where_nothing_is_expected():
    table = hotspots(30).assign(late=lambda t: np.where(t["area_code"] == "W2", 0, 9))
    stops = plan(table, LATE, rule=VisitRule(area_visits=1)).stops
    assert set(stops["area_code"]) == set(table["area_code"])
    assert "W2" not in set(plan(table, LATE).stops["area_code"])


def test_a_hotspot_outside_all_areas_is_asked_for_nothing():
    table = hotspots(20).assign(late=lambda t: np.where(t.index < 5, 0, 9))
    table.loc[:4, "area_code"] = ""
    stops = plan(table, LATE, rule=VisitRule(area_visits=1)).stops
    assert "" not in set(stops["area_code"])


def test_areas_that_nobody_has_time_for_are_refused_with_the_numbers():
    message = "there is time for 1 visit(s) to only 2 of the 4 areas with hotspots; add officers"
    table = hotspots(30)
    with pytest.raises(InputError, match=re.escape(message)):
        plan(
            table, Shift("late", 1, 45), rule=VisitRule(again_within=None, per_day=1, area_visits=1)
        )


def test_months_allow_daily_visits_alone():
    table = hotspots(20)
    message = "dated by month only, so the demand in shifts is unknown; plan daily visits"
    with pytest.raises(InputError, match=message):
        plan(table, LATE, precision="month")
    stops = plan(table, daily_shift(officers=2, minutes=240), precision="month").stops
    assert len(stops)
    assert set(stops["arrive"]) == {""}


def test_no_time_at_all_is_an_empty_plan():
    answer = plan(hotspots(5), Shift("late", 1, 10))
    assert (len(answer.stops), answer.covered, answer.gap) == (0, 0, 0)


def table_of(minutes: list[list[float]], names: list[str]) -> pd.DataFrame:
    rows = [
        (one, other, minutes[i][j])
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j
    ]
    return pd.DataFrame(rows, columns=["from", "to", "minutes"])


def test_a_travel_table_may_differ_there_and_back():
    table = hotspots(2).assign(late=[9, 8])
    ways = table_of([[0, 5, 7], [30, 0, 9], [1, 40, 0]], ["H000", "H001", "base"])
    answer = plan(
        table, Shift("late", 1, 80), rule=VisitRule(again_within=None, per_day=1), travel=ways
    )
    assert answer.stops["hotspot_id"].tolist() == ["H000", "H001"]
    assert answer.stops["travel_minutes"].tolist() == [1, 5]


def test_a_travel_table_with_a_gap_is_refused():
    ways = table_of([[0, 5], [-1, 0]], ["a", "b"])
    with pytest.raises(InputError, match="no minutes of at least 0 from b to a"):
        travel_from_table(ways, ["a", "b"])
    with pytest.raises(InputError, match="no minutes of at least 0 from a to c"):
        travel_from_table(ways.assign(minutes=1), ["a", "b", "c"])


def problem(**options) -> PatrolProblem:
    travel = Travel.without_base(np.array([[0, 20.0], [20, 0]]))
    rule = VisitRule(area_visits=1, **options)
    return PatrolProblem(("a", "b"), np.ones((2, 1)), np.array([0, 1]), travel, (LATE,), rule)


def test_rounds_that_break_their_rules_are_told():
    assert verify_crews(problem(), [(0, (0, 1))]) == []
    assert verify_crews(problem(per_day=7), [(0, (0,))] * 3) == [
        "late has 3 rounds for 2 officers",
        "a has 6 visits a day, not 7",
        "the area of b has 0 visits a day",
    ]
    short = replace(problem(), shifts=(Shift("late", 2, 80),))
    assert verify_crews(short, [(0, (0, 1, 0))]) == [
        "a round of late stops twice at one hotspot",
        "a round of late takes 85.0 minutes of 80.0",
        "a has 1 visits a day, not 2",
        "b has 1 visits a day, not 2",
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shift("late", 0, 60), "the shift late needs at least one officer"),
        (lambda: Shift("late", 1, 0), "the shift late must have between 0 and 1,440 minutes"),
        (lambda: Shift("late", 1, 9, "25:00"), "the shift late cannot start at '25:00'; write"),
        (lambda: VisitRule(minutes=0), "a visit must last longer than 0 minutes"),
        (lambda: VisitRule(again_within=5), "again within 5 minutes when a visit takes 15"),
        (lambda: VisitRule(covers=0), "the share that a visit covers must be above 0"),
        (lambda: VisitRule(per_day=0), "visits a day must be at least 1"),
        (lambda: StraightLines(factor=0.9), "the detour factor must be at least 1"),
    ],
)
def test_rules_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("change", "shifts", "message"),
    [
        (lambda t: t, (), "patrols need shifts; give at least one, each with a name of its own"),
        (lambda t: t, (LATE, LATE), "patrols need shifts; give at least one, each with a name"),
        (lambda t: t.iloc[:0], (LATE,), "there are no hotspots to visit"),
        (lambda t: t.assign(hotspot_id="H"), (LATE,), "the hotspot H is listed twice"),
        (lambda t: t.assign(x=np.nan), (LATE,), "the hotspot H000 has no x and y"),
        (lambda t: t.drop(columns="late"), (LATE,), "the hotspots have no column 'late'"),
    ],
)
def test_hotspots_that_cannot_be_are_refused(change, shifts, message):
    with pytest.raises(InputError, match=message):
        plan(change(hotspots(4)), *shifts)


def test_visits_to_areas_need_areas():
    table = hotspots(4).drop(columns="area_code")
    with pytest.raises(InputError, match="but the hotspots have no area"):
        plan(table, LATE, rule=VisitRule(area_visits=1))
