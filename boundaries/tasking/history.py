"""Signed steps: everything of tasking is a list of them, and its state is their replay.

Steps are only ever added. A redaction replaces a text and nothing else of a step.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from boundaries.tasking.assessment import is_by_hand
from geo.errors import InputError, NotFoundError
from geo.store.tasking_rows import FINDING, NOTE, REDACT, REDACTED, text_in, without_text

Known = TypeVar("Known", bound=str)

LONDON: Final = ZoneInfo("Europe/London")

REDACTABLE: Final = (
    NOTE, "title", "owner", "service", "to", "place.label", "issue", "action", "target", "role",
    "holder", "covered_by",
)  # fmt: skip
"""Texts that people write, and a finding by hand. Nothing else is ever replaced: not the place, the
days, how a task will be judged, nor what was counted of it."""


@dataclass(frozen=True)
class Signed:
    """Who takes a step, when, and in which meeting.

    Attributes
    ----------
    by
        The identity, or the stated name.
    at
        Time with a time zone; kept in UTC, to the second.
    meeting
        The id of the meeting, '' outside of any.
    """

    by: str
    at: datetime
    meeting: str = ""

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise InputError("a step needs the name of who takes it")
        if self.at.tzinfo is None:
            raise InputError("the time of a step has no time zone; add one, such as UTC")
        object.__setattr__(self, "at", self.at.astimezone(UTC).replace(microsecond=0))

    @property
    def day(self) -> date:
        """The day in London."""
        return self.at.astimezone(LONDON).date()


@dataclass(frozen=True)
class Step:
    """One signed change.

    Attributes
    ----------
    kind
        Such as `raise` or `accept`.
    signed
        Who, when, and in which meeting.
    note
        The reason, answer or remark; '' for none.
    changes
        The new values of what changed, as plain JSON by name.
    """

    kind: str
    signed: Signed
    note: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The step as plain JSON, as stores keep it: keys never change."""
        return {
            "kind": self.kind,
            "by": self.signed.by,
            "at": f"{self.signed.at:%Y-%m-%dT%H:%M:%SZ}",
            "meeting": self.signed.meeting,
            "note": self.note,
            "changes": dict(self.changes),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Step:
        """The step that `as_dict` wrote."""
        at = datetime.fromisoformat(written["at"])
        signed = Signed(written["by"], at, written["meeting"])
        return cls(written["kind"], signed, written["note"], written["changes"])


def replayed(steps: Sequence[Step]) -> dict[str, Any]:
    """The values after all steps: the last one given of each name, as plain JSON."""
    values: dict[str, Any] = {}
    for step in steps:
        if step.kind != REDACT:
            values |= step.changes
    return values


def redacted(
    steps: Sequence[Step], *, number: int, text: str, signed: Signed, why: str
) -> list[Step]:
    """Replace a text of one step, and add the step that says so.

    Parameters
    ----------
    steps
        All steps so far.
    number
        The step whose text is replaced, from 1.
    text
        One of `redactable`.
    signed, why
        Who redacts it, and why.

    Returns
    -------
    The steps with one more. It holds a slow, salted hash of the text, so that whoever still has the
    text can show that it stood there (`was_redacted`), and nobody can guess it from the hash.

    Raises
    ------
    NotFoundError
        If there is no such step.
    InputError
        If there is no such text in it, or no reason is given.
    """
    if not 1 <= number <= len(steps):
        raise NotFoundError(f"there is no step {number}; there are {len(steps)}")
    if not why.strip():
        raise InputError("say why the text is redacted")
    step = steps[number - 1]
    if text not in redactable(step):
        raise InputError(f"step {number} ({step.kind}) has no text {text!r} to redact")
    old = text_in(step.as_dict(), text)
    without = Step.read(without_text(step.as_dict(), text))
    salt = secrets.token_hex(16)
    changes = {"step": number, "text": text, "salt": salt, "hash": _hash(old, salt)}
    said = Step(REDACT, signed, why, changes)
    return [*steps[: number - 1], without, *steps[number:], said]


def redactable(step: Step) -> list[str]:
    """The names of the texts of a step that can be redacted.

    Parameters
    ----------
    step
        Any; of a redaction there are none.
    """
    if step.kind == REDACT:
        return []
    record = step.as_dict()
    texts = [text for text in REDACTABLE if text_in(record, text) not in ("", REDACTED)]
    # What was counted is no text of a person's.
    finding = text_in(record, FINDING)
    return [*texts, *([FINDING] if is_by_hand(finding) and REDACTED not in finding else [])]


def was_redacted(steps: Sequence[Step], text: str) -> list[int]:
    """Where a text stood before it was redacted.

    Parameters
    ----------
    steps
        All steps.
    text
        The text, as somebody still has it.

    Returns
    -------
    The numbers of the steps, from 1; none where it never stood there.
    """
    redactions = [step.changes for step in steps if step.kind == REDACT]
    return [said["step"] for said in redactions if said["hash"] == _hash(text, said["salt"])]


def next_id(ids: Iterable[str], *, letter: str = "T") -> str:
    """The next running id.

    Parameters
    ----------
    ids
        Those that exist.
    letter
        What they begin with, such as `T` of tasks.

    Returns
    -------
    Such as `T-0042`; `T-0001` where there is none yet.
    """
    own = f"{letter}-"
    numbers = [int(one[2:]) for one in ids if one.startswith(own) and one[2:].isdecimal()]
    return f"{own}{max(numbers, default=0) + 1:04d}"


def one_of(name: str, value: str, known: Sequence[Known]) -> Known:
    """A value, if it is one of those known.

    Parameters
    ----------
    name
        What it is, for the message.
    value
        As it was given.
    known
        All that there are.

    Returns
    -------
    The value, as one of them.

    Raises
    ------
    InputError
        If it is not; the message lists them.
    """
    for one in known:
        if one == value:
            return one
    raise InputError(f"unknown {name} {value!r}; choose {listed(known)}")


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence: `a, b or c`; `nothing` where there are none."""
    *first, last = names or ("nothing",)
    return f"{', '.join(first)} or {last}" if first else last


def _hash(text: str, salt: str) -> str:
    # Slow on purpose: telephone numbers are few enough to try all of them with a fast hash.
    return hashlib.scrypt(text.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
