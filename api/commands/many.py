"""`patchmap serve --workers`: several processes that serve one store."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import typer

from api.access_settings import AccessSettings
from api.commands.context import CommandContext
from api.commands.place import Place
from api.operations.checks import AS_ROOT
from api.operations.workers import Supervisor, WorkerSpec, own_command
from api.settings import Settings
from geo.errors import InputError
from geo.formats.sandbox import missing_walls
from geo.store.contract import Store
from geo.store.layer_ids import renaming_notices


def serve_by(workers: int, cli: CommandContext, place: Place, *, create: bool) -> None:
    """Serve the store by several processes like this one.

    Raises
    ------
    InputError
        If they cannot share what there is, or do not start.
    """
    settings = Settings.read()
    place.checked(settings.access)
    if not hasattr(signal, "SIGUSR1"):
        raise InputError("this system cannot share a port among processes; leave --workers out")
    if workers > settings.at_once:
        raise InputError(
            f"{workers} workers cannot share {settings.at_once} questions at once; choose at most "
            f"--workers {settings.at_once}, or raise PATCHMAP_AT_ONCE"
        )
    # Made, or brought up to date, once, and not by each of them.
    with cli.open(create=create) as store:
        show_notices(store, settings.access)
    supervisor = Supervisor(own_command(), workers, place.listen())
    supervisor.run(lambda: show_address(cli, cli.store_name, place))


def share_of(settings: Settings, worker: WorkerSpec) -> Settings:
    """Return the settings of one of several processes: limits count for all of them together."""
    return replace(
        settings,
        at_once=worker.share(settings.at_once),
        waiting=worker.share(settings.waiting),
        cache_bytes=worker.share(settings.cache_bytes),
    )


def show_notices(store: Store, access: AccessSettings) -> None:
    """Say on standard error what is unusual about a store and this machine.

    Parameters
    ----------
    store
        The store.
    access
        Who is served: others than this machine's user make root a matter of theirs.
    """
    for notice in (*renaming_notices(store.layers()), *_sandbox_notices()):
        typer.echo(notice, err=True)
    if access.way != "local" and hasattr(os, "geteuid") and os.geteuid() == 0:
        typer.echo(f"warning: {AS_ROOT}", err=True)


def _sandbox_notices() -> list[str]:
    reached = missing_walls()
    if not reached:
        return []
    walls = " and ".join(reached)
    return [f"The reader of GIS files can reach {walls}; install bubblewrap to prevent that"]


def show_address(cli: CommandContext, what: str, place: Place) -> None:
    """Say what is served, and where."""
    cli.echo(
        [f"Patchmap serves {what} at {place.address} (stop with Ctrl-C)"],
        {"store": what, "address": place.address},
    )
