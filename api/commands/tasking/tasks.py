"""`patchmap task …`: raise and list tasks, and take steps with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from api.commands.context import CommandContext, read_bytes
from api.commands.tasking.options import (
    By,
    MeetingId,
    NamesNobody,
    Note,
    Reason,
    TaskId,
    Version,
    day_of,
    say_cautions,
    signed,
)
from api.text_tables import text_table
from boundaries.tasking.accounts import accounts_by_level, accounts_of
from boundaries.tasking.actions import (
    ReferralTerms,
    raise_task,
    refer_task,
    take_step,
)
from boundaries.tasking.automatic import assess_due_tasks, proposed_assessment
from boundaries.tasking.cautions import cautions
from boundaries.tasking.history import LONDON, one_of
from boundaries.tasking.meeting import overdue as overdue_of
from boundaries.tasking.payload import facts_of, list_facts, task_facts
from boundaries.tasking.places import FORMS, area_codes, read_area, read_place
from boundaries.tasking.redacting import redact_text, tasks_with_copies
from boundaries.tasking.referrals import late_referrals
from boundaries.tasking.storage import read_task
from boundaries.tasking.task import DIRECTIONS, LEVELS, TASK_KINDS, Level, Task, TaskKind, TaskTerms
from boundaries.tasking.transitions import STATES, TaskStep
from boundaries.tasking.whose import is_of, unknown_owner, who_words
from geo.store.contract import StoreReader
from geo.store.tasking_contract import TaskRow
from geo.store.tasking_rows import describe_step

tasks = typer.Typer(
    help="Tasks: what is to be done where, by whom, and what came of it.", no_args_is_help=True
)


@tasks.command("raise")
def raise_one(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What is to be done, without names of people.")],
    place: Annotated[str, typer.Option(help=f"Where: {FORMS}, as text or in a file.")],
    kind: Annotated[str, typer.Option(help=f"{', '.join(TASK_KINDS)}.")] = "environment",
    level: Annotated[str, typer.Option(help=f"Who decides: {' or '.join(LEVELS)}.")] = "area",
    label: Annotated[str, typer.Option(help="Name of the place (default: what it is).")] = "",
    owner: Annotated[str, typer.Option(help="Role that does it.")] = "",
    service: Annotated[str, typer.Option(help="Service that does it.")] = "",
    due: Annotated[str, typer.Option(help="Day by which it is to be done, as YYYY-MM-DD.")] = "",
    priority: Annotated[str, typer.Option(help="Id of the priority that it serves.")] = "",
    question: Annotated[
        str, typer.Option(help="Query string of the Question that it came from.")
    ] = "",
    judged: Annotated[
        bool,
        typer.Option(
            "--assess", help="Fix how it will be assessed: by what --question counts at the place."
        ),
    ] = False,
    note: Note = "",
    meeting: MeetingId = "",
    by: By = "",
    names_nobody: NamesNobody = False,
) -> None:
    """Add a task at a place."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        where = read_place(_place_text(place), store, label=label)
        terms = TaskTerms(
            title=title,
            kind=cast("TaskKind", kind),
            level=cast("Level", level),
            place=where,
            owner=owner,
            service=service,
            due=day_of("due", due),
            priority=priority,
            question=question,
            assessment=proposed_assessment(store, question, where.geometry) if judged else None,
        )
        task = raise_task(
            store, terms, signed=signed(by, meeting), note=note, names_nobody=names_nobody
        )
        odd = cautions(store, task)
    cli.echo([f"{task.task_id} raised: {task.title}, {task.place.label}"], task_facts(task))
    say_cautions(odd)


@tasks.command("list")
def list_tasks(
    context: typer.Context,
    level: Annotated[str, typer.Option(help=f"Of a level: {' or '.join(LEVELS)}.")] = "",
    state: Annotated[str, typer.Option(help=f"In a state: {', '.join(STATES)}.")] = "",
    area: Annotated[str, typer.Option(help="In an area: CODE@LAYER.")] = "",
    owner: Annotated[str, typer.Option(help="Of an owner or a service.")] = "",
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Not done, and due before today.")
    ] = False,
    unanswered: Annotated[
        int | None,
        typer.Option(
            help="Referrals without an answer for more than so many days, at both levels."
        ),
    ] = None,
) -> None:
    """List tasks, with accounts of where all that were raised stand."""
    cli = CommandContext.of(context)
    if level:
        one_of("level", level, LEVELS)
    if state:
        one_of("state", state, STATES)
    with cli.open() as store, store.reading():
        every = store.tasks()
        among = _in_area(store, every, area) if area else every
    among = [row for row in among if row.level in (level, level or row.level) and is_of(row, owner)]
    day = datetime.now(LONDON).date()
    rows = [row for row in among if row.state in (state, state or row.state)]
    if overdue:
        rows = overdue_of(rows, day)
    if unanswered is not None:
        late = late_referrals(every, day=day, days=unanswered)
        rows = [row for row in rows if row.task_id in late]
    # Of the two only what is printed is made: a list can have thousands.
    facts = list_facts(rows, among) if cli.json else None
    cli.echo(_listed(rows, among), facts)
    if unknown := unknown_owner(owner, every):
        typer.echo(unknown, err=True)


def _listed(rows: list[TaskRow], among: list[TaskRow]) -> Iterator[str]:
    """The list as text, with the accounts of those that it was chosen from."""
    yield from text_table(
        {
            "id": [row.task_id for row in rows],
            "state": [row.state for row in rows],
            "level": [row.level for row in rows],
            "due": [row.due or "" for row in rows],
            "who": [who_words(row.owner, row.service) for row in rows],
            "title": [row.title for row in rows],
            "place": [row.place_label for row in rows],
        }
    )
    for level, accounts in accounts_by_level(among).items():
        yield f"{level}: {accounts}"
    yield str(accounts_of(among))


@tasks.command("show")
def show(context: typer.Context, task_id: TaskId) -> None:
    """Show a task with all of its steps."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        task = read_task(store, task_id)
    cli.echo(_lines(task), task_facts(task))


@tasks.command("accept")
def accept(
    context: typer.Context,
    task_id: TaskId,
    owner: Annotated[str, typer.Option(help="Role that does it.")] = "",
    service: Annotated[str, typer.Option(help="Service that does it.")] = "",
    due: Annotated[str, typer.Option(help="Day by which it is to be done, as YYYY-MM-DD.")] = "",
    note: Note = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Approve a task: an owner takes it on."""
    due_day = day_of("due", due)
    given = {
        "owner": owner,
        "service": service,
        "due": due_day.isoformat() if due_day else "",
    }
    changes = {name: value for name, value in given.items() if value}
    _step(
        context, task_id, "accept", by=by, meeting=meeting, note=note, version=version,
        names_nobody=names_nobody, **changes,
    )  # fmt: skip


@tasks.command("decline")
def decline(
    context: typer.Context,
    task_id: TaskId,
    reason: Reason,
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Withdraw a task, with the reason."""
    _step(
        context, task_id, "decline", by=by, meeting=meeting, note=reason, version=version,
        names_nobody=names_nobody,
    )  # fmt: skip


@tasks.command("start")
def start(
    context: typer.Context,
    task_id: TaskId,
    note: Note = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Start the work on an accepted task."""
    _step(
        context, task_id, "start", by=by, meeting=meeting, note=note, version=version,
        names_nobody=names_nobody,
    )  # fmt: skip


@tasks.command("done")
def done(
    context: typer.Context,
    task_id: TaskId,
    note: Note = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Set a task as done."""
    _step(
        context, task_id, "finish", by=by, meeting=meeting, note=note, version=version,
        names_nobody=names_nobody,
    )  # fmt: skip


@tasks.command("answer")
def answer(
    context: typer.Context,
    task_id: TaskId,
    note: Annotated[str, typer.Option("--note", help="The answer, without names of people.")],
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Set a referral as answered; the task that waits for it goes on."""
    _step(
        context, task_id, "answer", by=by, meeting=meeting, note=note, version=version,
        names_nobody=names_nobody,
    )  # fmt: skip


@tasks.command("assess")
def assess(context: typer.Context) -> None:
    """Set what came of the tasks that are due to be assessed, as every import does."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        assessed, waiting = assess_due_tasks(store, at=datetime.now(UTC))
    lines = [
        *(f"{task.task_id}, {task.title}: {task.finding}" for task in assessed),
        *(f"{task_id} cannot be assessed yet: {why}" for task_id, why in waiting.items()),
    ]
    cli.echo(
        lines or ["no task is due to be assessed"],
        {"assessed": [task_facts(task) for task in assessed], "waiting": waiting},
    )


@tasks.command("reopen")
def reopen(
    context: typer.Context,
    task_id: TaskId,
    reason: Reason,
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Start a declined, done or assessed task again."""
    _step(
        context, task_id, "reopen", by=by, meeting=meeting, note=reason, version=version,
        names_nobody=names_nobody,
    )  # fmt: skip


@tasks.command("refer")
def refer(
    context: typer.Context,
    task_id: TaskId,
    direction: Annotated[
        str, typer.Argument(help="up (to the city), down (to the area) or out (to a service).")
    ],
    to: Annotated[str, typer.Option(help="Role or service that it goes to.")],
    note: Note = "",
    due: Annotated[str, typer.Option(help="Day by which an answer is wanted.")] = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
    names_nobody: NamesNobody = False,
) -> None:
    """Share a task with another level or service, and wait for the answer."""
    cli = CommandContext.of(context)
    way = one_of("direction", direction, DIRECTIONS)
    terms = ReferralTerms(way, to, note, day_of("due", due))
    with cli.open() as store:
        parent, child = refer_task(
            store,
            task_id,
            terms,
            signed=signed(by, meeting),
            version=version,
            names_nobody=names_nobody,
        )
        odd = cautions(store, child)
    cli.echo(
        [f"{parent.task_id} waits for {child.task_id}, referred {way} to {to.strip()}"],
        {"task": task_facts(parent), "referral": task_facts(child)},
    )
    say_cautions(odd)


@tasks.command("redact")
def redact(
    context: typer.Context,
    own: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Id of a task, or of a priority, roster entry or meeting."
        ),
    ],
    step: Annotated[int, typer.Option(help="Number of the step, from 1.")],
    reason: Reason,
    text: Annotated[
        str, typer.Option(help="Text of the step: note, title, owner, place.label, holder, …")
    ] = "note",
    by: By = "",
) -> None:
    """Remove a text that names a person, also from the store's files."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        if own.startswith("T") and (others := tasks_with_copies(store, own, step=step, text=text)):
            cli.words += f", and its copies in {', '.join(others)}"
        after = redact_text(store, own, step=step, text=text, signed=signed(by), why=reason)
        # Deleted bytes stay in a database's files until these are written anew.
        store.compact()
    cli.echo(
        [f"{own}: {text} of step {step} removed; backups made before still have it"],
        facts_of(after),
    )


def _step(
    context: typer.Context,
    task_id: str,
    step: TaskStep,
    *,
    by: str,
    meeting: str,
    note: str,
    version: int | None,
    names_nobody: bool,
    **changes: Any,
) -> None:
    cli = CommandContext.of(context)
    with cli.open() as store:
        task = take_step(
            store,
            task_id,
            step,
            signed=signed(by, meeting),
            note=note,
            version=version,
            names_nobody=names_nobody,
            **changes,
        )
        odd = cautions(store, task)
    cli.echo([f"{task.task_id} is {task.state}: {task.title}"], task_facts(task))
    say_cautions(odd)


def _place_text(text: str) -> str:
    path = Path(text)
    is_name = not text.startswith("{") and path.suffix.lower() in {".geojson", ".json"}
    return read_bytes(path).decode("utf-8", "replace") if is_name else text


def _in_area(store: StoreReader, rows: list[TaskRow], area: str) -> list[TaskRow]:
    layer_id, code = read_area(area)
    place = read_place(area, store)  # refuses an area that there is none of
    del place
    codes = area_codes([row.wkb for row in rows], store.layer(layer_id)[1])
    return [row for row, own in zip(rows, codes, strict=True) if own == code]


def _lines(task: Task) -> list[str]:
    facts = [
        f"{task.task_id}: {task.title}",
        f"{task.state}, {task.kind}, level {task.level}, {task.place.label}",
    ]
    facts.append(f"who: {who_words(task.owner, task.service)}")
    if task.due:
        facts.append(f"due: {task.due}")
    if task.referral:
        facts.append(f"waits for {task.referral.child}, referred to {task.referral.to}")
    if task.parent:
        facts.append(f"referred from {task.parent}")
    if task.outcome:
        facts.append(f"{task.outcome}: {task.finding}")
    steps = [
        f"{number}. {describe_step(step.as_dict())}{f': {step.note}' if step.note else ''}"
        for number, step in enumerate(task.steps, start=1)
    ]
    return [*facts, *steps]
