"""What the downloads lack: fetched with `--fetch`, else named with the address to get it from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import typer

from api.commands.published import download_progress
from api.commands.start.forces import FORCES
from api.commands.start.names import Authority
from api.settings import POLICE_UK, Settings
from geo.incidents import LONDON, months_between

MONTHS: Final = 36
"""Months that data.police.uk offers at a time."""

_DELAY: Final = 2  # months after which data.police.uk publishes a month, about
_ONS: Final = "https://geoportal.statistics.gov.uk"
_NOMIS: Final = "https://www.nomisweb.co.uk/datasets/c2021ts001"


def portal_authorities() -> dict[str, str]:
    """Fetch the name of each authority by code."""
    from api.fetch.fetch import (  # noqa: PLC0415 - few commands need the network
        fetch_authorities,
        latest_wards,
    )

    address = Settings.read().ons
    return fetch_authorities(latest_wards(address=address), address=address)


def fetch_wards(authority: Authority, folder: Path) -> list[str]:
    """Fetch the newest wards of an authority; returns the words of the command by hand."""
    from api.fetch.fetch import fetch_layer, latest_wards  # noqa: PLC0415 - likewise

    address = Settings.read().ons
    layer = latest_wards(address=address)
    with download_progress("Open Geography portal") as progress:
        fetch_layer(layer, authority.code, folder, address=address, progress=progress)
    return ["fetch", "layer", layer, "--authority", authority.code, "--folder", str(folder)]


def months_to_fetch(first: str, last: str, there: set[str]) -> list[str]:
    """The months wanted that are not there: of the latest 36 unless others are named."""
    from api.fetch.fetch import latest_month  # noqa: PLC0415 - likewise

    last = last or latest_month(address=Settings.read().police_uk)
    first = first or _months_before(last, MONTHS - 1)
    return [month for month in months_between(first, last) if month not in there]


def fetch_months(force: str, months: list[str], folder: Path) -> list[str]:
    """Fetch months of a force; returns the words of the command by hand."""
    from api.fetch.fetch import fetch_police_uk  # noqa: PLC0415 - likewise

    with download_progress("data.police.uk") as progress:
        fetch_police_uk(
            force,
            months,
            folder,
            address=Settings.read().police_uk,
            progress=progress,
            skip_unpublished=True,
        )
    words = ["fetch", "police.uk", "--force", force, "--from", months[0], "--to", months[-1]]
    return [*words, "--folder", str(folder)]


def what_to_get(
    authority: str,
    force: str,
    folder: Path,
    *,
    wards: bool,
    months: tuple[str, str] | None,
    residents: bool,
) -> list[str]:
    """Say which files to get by hand, from where, and where to put them.

    Parameters
    ----------
    wards
        Whether wards are lacking.
    months
        The first and last month that are wanted, '' for the latest; None if months are there.
    residents
        Whether residents are lacking.
    """
    lines = [f"Get these by hand, put them into the folder {folder}, and start again:"]
    if wards:
        lines += [
            f"  Wards of {authority}: {_ONS}",
            '    search for "Wards Boundaries UK BFC", choose the newest year, download GeoJSON',
            f"    (the whole country will do: {authority} is taken out of it)",
        ]
    if months:
        last = months[1] or _months_before(f"{pd.Timestamp.now(LONDON):%Y-%m}", _DELAY)
        first = months[0] or _months_before(last, MONTHS - 1)
        newest = "" if months[1] else ", or the newest month that it offers"
        lines += [
            f"  Incidents of {FORCES.get(force, force)}: {POLICE_UK}/data/",
            f"    choose {first} to {last}{newest}; tick {FORCES.get(force, force)} and",
            '    "Include crime data", then Generate file. The zip need not be unpacked',
            f"    (or all forces, some 1.7 GB: {POLICE_UK}/data/archive/{last}.zip)",
        ]
    if residents:
        lines += [
            f"  If you want rates per 1,000 residents: residents by LSOA, {_NOMIS}",
            '    and "Lower layer Super Output Areas (December 2021) Boundaries EW BFC", from',
            f"    {_ONS}",
        ]
    return [*lines, "Or let Patchmap fetch wards and incidents: add --fetch"]


def say(line: str, *, quiet: bool) -> None:
    """Print a line as the work goes on."""
    if not quiet:
        typer.echo(line)


def _months_before(month: str, number: int) -> str:
    return str(pd.Period(month, "M") - number)
