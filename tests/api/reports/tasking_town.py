"""A town whose boards have decided: two wards, twelve tasks, referrals, priorities and money.

As on 13 April 2026: declined T-0006 and T-0010; open T-0002, T-0003, T-0005 and T-0008; waiting
T-0001; done T-0004, T-0011 and T-0012; assessed T-0007 and T-0009. Overdue: T-0001 and T-0008.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import shapely

from boundaries.tasking.actions import (
    ReferralTerms,
    close_priority,
    raise_task,
    refer_task,
    set_priority,
    take_step,
)
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.task import Place
from geo.store.contract import Store
from tests.api.areas.conftest import fill, measured
from tests.api.conftest import SIDE, SOUTH, WEST, fill_town
from tests.boundaries.tasking.tasking_made import assessment, signed, terms

Own = TypeVar("Own", bound=Store)

DAY = date(2026, 4, 13)
IN_A, IN_B, OUTSIDE = (WEST + 500, SOUTH + 500), (WEST + SIDE + 500, SOUTH + 500), (WEST, SOUTH - 9)


def point(at: tuple[float, float], label: str) -> Place:
    return Place("point", "", label, shapely.to_wkb(shapely.Point(at)))


def fill_with_tasks(store: Own) -> Own:
    """Fill an empty store with the town and its tasks."""
    with store.transaction():
        fill_town(store)
        fill(store)
        measured(store)
    _priorities(store)
    _referred(store)
    _judged(store)
    return store


def _raise(store: Store, at: tuple[float, float], title: str, **changes: Any) -> str:
    made = terms(title=title, place=point(at, f"Place of {title}"), **changes)
    return raise_task(store, made, signed=signed()).task_id


def _priorities(store: Store) -> None:
    day = date(2026, 1, 5)
    ward = {"level": "area", "layer": "wards", "area": "A", "issue_date": day}
    safe = PriorityTerms(
        issue="Feeling safe", measure="safe", target="35 % by 2027", quarter="2026-Q1", **ward
    )
    set_priority(store, safe, signed=signed())
    bikes = PriorityTerms(
        issue="Off-road bikes",
        measure="category=burglary&datetime=2024-02",
        action="Gates were set",
        action_date=date(2026, 2, 2),
        **ward,
    )
    set_priority(store, bikes, signed=signed())
    city = PriorityTerms(level="city", issue="Clean streets", issue_date=day)
    set_priority(store, city, signed=signed())
    set_priority(store, city, signed=signed())
    close_priority(store, "P-0004", signed=signed(hours=1), note="Set twice.")


def _referred(store: Store) -> None:
    """T-0001 waits; T-0003 was answered after 10 days, T-0005 declined after 2."""
    _raise(store, IN_A, "Money for lights", due=date(2026, 3, 10), priority="P-0001")
    up, down = ReferralTerms("up", "city board"), ReferralTerms("down", "ward team")
    refer_task(store, "T-0001", up, signed=signed(hours=24))
    _raise(store, IN_B, "Extra patrols")
    refer_task(store, "T-0003", up, signed=signed(hours=24))
    take_step(
        store, "T-0004", "answer", signed=signed("Chair", hours=11 * 24), note="Money granted."
    )
    _raise(store, IN_B, "Count the bins", level="city")
    refer_task(store, "T-0005", down, signed=signed())
    take_step(store, "T-0006", "decline", signed=signed(hours=48), note="No staff.")


def _judged(store: Store) -> None:
    _raise(store, IN_A, "Close the alley", priority="P-0001")
    _raise(store, IN_A, "Talk to riders", due=date(2026, 4, 1))
    _raise(store, IN_B, "Trim the hedge", kind="educate")
    _raise(store, OUTSIDE, "Beyond the border")
    take_step(store, "T-0010", "decline", signed=signed(hours=1), note="Not ours.")
    _raise(store, IN_B, "New bench", assessment=assessment())
    _raise(store, IN_B, "New gate")
    for number, hours in ((7, 30), (8, 31), (9, 32), (11, 33), (12, 34)):
        task_id = f"T-{number:04d}"
        take_step(store, task_id, "accept", signed=signed(hours=1), owner="coordinator")
        take_step(store, task_id, "finish", signed=signed(hours=hours))
    outcomes = {"T-0007": "worked", "T-0008": "worse", "T-0009": "no clear effect"}
    for task_id, outcome in outcomes.items():
        finding = f"Finding of {task_id}."
        take_step(
            store, task_id, "assess", signed=signed(hours=40 * 24), outcome=outcome, finding=finding
        )
    take_step(store, "T-0008", "reopen", signed=signed(hours=41 * 24), note="It got worse.")
