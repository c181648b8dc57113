"""Which parts of a store an answer was made of, so that only their changes make it outdated.

A snapshot notes each part as it is read. Reads are noted for whatever is being made now: for a
request as a whole, and inside it for each entry of the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal

from starlette.types import ASGIApp, Receive, Scope, Send

Part = Literal[
    "incidents", "layers", "plans", "plan titles", "settings", "measures", "entries", "tasks"
]  # fmt: skip
"""A subject of the data version; `plan titles` is what lists of layers show of plans.

A step changes a plan but not its title, and every page with a list of layers shows the titles.
"""

State = Mapping[Part, str]
"""What names the present state of each part."""

LETTERS: Final[Mapping[Part, str]] = {
    "incidents": "i",
    "layers": "l",
    "plans": "p",
    "plan titles": "t",
    "settings": "s",
    "measures": "m",
    "entries": "e",
    "tasks": "k",
}
"""How an ETag names the parts that an answer was made of."""

PARTS: Final = frozenset(LETTERS)

ANSWERING: Final = PARTS - {"tasks"}
"""All that an answer may be made of: tasks are decided on answers, not counted in them."""

# A context variable, because what reads and what is made of it are calls apart, and each request
# has a thread, and a context, of its own.
_noted: ContextVar[set[Part] | None] = ContextVar("noted reads", default=None)


def note(*parts: Part) -> None:
    """Note that whatever is being made now depends on some parts."""
    noted = _noted.get()
    if noted is not None:
        noted.update(parts)


def noted() -> frozenset[Part]:
    """Return the parts that were read so far for what is being made now."""
    return frozenset(_noted.get() or ())


@contextmanager
def noting() -> Iterator[set[Part]]:
    """Collect the parts that are read inside; they count for what is around it too."""
    parts: set[Part] = set()
    token = _noted.set(parts)
    try:
        yield parts
    finally:
        _noted.reset(token)
        note(*parts)


def letters(parts: Iterable[Part]) -> str:
    """Return the letters of some parts, in the order of the alphabet."""
    return "".join(sorted(LETTERS[part] for part in parts))


def parts_of(text: str) -> frozenset[Part] | None:
    """Return the parts that letters name; None where they name no such parts."""
    parts = frozenset(part for part, letter in LETTERS.items() if letter in text)
    return parts if letters(parts) == text else None


class NotingReads:
    """ASGI middleware that notes what each request reads."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        with noting():
            await self.app(scope, receive, send)
