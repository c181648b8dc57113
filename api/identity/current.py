"""Who makes the request that is being answered now, for whatever has no request at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.requests import HTTPConnection
from starlette.types import Scope

from api.identity.identity import identity_of

# A context variable, because a page's header is far from its request: the thread that renders a
# page has the context of its request.
_current: ContextVar[HTTPConnection | None] = ContextVar("current caller", default=None)


@contextmanager
def answering(scope: Scope) -> Iterator[None]:
    """Let a request be the one that is answered inside."""
    token = _current.set(HTTPConnection(scope))
    try:
        yield
    finally:
        _current.reset(token)


def current_caller() -> HTTPConnection | None:
    """Return the request that is being answered; None outside of all."""
    return _current.get()


def signed_in_as() -> str:
    """Return who has signed in, as a sentence for a page; '' where nobody has to."""
    caller = current_caller()
    if caller is None:
        return ""
    identity = identity_of(caller)
    return "" if identity.way in ("local", "public") else f"Signed in as {identity.name}."


def signature() -> str:
    """Return how somebody who has signed in signs what they change; '' for others.

    This machine's user signs with a name that they write, by default that of the operating system.
    """
    caller = current_caller()
    if caller is None or identity_of(caller).way == "local":
        return ""
    return identity_of(caller).name
