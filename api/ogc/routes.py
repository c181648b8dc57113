"""The router of the OGC API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.identity.declared import DeclaredRoute
from api.identity.roles import Capability
from api.ogc.request import PREFIX, OgcRequest

Handler = Callable[..., Response]


class Router:
    """Plain routes, whose handlers get an `OgcRequest` and the parts of the path by name.

    Not FastAPI's router: its reading of parameters takes as long as a page of items, and this API
    reads them itself, as strictly as the standard asks, and has its own OpenAPI document.

    Attributes
    ----------
    routes
        The routes, in the order in which they are tried.
    """

    def __init__(self) -> None:
        self.routes: list[DeclaredRoute] = []

    def get(self, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated function for a path below `/ogc`."""

        def add(handler: Handler) -> Handler:
            @wraps(handler)
            async def answer(request: Request) -> Response:
                # Here, not in a thread: the hop takes as long as all else that a page needs.
                ogc_request = OgcRequest.with_place(request)
                if ready := ogc_request.ready():
                    return ready
                return await run_in_threadpool(handler, ogc_request, **request.path_params)

            route = DeclaredRoute(
                PREFIX + path, answer, capability=Capability.READ_ANSWERS, methods=["GET"]
            )
            self.routes.append(route)
            return handler

        return add
