"""The service of one store: every page and API on one application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio import CapacityLimiter, create_task_group, sleep, to_thread
from fastapi import FastAPI, Request, Response

from api.access import audit, keys, retention, sign_in, users
from api.allocation import adopt, cards
from api.allocation import map_page as allocation_map
from api.allocation import page as allocation
from api.answer_pages import routes as answer_pages
from api.answers import Answers
from api.arcgis import routes as arcgis
from api.areas import money_page
from api.areas import routes as areas
from api.basemap import routes as basemap
from api.basemap.sources import Basemaps
from api.board import brief, stories
from api.board import map_page as board_map
from api.board import page as board
from api.data import routes as data
from api.data.service import DataService
from api.dependencies import answers_of
from api.feeds import routes as feeds
from api.find import routes as find
from api.help import page as guide
from api.identity.audit import Audit
from api.identity.declared import check_declared, open_to_anyone
from api.identity.identify import Authenticator
from api.identity.ways import access_to, authenticator_by
from api.imports.opening import audit_in
from api.imports.process import Importer, ImportProcess
from api.load.log import log, log_head
from api.load.memory import MemoryBudget
from api.load.turns import Turns, WaitingRoom
from api.ogc import downloads, features, tiles
from api.ogc.styles import qgis_project
from api.ogc.styles import routes as styles
from api.operations import page as operations
from api.operations.page import watch_load
from api.operations.workers import WorkerSpec
from api.pages.navigation import home_of
from api.planner import routes as planner
from api.planner.live import PlanNews
from api.planner.sessions import PlanSessions
from api.reads import NotingReads
from api.ready import ReadyAnswers
from api.releases import admin as releases
from api.releases import public as open_releases
from api.releases.opening import OpenReleases
from api.reports import routes as reports
from api.searches import Searches
from api.service import new_service
from api.settings import Settings
from api.tasks import routes as tasks
from boundaries.gazetteer.folder import OpenGazetteer, gazetteer_folder
from geo.store.contract import Store
from geo.store.records import Records

_SWEEP_SECONDS: Final = 60.0


def make_app(
    store: Store,
    settings: Settings,
    *,
    searches: Searches | None = None,
    importer: Importer | None = None,
    records: Records | None = None,
    authenticator: Authenticator | None = None,
    worker: WorkerSpec | None = None,
) -> FastAPI:
    """Put the service of one store together.

    Parameters
    ----------
    settings
        Their `store` is the address of this one.
    searches
        Runs searches for plans; a child process by default.
    importer
        Imports files; a child process by default.
    records
        What is kept beside the store: users, keys, sessions. Needed unless everybody is the user
        of this machine.
    authenticator
        Establishes who makes a request; by default the settings choose how.
    worker
        Which of several processes it is; None where it is the only one.

    Raises
    ------
    InputError
        If the settings of a proxy do not fit each other.
    RuntimeError
        If a route declares no capability.
    """
    access = access_to(records, settings.access) if records else None
    if settings.access.way != "local" and not authenticator:
        if not access:
            raise ValueError("a service with accounts or a proxy needs records")
        authenticator = authenticator_by(access, settings.access)
    apis = (features, tiles, styles, qgis_project, arcgis)
    app = new_service(
        # Callers are on this machine: a smaller answer is worth less than a sooner one.
        compression=1,
        origins=settings.cors,
        routes=[route for part in apis for route in part.router.routes],
        lifespan=_lifespan,
        seconds=settings.deadline_s,
        patience=settings.patience_s,
        authenticator=authenticator,
        access=settings.access,
    )
    app.state.worker, app.state.home_of = worker, home_of
    app.state.records, app.state.access = records, access
    app.state.audit = _audit(records, settings)
    app.state.releases = OpenReleases(store, records, settings.store)
    app.add_middleware(NotingReads)
    room = WaitingRoom(settings.waiting)
    turns = Turns(settings.at_once, room)
    app.state.searches = searches or Searches(patience=settings.deadline_s, room=room)
    memory = MemoryBudget(settings.cache_bytes)
    app.state.answers = Answers(store, run=app.state.searches, turns=turns, memory=memory)
    app.state.ready = ReadyAnswers(store)
    memory.watch(app.state.ready)
    app.state.plan_sessions = PlanSessions(store, turns, memory)
    app.state.plan_news = PlanNews(store)
    app.state.data = DataService(
        store,
        app.state.answers,
        importer or ImportProcess(settings.store),
        most_bytes=settings.upload_bytes,
        gazetteer=gazetteer_folder(settings.store, settings.data_folder),
    )
    app.state.settings, app.state.store = settings, store
    # Several: while a database server is down, each of those who ask waits for it.
    app.state.readiness = CapacityLimiter(16)
    app.state.basemaps = Basemaps.open(settings.basemap, store)
    app.state.tile_sources = basemap.stored_sources
    app.state.gazetteer = OpenGazetteer(gazetteer_folder(settings.store, settings.data_folder))
    for pages in (
        # The pages of areas take whatever follows their layer as the code of an area.
        *(board, board_map, stories, brief, downloads, answer_pages, feeds, areas, money_page),
        *(
            allocation,
            allocation_map,
            adopt,
            cards,
            planner,
            data,
            basemap,
            find,
            guide,
            operations,
        ),
        *(releases, open_releases, reports, tasks),
    ):
        app.include_router(pages.router)
    watch_load(app, turns, memory)
    if app.state.audit:
        app.include_router(audit.router)
    if settings.access.way != "local":
        for pages in (
            keys,
            users,
            retention,
            *((sign_in,) if settings.access.way == "accounts" else ()),
        ):
            app.include_router(pages.router)
        app.state.sign_in = "/sign-in" if settings.access.way == "accounts" else ""
    app.add_api_route("/readyz", _ready, dependencies=[open_to_anyone()])
    check_declared(app)
    return app


def _audit(records: Records | None, settings: Settings) -> Audit | None:
    if not settings.audit:
        return None
    if records is None:
        raise ValueError("a service with an audit needs records")
    return audit_in(records, settings.store, settings, on_head=log_head)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Those who wait for a turn, and those whose turn it is, take none of the other threads.
    settings: Settings = app.state.settings
    to_thread.current_default_thread_limiter().total_tokens += settings.waiting + settings.at_once
    async with create_task_group() as group:
        group.start_soon(_sweep, app.state.data)
        yield
        group.cancel_scope.cancel()
    if app.state.audit:
        # With a disk: a coroutine must not wait for one.
        await to_thread.run_sync(app.state.audit.close)
    app.state.data.close()
    app.state.searches.close()
    app.state.releases.close()


async def _sweep(data: DataService) -> None:
    """Remove uploads that nobody uses any more, also where nobody comes back."""
    while True:
        await sleep(_SWEEP_SECONDS)
        try:
            await to_thread.run_sync(data.sweep)
        except Exception as fault:  # noqa: BLE001 - the service must not end with it
            log.error("removing old uploads failed", exc_info=fault)


async def _ready(request: Request) -> Response:
    """Answer that the store can be read; in threads of its own, so that no work is in the way."""
    limiter: CapacityLimiter = request.app.state.readiness
    await to_thread.run_sync(answers_of(request).snapshot, limiter=limiter)
    return Response("ready\n", media_type="text/plain")
