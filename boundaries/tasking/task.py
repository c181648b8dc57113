"""A task: what is to be done at a place, by whom and by when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, get_args

import shapely

from boundaries.tasking.assessment import OUTCOMES, Assessment, Outcome
from boundaries.tasking.history import Signed, Step, listed, one_of, redacted, replayed
from boundaries.tasking.transitions import BEFORE, OPEN, State, TaskStep, transition
from geo.errors import ConflictError, InputError

TaskKind = Literal["engage", "educate", "enforce", "environment", "patrol", "refer"]
"""What sort of work it is."""
TASK_KINDS: Final[tuple[TaskKind, ...]] = get_args(TaskKind)

Level = Literal["city", "area"]
"""Who decides: the board of the whole city, or of a neighbourhood."""
LEVELS: Final[tuple[Level, ...]] = get_args(Level)

Direction = Literal["up", "down", "out"]
"""Where a referral goes: to the city, to the area, or to another service."""
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)

PlaceKind = Literal["hotspot", "cell", "point", "polygon", "area"]
PLACE_KINDS: Final[tuple[PlaceKind, ...]] = get_args(PlaceKind)

AMENDABLE: Final = ("title", "kind", "owner", "service", "due", "priority")
"""What `amend` can change. The place, the Question and the assessment stay as they were decided."""


@dataclass(frozen=True)
class Place:
    """Where a task is. The geometry is kept, since ids of cells and codes of areas age.

    Attributes
    ----------
    kind
        What it was chosen as.
    ref
        Its id, such as `h150:3:-2`, or `wards-2025:E05001234` of an area; '' if it has none.
    label
        For people.
    wkb
        Its geometry in the store's CRS.
    """

    kind: PlaceKind
    ref: str
    label: str
    wkb: bytes

    def __post_init__(self) -> None:
        one_of("place", self.kind, PLACE_KINDS)

    @property
    def geometry(self) -> shapely.Geometry:
        """Its geometry in the store's CRS."""
        return shapely.from_wkb(self.wkb)


@dataclass(frozen=True)
class Referral:
    """Where a task was passed, and since when it waits.

    Attributes
    ----------
    child
        The id of the task that was raised there.
    direction
        Up, down or out.
    to
        The role or service it went to.
    since
        When, UTC.
    """

    child: str
    direction: Direction
    to: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class TaskTerms:
    """What a task is raised with.

    Attributes
    ----------
    title
        What is to be done; names nobody.
    kind, level, place
        What sort of work, who decides, and where.
    owner, service
        The role and the service that do it; '' where nobody has it yet.
    due
        The day by which it is to be done; None for none.
    priority, parent
        Ids of the priority it serves, and of the task it was referred from; '' for none.
    question
        The query string of the Question it came from; '' for none.
    assessment
        How it will be judged; None where it will not.
    """

    title: str
    kind: TaskKind
    level: Level
    place: Place
    owner: str = ""
    service: str = ""
    due: date | None = None
    priority: str = ""
    parent: str = ""
    question: str = ""
    assessment: Assessment | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InputError("a task needs a title")
        one_of("kind", self.kind, TASK_KINDS)
        one_of("level", self.level, LEVELS)

    def terms(self) -> dict[str, Any]:
        """What it was raised with as plain JSON, as stores keep it: keys never change."""
        return {
            "title": self.title.strip(),
            "kind": self.kind,
            "level": self.level,
            "place": {
                "kind": self.place.kind,
                "ref": self.place.ref,
                "label": self.place.label,
                "wkb": self.place.wkb.hex(),
            },
            "owner": self.owner,
            "service": self.service,
            "due": self.due.isoformat() if self.due else "",
            "priority": self.priority,
            "parent": self.parent,
            "question": self.question,
            "assessment": self.assessment.as_dict() if self.assessment else None,
        }


@dataclass(frozen=True, kw_only=True)
class Task(TaskTerms):
    """A task after all its steps.

    Attributes
    ----------
    task_id
        Such as `T-0042`.
    state
        Where it stands.
    steps
        All that was done with it, the first one first.
    referral
        What it waits for; None where it does not wait.
    reason
        Why it was declined; '' otherwise.
    done_at
        When it was last finished, UTC; None where it is not done.
    outcome, finding
        What the assessment found, and its sentence; None and '' before.
    """

    task_id: str
    state: State
    steps: tuple[Step, ...]
    referral: Referral | None = None
    reason: str = ""
    done_at: datetime | None = None
    outcome: Outcome | None = None
    finding: str = ""

    @property
    def version(self) -> int:
        """The number of its steps."""
        return len(self.steps)

    @property
    def raised(self) -> Signed:
        """Who raised it, when, and in which meeting."""
        return self.steps[0].signed

    @property
    def updated(self) -> Signed:
        """Who took the last step, and when."""
        return self.steps[-1].signed

    @property
    def is_open(self) -> bool:
        """Whether it is the turn of its own level."""
        return self.state in OPEN

    @classmethod
    def begin(cls, task_id: str, terms: TaskTerms, *, signed: Signed, note: str = "") -> Task:
        """Raise a task.

        Parameters
        ----------
        task_id
            Its id, from `next_id`.
        terms
            What it is raised with.
        signed
            Who raises it, when, and in which meeting.
        note
            Why, '' for nothing.

        Returns
        -------
        The task, with its first step.
        """
        return cls.of(task_id, [Step("raise", signed, note.strip(), terms.terms())])

    @classmethod
    def of(cls, task_id: str, steps: Sequence[Step]) -> Task:
        """The task that some steps make.

        Parameters
        ----------
        task_id
            Its id.
        steps
            All of them, the first one first.

        Returns
        -------
        The task.

        Raises
        ------
        ConflictError
            If a step cannot be taken in the state that those before it lead to.
        InputError
            If a step lacks what it needs.
        """
        progress = _Progress()
        for step in steps:
            progress.take(step)
        if progress.state is None:
            raise InputError(f"task {task_id} has no steps")
        values = replayed(steps)
        due, assessment, where = values["due"], values["assessment"], values["place"]
        return cls(
            task_id=task_id,
            title=values["title"],
            kind=values["kind"],
            level=values["level"],
            place=Place(where["kind"], where["ref"], where["label"], bytes.fromhex(where["wkb"])),
            owner=values["owner"],
            service=values["service"],
            due=date.fromisoformat(due) if due else None,
            priority=values["priority"],
            parent=values["parent"],
            question=values["question"],
            assessment=Assessment.read(assessment) if assessment else None,
            state=progress.state,
            steps=tuple(steps),
            referral=progress.referral,
            reason=progress.reason,
            done_at=progress.done_at,
            outcome=progress.outcome,
            finding=progress.finding,
        )

    def take(self, step: TaskStep, /, *, signed: Signed, note: str = "", **changes: Any) -> Task:
        """The task after one more step.

        Parameters
        ----------
        step
            A step of the table of transitions.
        signed
            Who takes it.
        note
            The reason, answer or remark.
        changes
            New values, as plain JSON: those of `AMENDABLE` with `amend` and, but for the title and
            kind, with `accept`; `assessment` with `accept`; `outcome`, `finding` and `figures`
            with `assess`; `child`, `direction` and `to` with `refer`; `child` with `answered`.

        Returns
        -------
        A new task.

        Raises
        ------
        ConflictError
            If the step cannot be taken in this state, or the assessment is fixed already.
        InputError
            If it lacks what it needs, or would change what stays as it was decided.
        """
        allowed = _CHANGES.get(step, ())
        if unknown := sorted(set(changes) - set(allowed)):
            raise InputError(f"{step} does not change {unknown[0]}; it changes {listed(allowed)}")
        if changes.get("assessment") and self.assessment:
            raise ConflictError(
                f"how {self.task_id} will be judged was fixed when it was decided, and stays so"
            )
        if step == "accept" and not (changes.get("owner") or self.owner):
            raise InputError("say who takes it on: an owner")
        if step == "answer" and not self.parent:
            raise ConflictError(f"{self.task_id} was not referred from another task; finish it")
        if step == "answered" and (
            not self.referral or changes.get("child") != self.referral.child
        ):
            raise ConflictError(f"{self.task_id} does not wait for {changes.get('child')}")
        if step == "redact":
            raise InputError("use `redact`, which replaces the text")
        if step == "amend" and not changes:
            raise InputError(f"nothing to change; give one of {listed(AMENDABLE)}")
        return Task.of(self.task_id, [*self.steps, Step(step, signed, note.strip(), changes)])

    def redact(self, *, step: int, text: str, signed: Signed, why: str) -> Task:
        """The task without a text that names a person.

        Parameters
        ----------
        step, text, signed, why
            As `history.redacted` takes them.

        Returns
        -------
        A new task.
        """
        steps = redacted(self.steps, number=step, text=text, signed=signed, why=why)
        return Task.of(self.task_id, steps)


_CHANGES: Final[dict[str, tuple[str, ...]]] = {
    "amend": AMENDABLE,
    "accept": ("owner", "service", "due", "priority", "assessment"),
    "refer": ("child", "direction", "to"),
    "answered": ("child",),
    "assess": ("outcome", "finding", "figures"),
}


class _Progress:
    """What the steps of a task lead to, one after the other."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.referral: Referral | None = None
        self.reason, self.finding = "", ""
        self.outcome: Outcome | None = None
        self.done_at: datetime | None = None
        self._before: State = "raised"

    def take(self, step: Step) -> None:
        """Go on by a step."""
        row = transition(self.state, step.kind)
        if row.need in _NOTES and not step.note:
            raise InputError(f"to {step.kind} a task, give {row.need}")
        before = self.state
        if row.target == BEFORE:
            self.state = self._before
        elif row.target:
            self.state = row.target
        if self.state == before:
            return
        self.reason = step.note if self.state == "declined" else ""
        self.referral = None
        if self.state in OPEN:
            self.done_at, self.outcome, self.finding = None, None, ""
        if self.state == "done":
            self.done_at = step.signed.at
        if self.state == "waiting" and before:
            self._before = before
            self._refer(step)
        if self.state == "assessed":
            self.outcome = one_of("outcome", step.changes.get("outcome", ""), OUTCOMES)
            self.finding = step.changes.get("finding", "")

    def _refer(self, step: Step) -> None:
        child, to = step.changes.get("child", ""), step.changes.get("to", "")
        if not child or not to:
            raise InputError("to refer a task, say to whom: a role or a service")
        direction = one_of("direction", step.changes.get("direction", ""), DIRECTIONS)
        self.referral = Referral(child, direction, to, step.signed.at)


_NOTES: Final = frozenset({"a reason", "an answer", "a text"})
