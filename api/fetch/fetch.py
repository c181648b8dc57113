"""Fetch what is published: data.police.uk's archives and the ONS Open Geography portal.

data.police.uk publishes one zip archive a month with the files of all forces for the 36 months up
to it, some 1.7 GB. Its form for a smaller download needs a browser, and its API gives no
whole force, so the archive it is: kept, gone on with after a break, and used again.
The ONS serves boundaries page by page from an ArcGIS FeatureServer.
"""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import orjson

from api.fetch.download import Progress, Site
from api.settings import ONS, POLICE_UK
from geo.crs import WGS84
from geo.errors import InputError
from geo.formats.bounded import LARGEST_FILE, zip_entry
from geo.incidents import month_span

ONS_BY_HAND: Final = "https://geoportal.statistics.gov.uk"


_PAGE: Final = 500
_LONLAT_CODE: Final = WGS84.rpartition(":")[2]  # ArcGIS names it by the number alone
_MONTHS: Final = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
# Full resolution clipped to the coast first: joins of points are the better for it.
_RESOLUTIONS: Final = ("BFC", "BFE", "BGC", "BSC", "BUC")
_STREET: Final = re.compile(r"(?:.*/)?(\d{4}-\d\d)-([a-z-]+)-street\.csv")


def fetch_police_uk(
    force: str,
    months: Iterable[str],
    folder: Path,
    *,
    address: str = POLICE_UK,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Path]:
    """Fetch a force's street files, one `YYYY-MM/YYYY-MM-FORCE-street.csv` a month.

    The archive named after the last month is asked; earlier ones only for months it no longer
    holds. Archives stay in the folder: with one there, nothing is fetched.

    Parameters
    ----------
    force
        As data.police.uk spells it in file names: `derbyshire`, `west-midlands`.
    months
        `YYYY-MM`, in any order.
    folder
        Where files go; made where it is missing.
    address, progress, sleep
        The site, who is told of bytes, and how waiting is done.

    Raises
    ------
    InputError
        With one line that says what to do instead.
    """
    wanted = sorted(set(months))
    for month in wanted:
        month_span(month)
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", force):
        raise InputError(f"{force[:40]!r} is no force; they are spelled as in west-midlands")
    archives = f"{POLICE_UK}/data/archive/{wanted[-1] if wanted else 'latest'}.zip"
    by_hand = f"download {archives} by hand, or the force's months from {POLICE_UK}/data/"
    site = Site(address, by_hand, sleep)
    with _told_of_disk(folder):
        held: dict[str, tuple[Path, str]] = {}
        while missing := [month for month in wanted if month not in held]:
            archive = folder / f"police-uk-{missing[-1]}.zip"
            if not archive.exists():
                url = f"{site.address}/data/archive/{missing[-1]}.zip"
                site.download(url, archive, progress or _silent)
            entries = _street_files(archive, force, missing)
            held |= {month: (archive, entry) for month, entry in entries.items()}
        return [_unpack(*held[month], folder / month) for month in wanted]


def fetch_layer(
    layer: str,
    authority: str,
    folder: Path,
    *,
    address: str = ONS,
    progress: Progress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch the wards of one authority as `LAYER-AUTHORITY.geojson`, in CRS84.

    Parameters
    ----------
    layer
        `wards-2025`: the last edition of that year in the finest resolution is taken.
    authority
        The GSS code of the district that the wards make up: `E06000015`.
    folder
        Where the file goes; made where it is missing.
    address, progress, sleep
        The catalogue of services, who is told of features, and how waiting is done.

    Raises
    ------
    InputError
        With one line that says what to do instead.
    """
    year = re.fullmatch(r"wards-(20\d\d)", layer)
    if not year:
        raise InputError(f"{layer[:40]!r} cannot be fetched, only wards-YEAR; see {ONS_BY_HAND}")
    if not re.fullmatch(r"[A-Z]\d{8}", authority):
        raise InputError(f"{authority[:40]!r} is no GSS code of an authority such as E06000015")
    site = Site(address, f"download {layer} as GeoJSON by hand from {ONS_BY_HAND}", sleep)
    url = f"{site.address}/{_service(site, year[1])}/FeatureServer/0"
    metadata = site.json(url, f="json")
    fields = [str(field.get("name")) for field in _dicts(metadata.get("fields"))]
    district = next((name for name in fields if re.fullmatch(r"(?i)LAD\d\dCD", name)), "")
    if not district:
        raise InputError(f"{url} has no field that names the authority; {site.by_hand}")
    asked = {"where": f"{district}='{authority}'"}
    if key := metadata.get("objectIdField"):
        asked["orderByFields"] = str(key)  # pages of an unsorted answer may overlap
    features = list(_pages(site, f"{url}/query", asked, progress or _silent))
    if not features:
        raise InputError(
            f"no area of {layer} has {district} {authority}; is the code of that year?"
        )
    with _told_of_disk(folder), _whole(folder / f"{layer}-{authority}.geojson") as stream:
        stream.write(orjson.dumps({"type": "FeatureCollection", "features": features}))
    return folder / f"{layer}-{authority}.geojson"


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


# Folders and archives


@contextmanager
def _told_of_disk(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that is there when all of it is, and not before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as stream:
            yield stream
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _street_files(archive: Path, force: str, wanted: list[str]) -> dict[str, str]:
    """The archive's entry for each wanted month that it covers."""
    try:
        with zipfile.ZipFile(archive) as opened:
            matches = [match for name in opened.namelist() if (match := _STREET.fullmatch(name))]
    except zipfile.BadZipFile as error:
        raise InputError(f"{archive} is damaged ({error}); delete it to fetch it again") from error
    ours = {match[1]: match[0] for match in matches if match[2] == force}
    if not ours:
        forces = ", ".join(sorted({match[2] for match in matches})) or "none"
        raise InputError(f"{archive.name} has no force {force}; it has: {forces[:800]}")
    covered = {match[1] for match in matches} | {wanted[-1]}
    unpublished = [month for month in wanted if month in covered and month not in ours]
    if unpublished:
        raise InputError(
            f"{archive.name}: {force} published nothing for {', '.join(unpublished)}; "
            "ask without these months"
        )
    return {month: ours[month] for month in wanted if month in ours}


def _unpack(archive: Path, entry: str, folder: Path) -> Path:
    path = folder / entry.rpartition("/")[2]  # a name that `_STREET` let through
    left = LARGEST_FILE
    with zip_entry(archive, entry) as source, _whole(path) as target:
        while piece := source.read(2**20):
            left -= len(piece)
            if left < 0:
                raise InputError(f"{archive.name}: {entry} holds more than {LARGEST_FILE:,} bytes")
            target.write(piece)
    return path


# The FeatureServer


def _service(site: Site, year: str) -> str:
    """The year's last edition of wards; the portal names editions in two ways."""
    named = re.compile(
        rf"(?i)(?:WD|Wards)_([A-Z]{{3,9}})_{year}_(?:Boundaries_)?(?:UK|GB)_([A-Z]{{3}})(?:_V(\d+))?"
    )
    found = []
    for service in _dicts(site.json(site.address, f="json").get("services")):
        match = named.fullmatch(str(service.get("name")))
        if match and service.get("type") == "FeatureServer" and match[2].upper() in _RESOLUTIONS:
            month = _MONTHS.find(match[1][:3].upper())
            fineness = -_RESOLUTIONS.index(match[2].upper())
            found.append((month, fineness, int(match[3] or 1), match[0]))
    if not found:
        raise InputError(f"{site.host} lists no boundaries of wards of {year}; {site.by_hand}")
    return max(found)[-1]


def _pages(
    site: Site, url: str, asked: dict[str, str], progress: Progress
) -> Iterator[dict[str, Any]]:
    """All features, held against the number that the server says there are."""
    total = site.json(url, where=asked["where"], returnCountOnly="true", f="json").get("count")
    if not isinstance(total, int):
        raise InputError(f"{site.host} does not say how many areas there are; {site.by_hand}")
    asked = {**asked, "outFields": "*", "outSR": _LONLAT_CODE, "f": "geojson"}
    done, last, more = 0, b"", total > 0
    while more:
        page = site.json(url, **asked, resultOffset=str(done), resultRecordCount=str(_PAGE))
        features = _dicts(page.get("features"))
        if page.get("type") != "FeatureCollection":
            raise InputError(f"{site.host} answers with what is no GeoJSON; {site.by_hand}")
        if not features or (content := orjson.dumps(features)) == last:
            raise InputError(f"{site.host} gave {done} of {total} areas; {site.by_hand}")
        last = content
        done += len(features)
        progress(done, total)
        yield from features
        more = done < total or _exceeds(page)
    if done != total:
        raise InputError(f"{site.host} counts {total} areas and gave {done}; {site.by_hand}")


def _exceeds(page: dict[str, Any]) -> bool:
    """Whether a page says that more follow; servers differ in where they say so."""
    inner = page.get("properties")
    told = page.get("exceededTransferLimit") or (
        isinstance(inner, dict) and inner.get("exceededTransferLimit")
    )
    return bool(told)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
