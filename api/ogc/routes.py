"""The routes of the OGC door."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.ogc.request import PREFIX, asking

Handler = Callable[..., Response]


class Door:
    """Plain routes, whose handlers get an `Asking` and the parts of the path by name.

    The door reads its parameters itself, as strictly as the standard wants, and describes itself
    in its own OpenAPI document. FastAPI's reading of them would take as long as a page of items.

    Attributes
    ----------
    routes
        The routes, in the order in which they are tried.
    """

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str) -> Callable[[Handler], Handler]:
        """Let a function answer for a path below the door's own."""

        def add(handler: Handler) -> Handler:
            @wraps(handler)
            def answer(request: Request) -> Response:
                return handler(asking(request), **request.path_params)

            self.routes.append(Route(PREFIX + path, answer, methods=["GET"]))
            return handler

        return add
