"""What every store promises of tasking; `geo.store.contract` has the rest.

A store keeps the steps of each task, priority, entry of the roster and meeting, and what the steps
of a task lead to, so that lists need no replay and other programs see tasks as features. What steps
mean only `boundaries.tasking` knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args

TaskingSubject = Literal["task", "priority", "roster", "meeting"]
"""What has steps."""
TASKING_SUBJECTS: Final[tuple[TaskingSubject, ...]] = get_args(TaskingSubject)

# Any, because only `boundaries` knows what a step changes; it checks each step it reads.
StepRecord = Mapping[str, Any]
"""A step as plain JSON: `kind`, `by`, `at` (UTC, as `2026-03-02T09:30:00Z`), `meeting`, `note`, and
`changes`."""


class TaskRow(NamedTuple):
    """A task as lists and other programs see it: what its steps lead to.

    Attributes
    ----------
    task_id, version
        Its id, and the number of its steps.
    title, kind, level, state, owner, service
        As `boundaries.tasking.task.Task` has them.
    due
        The day by which it is to be done; None for none.
    priority, parent, meeting
        Ids; '' for none. The meeting is the one in which it was raised.
    place_kind, place_ref, place_label
        What its place was chosen as.
    question
        The query string that it came from.
    outcome, finding
        What its assessment found; '' before.
    reason
        Why it was declined; '' otherwise.
    referral, referred_to
        The task that it waits for, and to whom that went; '' where it does not wait.
    waiting_since, done_at
        UTC; None where it does not wait, or is not done.
    raised_by, raised_at, updated_by, updated_at
        Who took the first and the last step, and when, UTC.
    wkb
        Its place in the store's CRS.
    """

    task_id: str
    version: int
    title: str
    kind: str
    level: str
    state: str
    owner: str
    service: str
    due: date | None
    priority: str
    parent: str
    meeting: str
    place_kind: str
    place_ref: str
    place_label: str
    question: str
    outcome: str
    finding: str
    reason: str
    referral: str
    referred_to: str
    waiting_since: datetime | None
    done_at: datetime | None
    raised_by: str
    raised_at: datetime
    updated_by: str
    updated_at: datetime
    wkb: bytes


@dataclass(frozen=True)
class TaskingRecord:
    """A task, priority, entry of the roster, or meeting, to be saved.

    Attributes
    ----------
    subject, record_id
        Which it is.
    steps
        All of its steps, the first one first.
    based_on
        The version that was read, which is the number of its steps; 0 for something new.
    task
        What the steps of a task lead to; None of anything else.
    """

    subject: TaskingSubject
    record_id: str
    steps: Sequence[StepRecord]
    based_on: int
    task: TaskRow | None = None


class TaskingReader(Protocol):
    """What can be read of tasking."""

    def tasks(self) -> list[TaskRow]:
        """Every task, by id, without its steps."""

    def tasking(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None = None
    ) -> dict[str, list[StepRecord]]:
        """The steps of tasks, priorities, entries of the roster, or meetings.

        Parameters
        ----------
        subject
            Which of them.
        record_ids
            Of these only; None for all. Unknown ones are left out.

        Returns
        -------
        The steps, the first one first, by id in the order of ids.
        """

    def tasking_ids(self, subject: TaskingSubject) -> list[str]:
        """The ids of all that there are, in order."""

    def tasking_of_meeting(self, meeting_id: str) -> list[tuple[TaskingSubject, str]]:
        """What had a step in a meeting: subject and id, each once, in their order."""


class TaskingStore(TaskingReader, Protocol):
    """What can be changed of tasking, inside `transaction()`."""

    def put_tasking(self, records: Sequence[TaskingRecord]) -> None:
        """Save new steps: those of all records, or of none.

        Steps are only added. A step that is stored already may lose a text, if a new step says so:
        `redact`, with the number of that `step`, from 1, in its changes.

        Parameters
        ----------
        records
            Each subject and id once.

        Raises
        ------
        ConflictError
            If somebody else saved steps since a version was read: the message says who, what and
            when. Or if a stored step would be another one.
        """
