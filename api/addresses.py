"""Addresses of this service's own pages, which may all lie below a prefix.

Code and templates write them from the root, as `/help`. Three places add the prefix:
`own_address` for addresses that code puts into pages, `OwnAddresses` for those that templates
hold, and `BelowPrefix` for redirects. Scripts find the root by their own address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from jinja2 import Environment
from jinja2.ext import Extension
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_prefix: ContextVar[str] = ContextVar("prefix", default="")
_LINK: Final = re.compile(r'(\s(?:href|src|action|data-[a-z-]+)=")/(?!/)')


@contextmanager
def addresses_below(prefix: str) -> Iterator[None]:
    """Put a prefix before the addresses of pages that are made inside, outside of any request."""
    token = _prefix.set(prefix)
    try:
        yield
    finally:
        _prefix.reset(token)


def own_address(path: str) -> str:
    """Return an address of this service below its prefix.

    Parameters
    ----------
    path
        From the root on, such as `/help`.
    """
    return _prefix.get() + path


class OwnAddresses(Extension):
    """Jinja extension that puts the prefix before the addresses which templates hold."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["own_address"] = own_address

    def preprocess(
        self,
        source: str,
        name: str | None,
        filename: str | None = None,
    ) -> str:
        """Return a template whose links, such as `href="/help"`, begin with the prefix."""
        del name, filename
        return _LINK.sub(r'\1{{ own_address("/") }}', source)


def path_inside(scope: Scope) -> str:
    """Return the path of a request without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class BelowPrefix:
    """ASGI middleware that serves all addresses below a prefix.

    Parameters
    ----------
    prefix
        The path that they begin with, without a slash at its end; empty for none. A proxy may
        pass it on or take it away.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as one below the prefix."""
        prefix = self._prefix
        if not prefix or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        if path != prefix and not path.startswith(f"{prefix}/"):
            path = prefix + path
        if path == prefix:
            path += "/"
        _prefix.set(prefix)

        async def send_below(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                location = headers.get("location", "")
                if location.startswith("/") and not location.startswith(("//", f"{prefix}/")):
                    headers["location"] = prefix + location
            await send(message)

        await self.app({**scope, "path": path, "root_path": prefix}, receive, send_below)
