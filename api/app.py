"""The service: puts the doors together around one store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

from api.allocation import page as allocation
from api.answers import Answers
from api.board import page as board
from api.dependencies import AnswersDep
from api.help import page as guide
from api.maps import basemap as ground
from api.maps.basemap import OwnGround
from api.ogc import downloads, features, tiles
from api.planner import routes as planner
from api.planner.sessions import PlanSessions
from api.searches import Searches
from api.service import new_service
from api.settings import Settings
from geo.store.contract import Store


def make_app(store: Store, settings: Settings, *, searches: Searches | None = None) -> FastAPI:
    """The service of one store.

    Parameters
    ----------
    searches
        What searches for plans; a process of its own, unless another is given.
    """
    app = new_service(
        # Callers are on this machine: a smaller answer is worth less than a sooner one.
        compression=1,
        origins=settings.cors,
        routes=[*features.router.routes, *tiles.router.routes],
        lifespan=_lifespan,
    )
    app.state.searches = searches or Searches()
    app.state.answers = Answers(store, run=app.state.searches)
    app.state.plan_sessions = PlanSessions(store)
    app.state.settings = settings
    app.state.ground = OwnGround.open(settings.ground, store.projection)
    app.include_router(board.router)
    app.include_router(downloads.router)
    app.include_router(allocation.router)
    app.include_router(planner.router)
    app.include_router(ground.router)
    app.include_router(guide.router)
    app.add_api_route("/readyz", _ready)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.searches.close()


def _ready(answers: AnswersDep) -> Response:
    """Whether the store answers too."""
    answers.snapshot()
    return Response("ready\n", media_type="text/plain")
