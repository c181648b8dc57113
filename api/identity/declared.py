"""What each route demands of its callers. A service with a route that says nothing does not start.

The capability stands at the route, or at its router for all of its routes:

    router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any, Final
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Match, Mount, Route
from starlette.types import Scope

from api.addresses import path_inside
from api.errors import reads_pages
from api.identity.audit import Action, record, record_in_thread
from api.identity.identity import PUBLIC, Identity, identity_of
from api.identity.roles import OF_ALL_AREAS, Capability

Handler = Callable[[Request], Any]
"""Answers a request, itself or as a coroutine."""

ANYONE: Final = None
"""What a route demands that all may use, signed in or not: sign-in, health, styles of pages."""

_OPEN_MOUNTS: Final = "/static/"
_HIDDEN: Final = frozenset(one for one in Capability if one.split()[0] in ("read", "review"))
"""What one may not see is not there (404); what one may not do is forbidden (403)."""


class _Demand:
    """The dependency that holds a route's capability, and refuses callers who lack it."""

    def __init__(self, capability: Capability | None) -> None:
        self.capability = capability

    async def __call__(self, request: Request) -> None:
        if self.capability is not None:
            await _demand_here(request, self.capability)


def requires(capability: Capability) -> Any:
    """Return the dependency of a route, or router, whose callers need a capability."""
    return Depends(_Demand(capability))


def open_to_anyone() -> Any:
    """Return the dependency of a route that all may use."""
    return Depends(_Demand(ANYONE))


def demand(request: Request, capability: Capability) -> None:
    """Refuse a request whose caller may not do something, and record that. Not for coroutines.

    Parameters
    ----------
    request
        Whose identity is established.
    capability
        What they would do.

    Raises
    ------
    HTTPException
        401 where nobody has signed in; else 404 for what they may not see and 403 for what they
        may not do.
    """
    _send_home(request, capability)
    if refusal := _refusal(request, capability):
        record(request, **_entry(request, capability))
        raise refusal


async def _demand_here(request: Request, capability: Capability) -> None:
    """Do what `demand` does, from a coroutine."""
    _send_home(request, capability)
    if refusal := _refusal(request, capability):
        await record_in_thread(request, **_entry(request, capability))
        raise refusal


def _send_home(request: Request, capability: Capability) -> None:
    """Send who opens the first page, as bookmarks do, to the first one that they may open."""
    identity = identity_of(request)
    home_of: Callable[[Identity], str] | None = getattr(request.app.state, "home_of", None)
    is_first = request.method == "GET" and path_inside(request.scope) == "/"
    if home_of is None or not is_first or identity.may(capability) or identity == PUBLIC:
        return
    if identity.roles != PUBLIC.roles:
        to = {"location": home_of(identity), "cache-control": "no-store"}
        raise HTTPException(303, "your role does not open this page", to)


def _refusal(request: Request, capability: Capability) -> HTTPException | None:
    identity = identity_of(request)
    if identity.may(capability):
        return None
    if identity == PUBLIC:
        return _unknown(request)
    if identity.roles == PUBLIC.roles:
        return HTTPException(
            403, f"you are signed in as {identity.name} and have no role here; ask for one"
        )
    if capability in _HIDDEN:
        return HTTPException(404)
    if identity.areas and capability in OF_ALL_AREAS:
        return HTTPException(403, "you see your own areas only, and this shows all of them")
    return HTTPException(403, f"your role does not let you {capability}; ask an administrator")


def _entry(request: Request, capability: Capability) -> dict[str, Any]:
    """What the audit says of a refusal: without the query, which may hold an address."""
    subject = f"{request.method} {request.url.path}: {capability}"
    return {"action": Action.REFUSAL, "subject": subject}


def _unknown(request: Request) -> HTTPException:
    """Send people in a browser to the page for signing in, and ask other programs for a key."""
    sign_in = getattr(request.app.state, "sign_in", "")
    if sign_in and request.method == "GET" and reads_pages(request.headers, request.query_params):
        path = path_inside(request.scope)
        query = f"?{request.url.query}" if request.url.query else ""
        # Not kept, or a browser would go there still when its user has signed in.
        to = {"location": f"{sign_in}?next={quote(path + query)}", "cache-control": "no-store"}
        return HTTPException(303, "sign in to see this", to)
    # A script of a page gets no such header: the browser would ask for a password in its own way.
    in_browser = "sec-fetch-mode" in request.headers
    challenge = (
        {} if in_browser else {"www-authenticate": 'Basic realm="Patchmap", charset="UTF-8"'}
    )
    return HTTPException(401, "sign in to see this, or send a key", challenge)


class DeclaredRoute(Route):
    """A plain route that declares its capability and refuses callers who lack it.

    Parameters
    ----------
    path
        The address.
    handler
        Answers a request.
    capability
        What callers need.
    methods
        Of HTTP.
    """

    def __init__(
        self,
        path: str,
        handler: Handler,
        *,
        capability: Capability,
        methods: list[str],
    ) -> None:
        self.capability = capability
        super().__init__(path, _demanding(handler, capability), methods=methods)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route, which its scope then names."""
        match, child = super().matches(scope)
        return match, {**child, "route": self} if child else child


def _demanding(handler: Handler, capability: Capability) -> Handler:
    """A handler that runs where another did, in a thread or not, and demands a capability first."""
    if iscoroutinefunction(handler):

        async def answer_here(request: Request) -> Response:
            await _demand_here(request, capability)
            response: Response = await handler(request)
            return response

        return answer_here

    def answer(request: Request) -> Response:
        demand(request, capability)
        response: Response = handler(request)
        return response

    return answer


def declared_capabilities(app: FastAPI) -> Iterator[tuple[RouteContext, set[Capability | None]]]:
    """Yield each route of an application with what it declares; None where all may use it."""
    for route in iter_route_contexts(app.routes):
        yield route, set(_declared_by(route))


def _declared_by(route: RouteContext) -> Iterator[Capability | None]:
    original = route.original_route
    if isinstance(original, Mount) and f"{original.path}/".startswith(_OPEN_MOUNTS):
        yield ANYONE
    if isinstance(original, DeclaredRoute):
        yield original.capability
    for dependency in original.dependencies if isinstance(original, APIRoute) else ():
        if isinstance(dependency.dependency, _Demand):
            yield dependency.dependency.capability


def check_declared(app: FastAPI) -> None:
    """Refuse to start a service with a route that declares no capability.

    Raises
    ------
    RuntimeError
        With the addresses of such routes.
    """
    silent = [f"{route.path}" for route, declared in declared_capabilities(app) if not declared]
    if silent:
        raise RuntimeError(f"these routes declare no capability: {', '.join(silent)}")
