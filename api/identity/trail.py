"""The audit that a service or a command keeps in the records of its store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from api.calls import current_call
from api.identity.audit import Action, Audit
from api.identity.identity import PUBLIC, Identity
from geo.errors import StoreError, UnavailableError
from geo.store.audit import AuditLog
from geo.store.audit_chain import Value

REFUSALS_EVERY_S: Final = 60.0
"""How often refusals of callers who had not signed in are recorded.

Anyone can cause them, at any rate: one entry for each would let a stranger fill the disk, and
then nobody would get an answer. They are counted instead.
"""

_UNKEPT: Final = (
    "the audit cannot be written, so nothing is answered; tell whoever runs this service"
)


class AuditTrail(Audit):
    """Keeps entries of who did what.

    Parameters
    ----------
    log
        Where they are kept.
    clock
        Seconds that only grow.
    every
        Seconds between entries that say how many strangers were refused.
    """

    def __init__(
        self,
        log: AuditLog,
        *,
        clock: Callable[[], float] = time.monotonic,
        every: float = REFUSALS_EVERY_S,
    ) -> None:
        self.log = log
        self._clock, self._every = clock, every
        self._lock = threading.Lock()
        self._refused, self._last = 0, ""
        self._recorded_at: float | None = None
        self._timer: threading.Timer | None = None

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
        """Keep an entry, as `Audit.record` has it."""
        if action is Action.REFUSAL and identity.way == "public":
            if self._is_due(subject):
                self.flush()
            return
        call = current_call()
        facts: dict[str, Value | None] = {
            "who": identity.name,
            "way": identity.way,
            "roles": sorted(identity.roles),
            "subject": subject,
            "question": dict(question or {}),
            "rows": rows,
            "reason": reason,
            "request_id": request_id or (call.id if call else ""),
        }
        self._append(action, facts)

    def flush(self) -> None:
        """Record the refusals of strangers that are only counted so far.

        Raises
        ------
        UnavailableError
            If they cannot be recorded; they stay counted.
        """
        with self._lock:
            refused, self._refused = self._refused, 0
            last, self._recorded_at = self._last, self._clock()
            self._stop_timer()
        if not refused:
            return
        try:
            self._append(Action.REFUSAL, _refusals(refused, last))
        except UnavailableError:
            with self._lock:
                self._refused += refused
                self._recorded_at = None
            raise

    def close(self) -> None:
        """Record what is only counted so far; where that fails, nobody waits for it any more."""
        with suppress(UnavailableError):
            self.flush()

    def _append(self, action: Action, facts: Mapping[str, Value | None]) -> None:
        fields = {name: value for name, value in facts.items() if value not in (None, "", {}, [])}
        try:
            self.log.append(action, fields)
        except StoreError as error:
            raise UnavailableError(_UNKEPT) from error

    def _is_due(self, subject: str) -> bool:
        """Count a refusal of a stranger; tell whether all that were counted are to be recorded."""
        with self._lock:
            self._refused += 1
            self._last = subject
            now = self._clock()
            waited = self._every if self._recorded_at is None else now - self._recorded_at
            if waited >= self._every:
                return True
            if self._timer is None:
                # Nobody else may come for long, and these would not be seen until then.
                self._timer = threading.Timer(self._every - waited, self.close)
                self._timer.daemon = True
                self._timer.start()
            return False

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _refusals(number: int, last: str) -> Mapping[str, Value | None]:
    call = current_call()
    return {
        "way": PUBLIC.way,
        "roles": sorted(PUBLIC.roles),
        "subject": f"{number} without sign-in, the last: {last}",
        "request_id": call.id if call else "",
    }
