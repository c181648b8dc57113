"""`patchmap serve`."""

from __future__ import annotations

import faulthandler
import gc
import io
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from api.access_settings import AccessSettings
from api.commands.context import CommandContext
from api.commands.many import serve_by, share_of, show_address, show_notices
from api.commands.place import Place
from api.identity.users import Users
from api.imports.opening import open_records
from api.load.allocator import bound_arenas
from api.load.log import LogChoice, set_up
from api.operations.workers import WorkerSpec
from api.settings import Settings
from geo.locate import warm_up
from geo.question.kinds import one_of
from geo.store.contract import Store
from geo.temporary import remove_own_folders

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from api.board.preparing import BoardPreparation

Announce = Callable[[str], None]

SWITCH_S = 0.0005
"""After how long a thread that computes lets another one run: a tenth of what Python takes."""

COMPILED_FROM = 100_000
"""Incidents from which the compiled point-in-area loops are used, and so loaded at start."""

PREPARED_FROM = 50_000
"""Incidents from which first boards are worked out at start: of fewer they open at once anyway."""


def _log_choice(text: str) -> LogChoice:
    # By itself Typer says of a wrong one "Value error, …".
    choices: tuple[LogChoice, ...] = get_args(LogChoice)
    for choice in choices:
        if choice == text:
            return choice
    raise typer.BadParameter(f"unknown value {text!r}; choose {one_of(choices)}")


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address of this machine to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    counts: Annotated[
        Path | None, typer.Option(help="File of 'count --engine dask' to serve instead of a store.")
    ] = None,
    basemap: Annotated[
        Path | None,
        typer.Option("--ground", help="Basemap: .mbtiles or .pmtiles, or .geojson of lines."),
    ] = None,
    log: Annotated[
        LogChoice,
        typer.Option(
            parser=_log_choice,
            metavar="<errors|requests|json>",
            help="What to log: errors only, or also a line for each request.",
        ),
    ] = "errors",
    create: Annotated[
        bool, typer.Option("--create", help="Make an empty store if there is none, for /data.")
    ] = False,
    unix_socket: Annotated[
        Path | None, typer.Option("--socket", help="Unix socket for a proxy, instead of a port.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate (PEM, with its chain) to serve HTTPS with.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM) of --tls-cert.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is unsafe, and start nothing.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that serve; SIGHUP replaces them in turn.")
    ] = 0,
    worker: Annotated[
        str, typer.Option(hidden=True, help="What one of these processes is given.")
    ] = "",
) -> None:
    """Serve the board, the planner and the OGC API.

    To this machine alone, unless PATCHMAP_ACCESS is accounts or proxy: see the guide's page on
    access. With --counts, serves a map of a file of counts to this machine; no store is needed.
    """
    place = Place(host, port, unix_socket, tls_cert, tls_key)
    cli = CommandContext.of(context)
    if check:
        from api.commands.checking import report  # noqa: PLC0415 - others need none of it

        report(cli, place, Settings.read(), create=create)
    if counts:
        place.checked(AccessSettings())
    set_up(log)
    if counts:
        from api.basemap.sources import tile_file_source  # noqa: PLC0415 - likewise
        from api.counts.file import CountsFile  # noqa: PLC0415 - likewise
        from api.counts.page import make_counts_app  # noqa: PLC0415 - the web stack takes a second
        from api.help.page import router as guide  # noqa: PLC0415 - likewise

        ground = tile_file_source(basemap) if basemap else None
        app = make_counts_app(CountsFile.read(counts), guide, basemap=ground)
        with place.listen() as listener:
            _run(cli, app, f"{counts}", place, listener)
        return
    if workers and not worker:
        serve_by(workers, cli, place, create=create)
        return
    spec = WorkerSpec.parse(worker) if worker else None
    serve_store(cli, place, basemap=basemap, create=create, worker=spec)


def serve_store(
    cli: CommandContext,
    place: Place,
    *,
    basemap: Path | None = None,
    create: bool = False,
    announce: Announce | None = None,
    worker: WorkerSpec | None = None,
) -> None:
    """Serve the store until stopped.

    Parameters
    ----------
    place
        Where to listen.
    create
        Whether an empty store is made if there is none.
    announce
        Called with the address once it is served, instead of printing it.
    worker
        Which of several processes this is; None where it is the only one.
    """
    settings = replace(Settings.read(), store=cli.store)
    settings = replace(settings, access=place.checked(settings.access))
    if basemap:
        settings = replace(settings, basemap=str(basemap))
    if worker:
        settings = share_of(settings, worker)
    listener = socket.socket(fileno=worker.listener) if worker else place.listen()
    # Only now, as these take a second: who connects meanwhile waits, and is not turned away.
    from api.app import make_app  # noqa: PLC0415 - see above
    from api.areas.facts import prepare_areas  # noqa: PLC0415 - see above
    from api.board.preparing import BoardPreparation  # noqa: PLC0415 - see above
    from api.identity.expected import expected_views  # noqa: PLC0415 - see above
    from api.operations.stopping import GRACE_SECONDS, end_process  # noqa: PLC0415 - see above

    with listener, ExitStack() as opened:
        store = opened.enter_context(cli.open(create=create))
        if not worker:
            show_notices(store, settings.access)
        recorded = settings.audit or settings.access.way != "local"
        records = opened.enter_context(open_records(cli.store)) if recorded else None
        if (
            records
            and settings.access.way == "accounts"
            and not worker
            and not Users(records).all()
        ):
            typer.echo(
                "nobody has an account yet; run: patchmap users add NAME --role admin", err=True
            )
        app = make_app(store, settings, records=records, worker=worker)
        preparation = BoardPreparation(
            app.state.answers,
            app.state.basemaps,
            app.state.settings,
            views=expected_views(records, settings.access),
            drawn=app.state.searches.warm_up,
            then=prepare_areas,
        )
        release = partial(_release, app, store, preparation)
        _run(
            *(cli, app, cli.store_name, place, listener),
            ready=partial(_warm_up, app, store, preparation),
            announce=announce,
            release=release,
        )
        preparation.stop()
        if not preparation.ends_within(GRACE_SECONDS):
            end_process(release)


def _warm_up(app: FastAPI, store: Store, preparation: BoardPreparation) -> None:
    """Load what the first request would otherwise wait for."""
    # Commands that serve nothing save the time of these; scipy loads its own when first used.
    import scipy.sparse.csgraph
    import scipy.special  # noqa: F401 - see above

    from api.pages.templating import load_templates  # noqa: PLC0415 - see above

    bound_arenas()
    # The thread that takes requests and answers health checks waits for one of these for each step.
    sys.setswitchinterval(SWITCH_S)
    app.state.answers.snapshot()
    load_templates("board")
    if store.incident_count() >= COMPILED_FROM:
        warm_up()
    # What is loaded by now stays loaded: without the freeze, the garbage collector scans it again
    # and again, a quarter of the time of drawing a map.
    gc.collect()
    gc.freeze()
    if store.incident_count() >= PREPARED_FROM:
        # It starts the process that searches, which takes seconds of a processor, after its map.
        preparation.start()
    else:
        app.state.searches.warm_up()


def _release(app: FastAPI, store: Store, preparation: BoardPreparation) -> None:
    """Close what requests use, while some of them still run."""
    preparation.stop()
    remove_own_folders()
    app.state.data.close()
    app.state.searches.close()
    store.close()


def _run(
    cli: CommandContext,
    app: FastAPI,
    what: str,
    place: Place,
    listener: socket.socket,
    *,
    ready: Callable[[], object] = lambda: None,
    announce: Announce | None = None,
    release: Callable[[], object] = lambda: None,
) -> None:
    """Serve an app until stopped.

    Parameters
    ----------
    what
        What is served, for the line that gives its address.
    place
        Where to listen.
    ready
        Called before the first request.
    announce
        Called with the address once requests are taken, instead of printing it.
    release
        Called at the end where requests still run.
    """
    import uvicorn  # noqa: PLC0415 - the web stack takes a second that other commands save

    from api.load.connections import BoundedConnection  # noqa: PLC0415 - likewise
    from api.operations.stopping import StoppableServer  # noqa: PLC0415 - likewise

    # A fault of a library in compiled code ends the process: then the log says where.
    with suppress(io.UnsupportedOperation):  # standard error is no file
        faulthandler.enable()
    worker: WorkerSpec | None = getattr(app.state, "worker", None)
    ready()

    def configured(served: ASGIApp, at: Place | None = None) -> uvicorn.Config:
        return uvicorn.Config(
            served,
            http=BoundedConnection,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ssl_certfile=at.certificate if at else None,
            ssl_keyfile=at.key if at else None,
            # Who a request comes from, and how, only `api.identity` reads of a proxy's headers.
            proxy_headers=False,
        )

    server = StoppableServer(configured(app, place), release)
    if worker:
        from api.operations.worker import Sides, WorkerServer  # noqa: PLC0415 - likewise

        sides = Sides.of(app, worker)
        siblings = configured(sides.siblings)
        server = WorkerServer(configured(sides.callers, place), release, siblings, worker)
    # Before the line that says how to stop it.
    server.expect_signals()
    if announce:
        announce(place.address)
    elif not worker:  # which says so itself, to the one that started it
        show_address(cli, what, place)
    server.serve_until_stopped(listener)
