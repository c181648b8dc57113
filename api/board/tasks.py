"""What the board says of tasks: those at the place of a story, and the news since a meeting.

Tasks are read while a page is made and are in no cached result: a task that is saved changes the
pages that show tasks, and no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

import shapely

from api.addresses import own_address
from api.identity.current import current_caller
from api.identity.identity import identity_of
from api.identity.roles import Capability
from api.pages.meetings import board_name, meeting_title
from api.pages.tasking_text import day_words, outcome_words, shortened, state_words
from api.snapshot import Snapshot
from boundaries.tasking.accounts import accounts_of
from boundaries.tasking.agendas import tasks_of_board
from boundaries.tasking.history import LONDON
from boundaries.tasking.meeting import Meeting, meeting_before
from boundaries.tasking.places import area_codes
from boundaries.tasking.storage import read_meeting, read_meetings, read_tasks
from boundaries.tasking.task import Task
from boundaries.tasking.transitions import OPEN
from boundaries.tasking.whose import who_words
from geo.errors import NotFoundError, QuestionError
from geo.question.store_settings import london_day
from geo.store.tasking_contract import TaskRow

MOST_LISTED: Final = 8
MOST_NAMED: Final = 2
"""Tasks of a kind that the presentation names: those of three kinds fit a screen of 720 lines."""
MOST_LETTERS: Final = 48
MOST_DRAWN: Final = 200
"""Tasks on a map, those changed last: more numbers would hide it."""

UNFINISHED: Final = (*sorted(OPEN), "waiting")


def may_decide() -> bool:
    """Whether whoever reads the page may raise tasks; nobody outside of a service."""
    caller = current_caller()
    if caller is None or caller.app.state.store.is_read_only:
        return False
    return identity_of(caller).may(Capability.EDIT_TASKS)


def tasks_at(snapshot: Snapshot, shape: shapely.Geometry) -> list[TaskRow]:
    """The tasks whose places overlap a place, the last one first.

    Parameters
    ----------
    snapshot
        What the reader sees.
    shape
        Of a cell, ranked place or street, in metres.
    """
    rows = snapshot.tasks()
    places = shapely.from_wkb([row.wkb for row in rows])
    overlap = shapely.intersects(places, shape) & ~shapely.touches(places, shape)
    small = [row.place_kind != "area" for row in rows]
    return [
        row for row, near, own in zip(rows, overlap.tolist(), small, strict=True) if near and own
    ][::-1]


def tasks_of_area(snapshot: Snapshot, layer_id: str, code: str) -> list[TaskRow]:
    """The tasks that lie in an area of a layer, the last one first."""
    rows = snapshot.tasks()
    codes = area_codes([row.wkb for row in rows], snapshot.layer(layer_id)[1])
    return [row for row, own in zip(rows, codes, strict=True) if own == code][::-1]


def listed(rows: Sequence[TaskRow]) -> list[dict[str, str]]:
    """Tasks as a story lists them: id, title, and how they stand."""
    today = date.fromisoformat(london_day())
    return [
        {"id": row.task_id, "title": row.title, "state": state_words(row, today)}
        for row in rows[:MOST_LISTED]
    ]


def decided_lines(rows: Sequence[TaskRow]) -> list[str]:
    """Tasks at a place as the presentation says them: the last ones, and how many more."""
    today = date.fromisoformat(london_day())
    lines = [
        f"{shortened(row.title, MOST_LETTERS)}: {state_words(row, today)}"
        for row in rows[:MOST_NAMED]
    ]
    rest = len(rows) - MOST_NAMED
    return [*lines, f"and {rest:,} more"] if rest > 0 else lines


@dataclass(frozen=True)
class BoardMeeting:
    """The meeting in which the board is looked at, as its banner names it.

    Attributes
    ----------
    title
        Its title, else its board, and its day.
    board
        Whose it is.
    address
        Of its page, with its minutes.
    """

    title: str
    board: str
    address: str


def meeting_of(snapshot: Snapshot, meeting_id: str) -> BoardMeeting | None:
    """The meeting that an address names.

    Parameters
    ----------
    snapshot
        What the reader sees.
    meeting_id
        Its id; '' for none.

    Returns
    -------
    It; None for none.

    Raises
    ------
    QuestionError
        If there is no such meeting, or it is not seen.
    """
    if not meeting_id:
        return None
    try:
        own = read_meeting(snapshot, meeting_id)
    except NotFoundError as error:
        raise QuestionError("meeting", "there is no such meeting") from error
    return BoardMeeting(
        meeting_title(snapshot, own),
        board_name(snapshot, own),
        f"{own_address('/meetings/')}{meeting_id}#minutes-title",
    )


@dataclass(frozen=True)
class News:
    """What happened to tasks since a meeting.

    Attributes
    ----------
    since
        The meeting before; None where there was none.
    title
        Of the step of the presentation.
    key
        How many are new, done, assessed.
    lines
        A line each for those that were assessed, done and raised, in this order. Each names the
        last ones and counts all of its own, so that the lines add up to `key`.
    """

    since: Meeting | None
    title: str
    key: str
    lines: list[str]


def news(snapshot: Snapshot, meeting_id: str) -> News | None:
    """What happened to tasks since the last meeting; None where there are no tasks.

    Parameters
    ----------
    snapshot
        What the reader sees.
    meeting_id
        The meeting that is taken: its board's tasks, since its board met before. '' for all tasks,
        since the last meeting of any board.
    """
    if not snapshot.tasks():
        return None
    meetings = read_meetings(snapshot)
    own = next((one for one in meetings if one.meeting_id == meeting_id), None)
    before, rows = _last(meetings), snapshot.tasks()
    if own:
        before = meeting_before(own, meetings)
        try:
            rows = tasks_of_board(snapshot, own)
        except NotFoundError:  # the layer of its area is gone
            rows = []
    moment = datetime.combine(before.day, time(), LONDON) if before else None
    recent = [row.task_id for row in rows if moment is None or row.updated_at >= moment]
    raised, done, judged = [], [], []
    for task in read_tasks(snapshot, recent):
        kinds = {step.kind for step in task.steps if moment is None or step.signed.at >= moment}
        raised += [task] if "raise" in kinds else []
        done += [task] if kinds & {"finish", "answer"} and task.state == "done" else []
        judged += [task] if "assess" in kinds and task.outcome else []
    parts = (("new", raised), ("done", done), ("assessed", judged))
    return News(
        since=before,
        title="Since the last meeting" if before else "Tasks so far",
        key=_key(before, [f"{len(tasks):,} {name}" for name, tasks in parts]),
        lines=[
            _line(words, tasks)
            for words, tasks in (("Assessed", judged), ("Done", done), ("New", raised))
            if tasks
        ],
    )


def _last(meetings: list[Meeting]) -> Meeting | None:
    """The last meeting of any board before today."""
    past = [one for one in meetings if one.day.isoformat() < london_day()]
    return max(past, key=lambda one: (one.day, one.meeting_id), default=None)


def _key(before: Meeting | None, counts: list[str]) -> str:
    since = f" since {day_words(before.day)}" if before else ""
    return f"{', '.join(counts)}{since}."


def _line(words: str, tasks: list[Task]) -> str:
    """The last tasks of a kind, and how many more there are."""
    named = "; ".join(_named(task) for task in tasks[::-1][:MOST_NAMED])
    rest = len(tasks) - MOST_NAMED
    return f"{words}: {named}{f'; and {rest:,} more' if rest > 0 else ''}"


def _named(task: Task) -> str:
    title = f"{task.title}, {task.place.label}"
    if len(title) > MOST_LETTERS:  # part of the name of a place says nothing
        title = shortened(task.title, MOST_LETTERS)
    return f"{title}: {outcome_words(task.outcome, task.finding)}" if task.outcome else title


def brief_tasks(
    snapshot: Snapshot, layer_id: str, within: Sequence[str]
) -> dict[str, object] | None:
    """What a brief says of the tasks in its areas; None where none was raised there.

    Parameters
    ----------
    snapshot
        What the reader sees.
    layer_id, within
        The layer that is asked about, and codes of its areas; none for the whole store.
    """
    rows = snapshot.tasks()
    if within and rows:
        codes = area_codes([row.wkb for row in rows], snapshot.layer(layer_id)[1])
        rows = [row for row, code in zip(rows, codes, strict=True) if code in within]
    if not rows:
        return None
    today = date.fromisoformat(london_day())
    unfinished = sorted(
        (row for row in rows if row.state in UNFINISHED),
        key=lambda row: (row.due or date.max, row.task_id),
    )
    return {
        "task_accounts": accounts_of(rows),
        "overdue": sum(bool(row.due and row.due < today) for row in unfinished),
        "unfinished": [
            {
                "id": row.task_id,
                "title": row.title,
                "place": row.place_label,
                "owner": who_words(row.owner, row.service),
                "due": day_words(row.due),
                "state": state_words(row, today, since=False),
            }
            for row in unfinished[:MOST_LISTED]
        ],
        "further": max(len(unfinished) - MOST_LISTED, 0),
    }
