"""The service: puts the doors together around one store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from api.allocation import page as allocation
from api.answers import Answers
from api.board import downloads
from api.board import page as board
from api.dependencies import AnswersDep
from api.errors import add_error_handlers
from api.maps import basemap as ground
from api.maps.basemap import OwnGround
from api.maps.pages import LEAFLET
from api.ogc import features, tiles
from api.planner import page as planner
from api.planner.sessions import PlanDesks
from api.searches import Searches
from api.security import Guard
from api.settings import VERSION, Settings
from geo.store.contract import Store

STATIC = Path(__file__).parent / "static"


def make_app(store: Store, settings: Settings, *, searches: Searches | None = None) -> FastAPI:
    """The service of one store.

    Parameters
    ----------
    searches
        What searches for plans; a process of its own, unless another is given.
    """
    app = FastAPI(
        title="Patchmap",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        lifespan=_lifespan,
        routes=[*features.door.routes, *tiles.door.routes],
    )
    app.state.searches = searches or Searches()
    app.state.answers = Answers(store, run=app.state.searches)
    app.state.desks = PlanDesks(store)
    app.state.settings = settings
    app.state.ground = OwnGround.open(settings.ground, store.projection)
    add_error_handlers(app)
    # Callers are on this machine: a smaller answer is worth less than a sooner one.
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=1)
    app.add_middleware(Guard, origins=settings.cors)
    app.include_router(board.router)
    app.include_router(downloads.router)
    app.include_router(allocation.router)
    app.include_router(planner.router)
    app.include_router(ground.router)
    app.add_api_route("/healthz", alive)
    app.add_api_route("/readyz", _ready)
    add_static_files(app)
    return app


def add_static_files(app: FastAPI) -> None:
    """Serve the files that pages link."""
    app.mount("/static/leaflet", StaticFiles(directory=LEAFLET, check_dir=False))
    app.mount("/static/page", StaticFiles(directory=STATIC / "page"))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.searches.close()


def alive() -> Response:
    """Whether the process answers."""
    return Response("ok\n", media_type="text/plain")


def _ready(answers: AnswersDep) -> Response:
    """Whether the store answers too."""
    answers.snapshot()
    return Response("ready\n", media_type="text/plain")
