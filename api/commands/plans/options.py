"""What the commands of `patchmap plan` share: their options, and how they open and save."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.questions import with_question
from api.planner.measure_text import step_lines
from api.settings import user_name
from boundaries.plans.draft import Draft, open_plan, save_plan
from boundaries.plans.export import describe
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.plan_layers import draft_against, read_layer_or_plan
from boundaries.plans.state import Signed
from geo.question.model import Question
from geo.store.contract import StoreReader

COUNTED = (
    "period", "category", "source", "hours", "without", "weight", "radius", "spacing", "top",
)  # fmt: skip
"""Options of a Question that say which incidents a plan's measures count."""
SHARED = ("posts", "money", "floor", "need", "low", "method", "exclude")
"""Options of a Question that share officers and money over a plan's areas."""

PlanId = Annotated[str, typer.Argument(metavar="ID", help="The plan.", show_default=False)]
AreaCode = Annotated[str, typer.Argument(help="An area's code.", show_default=False)]
Blocks = Annotated[list[str], typer.Argument(help="Codes of blocks.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Who does it; else the user of this machine.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the history and the report.")]
Against = Annotated[
    str,
    typer.Option("--against", help="A layer or plan to hold it against; else how it was begun."),
]
Force = Annotated[bool, typer.Option("--force", help="Even if an area then lies in more pieces.")]


def with_counted(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which incidents are counted, as `question`."""
    return with_question(command, only=COUNTED)


def with_shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command those, and the options that share out officers and money."""
    return with_question(command, only=(*COUNTED, *SHARED))


def open_held(store: StoreReader, plan_id: str, question: Question, against: str) -> Draft:
    """Open a plan, held against a layer or another plan where one is named."""
    draft = open_plan(store, plan_id, question=question)
    return draft_against(store, draft, against) if against else draft


def cuts_of(store: StoreReader, draft: Draft, names: Iterable[str]) -> dict[str, Overlaps]:
    """Where the areas of layers and plans lie on the blocks of a plan."""
    return {name: draft.cut_by(read_layer_or_plan(store, name)[1]) for name in names}


def hand(by: str) -> str:
    """Who acts: who was named, else who runs the command."""
    return by.strip() or user_name()


def signed(by: str, reason: str) -> Signed:
    """Who takes a step now, and why."""
    return Signed(hand(by), datetime.now(UTC), reason.strip())


def step(context: typer.Context, plan_id: str, change: Callable[[Plan], Plan]) -> None:
    """Change a stored plan by a step, save it, and say what that did."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=None)
        before = draft.measures
        plan = save_plan(store, change(draft.plan))
        after = draft.follow(plan).measures
    back = plan.done < draft.plan.done
    taken = plan.steps[plan.done] if back else plan.steps[plan.done - 1]
    said = f"{'undone: ' if back else ''}{describe(taken)}"
    facts = {
        "plan": plan_id,
        "version": plan.metadata.version,
        "said": said,
        "unassigned": int(after.unassigned["blocks"]),
    }
    cli.echo(
        [f"{plan_id}, version {plan.metadata.version}: {said}", *step_lines(before, after)], facts
    )
