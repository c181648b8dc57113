"""A stream of news of a plan, as the page of a planner reads it."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 60.0
"""How long news may take on a busy machine."""


class Stream:
    """A page of a plan that is open until `close`."""

    def __init__(self, address: str, page: str, plan_id: str = "north", **headers: str) -> None:
        place = urlsplit(address)
        self._connection = http.client.HTTPConnection(
            f"{place.hostname}", place.port, timeout=PATIENCE_S
        )
        path = f"{place.path}/planner/live/{plan_id}?page={page}"
        self._connection.request("GET", path, headers={"accept": "text/event-stream", **headers})
        self.answer = self._connection.getresponse()

    def next(self) -> Any:
        """The next news; raises EOFError where the service has ended the stream."""
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))
        raise EOFError

    def until(self, is_wanted: Callable[[Any], bool]) -> float:
        """Read until some news has come; returns after how many seconds."""
        began = time.monotonic()
        while not is_wanted(self.next()):
            pass
        return time.monotonic() - began

    def close(self) -> None:
        """Leave, as a page that is closed."""
        self.answer.close()
        self._connection.close()
