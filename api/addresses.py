"""Addresses of this service's own pages, which may all lie below a prefix.

Code and templates write them from the root, as `/help`. Three places add the prefix: `at` for
addresses that code puts into pages, `api.pages.templating` for those that templates hold, and
`BelowPrefix` for redirects. Scripts find the root by their own address.
"""

from __future__ import annotations

from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_prefix: ContextVar[str] = ContextVar("prefix", default="")


def at(path: str) -> str:
    """Return an address of this service below its prefix.

    Parameters
    ----------
    path
        From the root on, such as `/help`.
    """
    return _prefix.get() + path


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
