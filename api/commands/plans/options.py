"""What the commands of `patchmap plan` share: options, opening a plan, taking a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.questions import account_lines, with_question
from api.planner.measure_text import step_lines
from api.settings import user_name
from boundaries.plans.communities import Communities, community_areas
from boundaries.plans.draft import Draft, open_plan, save_plan
from boundaries.plans.export import describe_steps
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan
from boundaries.plans.plan_layers import draft_against, read_layer_or_plan
from boundaries.plans.rules import BrokenAreaError
from boundaries.plans.state import Signed
from boundaries.plans.units import Units
from geo.errors import ConflictError, InputError
from geo.question.accounts import Accounts
from geo.question.model import OPTION, Question
from geo.store.contract import StoreReader

COUNTED = (
    "period", "category", "source", "hours", "without", "weight", "radius", "spacing", "top",
    "measures",
)  # fmt: skip
"""Question options that choose which incidents a plan counts, and which measures it tallies."""
SHARED = ("posts", "money", "floor", "need", "low", "method", "exclude")
"""Question options that share officers and money out over a plan's areas."""

PlanId = Annotated[str, typer.Argument(metavar="ID", help="Id of the plan.", show_default=False)]
AreaCode = Annotated[str, typer.Argument(help="Code of the area.", show_default=False)]
Blocks = Annotated[list[str], typer.Argument(help="Codes of blocks.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Your name (default: your user name).")]
Reason = Annotated[str, typer.Option("--reason", help="Reason, for the history and the report.")]
Against = Annotated[
    str, typer.Option("--against", help="Layer or plan to compare with (default: the start).")
]
Parishes = Annotated[
    str,
    typer.Option("--parishes", help="Layer of the parishes (default: those the blocks name)."),
]
Force = Annotated[bool, typer.Option("--force", help="Allow an area to break into more pieces.")]


def with_counted(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose the incidents to count, passed on as `question`."""
    return with_question(command, [OPTION[name] for name in COUNTED])


def with_shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add those, and the options that share out officers and money."""
    return with_question(command, [OPTION[name] for name in (*COUNTED, *SHARED)])


def open_against(store: StoreReader, plan_id: str, question: Question, against: str) -> Draft:
    """Open a plan, compared with a layer or plan if `against` names one."""
    draft = open_plan(store, plan_id, question=question)
    return draft_against(store, draft, against) if against else draft


def layer_overlaps(store: StoreReader, draft: Draft, names: Iterable[str]) -> dict[str, Overlaps]:
    """On which blocks of a plan the areas of layers and plans lie, by their ids."""
    return {name: draft.cut_by(read_layer_or_plan(store, name)[1]) for name in names}


def read_units(store: StoreReader, draft: Draft, layer: str) -> Units:
    """The areas of a layer or plan as sets of blocks of a plan."""
    return Units.of(layer, read_layer_or_plan(store, layer)[1], draft.block_layer)


def read_parishes(store: StoreReader, draft: Draft, layer: str) -> Units | None:
    """The parishes of a layer as sets of blocks of a plan; None where no layer is given."""
    return read_units(store, draft, layer) if layer else None


def blocks_of_units(store: StoreReader, draft: Draft, units: Iterable[str]) -> list[str]:
    """The codes of the blocks in some areas of layers, each written LAYER:CODE."""
    layers: dict[str, Units] = {}
    codes: list[str] = []
    for unit in units:
        layer, _, code = unit.partition(":")
        if not code:
            raise InputError(
                f"{unit!r} names no area of a layer; write LAYER:CODE, such as parishes:E04001234"
            )
        if layer not in layers:
            layers[layer] = read_units(store, draft, layer)
        codes += [draft.plan.now.graph.codes[at] for at in layers[layer].blocks(code)]
    return codes


def layer_communities(
    store: StoreReader, draft: Draft, names: Iterable[str]
) -> dict[str, Communities]:
    """Which areas of layers the blocks of a plan belong to, by the ids of the layers."""
    blocks = draft.block_layer.areas
    return {name: Communities.of_layer(blocks, community_areas(store, name)) for name in names}


def author(by: str) -> str:
    """The name given with --by, else the user name."""
    return by.strip() or user_name()


def signed(by: str, reason: str) -> Signed:
    """The signature of a step taken now."""
    return Signed(author(by), datetime.now(UTC), reason.strip())


def incident_lines(accounts: Accounts | None) -> list[str]:
    """The accounts of the counted incidents as lines, or that there are none."""
    return account_lines(accounts) if accounts else ["the store holds no incidents"]


def _taken(change: Callable[[StoreReader, Draft], Plan], store: StoreReader, draft: Draft) -> Plan:
    """The plan with a step taken; a refusal names the option that allows it."""
    try:
        return change(store, draft)
    except BrokenAreaError as error:
        raise ConflictError(f"{error.reason}; use --force, or add a bridge first") from error


def step(context: typer.Context, plan_id: str, change: Callable[[Plan], Plan]) -> None:
    """Take a step of a stored plan, save it, and print what changed."""
    step_of_draft(context, plan_id, lambda _, draft: change(draft.plan))


def step_of_draft(
    context: typer.Context, plan_id: str, change: Callable[[StoreReader, Draft], Plan]
) -> None:
    """Take a step that depends on the store or the measures of a plan, and print the change."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        draft = open_plan(store, plan_id, question=None)
        before = draft.measures
        plan = save_plan(store, _taken(change, store, draft))
        after = draft.follow(plan).measures
    (summary,) = describe_steps(plan, [len(plan.steps) - 1])
    facts = {
        "plan": plan_id,
        "version": plan.metadata.version,
        "said": summary,
        "unassigned": int(after.unassigned["blocks"]),
    }
    cli.echo(
        [f"{plan_id}, version {plan.metadata.version}: {summary}", *step_lines(before, after)],
        facts,
    )
