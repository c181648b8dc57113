"""Meetings: the agenda is derived from the tasks, and the minutes are the steps taken in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, TypeVar

from boundaries.tasking.history import LONDON, Signed, Step, one_of, redacted, replayed
from boundaries.tasking.task import LEVELS, Level, Task
from boundaries.tasking.transitions import OPEN
from geo.errors import InputError


@dataclass(frozen=True, kw_only=True)
class MeetingTerms:
    """What is known of a meeting.

    Attributes
    ----------
    level
        The board of the city, or of an area.
    layer, area
        The layer and the code of the area; '' for the whole city.
    day
        When it is.
    title
        What it is called; '' for nothing.
    roles
        Who takes part, by role.
    """

    level: Level
    day: date
    layer: str = ""
    area: str = ""
    title: str = ""
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        one_of("level", self.level, LEVELS)
        if self.level == "area" and not (self.layer and self.area):
            raise InputError("a meeting of an area needs the area and its layer: CODE@LAYER")

    def terms(self) -> dict[str, Any]:
        """What is known as plain JSON, as stores keep it: keys never change."""
        return {
            "level": self.level,
            "layer": self.layer,
            "area": self.area,
            "day": self.day.isoformat(),
            "title": self.title.strip(),
            "roles": list(self.roles),
        }


@dataclass(frozen=True, kw_only=True)
class Meeting(MeetingTerms):
    """A meeting after all its steps.

    Attributes
    ----------
    meeting_id
        Such as `M-0005`.
    steps
        `set` and `redact`, the first one first.
    """

    meeting_id: str
    steps: tuple[Step, ...]

    @property
    def version(self) -> int:
        """The number of its steps."""
        return len(self.steps)

    @classmethod
    def begin(cls, meeting_id: str, terms: MeetingTerms, *, signed: Signed) -> Meeting:
        """Call a meeting.

        Parameters
        ----------
        meeting_id
            Its id, from `next_id(…, letter="M")`.
        terms
            What is known of it.
        signed
            Who calls it.

        Returns
        -------
        The meeting, with its first step.
        """
        return cls.of(meeting_id, [Step("set", signed, "", terms.terms())])

    @classmethod
    def of(cls, meeting_id: str, steps: Sequence[Step]) -> Meeting:
        """The meeting that some steps make.

        Parameters
        ----------
        meeting_id
            Its id.
        steps
            All of them, the first one first.

        Returns
        -------
        The meeting, after all of them.
        """
        values = replayed(steps)
        return cls(
            meeting_id=meeting_id,
            steps=tuple(steps),
            level=values["level"],
            layer=values["layer"],
            area=values["area"],
            day=date.fromisoformat(values["day"]),
            title=values["title"],
            roles=tuple(values["roles"]),
        )

    def set(self, *, signed: Signed, note: str = "", **changes: Any) -> Meeting:
        """The meeting with other values.

        Parameters
        ----------
        signed
            Who changes it.
        note
            Why, '' for nothing.
        changes
            New values of `MeetingTerms`, as plain JSON.

        Returns
        -------
        A new meeting; this one stays as it is.
        """
        unknown = sorted(set(changes) - set(self.terms()))
        if unknown or not changes:
            raise InputError(f"a meeting has no {unknown[0]}" if unknown else "nothing to change")
        return Meeting.of(self.meeting_id, [*self.steps, Step("set", signed, note, changes)])

    def redact(self, *, step: int, text: str, signed: Signed, why: str) -> Meeting:
        """The meeting without a text that names a person.

        Parameters
        ----------
        step, text, signed, why
            As `history.redacted` takes them.

        Returns
        -------
        A new meeting; this one stays as it is.
        """
        steps = redacted(self.steps, number=step, text=text, signed=signed, why=why)
        return Meeting.of(self.meeting_id, steps)


def meeting_before(meeting: Meeting, meetings: Iterable[Meeting]) -> Meeting | None:
    """The last meeting of the same board before another.

    Parameters
    ----------
    meeting
        The meeting.
    meetings
        All meetings, of whatever board.

    Returns
    -------
    The meeting; None where there is none.
    """
    board = (meeting.level, meeting.layer, meeting.area)
    earlier = [
        one
        for one in meetings
        if (one.level, one.layer, one.area) == board and one.day < meeting.day
    ]
    return max(earlier, key=lambda one: (one.day, one.meeting_id), default=None)


def since(tasks: Iterable[Task], moment: datetime | None, *, meeting: str = "") -> list[Task]:
    """The tasks of which a step was taken after a moment, or after a meeting's own steps.

    Parameters
    ----------
    tasks
        Any.
    moment
        With a time zone; None takes all tasks.
    meeting
        The id of a meeting whose steps do not count: what it decided itself is no news to it.

    Returns
    -------
    Those tasks, in the order given.
    """
    return [one for one in tasks if any(_news(one, moment, meeting))]


class Dated(Protocol):
    """A task, with or without its steps."""

    @property
    def task_id(self) -> str:
        """Its id."""

    @property
    def state(self) -> str:
        """Where it stands."""

    @property
    def due(self) -> date | None:
        """The day by which it is to be done; None for none."""


DatedTask = TypeVar("DatedTask", bound=Dated)


def overdue(tasks: Iterable[DatedTask], day: date) -> list[DatedTask]:
    """The tasks that are neither done nor declined, and were due before a day.

    Parameters
    ----------
    tasks
        Any.
    day
        The day.

    Returns
    -------
    The tasks, first due first.
    """
    late = [one for one in tasks if one.due and one.due < day and _is_unfinished(one)]
    return sorted(late, key=lambda one: (one.due or day, one.task_id))


@dataclass(frozen=True)
class Agenda:
    """What a meeting has to look at. A task may stand in several parts.

    Attributes
    ----------
    since
        The day of the meeting before; None where it is the first.
    new
        Not decided yet, however old.
    due
        Not done, and due from the meeting's day on for `DUE_DAYS`.
    overdue
        Not done, and due before the meeting's day.
    answered
        Answered since, from above, below or outside.
    assessed
        Assessed since: it worked, had no clear effect, made it worse, or nobody can tell.
    unanswered
        Of referrals that have waited for an answer for too long: those that wait at this level, and
        those whose answer is for this level to give; the longest wait first.
    """

    since: date | None
    new: list[Task]
    due: list[Task]
    overdue: list[Task]
    answered: list[Task]
    assessed: list[Task]
    unanswered: list[Task]


DUE_DAYS: Final = 28
"""How far an agenda looks ahead: to about the next meeting."""


def agenda(
    meeting: Meeting,
    tasks: Iterable[Task],
    *,
    before: Meeting | None,
    late: Collection[str] = (),
) -> Agenda:
    """The agenda of a meeting.

    Parameters
    ----------
    meeting
        The meeting.
    tasks
        Those of its level, in its area.
    before
        The last meeting of the same board; None where there was none.
    late
        Ids from `referrals.late_referrals`, of all levels.

    Returns
    -------
    Its parts, each in the order of the tasks, of due dates, or of how long they wait.
    """
    own = list(tasks)
    start = _start_of(before.day) if before else None
    ids = before.meeting_id if before else ""
    ahead = date.fromordinal(meeting.day.toordinal() + DUE_DAYS)
    due = [
        one for one in own if one.due and meeting.day <= one.due <= ahead and _is_unfinished(one)
    ]
    return Agenda(
        since=before.day if before else None,
        new=[one for one in own if one.state == "raised"],
        due=sorted(due, key=lambda one: (one.due or ahead, one.task_id)),
        overdue=overdue(own, meeting.day),
        answered=[one for one in own if _has(one, "answered", start, ids)],
        assessed=[one for one in own if _has(one, "assess", start, ids)],
        unanswered=sorted((one for one in own if one.task_id in late), key=_referred_at),
    )


def _referred_at(task: Task) -> tuple[datetime, str]:
    """When a task was referred, or raised by a referral."""
    return (task.referral.since if task.referral else task.raised.at), task.task_id


class Stepped(Protocol):
    """Anything with a history."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of it."""


def minutes(meeting_id: str, subjects: Iterable[tuple[str, Stepped]]) -> list[tuple[str, Step]]:
    """The steps that were taken in a meeting.

    Parameters
    ----------
    meeting_id
        The meeting.
    subjects
        Tasks, priorities and entries of the roster, with their ids.

    Returns
    -------
    The id and the step, in the order of time.
    """
    taken = [
        (one, step)
        for one, subject in subjects
        for step in subject.steps
        if step.signed.meeting == meeting_id
    ]
    return sorted(taken, key=lambda pair: (pair[1].signed.at, pair[0]))


def _is_unfinished(task: Dated) -> bool:
    return task.state in OPEN or task.state == "waiting"


def _news(task: Task, moment: datetime | None, meeting: str) -> Iterator[Step]:
    for step in task.steps:
        is_own = bool(meeting) and step.signed.meeting == meeting
        if not is_own and (moment is None or step.signed.at >= moment):
            yield step


def _has(task: Task, kind: str, moment: datetime | None, meeting: str) -> bool:
    return any(step.kind == kind for step in _news(task, moment, meeting))


def _start_of(day: date) -> datetime:
    # Steps of the meeting's day count as news unless they were taken in it.
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)
