"""`patchmap priority …`: set, list and close priorities."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import typer

from api.commands.context import CommandContext
from api.commands.tasking.options import (
    By,
    MeetingId,
    NamesNobody,
    Reason,
    Version,
    area_words,
    checked_area,
    day_of,
    signed,
)
from api.text_tables import text_table
from boundaries.tasking.actions import (
    change_priority,
    close_priority,
    set_priority,
)
from boundaries.tasking.history import LONDON
from boundaries.tasking.payload import (
    priority_facts,
)
from boundaries.tasking.places import read_area
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.storage import (
    read_priorities,
)

priorities = typer.Typer(help="Priorities of the city and of neighbourhoods.", no_args_is_help=True)

_AREA: Final = "Area that it is of: CODE@LAYER (default: the whole city)."
Area = Annotated[str, typer.Option("--area", help=_AREA)]


@priorities.command("set")
def set_one(
    context: typer.Context,
    issue: Annotated[str, typer.Argument(help="The issue, or the id of a priority to change.")],
    area: Area = "",
    issue_date: Annotated[str, typer.Option(help="Since when, as YYYY-MM-DD (new: today).")] = "",
    action: Annotated[str, typer.Option(help="What was done.")] = "",
    action_date: Annotated[str, typer.Option(help="When, as YYYY-MM-DD.")] = "",
    measure: Annotated[
        str, typer.Option(help="Id of the measure, or the query string, that shows progress.")
    ] = "",
    target: Annotated[str, typer.Option(help="What it is to reach.")] = "",
    quarter: Annotated[str, typer.Option(help="Such as 2026-Q1.")] = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Set a priority, or change one that there is."""
    cli = CommandContext.of(context)
    day, acted = day_of("issue-date", issue_date), day_of("action-date", action_date)
    who = signed(by, meeting)
    with cli.open() as store:
        layer_id, code = checked_area(store, area)
        if issue in store.tasking_ids("priority"):
            given = {
                "layer": layer_id,
                "area": code,
                "issue_date": day.isoformat() if day else "",
                "action": action,
                "action_date": acted.isoformat() if acted else "",
                "measure": measure,
                "target": target,
                "quarter": quarter,
            }
            changes: dict[str, Any] = {name: value for name, value in given.items() if value}
            priority = change_priority(
                store, issue, signed=who, version=version, names_nobody=names_nobody, **changes
            )
        else:
            cli.words = cli.command  # the audit keeps no texts
            terms = PriorityTerms(
                level="area" if code else "city",
                layer=layer_id,
                area=code,
                issue=issue,
                issue_date=day or datetime.now(LONDON).date(),
                action=action,
                action_date=acted,
                measure=measure,
                target=target,
                quarter=quarter,
            )
            priority = set_priority(store, terms, signed=who, names_nobody=names_nobody)
    cli.echo([f"{priority.priority_id} set: {priority.issue}"], priority_facts(priority))


@priorities.command("list")
def list_priorities(
    context: typer.Context,
    area: Annotated[str, typer.Option(help="Of an area: CODE@LAYER.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
) -> None:
    """List the priorities."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        own = read_priorities(store)
    if area:
        own = [one for one in own if (one.layer, one.area) == read_area(area)]
    own = [one for one in own if every or one.is_open]
    lines = text_table(
        {
            "id": [one.priority_id for one in own],
            "area": [area_words(one.layer, one.area) for one in own],
            "since": [one.issue_date for one in own],
            "issue": [one.issue for one in own],
            "action": [one.action for one in own],
            "target": [one.target for one in own],
            "state": ["open" if one.is_open else "closed" for one in own],
        }
    )
    cli.echo(lines or ["no priorities yet"], [priority_facts(one) for one in own])


@priorities.command("close")
def close(
    context: typer.Context,
    priority_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the priority.")],
    reason: Reason,
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
) -> None:
    """Withdraw a priority, with the reason."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        priority = close_priority(
            store, priority_id, signed=signed(by, meeting), note=reason, version=version
        )
    cli.echo([f"{priority_id} closed: {priority.issue}"], priority_facts(priority))
