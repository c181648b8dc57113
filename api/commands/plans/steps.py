"""`patchmap plan move`, `split`, `merge` …: the steps of a plan, each signed with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.plans.options import (
    AreaCode,
    Blocks,
    By,
    Force,
    PlanId,
    Reason,
    blocks_of_units,
    signed,
    step,
    step_of_draft,
)
from api.planner.council import is_whole_number
from boundaries.plans.draft import Draft, redact_plans
from boundaries.plans.plan import Plan
from boundaries.plans.rules import PersonalTextError, refuse_personal
from boundaries.plans.state import Area, ForecastMethod
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError
from geo.store.contract import StoreReader

UNASSIGNED_WORD = "unassigned"
LockedArea = Annotated[str, typer.Argument(help="Code of the area.", show_default=False)]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Keep a text that seems personal: it names nobody.")
]
EveryArea = Annotated[bool, typer.Option("--all", help="Every area of the plan.")]
_TO = "Area to move them into; 'unassigned' takes them out of theirs."


def move(
    context: typer.Context,
    plan_id: PlanId,
    to: Annotated[str, typer.Option("--to", help=_TO)],
    blocks: Annotated[
        list[str] | None, typer.Argument(help="Codes of blocks.", show_default=False)
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            metavar="LAYER:CODE",
            help="All blocks in an area of a layer, such as parishes:E04001234; repeatable.",
        ),
    ] = None,
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Move blocks into an area: single ones, or all in an area of a layer.

    A block belongs to the area of a layer that it lies in for the most part.
    """
    target = UNASSIGNED if to == UNASSIGNED_WORD else to
    if not (blocks or units):
        raise InputError("name the blocks to move, or an area of a layer with --unit LAYER:CODE")

    def moved(store: StoreReader, draft: Draft) -> Plan:
        codes = [*(blocks or []), *blocks_of_units(store, draft, units or [])]
        return draft.plan.move(codes, target, signed=signed(by, reason), force=force)

    step_of_draft(context, plan_id, moved)


def keep(
    context: typer.Context, plan_id: PlanId, blocks: Blocks, reason: Reason = "", by: By = ""
) -> None:
    """Keep blocks in their areas, as a decision in the history."""
    step(context, plan_id, lambda plan: plan.keep(blocks, signed=signed(by, reason)))


def split(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    blocks: Blocks,
    new: Annotated[str, typer.Option("--new", help="Code of the new area.")],
    name: Annotated[str, typer.Option("--name", help="Name of the area (default: its code).")] = "",
    members: Annotated[int | None, typer.Option(help="Members that it elects, 1 to 9.")] = None,
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Make a new area of some blocks of another area."""
    made = Area(new, name.strip() or new, members)
    sign = signed(by, reason)
    step(
        context, plan_id, lambda plan: plan.split(area, blocks, new=made, signed=sign, force=force)
    )


def merge(
    context: typer.Context,
    plan_id: PlanId,
    areas: Annotated[list[str], typer.Argument(help="Areas to merge.", show_default=False)],
    into: Annotated[str, typer.Option("--into", help="Area that takes their blocks.")],
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Merge areas into another, which then elects the members of all."""
    sign = signed(by, reason)
    step(context, plan_id, lambda plan: plan.merge(areas, into=into, signed=sign, force=force))


def add_area(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    name: Annotated[str, typer.Option("--name", help="Name of the area (default: its code).")] = "",
    members: Annotated[int | None, typer.Option(help="Members that it elects, 1 to 9.")] = None,
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
    name: Annotated[str, typer.Argument(help="New name.", show_default=False)],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Rename an area."""
    step(context, plan_id, lambda plan: plan.rename(area, name, signed=signed(by, reason)))


def why(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    text: Annotated[
        str, typer.Argument(help="The text; '' removes what is written.", show_default=False)
    ],
    confirm: Confirm = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Write why an area is drawn so, for its page of the report.

    Write roles and places, not names of people, telephone numbers or house numbers.
    """
    _refuse_personal(text, confirmed=confirm)
    step(context, plan_id, lambda plan: plan.explain(area, text, signed=signed(by, reason)))


def forecast(
    context: typer.Context,
    plan_id: PlanId,
    method: Annotated[
        str, typer.Argument(help="How it was made; '' removes what is written.", show_default=False)
    ],
    made_by: Annotated[
        str, typer.Option("--made-by", help="Whose forecast it is: a service, an organisation.")
    ] = "",
    made_on: Annotated[
        str, typer.Option("--made-on", metavar="DATE", help="When it was made: 2026-05-31.")
    ] = "",
    confirm: Confirm = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Write how the forecast of electors was made, for the report and the proforma."""
    written = ForecastMethod(method.strip(), made_by.strip(), made_on.strip())
    _refuse_personal(f"{written.method}\n{written.made_by}", confirmed=confirm)
    sign = signed(by, reason)
    step(context, plan_id, lambda plan: plan.describe_forecast(written, signed=sign))


def _refuse_personal(text: str, *, confirmed: bool) -> None:
    """Refuse a text that seems to lead to a person, naming the option that allows it."""
    try:
        refuse_personal(text, confirmed=confirmed)
    except PersonalTextError as error:
        raise InputError(f"{error} with --confirm") from error


def redact(
    context: typer.Context,
    plan_id: PlanId,
    number: Annotated[
        int, typer.Option("--step", help="Number of the step in the history.", show_default=False)
    ],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Remove for good what was written with a step: a text that names a person.

    Its reason, and why an area is drawn so, are taken out wherever they stand in the history. The
    boundaries stay as they are. Other plans lose the same text; backups made before still hold it.
    """
    cli = CommandContext.of(context)
    with cli.open() as store:
        redacted = redact_plans(store, plan_id, number, signed=signed(by, reason))
        # Deleted bytes stay in a database's files until these are written anew.
        store.compact()
    first, *others = redacted.saved
    version = redacted.saved[first].metadata.version
    cli.echo(
        [
            f"{plan_id}, version {version}: took out what was written with step {number}",
            *(f"{other}: took out the same, which it held too" for other in others),
            *(
                f"{other}: took it out of {n} {'comment' if n == 1 else 'comments'}"
                for other, n in redacted.comments.items()
            ),
            *(
                f"{other} holds it too and cannot be opened ({why}); remove that plan"
                for other, why in redacted.unread.items()
            ),
        ],
        {
            "plan": plan_id,
            "version": version,
            "step": number,
            "also_in": others,
            "left_in": redacted.unread,
            "comments": redacted.comments,
        },
    )


def members(
    context: typer.Context,
    plan_id: PlanId,
    area: AreaCode,
    number: Annotated[
        str, typer.Argument(help="A number, or 'open' if undecided.", show_default=False)
    ],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Set how many members an area elects."""
    elected = _number_or_open(number, "number of members")
    step(context, plan_id, lambda plan: plan.set_members(area, elected, signed=signed(by, reason)))


def council_size(
    context: typer.Context,
    plan_id: PlanId,
    size: Annotated[
        str, typer.Argument(help="Members of the whole council, or 'open'.", show_default=False)
    ],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Set how many members the whole council has; its areas may elect fewer or more."""
    number = _number_or_open(size, "council size")
    step(context, plan_id, lambda plan: plan.set_council_size(number, signed=signed(by, reason)))


def _number_or_open(text: str, what: str) -> int | None:
    if text == "open":
        return None
    if not is_whole_number(text):
        raise typer.BadParameter(f"unknown {what} {text!r}; give a whole number, or 'open'")
    return int(text)


def lock(
    context: typer.Context,
    plan_id: PlanId,
    area: LockedArea = "",
    every: EveryArea = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Lock an area, or all: nothing moves in or out until it is unlocked."""
    _check_which(area, every=every)
    sign = signed(by, reason)
    step(
        context,
        plan_id,
        lambda plan: plan.lock_all(signed=sign) if every else plan.lock(area, signed=sign),
    )


def unlock(
    context: typer.Context,
    plan_id: PlanId,
    area: LockedArea = "",
    every: EveryArea = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Unlock a locked area, or all."""
    _check_which(area, every=every)
    sign = signed(by, reason)
    step(
        context,
        plan_id,
        lambda plan: plan.unlock_all(signed=sign) if every else plan.unlock(area, signed=sign),
    )


def _check_which(area: str, *, every: bool) -> None:
    if bool(area) == every:
        raise typer.BadParameter("give the code of an area, or --all")


def bridge(
    context: typer.Context,
    plan_id: PlanId,
    name: Annotated[str, typer.Argument(help="Name of the link, such as 'Swan Bridge'.")],
    one: Annotated[str, typer.Argument(help="A block.", show_default=False)],
    other: Annotated[str, typer.Argument(help="Another block.", show_default=False)],
    reason: Reason = "",
    by: By = "",
    force: Annotated[bool, typer.Option("--force", help="Allow more than 1 km.")] = False,
) -> None:
    """Treat two blocks as neighbours, for example across a river."""
    sign, ends = signed(by, reason), (one, other)
    step(
        context,
        plan_id,
        lambda plan: plan.build_bridge(name.strip(), ends, signed=sign, force=force),
    )


def unbridge(
    context: typer.Context,
    plan_id: PlanId,
    name: Annotated[str, typer.Argument(help="Name of the bridge.", show_default=False)],
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Remove a bridge."""
    sign = signed(by, reason)
    step(context, plan_id, lambda plan: plan.remove_bridge(name, signed=sign, force=force))


def undo(
    context: typer.Context,
    plan_id: PlanId,
    number: Annotated[
        int | None,
        typer.Argument(min=1, help="Number of a step in its history, whoever took it."),
    ] = None,
    reason: Reason = "",
    by: By = "",
    force: Force = False,
) -> None:
    """Undo your own last step, or the step of a number; both stay in the history."""
    sign = signed(by, reason)
    step(context, plan_id, lambda plan: plan.undo(signed=sign, of=number or 0, force=force))


def redo(
    context: typer.Context, plan_id: PlanId, reason: Reason = "", by: By = "", force: Force = False
) -> None:
    """Redo the step that you undid last, unless you took another since."""
    sign = signed(by, reason)
    step(context, plan_id, lambda plan: plan.redo(signed=sign, force=force))


STEPS: dict[str, Callable[..., None]] = {
    "move": move, "keep": keep, "split": split, "merge": merge, "add-area": add_area,
    "remove-area": remove_area, "rename": rename, "why": why,
    "forecast": forecast, "redact": redact, "members": members,
    "council-size": council_size, "lock": lock, "unlock": unlock, "bridge": bridge,
    "unbridge": unbridge, "undo": undo, "redo": redo,
}  # fmt: skip
"""The steps by command name."""
