"""The relations between two intervals of time are Allen's, one by one."""

from __future__ import annotations

import json

import pytest

from api.ogc.cql2.intervals import RELATIONS
from api.ogc.selection import select
from geo.errors import QuestionError
from tests.api.ogc.test_filters import FRAME, ITEMS, matching

ALWAYS = list(range(len(FRAME)))

FIRST, LAST = 10, 20
"""Seconds of the interval that the others are related to."""

POSITIONS = {
    # Allen's thirteen: the name, and where an interval of that relation lies.
    "before": (1, 9),
    "meets": (1, 10),
    "overlaps": (5, 15),
    "finishedby": (5, 20),
    "contains": (5, 25),
    "starts": (10, 15),
    "equals": (10, 20),
    "startedby": (10, 25),
    "during": (12, 18),
    "finishes": (15, 20),
    "overlappedby": (15, 25),
    "metby": (20, 30),
    "after": (21, 30),
}


def related(name: str, first: int, last: int) -> bool:
    """Ask a filter whether an interval is so related to the other."""
    own, other = (
        {"interval": [f"2024-01-01T00:00:{second:02}Z" for second in ends]}
        for ends in ((first, last), (FIRST, LAST))
    )
    condition = {"op": name, "args": [own, other]}
    matched = matching(json.dumps(condition), filter_lang="cql2-json")
    assert matched in ([], ALWAYS)
    return matched == ALWAYS


@pytest.mark.parametrize("position", POSITIONS)
def test_each_position_has_its_own_relation(position: str) -> None:
    holding = {name for name in RELATIONS if related(name, *POSITIONS[position])}
    apart = position in ("before", "after")
    assert holding == {f"t_{position}", "t_disjoint" if apart else "t_intersects"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        # An instant at the beginning of another interval both starts it and meets it.
        ("T_MEETS(TIMESTAMP('2024-01-01T00:00:10Z'), {other})", True),
        ("T_STARTS(TIMESTAMP('2024-01-01T00:00:10Z'), {other})", True),
        ("T_METBY(TIMESTAMP('2024-01-01T00:00:10Z'), {other})", False),
        ("T_FINISHES(TIMESTAMP('2024-01-01T00:00:20Z'), {other})", True),
        # Open ends reach beyond every time; a day reaches to its last second in London.
        ("T_CONTAINS(INTERVAL('..', '..'), {other})", True),
        ("T_BEFORE(INTERVAL('..', '2024-01-01T00:00:09Z'), {other})", True),
        ("T_AFTER(INTERVAL('2024-01-01T00:00:21Z', '..'), {other})", True),
        ("T_AFTER(INTERVAL('2024-01-01T00:00:20Z', '..'), {other})", False),
        ("T_CONTAINS(DATE('2024-01-01'), {other})", True),
        ("T_AFTER(TIMESTAMP('2024-01-02T00:00:00Z'), DATE('2024-01-01'))", True),
        ("T_AFTER(TIMESTAMP('2024-01-01T23:59:59Z'), DATE('2024-01-01'))", False),
        ("T_FINISHES(TIMESTAMP('2024-01-01T23:59:59Z'), DATE('2024-01-01'))", True),
        # A day in July begins an hour earlier than in UTC.
        ("T_STARTS(TIMESTAMP('2024-06-30T23:00:00Z'), DATE('2024-07-01'))", True),
        ("T_EQUALS(INTERVAL('2024-01-01', '2024-01-01'), DATE('2024-01-01'))", True),
    ],
)
def test_instants_days_and_open_ends_are_intervals_too(text: str, matches: bool) -> None:
    other = "INTERVAL('2024-01-01T00:00:10Z', '2024-01-01T00:00:20Z')"
    assert matching(text.format(other=other)) == (ALWAYS if matches else [])


def test_an_interval_may_end_as_it_begins_and_not_before() -> None:
    assert matching("T_EQUALS(INTERVAL('2024-01-01', '2024-01-01'), DATE('2024-01-01'))") == ALWAYS
    with pytest.raises(QuestionError, match="ends before it begins"):
        select(
            ITEMS,
            {"filter": "T_AFTER(occurred_from, INTERVAL('2024-01-02', '2024-01-01'))"},
            queryables=[],
        )


@pytest.mark.parametrize("interval", [["2024-01-01"], ["a"] * 3, "2024-01-01/2024-01-02", []])
def test_what_is_no_interval_is_refused(interval: object) -> None:
    tree = {"op": "t_after", "args": [{"property": "occurred_from"}, {"interval": interval}]}
    with pytest.raises(QuestionError, match="filter"):
        matching(json.dumps(tree), filter_lang="cql2-json")
