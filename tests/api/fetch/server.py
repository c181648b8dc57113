"""A publisher's server on loopback, that answers as they do, and worse."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from geo.errors import InputError

Answer = tuple[int, dict[str, str], bytes]
Received = BaseHTTPRequestHandler


@dataclass
class Server:
    """Answers by path; each answer is made anew for each request."""

    address: str = ""
    answers: dict[str, Callable[[Received], Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def answer(self, path: str, *answers: Answer | Callable[[Received], Answer]) -> None:
        """Give these answers in turn, the last one again and again."""
        left = list(answers)

        def next_answer(request: Received) -> Answer:
            made = left.pop(0) if len(left) > 1 else left[0]
            return made(request) if callable(made) else made

        self.answers[path] = next_answer

    def headers_of(self, path: str) -> list[dict[str, str]]:
        """The headers of each request for a path."""
        return [headers for url, headers in self.requests if urlsplit(url).path == path]


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(InputError) as raised:
        call(*arguments, **options)
    line = str(raised.value)
    assert "\n" not in line
    return line


def as_json(document: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
