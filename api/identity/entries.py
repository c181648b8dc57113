"""Which entries of the audit somebody wants to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from api.identity.audit import Action
from geo.errors import QuestionError
from geo.incidents import LONDON
from geo.question.kinds import one_of
from geo.store.audit import AuditLog
from geo.store.audit_chain import AuditEntry


@dataclass(frozen=True)
class EntryChoice:
    """A choice of entries; what is empty chooses nothing.

    Attributes
    ----------
    first, last
        Days in London, as `YYYY-MM-DD`, both inclusive.
    who
        The user.
    action
        One of `Action`.
    """

    first: str = ""
    last: str = ""
    who: str = ""
    action: str = ""

    def entries(
        self, log: AuditLog, *, newest_first: bool = False, before: int | None = None
    ) -> Iterator[AuditEntry]:
        """Return the entries, read some at a time.

        Parameters
        ----------
        log
            The audit.
        newest_first
            The last entry first.
        before
            Only those with a smaller number.

        Raises
        ------
        QuestionError
            If a day or the action cannot be read.
        """
        if self.action and self.action not in list(Action):
            choices = one_of(tuple(Action))
            raise QuestionError("action", f"unknown value {self.action!r}; choose {choices}")
        since = _moment("from", self.first) if self.first else ""
        until = _moment("to", self.last, days=1) if self.last else "~"
        stored = log.entries(action=self.action, newest_first=newest_first, before=before)
        return (
            entry
            for entry in stored
            if since <= entry.at < until and self.who in ("", entry.text("who"))
        )


def _moment(option: str, text: str, *, days: int = 0) -> str:
    """The moment at which a day begins in London, as entries have it."""
    try:
        day: date = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        begins = pd.Timestamp(day + timedelta(days=days), tz=LONDON)
    except (ValueError, OverflowError):
        raise QuestionError(option, f"{text!r} is no day; write it as YYYY-MM-DD") from None
    return str(begins.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.000Z"))
