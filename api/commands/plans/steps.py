"""`patchmap plan move`, `split`, `merge` …: the steps of a plan, each with who and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from api.commands.plans.options import (
    AreaCode,
    Blocks,
    By,
    Force,
    PlanId,
    Reason,
    signed,
    step,
)
from boundaries.layers.best_fit import UNASSIGNED
from boundaries.plans.state import Area

UNASSIGNED_WORD = "unassigned"
_TO = "The area that they go to; 'unassigned' takes them out."


def move(
    context: typer.Context,
    plan_id: PlanId,
    blocks: Blocks,
    to: Annotated[str, typer.Option("--to", help=_TO)],
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Move blocks into an area."""
    target = UNASSIGNED if to == UNASSIGNED_WORD else to
    step(
        context,
        plan_id,
        lambda plan: plan.move(blocks, target, signed=signed(by, reason), force=force),
    )


def split(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    blocks: Blocks,
    new: Annotated[str, typer.Option("--new", help="Code of the new area.")],
    name: Annotated[str, typer.Option("--name", help="Its name; else its code.")] = "",
    members: Annotated[int | None, typer.Option(min=0, help="Its members.")] = None,
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Make a new area of some blocks of another."""
    made = Area(new, name.strip() or new, members)
    step(
        context,
        plan_id,
        lambda plan: plan.split(area, blocks, new=made, signed=signed(by, reason), force=force),
    )


def merge(
    context: typer.Context,
    plan_id: PlanId,
    areas: Annotated[list[str], typer.Argument(help="Areas that end.", show_default=False)],
    into: Annotated[str, typer.Option("--into", help="The area that takes their blocks.")],
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Give all blocks of some areas to another, which then elects the members of all."""
    step(
        context,
        plan_id,
        lambda plan: plan.merge(areas, into=into, signed=signed(by, reason), force=force),
    )


def add_area(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    name: Annotated[str, typer.Option("--name", help="Its name; else its code.")] = "",
    members: Annotated[int | None, typer.Option(min=0, help="Its members.")] = None,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Add an area that has no blocks yet."""
    made = Area(area, name.strip() or area, members)
    step(context, plan_id, lambda plan: plan.add_area(made, signed=signed(by, reason)))


def remove_area(
    context: typer.Context, plan_id: PlanId, area: AreaCode, reason: Reason = "", by: By = ""
) -> None:
    """Remove an area; its blocks are unassigned."""
    step(context, plan_id, lambda plan: plan.remove_area(area, signed=signed(by, reason)))


def rename(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    name: Annotated[str, typer.Argument(help="Its new name.", show_default=False)],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Give an area another name."""
    step(context, plan_id, lambda plan: plan.rename(area, name, signed=signed(by, reason)))


def members(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    number: Annotated[str, typer.Argument(help="How many, or 'open'.", show_default=False)],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Say how many members an area elects."""
    if number != "open" and not number.isdecimal():
        raise typer.BadParameter(f"{number!r} is no number of members, nor 'open'")
    elected = None if number == "open" else int(number)
    step(context, plan_id, lambda plan: plan.set_members(area, elected, signed=signed(by, reason)))


def lock(
    context: typer.Context, plan_id: PlanId, area: AreaCode, reason: Reason = "", by: By = ""
) -> None:
    """Agree an area: nothing moves in or out until it is unlocked."""
    step(context, plan_id, lambda plan: plan.lock(area, signed=signed(by, reason)))


def unlock(
    context: typer.Context, plan_id: PlanId, area: AreaCode, reason: Reason = "", by: By = ""
) -> None:
    """Open a locked area again."""
    step(context, plan_id, lambda plan: plan.unlock(area, signed=signed(by, reason)))


def bridge(
    context: typer.Context,
    plan_id: PlanId,
    name: Annotated[str, typer.Argument(help="What joins them, such as 'Swan Bridge'.")],
    one: Annotated[str, typer.Argument(help="A block.", show_default=False)],
    other: Annotated[str, typer.Argument(help="Another block.", show_default=False)],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Count two blocks as neighbours, as over a river."""
    step(
        context,
        plan_id,
        lambda plan: plan.build_bridge(name.strip(), (one, other), signed=signed(by, reason)),
    )


def unbridge(
    context: typer.Context,
    plan_id: PlanId,
    name: Annotated[str, typer.Argument(help="The bridge.", show_default=False)],
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Remove a named bridge."""
    step(
        context,
        plan_id,
        lambda plan: plan.remove_bridge(name, signed=signed(by, reason), force=force),
    )


def undo(context: typer.Context, plan_id: PlanId) -> None:
    """Take the last step in force back, whoever took it."""
    step(context, plan_id, lambda plan: plan.undo())


def redo(context: typer.Context, plan_id: PlanId) -> None:
    """Take the last undone step again."""
    step(context, plan_id, lambda plan: plan.redo())


STEPS: dict[str, Callable[..., None]] = {
    "move": move, "split": split, "merge": merge, "add-area": add_area,
    "remove-area": remove_area, "rename": rename, "members": members, "lock": lock,
    "unlock": unlock, "bridge": bridge, "unbridge": unbridge, "undo": undo, "redo": redo,
}  # fmt: skip
"""The steps by the names of their commands."""
