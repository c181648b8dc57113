"""The service of one store: every page and API on one application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

from api.allocation import cards
from api.allocation import map_page as allocation_map
from api.allocation import page as allocation
from api.answers import Answers
from api.board import brief, stories
from api.board import map_page as board_map
from api.board import page as board
from api.dependencies import AnswersDep
from api.help import page as guide
from api.maps import basemap
from api.maps.basemap import BasemapFile
from api.ogc import downloads, features, tiles
from api.planner import routes as planner
from api.planner.sessions import PlanSessions
from api.reads import NotingReads
from api.searches import Searches
from api.service import new_service
from api.settings import Settings
from geo.store.contract import Store


def make_app(store: Store, settings: Settings, *, searches: Searches | None = None) -> FastAPI:
    """Put the service of one store together.

    Parameters
    ----------
    searches
        Runs searches for plans; a child process by default.
    """
    app = new_service(
        # Callers are on this machine: a smaller answer is worth less than a sooner one.
        compression=1,
        origins=settings.cors,
        routes=[*features.router.routes, *tiles.router.routes],
        lifespan=_lifespan,
    )
    app.add_middleware(NotingReads)
    app.state.searches = searches or Searches()
    app.state.answers = Answers(store, run=app.state.searches)
    app.state.plan_sessions = PlanSessions(store)
    app.state.settings = settings
    app.state.basemap = BasemapFile.open(settings.basemap, store.projection)
    for pages in (
        *(board, board_map, stories, brief, downloads),
        *(allocation, allocation_map, cards, planner, basemap, guide),
    ):
        app.include_router(pages.router)
    app.add_api_route("/readyz", _ready)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.searches.close()


def _ready(answers: AnswersDep) -> Response:
    """Answer that the store can be read."""
    answers.snapshot()
    return Response("ready\n", media_type="text/plain")
