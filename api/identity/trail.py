"""The audit that a service or a command keeps in the records of its store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from api.calls import current_call
from api.identity.audit import Action, Audit
from api.identity.identity import Identity
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
    """

    def __init__(self, log: AuditLog, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._refused = 0
        self._recorded_at: float | None = None

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
            refused = self._counted()
            if not refused:
                return
            subject = f"{refused} without sign-in, the last: {subject}"
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
        fields = {name: value for name, value in facts.items() if value not in (None, "", {}, [])}
        try:
            self.log.append(action, fields)
        except StoreError as error:
            raise UnavailableError(_UNKEPT) from error

    def _counted(self) -> int:
        """How many refusals of the public to record now; 0 while they are only counted."""
        with self._lock:
            self._refused += 1
            now = self._clock()
            if self._recorded_at is not None and now - self._recorded_at < REFUSALS_EVERY_S:
                return 0
            refused, self._refused, self._recorded_at = self._refused, 0, now
            return refused
