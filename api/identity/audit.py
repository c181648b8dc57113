"""The audit: who did what with personal data, recorded before they get an answer.

Routes call `record`, or `record_in_thread` where they are coroutines. Where no audit is kept,
both do nothing.

Source of what an entry holds: Data Protection Act 2018, section 62 (logging).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from api.identity.identity import Identity, identity_of

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection


_RECORDED: Final = "patchmap.recorded"
"""What the scope of a request holds once something was recorded of it."""


class Action(StrEnum):
    """What was done."""

    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "failed sign-in"
    SIGN_OUT = "sign-out"
    CONSULTATION = "consultation"
    """Single incidents were read."""
    EXPORT = "export"
    """A file with single incidents was written."""
    IMPORT = "import"
    UNDO = "undo"
    PLAN_STEP = "plan step"
    TASK_STEP = "task step"
    """A step with a task, priority, entry of the roster, or meeting."""
    RELEASE = "release"
    """A release was made, approved or withdrawn."""
    ERASURE = "erasure"
    RETENTION = "retention"
    REFUSAL = "refusal"
    USER_CHANGED = "user changed"
    KEY_CHANGED = "key changed"
    CHANGE = "change"
    """Anything else that a command changes of the store."""
    REDACTION = "redaction"
    ARCHIVE = "archive"
    """Old entries were moved from the audit to a file."""


class Audit(Protocol):
    """Where entries are kept."""

    def record(
        self,
        identity: Identity,
        *,
        action: Action,
        subject: str = "",
        question: Mapping[str, str] | None = None,
        rows: int | None = None,
        reason: str = "",
        request_id: str = "",
    ) -> None:
        """Keep an entry; returns once it is on the disk.

        Parameters
        ----------
        identity
            Who does it.
        action
            What they do.
        subject
            What they do it to: a collection, file, plan, user or release.
        question
            The Question, as the query string has it.
        rows
            How many personal rows they get, bring in or remove; None where that is not known.
        reason
            Theirs, where they are asked for one.
        request_id
            As the log of the service names the request.

        Raises
        ------
        UnavailableError
            If it cannot be kept: then there must be no answer either.
        """

    def close(self) -> None:
        """Keep what is only counted so far, once the service ends."""


def record(
    caller: HTTPConnection,
    *,
    action: Action,
    subject: str = "",
    question: Mapping[str, str] | None = None,
    rows: int | None = None,
    reason: str = "",
    identity: Identity | None = None,
) -> None:
    """Record what a caller does, before they get the answer. It blocks: not for coroutines.

    Parameters
    ----------
    caller
        The request.
    action, subject, question, rows, reason
        As `Audit.record` takes them.
    identity
        Who does it, where that is not the request's identity: at sign-in.

    Raises
    ------
    UnavailableError
        If it cannot be recorded.
    """
    audit: Audit | None = getattr(caller.app.state, "audit", None)
    if audit is None:
        return
    caller.scope[_RECORDED] = True
    audit.record(
        identity or identity_of(caller),
        action=action,
        subject=subject,
        question=question,
        rows=rows,
        reason=reason,
    )


def is_recorded(caller: HTTPConnection) -> bool:
    """Whether something was recorded of a request: its answer is for this one caller."""
    return _RECORDED in caller.scope


async def record_in_thread(caller: HTTPConnection, **entry: Any) -> None:
    """Record what a caller does, from a coroutine.

    Parameters
    ----------
    caller
        The request.
    entry
        As `record` takes it.
    """
    if getattr(caller.app.state, "audit", None) is not None:
        from anyio import to_thread  # noqa: PLC0415 - commands have no coroutines

        await to_thread.run_sync(partial(record, caller, **entry))
