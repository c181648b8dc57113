"""Plans as plain JSON for a store, and the check that planners do not overwrite each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from boundaries.layers.blocks import BlockGraph
from boundaries.plans.history import REDACT, Standing, recorded
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.state import Area, ForecastMethod, Step
from geo.errors import ConflictError, InputError


class PlanConflictError(ConflictError):
    """Someone else saved, created or deleted the plan since it was opened."""


def write_plan(plan: Plan) -> dict[str, object]:
    """A plan with its whole history as plain JSON; its keys never change.

    The start is written block by block, so that the plan survives when the layer it was fitted to
    is replaced.
    """
    start = plan.start
    return {
        **asdict(plan.metadata),
        "areas": [area.as_dict() for area in start.areas.values()],
        "blocks": dict(zip(start.graph.codes, start.assigned.tolist(), strict=True)),
        "bridges": {name: list(ends) for name, ends in start.bridges.items()},
        "council_size": start.council_size,
        **({"forecast": asdict(start.forecast)} if start.forecast else {}),
        "steps": [step.as_dict() for step in plan.steps],
        # Earlier releases count the steps in force here, and drop undone ones at the next step.
        "done": len(plan.steps),
    }


def read_plan(record: Mapping[str, Any], graph: BlockGraph) -> Plan:
    """The plan that `write_plan` wrote.

    Parameters
    ----------
    record
        What it wrote.
    graph
        The blocks of the plan's layer as they are now.

    Returns
    -------
    The plan, with its steps applied. What an earlier release had undone without recording it is
    undone by a step signed by nobody.

    Raises
    ------
    InputError
        If the record is not a plan, or the layer's blocks have changed since.
    """
    try:
        metadata = PlanMetadata(
            **{name: record[name] for name in PlanMetadata.__dataclass_fields__}
        )
        areas = [Area(**area) for area in record["areas"]]
        blocks: dict[str, str] = dict(record["blocks"])
        bridges = {name: (one, other) for name, (one, other) in record["bridges"].items()}
        steps = tuple(Step.read(step) for step in record["steps"])
        done = int(record["done"])
        # Plans of earlier releases have none: theirs is the sum of the members of the areas.
        size = None if record.get("council_size") is None else int(record["council_size"])
        forecast = ForecastMethod(**record.get("forecast") or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"this is not a stored plan: {error!r}") from error
    _check_blocks(metadata, blocks, graph)
    plan = Plan.begin(
        metadata,
        graph,
        assignment=blocks,
        areas=areas,
        bridges=bridges,
        council_size=size,
        forecast=forecast,
    )
    if not 0 <= done <= len(steps):
        raise InputError(f"plan {metadata.plan_id} has {len(steps)} steps, not {done}")
    unknown = sorted({block for step in steps for block in step.blocks} - set(blocks))
    if unknown:
        raise InputError(
            f"a step of plan {metadata.plan_id} moves {unknown[0]}, which is not a block of it"
        )
    steps = recorded(steps, done)
    Standing.of(steps)  # refuses an undo out of turn
    # The current state is not stored but replayed, so it cannot contradict the history.
    now = plan.start
    for step in steps:
        now = now.apply(step)
    return replace(plan, now=now, steps=steps)


def read_on(plan: Plan, record: Mapping[str, Any]) -> Plan | None:
    """A plan with the steps that were saved since it was read, without replaying the others.

    Parameters
    ----------
    plan
        The plan as it was saved once.
    record
        What the store has under its id now.

    Returns
    -------
    The plan as `read_plan` returns it; None where the record does not go on from this plan: it is
    of another plan of the same id, or texts were taken out of it.
    """
    known, steps = len(plan.steps), record["steps"]
    goes_on = (
        record["begun_at"] == plan.metadata.begun_at
        and record["done"] == len(steps) >= known
        and (not known or Step.read(steps[known - 1]) == plan.steps[-1])
    )
    added = tuple(Step.read(step) for step in steps[known:]) if goes_on else ()
    if not goes_on or any(step.kind == REDACT for step in added):
        return None
    now = plan.now
    for step in added:
        now = now.apply(step)
    metadata = replace(plan.metadata, version=int(record["version"]), title=record["title"])
    return replace(plan, metadata=metadata, now=now, steps=(*plan.steps, *added))


def next_version(plan: Plan, stored: Mapping[str, Any] | None) -> Plan:
    """Number a plan as the next version of what is stored.

    Parameters
    ----------
    plan
        The plan, with the version it was read as.
    stored
        What the store has under this id now; None for nothing.

    Returns
    -------
    The plan with its next version.

    Raises
    ------
    PlanConflictError
        If the stored plan is not the version that this one was read as.
    """
    metadata = plan.metadata
    if stored is None:
        if metadata.version:
            raise PlanConflictError(
                f"plan {metadata.plan_id} was deleted since you opened it; save it under a new id"
            )
    elif not metadata.version:
        raise PlanConflictError(f"there is already a plan {metadata.plan_id}; choose another id")
    # A plan that was deleted and created again may have reached the same version.
    elif stored["begun_at"] != metadata.begun_at:
        raise PlanConflictError(
            f"plan {metadata.plan_id} was deleted since you opened it, and another created with "
            "its id; save yours under a new one"
        )
    elif stored["version"] != metadata.version:
        raise PlanConflictError(
            f"{_last_editor(stored)} changed plan {metadata.plan_id} since you opened it (version "
            f"{stored['version']}, yours is {metadata.version}); open it again and repeat your "
            "changes"
        )
    return successor(plan)


def successor(plan: Plan) -> Plan:
    """A plan with the number of the version after its own."""
    return replace(plan, metadata=replace(plan.metadata, version=plan.metadata.version + 1))


def _last_editor(stored: Mapping[str, Any]) -> str:
    steps = stored["steps"][: stored["done"]]
    return (steps[-1]["by"] if steps else stored["begun_by"]) or "someone else"


def _check_blocks(metadata: PlanMetadata, blocks: Mapping[str, str], graph: BlockGraph) -> None:
    gone = [code for code in blocks if code not in graph.positions]
    new = [code for code in graph.codes if code not in blocks]
    if gone or new:
        changes = [
            f"{len(codes)} {what}, such as {codes[0]}"
            for codes, what in ((gone, "are gone"), (new, "are new"))
            if codes
        ]
        raise InputError(
            f"the blocks of layer {metadata.blocks_layer} have changed since plan "
            f"{metadata.plan_id} was made: {'; '.join(changes)}"
        )
