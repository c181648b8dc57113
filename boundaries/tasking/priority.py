"""Priorities of a city or a neighbourhood, with the four fields that police.uk publishes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from boundaries.tasking.history import Signed, Step, one_of, redacted, replayed
from boundaries.tasking.task import LEVELS, Level
from geo.errors import ConflictError, InputError

_QUARTER: Final = re.compile(r"\d{4}-Q[1-4]")


@dataclass(frozen=True, kw_only=True)
class PriorityTerms:
    """What a priority says.

    Attributes
    ----------
    level
        Whose it is.
    layer, area
        The layer and the code of the area that it is of; '' for the whole city.
    issue, issue_date
        What it is about, and since when; as police.uk has them.
    action, action_date
        What was done, and when; '' and None while nothing is.
    measure, target
        The id of the measure, or the query string of the count, that shows progress, and what it is
        to reach, in words; '' for none.
    quarter
        Such as `2026-Q1`; '' for none.
    """

    level: Level
    issue: str
    issue_date: date
    layer: str = ""
    area: str = ""
    action: str = ""
    action_date: date | None = None
    measure: str = ""
    target: str = ""
    quarter: str = ""

    def __post_init__(self) -> None:
        one_of("level", self.level, LEVELS)
        if not self.issue.strip():
            raise InputError("a priority needs an issue")
        if self.level == "area" and not (self.layer and self.area):
            raise InputError("a priority of an area needs the area and its layer: CODE@LAYER")
        if self.quarter and not _QUARTER.fullmatch(self.quarter):
            raise InputError(f"{self.quarter!r} is no quarter; write it as 2026-Q1")

    def terms(self) -> dict[str, Any]:
        """What it says as plain JSON, as stores keep it: keys never change."""
        return {
            "level": self.level,
            "layer": self.layer,
            "area": self.area,
            "issue": self.issue.strip(),
            "issue_date": self.issue_date.isoformat(),
            "action": self.action.strip(),
            "action_date": self.action_date.isoformat() if self.action_date else "",
            "measure": self.measure,
            "target": self.target,
            "quarter": self.quarter,
        }


@dataclass(frozen=True, kw_only=True)
class Priority(PriorityTerms):
    """A priority after all its steps.

    Attributes
    ----------
    priority_id
        Such as `P-0007`.
    is_open
        Whether it still stands.
    steps
        `set`, `close` and `redact`, the first one first.
    """

    priority_id: str
    is_open: bool
    steps: tuple[Step, ...]

    @property
    def version(self) -> int:
        """The number of its steps."""
        return len(self.steps)

    @classmethod
    def begin(cls, priority_id: str, terms: PriorityTerms, *, signed: Signed) -> Priority:
        """Set a new priority.

        Parameters
        ----------
        priority_id
            Its id, from `next_id(…, letter="P")`.
        terms
            What it says.
        signed
            Who sets it, when, and in which meeting.

        Returns
        -------
        The priority, with its first step.
        """
        return cls.of(priority_id, [Step("set", signed, "", terms.terms())])

    @classmethod
    def of(cls, priority_id: str, steps: Sequence[Step]) -> Priority:
        """The priority that some steps make.

        Parameters
        ----------
        priority_id
            Its id.
        steps
            All of them, the first one first.

        Returns
        -------
        The priority, after all of them.
        """
        values = replayed(steps)
        is_open = True
        for step in steps:
            is_open = {"set": True, "close": False}.get(step.kind, is_open)
        days = {name: values.pop(name) for name in ("issue_date", "action_date")}
        return cls(
            priority_id=priority_id,
            is_open=is_open,
            steps=tuple(steps),
            issue_date=date.fromisoformat(days["issue_date"]),
            action_date=date.fromisoformat(days["action_date"]) if days["action_date"] else None,
            **values,
        )

    def set(self, *, signed: Signed, note: str = "", **changes: Any) -> Priority:
        """The priority with other values; a closed one is open again.

        Parameters
        ----------
        signed
            Who changes it.
        note
            Why, '' for nothing.
        changes
            New values of `PriorityTerms`, as plain JSON.

        Returns
        -------
        A new priority; this one stays as it is.
        """
        unknown = sorted(set(changes) - set(self.terms()))
        if unknown or not changes:
            raise InputError(f"a priority has no {unknown[0]}" if unknown else "nothing to change")
        steps = [*self.steps, Step("set", signed, note.strip(), changes)]
        return Priority.of(self.priority_id, steps)

    def close(self, *, signed: Signed, note: str) -> Priority:
        """The priority, closed.

        Parameters
        ----------
        signed
            Who closes it.
        note
            Why.

        Returns
        -------
        A new priority; this one stays as it is.

        Raises
        ------
        ConflictError
            If it is closed already.
        InputError
            If no reason is given.
        """
        if not self.is_open:
            raise ConflictError(f"{self.priority_id} is closed already")
        if not note.strip():
            raise InputError("to close a priority, give a reason")
        return Priority.of(self.priority_id, [*self.steps, Step("close", signed, note.strip())])

    def redact(self, *, step: int, text: str, signed: Signed, why: str) -> Priority:
        """The priority without a text that names a person.

        Parameters
        ----------
        step, text, signed, why
            As `history.redacted` takes them.

        Returns
        -------
        A new priority; this one stays as it is.
        """
        steps = redacted(self.steps, number=step, text=text, signed=signed, why=why)
        return Priority.of(self.priority_id, steps)
