"""What every Patchmap service has: error answers, the guard, static files and a health check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan

from api.access_settings import AccessSettings
from api.addresses import BelowPrefix
from api.errors import TEMPLATES, add_error_handlers
from api.identity.current import signed_in_as
from api.identity.declared import open_to_anyone
from api.identity.identify import Authenticator, Identify, LocalAuthenticator
from api.load.lifecycle import Lifecycle, NotingCall
from api.load.metrics import Metrics
from api.pages.assets import LEAFLET, PAGE, PROTOMAPS
from api.pages.navigation import HEAD_FUNCTIONS
from api.security import Guard
from api.settings import DEADLINE_S, PATIENCE_S, VERSION, user_name

_LEAST_COMPRESSED: Final = 1_000
"""Bytes: a smaller answer gains nothing by compression."""


def new_service(
    *,
    compression: int,
    origins: Sequence[str] = (),
    routes: list[BaseRoute] | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
    seconds: float = DEADLINE_S,
    patience: float = PATIENCE_S,
    authenticator: Authenticator | None = None,
    access: AccessSettings | None = None,
) -> FastAPI:
    """An application with everything but its own routes.

    Parameters
    ----------
    compression
        The gzip level: 1 is the fastest, 9 the smallest.
    origins
        Web origins whose pages may read the OGC API.
    seconds
        How long a caller may wait for an answer.
    patience
        After how many seconds who opens a page reads that it is being prepared.
    authenticator
        Establishes who makes a request; by default it is the user of this machine.
    access
        Who may reach the service, and by which address; by default its own machine.
    """
    access = access or AccessSettings()
    app = FastAPI(
        title="Patchmap",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        routes=routes,
        lifespan=lifespan,
    )
    # What somebody sees takes the store to say, which may be what failed.
    # The whole line would need answers, which may be what fails.
    TEMPLATES.globals |= {**HEAD_FUNCTIONS, "signed_in_line": signed_in_as}
    add_error_handlers(app)
    app.add_middleware(NotingCall)
    app.add_middleware(GZipMiddleware, minimum_size=_LEAST_COMPRESSED, compresslevel=compression)
    app.add_middleware(Identify, authenticator=authenticator or LocalAuthenticator(user_name()))
    # Added late, so it runs early: a refused request reaches nothing else.
    app.add_middleware(Guard, origins=origins, access=access)
    guard = partial(Guard, origins=origins, access=access)
    app.state.metrics = metrics = Metrics()
    app.add_middleware(Lifecycle, guard, seconds=seconds, metrics=metrics, patience=patience)
    app.add_middleware(BelowPrefix, access.prefix)
    app.add_api_route("/healthz", alive, dependencies=[open_to_anyone()])
    app.add_api_route("/favicon.ico", icon, dependencies=[open_to_anyone()])
    # Without npm's files the pages still open; only their maps stay empty.
    app.mount("/static/leaflet", StaticFiles(directory=LEAFLET, check_dir=False))
    app.mount("/static/protomaps-leaflet", StaticFiles(directory=PROTOMAPS, check_dir=False))
    app.mount("/static/page", StaticFiles(directory=PAGE))
    return app


async def icon() -> Response:
    """The icon for pages that name none, such as maps: browsers ask for it at this address."""
    return FileResponse(PAGE / "icon.svg", media_type="image/svg+xml")


async def alive() -> Response:
    """Answer that the process runs; without a thread, so that no work is in the way."""
    return Response("ok\n", media_type="text/plain")
