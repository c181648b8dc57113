"""What a review would ask about a plan is said: members, bridges, doughnuts; absurd is refused."""

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundaries.plans.checks import enclosures, plan_warnings
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.plan import Plan
from boundaries.plans.rules import UnlikelyBridgeError
from boundaries.plans.state import Area
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, drawn, grid


def warnings(plan):
    codes = plan.now.graph.codes
    blocks = grid(len({code[0] for code in codes}), len({code[1:] for code in codes}))
    measures = PlanMeasures.of(plan.now, MeasuredBlocks.of(blocks, sums=["electors"]))
    return [(warning.kind, warning.text) for warning in plan_warnings(measures)]


@pytest.mark.parametrize("members", [-1, 0, 10, 999, 2**40])
def test_an_impossible_number_of_members_is_refused_with_the_range(members):
    plan = drawn("AABB")
    takes = [
        lambda: plan.set_members("A", members, signed=SIGNED),
        lambda: plan.add_area(Area("N", "New", members), signed=SIGNED),
        lambda: plan.split("A", ["a1"], new=Area("N", "New", members), signed=SIGNED),
    ]
    for take in takes:
        with pytest.raises(InputError, match="members; an area elects 1 to 9, or its number is"):
            take()


def test_a_merge_may_not_reach_an_impossible_number_either():
    plan = drawn("AABB", members=5)
    with pytest.raises(InputError, match="A cannot have 10 members"):
        plan.merge(["B"], into="A", signed=SIGNED)
    plan = plan.set_members("B", 4, signed=SIGNED).merge(["B"], into="A", signed=SIGNED)
    assert plan.area("A").members == 9


def test_more_than_three_members_are_taken_with_a_warning():
    plan = drawn("AABB").set_members("A", 3, signed=SIGNED)
    assert warnings(plan) == []
    plan = plan.set_members("A", 4, signed=SIGNED)
    text = "Ward A (A) has 4 members; the Commission does not normally recommend more than 3"
    assert warnings(plan) == [("members", text)]


@pytest.mark.parametrize(("members", "number"), [(0, "0 members"), (None, "no number of members")])
def test_electors_outside_the_average_are_said(members, number):
    begun = drawn("AABB")
    areas = [Area("A", "Ward A", members), Area("B", "Ward B", 2)]
    plan = Plan.begin(begun.metadata, begun.now.graph, assignment=begun.assignment, areas=areas)
    text = f"Ward A (A) has {number}: its 300 electors are not in the council's average"
    assert warnings(plan) == [("members", text)]
    nobody = [Area(code, code) for code in "AB"]
    plan = Plan.begin(begun.metadata, begun.now.graph, assignment=begun.assignment, areas=nobody)
    assert warnings(plan) == []


def test_numbers_of_an_older_store_open_and_are_said():
    begun = drawn("AABB")
    areas = [Area("A", "Ward A", 999), Area("B", "Ward B", 1)]
    plan = Plan.begin(begun.metadata, begun.now.graph, assignment=begun.assignment, areas=areas)
    assert ("members", "Ward A (A) has 999 members; an area elects 1 to 9") in warnings(plan)
    assert plan.rename("A", "Abbey", signed=SIGNED).area("A").members == 999


def test_a_bridge_between_neighbours_is_not_needed():
    with pytest.raises(InputError, match="a1 and b1 share an edge already"):
        drawn("AABB").build_bridge("Ferry", ("a1", "b1"), signed=SIGNED)


def test_a_bridge_of_kilometres_is_refused_with_the_distance_unless_forced():
    plan = drawn("A" * 13)
    with pytest.raises(UnlikelyBridgeError, match=r"a1 and m1 are 1\.1 km apart, further than"):
        plan.build_bridge("Ferry", ("a1", "m1"), signed=SIGNED)
    plan.build_bridge("Ferry", ("a1", "l1"), signed=SIGNED)  # exactly 1 km
    plan = plan.build_bridge("Ferry", ("a1", "m1"), signed=SIGNED, force=True)
    assert plan.steps[-1].forced
    text = (
        "the bridge Ferry joins a1 and m1, 1.1 km apart, further than bridges reach and with the "
        "land of b1, c1, d1 and 8 more between them"
    )
    assert warnings(plan) == [("bridge", text)]


def test_a_part_that_only_a_bridge_joins_is_said_with_its_blocks():
    plan = drawn("AAB.A", "AABBB", "BBBBB").build_bridge("Ferry", ("b3", "e3"), signed=SIGNED)
    text = "only a bridge (Ferry) joins e3 to the rest of Ward A (A)"
    assert ("bridge only", text) in warnings(plan)
    # A second way by land, and the bridge hides nothing.
    plan = drawn("AAAA", "ABBA", "BBBB").build_bridge("Ferry", ("a2", "d2"), signed=SIGNED)
    assert "bridge only" not in [kind for kind, _ in warnings(plan)]
    # A bridge between two areas joins no part.
    plan = drawn("AAB", "BBB", "BBA").build_bridge("Ferry", ("a3", "c3"), signed=SIGNED)
    assert "bridge only" not in [kind for kind, _ in warnings(plan)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["AAA", "ABA", "AAA"], ["Ward B (B) lies wholly inside Ward A (A)"]),
        (["AAAA", "ABCA", "AAAA"], ["Ward B (B), Ward C (C) lie wholly inside Ward A (A)"]),
        (["AAA", "ABA", "ABA"], []),
        (["AAA", "A.A", "AAA"], []),
        (["AAAAA", "ABBBA", "ABCBA", "ABBBA", "AAAAA"], [
            "Ward B (B), Ward C (C) lie wholly inside Ward A (A)",
            "Ward C (C) lies wholly inside Ward B (B)",
        ]),
    ],
)  # fmt: skip
def test_an_area_wholly_inside_another_is_said(rows, expected):
    assert [text for kind, text in warnings(drawn(*rows)) if kind == "doughnut"] == expected


@given(st.integers(2, 9), st.data())
def test_what_is_enclosed_is_what_cannot_be_reached_without_the_ring(size, data):
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    graph = networkx.Graph(data.draw(st.lists(pairs, max_size=18)))
    graph.add_nodes_from(range(size))
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    whole = networkx.node_connected_component(graph, 0)
    expected = {}
    for ring in whole - {0}:
        rest = graph.subgraph(whole - {ring})
        if cut := whole - {ring} - networkx.node_connected_component(rest, 0):
            expected[ring] = cut
    actual = {}
    for ring, inside in enclosures([set(graph[node]) for node in range(size)], 0):
        actual.setdefault(ring, set()).update(inside)
    assert actual == expected
