"""Tasks as reports read them: where each lies, how long it waits, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast

import pandas as pd

from api.answers import Answers
from api.pages.tasking_text import STATE_WORDS
from api.reports.asking import names_apart
from api.reports.model import Column, ReportTable
from api.reports.sentences import counted
from boundaries.tasking.accounts import TaskAccounts, accounts_of
from boundaries.tasking.assessment import is_by_hand
from boundaries.tasking.history import LONDON
from boundaries.tasking.places import area_codes
from boundaries.tasking.transitions import OPEN, State
from boundaries.tasking.whose import who_words
from geo.properties import cached_property
from geo.question.ask import Question, default_layer
from geo.question.resolve import check_names
from geo.store.tasking_contract import TaskRow

OUTSIDE: Final = "In none of these areas"
PLACED: Final = (
    "A task stands in the area in which the middle of its place lies, or a point inside the place "
    "where the middle is outside it. Places are kept as they were decided, so tasks follow them "
    "into a new layer of areas."
)
STATES_NOTE: Final = (
    "Open: new, taken on or in hand. Waiting: referred to another level or service, without an "
    "answer yet. Every task that was raised is in exactly one of the five parts."
)

_TASK_COLUMNS: Final = (
    Column("task_id", "Task"),
    Column("title", "What is to be done"),
    Column("level", "Level"),
    Column("place", "Place"),
    Column("owner", "Who"),
    Column("due", "Due"),
    Column("state", "State"),
    Column("became", "What became of it"),
)
_ACCOUNTS: Final = (*TaskAccounts.__dataclass_fields__, "overdue")
_ORDER: Final = ("raised", "accepted", "doing", "waiting", "done", "assessed", "declined")


@dataclass(frozen=True)
class PlacedTask:
    """A task, and the area that it lies in; '' for none."""

    row: TaskRow
    area_code: str
    area_name: str


@dataclass(frozen=True)
class PlacedTasks:
    """Tasks in the areas of a layer.

    Attributes
    ----------
    layer, title
        The id of the layer, and its title.
    names
        Of the areas asked for, by code, in the order of names.
    tasks
        Those in these areas; where all are asked for, also those in none.
    """

    layer: str
    title: str
    names: dict[str, str]
    tasks: list[PlacedTask]

    def heading(self, what: str) -> str:
        """What a report is of, and what it is: `Arboretum: task tracker`."""
        of = next(iter(self.names.values())) if len(self.names) == 1 else self.title
        return f"{of}: {what}"

    @property
    def rows(self) -> list[TaskRow]:
        """The tasks alone."""
        return [one.row for one in self.tasks]

    def of(self, code: str) -> list[TaskRow]:
        """The tasks of an area; of '' those in none."""
        return [one.row for one in self.tasks if one.area_code == code]

    @cached_property
    def area_names(self) -> dict[str, str]:
        """The name of the area of each task, by the task's id; '' where it is in none."""
        return {one.row.task_id: one.area_name for one in self.tasks}


def by_hand_words(findings: Iterable[str]) -> str:
    """How many findings a person stated, after a count of all of them; '' for none."""
    n = sum(map(is_by_hand, findings))
    return f"; {n:,} of them judged by hand, not by counts" if n else ""


def today() -> date:
    """The day in London."""
    return datetime.now(LONDON).date()


def placed_tasks(answers: Answers, question: Question) -> PlacedTasks:
    """Read the tasks, and join them to the areas of a layer.

    Parameters
    ----------
    answers
        About the store; who sees some areas only gets the tasks there.
    question
        `layer` has the areas, and `within` chooses some.

    Raises
    ------
    QuestionError
        If there is no layer, or no such area in it.
    """
    snapshot = answers.snapshot()
    metadata, areas = snapshot.layer(question.layer or default_layer(snapshot))
    check_names("within", question.within, areas.index)
    codes = pd.Series(areas.index.astype(str))
    apart = names_apart(codes, pd.Series(areas["area_name"].astype(str).to_numpy()))
    names = dict(zip(codes, apart, strict=True))
    rows = snapshot.tasks()
    placed = zip(rows, area_codes([row.wkb for row in rows], areas), strict=True)
    chosen = set(question.within) or {*names, ""}
    return PlacedTasks(
        metadata.layer_id,
        metadata.title or metadata.layer_id,
        {code: names[code] for code in sorted(names, key=names.__getitem__) if code in chosen},
        [PlacedTask(row, code, names.get(code, "")) for row, code in placed if code in chosen],
    )


def london_day(moment: datetime) -> date:
    """The day in London of a moment."""
    return moment.astimezone(LONDON).date()


def day_words(day: date | datetime | None) -> str:
    """A day as people write it; '' for none."""
    if isinstance(day, datetime):
        day = london_day(day)
    return f"{day:%-d %b %Y}" if day else ""


def days_between(moment: datetime, day: date) -> int:
    """Whole days in London from a moment to a day."""
    return (day - london_day(moment)).days


def is_overdue(row: TaskRow, day: date) -> bool:
    """Whether a task is neither done nor declined, and was due before a day."""
    return bool(row.due and row.due < day and (row.state in OPEN or row.state == "waiting"))


def accounts_table(placed: PlacedTasks, day: date) -> ReportTable:
    """How many tasks each area has, by where they stand; the last row is the sum of all.

    Parameters
    ----------
    placed
        The tasks.
    day
        The day on which they are overdue, or not.
    """
    areas = {name: placed.of(code) for code, name in placed.names.items()}
    if outside := placed.of(""):
        areas[OUTSIDE] = outside
    areas["Total"] = placed.rows
    rows = [
        {
            "area_name": name,
            **accounts_of(tasks).as_dict(),
            "overdue": sum(is_overdue(row, day) for row in tasks),
        }
        for name, tasks in areas.items()
    ]
    counts = (Column(name, name.capitalize(), "count") for name in _ACCOUNTS)
    notes = ("“Overdue” are some of the open and waiting tasks.",)
    columns = (Column("area_name", "Area"), *counts)
    return ReportTable("Tasks by area", pd.DataFrame(rows), columns, totals=1, notes=notes)


def task_table(title: str, rows: Sequence[TaskRow], day: date) -> ReportTable:
    """Tasks, those overdue first, then by state and by when they are due.

    Parameters
    ----------
    title
        Its caption.
    rows
        The tasks.
    day
        The day on which they are overdue, or wait.
    """
    ordered = sorted(
        rows,
        key=lambda row: (
            not is_overdue(row, day), _ORDER.index(row.state), row.due or date.max, row.task_id
        ),
    )  # fmt: skip
    frame = pd.DataFrame(
        [
            {
                "task_id": row.task_id,
                "title": row.title,
                "level": row.level,
                "place": row.place_label,
                "owner": who_words(row.owner, row.service),
                "due": day_words(row.due),
                "state": STATE_WORDS[cast("State", row.state)],
                "became": became(row, day),
            }
            for row in ordered
        ],
        columns=[column.name for column in _TASK_COLUMNS],
    )
    return ReportTable(title, frame, _TASK_COLUMNS)


def became(row: TaskRow, day: date) -> str:
    """What became of a task, in a few words; '' where there is nothing to say yet.

    Parameters
    ----------
    row
        The task.
    day
        The day on which it is overdue, or waits.
    """
    late = f"Overdue by {counted((day - row.due).days, 'day')}" if row.due else ""
    if row.state == "waiting" and row.waiting_since:
        days = counted(max(days_between(row.waiting_since, day), 0), "day")
        text = f"Waits for {row.referral}, referred to {row.referred_to}, {days}"
        return f"{text}. {late}" if is_overdue(row, day) else text
    if row.state == "declined":
        return row.reason
    if row.state == "done":
        return f"Done on {day_words(row.done_at)}"
    if row.state == "assessed":
        return f"{row.outcome.capitalize()}: {row.finding}" if row.finding else row.outcome
    return late if is_overdue(row, day) else ""


def standing_sentences(rows: Sequence[TaskRow], day: date) -> list[str]:
    """Where tasks stand, in sentences: all that were raised, those overdue, those that wait.

    Parameters
    ----------
    rows
        The tasks.
    day
        The day on which they are overdue, or wait.
    """
    if not rows:
        return ["No task has been raised."]
    late = sum(is_overdue(row, day) for row in rows)
    waits = [days_between(row.waiting_since, day) for row in rows if row.waiting_since]
    said = [f"{accounts_of(rows)}."]
    said.append(f"{counted(late, 'task is', 'tasks are')} overdue." if late else "None is overdue.")
    if waits:
        longest = counted(max(0, *waits), "day")
        waiting = counted(len(waits), "task waits", "tasks wait")
        said.append(f"{waiting} for an answer, the longest for {longest}.")
    return said
