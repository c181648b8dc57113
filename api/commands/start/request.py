"""What a person wants to start with: a council, a force, months and a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from api.commands.context import CommandContext
from api.commands.start.downloads import Downloads
from api.commands.start.fetching import portal_authorities
from api.commands.start.forces import FORCES
from api.commands.start.names import (
    Authority,
    authority_named,
    can_ask,
    force_named,
    given_or_asked,
    until_known,
)
from boundaries.layers.area_codes import WARDS
from geo.errors import InputError, NotFoundError
from geo.store.contract import Store
from geo.store.layer_ids import areas_among

_OTHERWISE = "(another authority: add its wards to the folder, or --fetch)"


@dataclass(frozen=True)
class StartRequest:
    """What a person wants to start with."""

    authority: Authority
    force: str
    first: str
    last: str
    folder: Path


def stored_authorities(cli: CommandContext) -> dict[str, str]:
    """The authorities that wards of the store name, so that the files need not be there still."""
    named: dict[str, str] = {}
    with suppress(NotFoundError), cli.open() as store:
        for _, areas in stored_wards(store):
            for column in authority_columns(areas):
                beside = f"{column[:-2]}NM"
                if beside in areas:
                    pairs = zip(areas[column].astype(str), areas[beside].astype(str), strict=True)
                    named |= dict(pairs)
    return named


def stored_wards(store: Store) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """The id and areas of each layer of wards."""
    for metadata in areas_among(store.layers()):
        if is_wards(metadata.layer_id):
            yield metadata.layer_id, store.layer(metadata.layer_id)[1]


def authority_columns(areas: gpd.GeoDataFrame) -> list[str]:
    """The columns that hold codes of authorities, as the ONS names them."""
    return [name for name in map(str, areas.columns) if re.fullmatch(r"LAD\d\dCD", name)]


def is_wards(layer_id: str) -> bool:
    """Whether a layer has the id of wards, of any year."""
    return layer_id == WARDS or layer_id.startswith(f"{WARDS}-")


def read_request(
    cli: CommandContext,
    given: tuple[str, str],
    months: tuple[str, str],
    downloads: Downloads,
    *,
    fetch: bool,
) -> StartRequest:
    """Read the options, or ask a person at the terminal for those that were not given.

    Parameters
    ----------
    given
        The authority and the force; '' where not given.
    months
        The first and the last one; '' for all.
    fetch
        Whether the Open Geography portal may be asked for authorities.

    Raises
    ------
    InputError
        If one is unknown, or was not given and nobody can be asked.
    """
    ask = can_ask(json=cli.json)
    known = {**stored_authorities(cli), **downloads.authorities}
    has_unnamed = any(file.level == WARDS for file in downloads.areas) and not known
    forces = {name: name for name in downloads.forces}
    known_forces = {**forces, **FORCES}

    def read_authority(text: str) -> Authority:
        ask_portal = fetch and not has_unnamed
        return _authority(text, known, downloads.folder, ask_portal=ask_portal)

    def ask_authority(text: str = "") -> str:
        question = "Which council (its district, borough or city)?"
        return given_or_asked(text, "--authority Derby", question, known, ask=ask)

    def ask_force(text: str = "") -> str:
        question = "Which police force?"
        return given_or_asked(text, "--force derbyshire", question, forces, ask=ask)

    authority = until_known(
        read_authority, ask_authority(given[0]), ask_authority, ask=ask and not given[0]
    )
    force = until_known(
        lambda name: force_named(name, known_forces),
        ask_force(given[1]),
        ask_force,
        ask=ask and not given[1],
    )
    return StartRequest(authority, force, *months, downloads.folder)


def _authority(text: str, known: Mapping[str, str], folder: Path, *, ask_portal: bool) -> Authority:
    """The authority of a name, among those of the files or, with --fetch, of the portal."""
    if known:
        try:
            return authority_named(text, known, place=f"the folder {folder}")
        except InputError as error:
            if not ask_portal:
                raise InputError(f"{error} {_OTHERWISE}") from None
    if ask_portal:
        return authority_named(text, portal_authorities(), place="the Open Geography portal")
    return Authority("", text)
