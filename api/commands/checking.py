"""`patchmap serve --check`: says what is unsafe, and starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

import typer

from api.access_settings import AccessSettings
from api.commands.context import CommandContext
from api.commands.place import Place
from api.identity.peers import Peers
from api.identity.proxied import grants_of
from api.operations.checks import Finding, findings, refusal
from api.settings import Settings
from geo.errors import InputError


def report(cli: CommandContext, place: Place, settings: Settings, *, create: bool) -> None:
    """Print what was found, and end.

    Parameters
    ----------
    place
        Where the service would listen.
    settings
        As the environment has them.
    create
        Whether an empty store may be made.

    Raises
    ------
    typer.Exit
        With 1 where the service must not start like that, else with 0.
    """
    results = [*_access(place, settings.access)]
    with_place = replace(settings, store=cli.store, access=_placed(place, settings.access))
    results += findings(with_place, create=create)
    cli.echo([one.line for one in results], [asdict(one) for one in results])
    raise typer.Exit(1 if any(one.verdict == "refused" for one in results) else 0)


def _placed(place: Place, access: AccessSettings) -> AccessSettings:
    try:
        return place.checked(access)
    except InputError:
        return access


def _access(place: Place, access: AccessSettings) -> Iterator[Finding]:
    """What refuses to serve at a place, and who could pose as the proxy."""
    try:
        checked = place.checked(access)
        secret = access.proxy.read_secret()
        grants_of(access.proxy.roles)
    except InputError as error:
        yield refusal("access", error)
        return
    if access.way == "proxy" and not Peers(secret, checked.on_socket).can_be_trusted:
        text = "anybody could pose as the proxy; use --socket or PATCHMAP_PROXY_SECRET_FILE"
        yield Finding("refused", "access", text)
