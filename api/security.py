"""The guard against requests that other web pages make through the user's browser.

Listening on loopback is not enough, because a browser sends requests there for any page. A
request is refused if its Host is neither this machine nor the public address (DNS rebinding), if
it came through a proxy although everybody here has all rights, or if a page of another origin
tries to write.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access_settings import LOOPBACK, AccessSettings, PublicUrl
from api.addresses import path_inside
from api.errors import refusal
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
"""Addresses that pages of other origins may read, if the settings name the origins."""

_READ_BY_POST = "/arcgis/"
"""ArcGIS sends a query that is too long for an address in a body."""


class Guard:
    """ASGI middleware that refuses requests which come by another way than the settings allow.

    Parameters
    ----------
    origins
        Web origins whose pages may read the APIs.
    access
        Who may reach the service, and by which address.
    """

    def __init__(
        self,
        app: ASGIApp,
        origins: Sequence[str] = (),
        access: AccessSettings | None = None,
    ) -> None:
        self.app = app
        self.origins = origins
        self._access = access or AccessSettings()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request, pass on the others, and set the security headers of both."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        app = _refusal(scope, self._access) or self.app
        head = scope["method"] == "HEAD"
        if head:
            # Every GET route answers HEAD too: the body is made and left out.
            scope = {**scope, "method": "GET"}
        if self._access.public_url:
            scope = _as_reached(scope, self._access.public_url)
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
                if self._access.is_secure:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        await app(scope, receive, send_guarded)

    def _shared(self, scope: Scope) -> dict[str, str]:
        """The CORS headers of an answer, which never allow credentials; empty if none apply."""
        origin = Headers(scope=scope).get("origin", "")
        if not self.origins or not path_inside(scope).startswith(_PUBLIC):
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


def _refusal(scope: Scope, access: AccessSettings) -> ASGIApp | None:
    caller = HTTPConnection(scope)
    by_post = path_inside(scope).startswith(_READ_BY_POST)
    changes = scope["method"] not in SAFE_METHODS and not by_post
    if fault := _fault(caller.headers, access, changes=changes):
        return refusal(caller, 403, fault)
    address = f"{scope['path']}?{unquote_plus(scope['query_string'].decode('latin-1'))}"
    if character := control_character(address):
        return refusal(
            caller, 400, f"the address holds the control character {character}; remove it"
        )
    return None


def _fault(headers: Headers, access: AccessSettings, *, changes: bool) -> str:
    public = access.public_url
    hosts = headers.getlist("host")
    if not (_names_this_machine(hosts) or (public and _names(public, hosts))):
        if public:
            return f"this service only answers at {public}"
        return "this service only answers on this machine; use an address such as http://localhost"
    proxied = [name for name in headers if name.startswith(FORWARDED)]
    if proxied and access.way == "local":
        return f"this service does not work behind a proxy (header {proxied[0]}); open it directly"
    if changes:
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") or (origin and not _is_own(origin, headers, public)):
            return "pages of other origins cannot make changes; use Patchmap's own pages"
    return ""


def _as_reached(scope: Scope, public: PublicUrl) -> Scope:
    """A request as its caller sees it: links are made of this, never of what was forwarded."""
    others = [pair for pair in scope["headers"] if pair[0] != b"host"]
    host = (b"host", public.netloc.encode())
    return {**scope, "scheme": public.scheme, "headers": [host, *others]}


def _names_this_machine(hosts: Sequence[str]) -> bool:
    return len(hosts) == 1 and _OWN_HOST.fullmatch(hosts[0]) is not None


def _names(public: PublicUrl, hosts: Sequence[str]) -> bool:
    implied = ":443" if public.scheme == "https" else ":80"
    names = (public.netloc, public.netloc + implied)
    return len(hosts) == 1 and hosts[0].lower() in names


def _is_own(origin: str, headers: Headers, public: PublicUrl | None) -> bool:
    """Whether a page of this service makes a request; by plain HTTP anybody could pose as it."""
    if public and _names(public, headers.getlist("host")):
        return origin == public.origin
    return _same(origin, headers)


def _same(origin: str, headers: Headers) -> bool:
    return urlsplit(origin).netloc == headers.get("host")
