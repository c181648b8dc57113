"""The log of the service: errors, and when asked for a line for each request."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from api.calls import current_call
from geo.store.audit_chain import Head

LogChoice = Literal["errors", "requests", "json"]

requests_log: Final = logging.getLogger("patchmap.requests")
heads_log: Final = logging.getLogger("patchmap.audit")
log: Final = logging.getLogger("patchmap")


def set_up(choice: LogChoice, stream: TextIO = sys.stderr) -> None:
    """Write the log to a stream.

    Parameters
    ----------
    choice
        `errors` alone; with `requests` also a line for each request; `json` is the same with each
        line a JSON object.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonLines() if choice == "json" else _TextLines())
    for name in ("patchmap", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)
    heads_log.setLevel(logging.INFO)
    requests_log.setLevel(logging.WARNING if choice == "errors" else logging.INFO)


def log_request(**fields: object) -> None:
    """Write the line of a request, where lines are asked for.

    Parameters
    ----------
    fields
        What the line says, by name: `method`, `path`, `status`, `ms`, `bytes`,
        `identity`.
    """
    if requests_log.isEnabledFor(logging.INFO):
        requests_log.info("%s", _words(fields), extra={"fields": fields})


def log_head(head: Head) -> None:
    """Write the head of the audit, so that whoever keeps the log can tell where its end was cut.

    Parameters
    ----------
    head
        Number and MAC of its last entry.
    """
    heads_log.info("audit head %d %s", head.sequence, head.mac)


def _words(fields: dict[str, Any]) -> str:
    # A path may hold any character: as JSON writes it, a line stays a line.
    path = json.dumps(fields["path"])[1:-1]
    return (
        f"{fields['method']} {path} {fields['status']} "
        f"{fields['ms']:.1f} ms {fields['bytes']} bytes"
    )


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _request_id() -> str:
    call = current_call()
    return call.id if call else ""


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        parts = (_time(record), record.levelname, _request_id(), super().format(record))
        return " ".join(filter(None, parts))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "request_id": _request_id(),
            **(fields or {"message": record.getMessage()}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)
