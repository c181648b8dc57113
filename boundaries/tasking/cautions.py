"""What is odd about a step that was taken, but no reason to refuse it: said once it is saved."""

from __future__ import annotations

from typing import Final

from boundaries.tasking.agendas import MeetingStore
from boundaries.tasking.places import area_codes
from boundaries.tasking.storage import read_meeting
from boundaries.tasking.task import Task
from geo.errors import NotFoundError

_PLANS: Final = frozenset({"raise", "accept", "amend"})
"""Steps that look ahead."""


def cautions(store: MeetingStore, task: Task) -> list[str]:
    """What somebody may have mistaken in the last step of a task.

    Parameters
    ----------
    store
        A store, or a state of one.
    task
        As the step left it. For a referral, the task that was raised by it.

    Returns
    -------
    Sentences: of a due day that is over when the task is raised, taken on or changed, and of a
    place outside of the area whose meeting decided; none where there is nothing.
    """
    return [one for one in (_past_due(task), _elsewhere(store, task)) if one]


def _past_due(task: Task) -> str:
    step = task.steps[-1]
    if step.kind not in _PLANS or task.due is None or task.due >= step.signed.day:
        return ""
    day = f"{task.due:%-d %B %Y}"
    return f"The due day of {task.task_id}, {day}, is over already: change it if it is wrong."


def _elsewhere(store: MeetingStore, task: Task) -> str:
    meeting_id = task.steps[-1].signed.meeting
    meeting = read_meeting(store, meeting_id) if meeting_id else None
    if meeting is None or not meeting.area:
        return ""
    try:
        areas = store.layer(meeting.layer)[1]
    except NotFoundError:  # nobody can tell any more
        return ""
    [code] = area_codes([task.place.wkb], areas)
    if code == meeting.area:
        return ""
    names = dict(zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True))
    own, other = (names.get(one, "") or one for one in (meeting.area, code))
    where = f"in {other}" if code else f"outside all areas of {meeting.layer}"
    return (
        f"{task.task_id} lies {where}, and this is the meeting of {own}: it stands in the minutes "
        f"of {meeting_id}, but not among the tasks of its area."
    )
