"""What somebody sees of tasks, priorities, roster and meetings, and which steps they may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import shapely

from api.identity.identity import Identity
from api.identity.roles import Capability
from boundaries.tasking.history import Step, replayed
from boundaries.tasking.transitions import Actor
from geo.prepared import prepared
from geo.store.tasking_contract import StepRecord, TaskRow

VisibleCodes = Callable[[str], frozenset[str] | None]
"""Gives the codes of the areas of a layer that are seen."""


def tasks_inside(tasks: Sequence[TaskRow], region: shapely.Geometry) -> list[TaskRow]:
    """Return the tasks whose places lie, at least partly, in a region.

    Parameters
    ----------
    tasks
        Any.
    region
        In the store's CRS. A hotspot on its edge is of both sides; one that only touches is not.
    """
    places = np.asarray(shapely.from_wkb([task.wkb for task in tasks]), dtype=object)
    if shapely.is_empty(region) or not tasks:
        return []
    own = prepared(region)
    is_point = shapely.get_dimensions(places) == 0
    inside = shapely.intersects(own, places) & (is_point | ~shapely.touches(own, places))
    return [task for task, is_inside in zip(tasks, inside, strict=True) if is_inside]


def step_refusal(identity: Identity, level: str, actor: Actor) -> str:
    """Return why somebody may not take a step with a task that they see; '' where they may.

    Parameters
    ----------
    identity
        Who would take it.
    level
        The task's.
    actor
        Who may take it, by the table of transitions.
    """
    if not identity.may(Capability.EDIT_TASKS):
        return f"your role does not let you {Capability.EDIT_TASKS}; ask an administrator"
    if actor == "the referral":
        return "this step follows by itself once the referral is answered"
    if actor == "its level" and level == "city" and identity.areas is not None:
        return "this task is at the level of the city, and you see your own areas only"
    return ""


def limited_steps(
    steps: Mapping[str, Sequence[StepRecord]], visible: VisibleCodes
) -> dict[str, list[StepRecord]]:
    """Return the steps of what is of the whole city, or of areas that are seen.

    Parameters
    ----------
    steps
        Of priorities, entries of the roster, or meetings, by id.
    visible
        Gives the codes that are seen. Other areas of an entry are left out of it.
    """
    limited: dict[str, list[StepRecord]] = {}
    for own, all_steps in steps.items():
        values = replayed([Step.read(step) for step in all_steps])
        named = {*values.get("areas", ()), values.get("area", "")} - {""}
        codes = visible(values["layer"]) or frozenset() if values["layer"] else frozenset[str]()
        if not named:
            limited[own] = [*all_steps]
        elif named & codes:
            limited[own] = [_limited(step, codes) for step in all_steps]
    return limited


def _limited(step: StepRecord, codes: frozenset[str]) -> StepRecord:
    changes = dict(step["changes"])
    for name in ("areas", "contact_for"):
        if name in changes:
            changes[name] = [code for code in changes[name] if code in codes]
    return {**step, "changes": changes}
