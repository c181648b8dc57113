"""The guard against requests that other web pages make through the user's browser.

Listening on loopback is not enough, because a browser sends requests there for any page. A
request is refused if its Host is not this machine (DNS rebinding), if it came through a proxy,
or if a page of another origin tries to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import refusal
from api.settings import LOOPBACK
from geo.text import control_character

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDED = ("forwarded", "via", "x-forwarded-", "x-real-ip")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; form-action 'self'; "
    "base-uri 'none'"
)
_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# A Host is a name and a port and nothing else. A parser of addresses would find "localhost" in
# "evil.com@localhost" and in "localhost#.evil.com" as well.
_OWN_HOST = re.compile(
    "(?:{})(?::[0-9]{{1,5}})?".format(
        "|".join(re.escape(f"[{name}]" if ":" in name else name) for name in LOOPBACK)
    ),
    re.IGNORECASE | re.ASCII,
)
_EXPOSED = "content-crs, etag, link, ogc-number-matched, retry-after, x-request-id"
_PUBLIC = ("/ogc", "/arcgis")
_READ_BY_POST = "/arcgis/"  # ArcGIS sends a query that is too long for an address in a body
"""Addresses that pages of other origins may read, if the settings name the origins."""


class Guard:
    """ASGI middleware that refuses requests which did not come from this machine's user."""

    def __init__(self, app: ASGIApp, origins: Sequence[str] = ()) -> None:
        self.app = app
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request, pass on the others, and set the security headers of both."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        app = _refusal(scope) or self.app
        head = scope["method"] == "HEAD"
        if head:
            # Every GET route answers HEAD too: the body is made and left out.
            scope = {**scope, "method": "GET"}

        shared = self._shared(scope)

        async def send_guarded(message: Message) -> None:
            if head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(shared)
                if self.origins:
                    headers.add_vary_header("origin")
                # The headers of a 304 replace those in the browser's cache, and a map has its own.
                given = {} if message["status"] == 304 else _HEADERS
                for name, value in given.items():
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, send_guarded)

    def _shared(self, scope: Scope) -> dict[str, str]:
        """The CORS headers of an answer, which never allow credentials; empty if none apply."""
        origin = Headers(scope=scope).get("origin", "")
        if not self.origins or not scope["path"].startswith(_PUBLIC):
            return {}
        every = "*" in self.origins
        if not every and origin not in self.origins:
            return {}
        return {
            "access-control-allow-origin": "*" if every else origin,
            "access-control-expose-headers": _EXPOSED,
            "cross-origin-resource-policy": "cross-origin",
        }


def is_own_caller(client: str | None, headers: Headers) -> bool:
    """Tell whether a program or page of this machine makes the request.

    Single incidents are personal data: they are only given to such callers.

    Parameters
    ----------
    client
        The address of the caller.
    headers
        The headers of the request.
    """
    own = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
    origin = headers.get("origin")
    return client in LOOPBACK and own and (origin is None or _same(origin, headers))


def _refusal(scope: Scope) -> ASGIApp | None:
    caller = HTTPConnection(scope)
    changes = scope["method"] not in SAFE_METHODS and not scope["path"].startswith(_READ_BY_POST)
    if fault := _fault(caller.headers, changes=changes):
        return refusal(caller, 403, fault)
    address = f"{scope['path']}?{unquote_plus(scope['query_string'].decode('latin-1'))}"
    if character := control_character(address):
        return refusal(
            caller, 400, f"the address holds the control character {character}; remove it"
        )
    return None


def _fault(headers: Headers, *, changes: bool) -> str:
    if not _names_this_machine(headers.getlist("host")):
        return "this service only answers on this machine; use an address such as http://localhost"
    proxied = [name for name in headers if name.startswith(FORWARDED)]
    if proxied:
        return f"this service does not work behind a proxy (header {proxied[0]}); open it directly"
    if changes:
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") or (origin and not _same(origin, headers)):
            return "pages of other origins cannot make changes; use Patchmap's own pages"
    return ""


def _names_this_machine(hosts: Sequence[str]) -> bool:
    return len(hosts) == 1 and _OWN_HOST.fullmatch(hosts[0]) is not None


def _same(origin: str, headers: Headers) -> bool:
    return urlsplit(origin).netloc == headers.get("host")
