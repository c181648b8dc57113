"""`patchmap meeting …`: agenda and minutes."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.commands.tasking.options import (
    By,
    NamesNobody,
    area_words,
    checked_area,
    day_of,
    signed,
)
from api.text_tables import text_table
from boundaries.tasking.actions import (
    call_meeting,
)
from boundaries.tasking.agendas import agenda_of, minutes_of
from boundaries.tasking.meeting import Meeting, MeetingTerms
from boundaries.tasking.payload import (
    agenda_facts,
    meeting_facts,
    minutes_facts,
)
from boundaries.tasking.referrals import LATE_DAYS
from boundaries.tasking.storage import (
    read_meeting,
    read_meetings,
)
from boundaries.tasking.task import Task
from geo.errors import InputError
from geo.store.tasking_rows import describe_step

meetings = typer.Typer(help="Meetings: agenda and minutes.", no_args_is_help=True)


@meetings.command("new")
def new(
    context: typer.Context,
    day: Annotated[str, typer.Argument(help="Day, as YYYY-MM-DD.")],
    area: Annotated[
        str, typer.Option(help="Area whose board meets: CODE@LAYER (default: the city's).")
    ] = "",
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    roles: Annotated[str, typer.Option(help="Who takes part: ROLE,ROLE.")] = "",
    by: By = "",
    names_nobody: NamesNobody = False,
) -> None:
    """Create a meeting."""
    cli = CommandContext.of(context)
    on = day_of("day", day)
    if on is None:
        raise InputError("give the day of the meeting as YYYY-MM-DD")
    with cli.open() as store:
        layer_id, code = checked_area(store, area)
        terms = MeetingTerms(
            level="area" if code else "city",
            layer=layer_id,
            area=code,
            day=on,
            title=title,
            roles=tuple(one.strip() for one in roles.split(",") if one.strip()),
        )
        meeting = call_meeting(store, terms, signed=signed(by), names_nobody=names_nobody)
    cli.echo([f"{meeting.meeting_id} on {meeting.day}"], meeting_facts(meeting))


@meetings.command("list")
def list_meetings(context: typer.Context) -> None:
    """List the meetings, the last one first."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        own = sorted(read_meetings(store), key=lambda one: (one.day, one.meeting_id), reverse=True)
    lines = text_table(
        {
            "id": [one.meeting_id for one in own],
            "day": [one.day for one in own],
            "board": [area_words(one.layer, one.area) for one in own],
            "title": [one.title for one in own],
        }
    )
    cli.echo(lines or ["no meetings yet"], [meeting_facts(one) for one in own])


MeetingArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the meeting, such as M-0005.")
]


@meetings.command("show")
def show(context: typer.Context, meeting_id: MeetingArgument) -> None:
    """Show a meeting with its minutes: the steps taken in it."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        meeting = read_meeting(store, meeting_id)
        minutes = minutes_of(store, meeting_id)
    lines = [
        f"{own}: {describe_step(step.as_dict())}{f': {step.note}' if step.note else ''}"
        for own, step in minutes
    ]
    facts = {**meeting_facts(meeting), "minutes": minutes_facts(minutes)}
    cli.echo([_headline(meeting), *(lines or ["no steps were taken in it"])], facts)


@meetings.command("agenda")
def agenda(context: typer.Context, meeting_id: MeetingArgument) -> None:
    """Show what a meeting has to look at."""
    cli = CommandContext.of(context)
    with cli.open() as store, store.reading():
        meeting = read_meeting(store, meeting_id)
        own = agenda_of(store, meeting)
    parts = {
        "Not decided yet": own.new,
        "Overdue": own.overdue,
        "Due": own.due,
        "Answered": own.answered,
        "Assessed": own.assessed,
        f"Referrals without an answer for more than {LATE_DAYS} days": own.unanswered,
    }
    lines = [line for heading, rows in parts.items() for line in _part(heading, rows)]
    since = f", since {own.since}" if own.since else ""
    cli.echo(
        [f"{_headline(meeting)}{since}", *lines], {**meeting_facts(meeting), **agenda_facts(own)}
    )


def _headline(meeting: Meeting) -> str:
    board = area_words(meeting.layer, meeting.area)
    return f"{meeting.meeting_id}: {board}, {meeting.day}" + (
        f", {meeting.title}" if meeting.title else ""
    )


def _part(heading: str, rows: list[Task]) -> list[str]:
    return [
        f"{heading}: {len(rows)}",
        *(f"  {one.task_id} {one.title}{f', due {one.due}' if one.due else ''}" for one in rows),
    ]
