"""Fetching the archives of data.police.uk and boundaries of the ONS Open Geography portal.

data.police.uk publishes a zip archive every month with the files of all forces for the last 36
months, some 1.7 GB. Its form for smaller downloads needs a browser, and its API does not return a
whole force, so the archive is downloaded, resumed after a break, and used again.
The ONS serves boundaries page by page from an ArcGIS FeatureServer.
"""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import orjson

from api.fetch.download import JsonObject, Progress, Site
from api.settings import ONS, POLICE_UK
from geo.crs import WGS84
from geo.errors import InputError
from geo.formats.bounded import unpack_entry
from geo.incidents import month_span
from geo.output import Output

ONS_BY_HAND: Final = "https://geoportal.statistics.gov.uk"

_PAGE: Final = 500  # areas in one request
_LONLAT_CODE: Final = WGS84.rpartition(":")[2]  # ArcGIS uses the number alone
_MONTHS: Final = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
# Best first: full resolution clipped to the coast places points most exactly.
_RESOLUTIONS: Final = ("BFC", "BFE", "BGC", "BSC", "BUC")
# The portal names editions in two ways.
_EDITION: Final = re.compile(
    r"(?:WD|Wards)_(?P<month>[A-Z]{3,9})_(?P<year>20\d\d)_(?:Boundaries_)?(?:UK|GB)_"
    r"(?P<fineness>[A-Z]{3})(?:_V(?P<version>\d+))?",
    re.IGNORECASE,
)
_STREET: Final = re.compile(r"(?:.*/)?(\d{4}-\d\d)-([a-z-]+)-street\.csv")


def fetch_police_uk(
    force: str,
    months: Iterable[str],
    folder: Path,
    *,
    address: str = POLICE_UK,
    progress: Progress | None = None,
    skip_unpublished: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """Fetch the street-level files of a force.

    The archive of the last month is fetched first; earlier ones only for months that it no longer
    holds. Archives stay in the folder and are not fetched again.

    Parameters
    ----------
    force
        As spelled in the file names of data.police.uk: `derbyshire`, `west-midlands`.
    months
        `YYYY-MM`, in any order.
    folder
        Where to save files; created if missing.
    address
        The web site.
    progress
        Called with bytes.
    skip_unpublished
        Leave out months for which the force published nothing, instead of refusing.
    sleep
        Waits for some seconds.

    Returns
    -------
    paths
        `YYYY-MM/YYYY-MM-FORCE-street.csv` for each month, ascending.

    Raises
    ------
    InputError
        With one line that says what to do instead.
    """
    months = sorted(set(months))
    for month in months:
        month_span(month)
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", force):
        raise InputError(f"{force[:40]!r} is not a force; write it like west-midlands")
    latest = f"{POLICE_UK}/data/archive/{months[-1] if months else 'latest'}.zip"
    by_hand = f"download {latest} by hand, or the force's months from {POLICE_UK}/data/"
    site = Site(address, by_hand, sleep)
    with _disk_errors(folder):
        entries: dict[str, tuple[Path, str]] = {}
        while missing := [month for month in months if month not in entries]:
            archive = folder / f"police-uk-{missing[-1]}.zip"
            if not archive.exists():
                url = f"{site.address}/data/archive/{missing[-1]}.zip"
                site.download(url, archive, progress or _no_progress)
            names, unpublished = _street_files(archive, force, missing)
            if unpublished and not skip_unpublished:
                raise InputError(
                    f"{archive.name}: {force} published nothing for {', '.join(unpublished)}; "
                    "leave out these months"
                )
            months = [month for month in months if month not in unpublished]
            entries |= {month: (archive, name) for month, name in names.items()}
        return [_unpack(*entries[month], folder / month) for month in months]


def latest_month(*, address: str = POLICE_UK) -> str:
    """Ask data.police.uk for the latest month that it publishes, as `YYYY-MM`.

    Raises
    ------
    InputError
        If it does not say.
    """
    site = Site(address, f"look it up at {POLICE_UK}/data/", time.sleep)
    month = str(site.json(f"{site.address}/api/crime-last-updated").get("date"))[:7]
    month_span(month)
    return month


def latest_wards(*, address: str = ONS) -> str:
    """Ask the Open Geography portal for its newest wards, as `wards-2025`.

    Raises
    ------
    InputError
        If it lists none.
    """
    site = Site(address, f"download the wards by hand from {ONS_BY_HAND}", time.sleep)
    years = [edition["year"] for edition in _editions(site)]
    if not years:
        raise InputError(f"{site.host} lists no boundaries of wards; {site.by_hand}")
    return f"wards-{max(years)}"


def fetch_authorities(layer: str, *, address: str = ONS) -> dict[str, str]:
    """Fetch the names of all authorities of a layer of wards.

    Parameters
    ----------
    layer
        As for `fetch_layer`.
    address
        The catalogue of services.

    Returns
    -------
    names
        By GSS code.

    Raises
    ------
    InputError
        If the layer does not name them.
    """
    site = Site(address, f"download {layer} as GeoJSON by hand from {ONS_BY_HAND}", time.sleep)
    url = f"{site.address}/{_service(site, layer.removeprefix('wards-'))}/FeatureServer/0"
    code = _district_field(site, url, site.json(url, f="json"))
    name = f"{code[:-2]}NM" if code.isupper() else f"{code[:-2]}nm"
    answer = site.json(
        f"{url}/query",
        where="1=1",
        outFields=f"{code},{name}",
        returnDistinctValues="true",
        returnGeometry="false",
        f="json",
    )
    rows = [_dicts([row.get("attributes")]) for row in _dicts(answer.get("features"))]
    return {str(row[code]): str(row[name]) for [row] in rows if {code, name} <= row.keys()}


def fetch_layer(
    layer: str,
    authority: str,
    folder: Path,
    *,
    address: str = ONS,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch the wards of one council.

    Parameters
    ----------
    layer
        `wards-2025` gives the last edition of that year in the finest resolution.
    authority
        The GSS code of the council: `E06000015`.
    folder
        Where to save the file; created if missing.
    address
        The catalogue of services.
    progress
        Called with areas.
    sleep
        Waits for some seconds.

    Returns
    -------
    path
        `LAYER-AUTHORITY.geojson`, in CRS84.

    Raises
    ------
    InputError
        With one line that says what to do instead.
    """
    year = re.fullmatch(r"wards-(20\d\d)", layer)
    if not year:
        raise InputError(
            f"cannot fetch {layer[:40]!r}; choose wards-YEAR, or download it from {ONS_BY_HAND}"
        )
    if not re.fullmatch(r"[A-Z]\d{8}", authority):
        raise InputError(f"{authority[:40]!r} is not the GSS code of a council (such as E06000015)")
    site = Site(address, f"download {layer} as GeoJSON by hand from {ONS_BY_HAND}", sleep)
    url = f"{site.address}/{_service(site, year[1])}/FeatureServer/0"
    metadata = site.json(url, f="json")
    district = _district_field(site, url, metadata)
    query = {"where": f"{district}='{authority}'"}
    if key := metadata.get("objectIdField"):
        query["orderByFields"] = str(key)  # without an order, pages can overlap
    features = list(_pages(site, f"{url}/query", query, progress or _no_progress))
    if not features:
        raise InputError(
            f"no area of {layer} has {district} {authority}; check that the code is of that year"
        )
    with _disk_errors(folder), _new_file(folder / f"{layer}-{authority}.geojson") as stream:
        stream.write(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return folder / f"{layer}-{authority}.geojson"


def _no_progress(_done: int, _total: int) -> None:
    """Ignore progress."""


# Folders and archives


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Output(path) as part, part.open("wb") as stream:
        yield stream


def _street_files(archive: Path, force: str, months: list[str]) -> tuple[dict[str, str], list[str]]:
    """The archive's entry for each of the months, and the months that it covers without one."""
    try:
        with zipfile.ZipFile(archive) as opened:
            matches = [match for name in opened.namelist() if (match := _STREET.fullmatch(name))]
    except zipfile.BadZipFile as error:
        raise InputError(f"{archive} is damaged ({error}); delete it to fetch it again") from error
    ours = {match[1]: match[0] for match in matches if match[2] == force}
    if not ours:
        forces = ", ".join(sorted({match[2] for match in matches})) or "none"
        raise InputError(f"{archive.name} has no force {force}; it has: {forces[:800]}")
    covered = {match[1] for match in matches} | {months[-1]}
    unpublished = [month for month in months if month in covered and month not in ours]
    return {month: ours[month] for month in months if month in ours}, unpublished


def _unpack(archive: Path, entry: str, folder: Path) -> Path:
    path = folder / entry.rpartition("/")[2]  # safe, because it matches `_STREET`
    with _new_file(path) as target:
        unpack_entry(archive, entry, target)
    return path


# The FeatureServer


def _district_field(site: Site, url: str, metadata: JsonObject) -> str:
    fields = [str(field.get("name")) for field in _dicts(metadata.get("fields"))]
    district = next((name for name in fields if re.fullmatch(r"(?i)LAD\d\dCD", name)), "")
    if not district:
        raise InputError(f"{url} has no field for the council; {site.by_hand}")
    return district


def _service(site: Site, year: str) -> str:
    """The name of the year's last edition of wards."""
    editions = [edition for edition in _editions(site) if edition["year"] == year]
    if not editions:
        raise InputError(f"{site.host} lists no boundaries of wards of {year}; {site.by_hand}")
    return max(editions, key=_last_and_finest)[0]


def _editions(site: Site) -> Iterator[re.Match[str]]:
    """The editions of wards that can be fetched, by the parts of their names."""
    for service in _dicts(site.json(site.address, f="json").get("services")):
        match = _EDITION.fullmatch(str(service.get("name")))
        is_features = service.get("type") == "FeatureServer"
        if match and is_features and match["fineness"].upper() in _RESOLUTIONS:
            yield match


def _last_and_finest(edition: re.Match[str]) -> tuple[int, int, int, str]:
    month = _MONTHS.find(edition["month"][:3].upper())
    fineness = -_RESOLUTIONS.index(edition["fineness"].upper())
    return month, fineness, int(edition["version"] or 1), edition[0]


def _pages(site: Site, url: str, query: dict[str, str], progress: Progress) -> Iterator[JsonObject]:
    """All features, checked against the total that the server states."""
    total = site.json(url, where=query["where"], returnCountOnly="true", f="json").get("count")
    if not isinstance(total, int):
        raise InputError(f"{site.host} does not state the number of areas; {site.by_hand}")
    query = {**query, "outFields": "*", "outSR": _LONLAT_CODE, "f": "geojson"}
    done, last, more = 0, b"", total > 0
    while more:
        page = site.json(url, **query, resultOffset=str(done), resultRecordCount=str(_PAGE))
        features = _dicts(page.get("features"))
        if page.get("type") != "FeatureCollection":
            raise InputError(f"{site.host} did not send GeoJSON; {site.by_hand}")
        # A server that ignores the offset sends the same page for ever.
        if not features or (content := orjson.dumps(features)) == last:
            raise InputError(f"{site.host} sent {done} of {total} areas; {site.by_hand}")
        last = content
        done += len(features)
        progress(done, total)
        yield from features
        more = done < total or _exceeds(page)
    if done != total:
        raise InputError(f"{site.host} states {total} areas but sent {done}; {site.by_hand}")


def _exceeds(page: JsonObject) -> bool:
    """Whether a page says that more follow, at its top or in its properties."""
    inner = page.get("properties")
    places = [page, inner] if isinstance(inner, dict) else [page]
    return any(place.get("exceededTransferLimit") for place in places)


def _dicts(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
