"""The agenda and the minutes of a meeting, from a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from boundaries.tasking.history import Step
from boundaries.tasking.meeting import Agenda, Meeting, Stepped, agenda, meeting_before, minutes
from boundaries.tasking.places import Layers, area_codes
from boundaries.tasking.referrals import late_referrals
from boundaries.tasking.storage import read_meetings, read_priorities, read_roster, read_tasks
from geo.store.tasking_contract import TaskingReader, TaskRow


class MeetingStore(TaskingReader, Layers, Protocol):
    """A store, or a state of one: what is needed of it."""


def agenda_of(store: MeetingStore, meeting: Meeting) -> Agenda:
    """The agenda of a meeting: of its level, and in its area.

    Parameters
    ----------
    store
        A store, or a state of one.
    meeting
        The meeting.

    Returns
    -------
    The agenda.
    """
    every = store.tasks()
    own = _of_board(store, meeting, every)
    return agenda(
        meeting,
        read_tasks(store, [row.task_id for row in own]),
        before=meeting_before(meeting, read_meetings(store)),
        late=late_referrals(every, day=meeting.day),
    )


def tasks_of_board(store: MeetingStore, meeting: Meeting) -> list[TaskRow]:
    """The tasks of a meeting's level whose places lie in its area.

    Parameters
    ----------
    store
        A store, or a state of one.
    meeting
        The meeting.

    Returns
    -------
    The tasks, by id. The board of the city has those of its own level, wherever they are.
    """
    return _of_board(store, meeting, store.tasks())


def _of_board(store: MeetingStore, meeting: Meeting, every: Sequence[TaskRow]) -> list[TaskRow]:
    rows = [row for row in every if row.level == meeting.level]
    if not meeting.area:
        return rows
    codes = area_codes([row.wkb for row in rows], store.layer(meeting.layer)[1])
    return [row for row, code in zip(rows, codes, strict=True) if code == meeting.area]


def minutes_of(store: TaskingReader, meeting_id: str) -> list[tuple[str, Step]]:
    """The steps that were taken in a meeting, in the order of time.

    Parameters
    ----------
    store
        A store, or a state of one.
    meeting_id
        The meeting.

    Returns
    -------
    The id of what was changed, and the step.
    """
    ids = {own for _, own in store.tasking_of_meeting(meeting_id)}
    changed: list[tuple[str, Stepped]] = [
        *((one.task_id, one) for one in read_tasks(store, sorted(ids))),
        *((one.priority_id, one) for one in read_priorities(store)),
        *((one.entry_id, one) for one in read_roster(store)),
    ]
    return minutes(meeting_id, changed)
