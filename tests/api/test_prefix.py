"""Below a path prefix, such as a proxy's location, every address of every page leads somewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient

from api.access_settings import AccessSettings, PublicUrl
from api.app import make_app
from api.board.preparing import BoardPreparation
from api.imports.process import ImportHere
from api.settings import Settings
from geo.errors import InputError
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere

ORIGIN, PREFIX = "http://127.0.0.1:8000", "/maps/patch"
PAGES = (
    "/?period=latest-1m", "/planner", "/allocation?officers=3", "/data",
    "/help", "/help/gis", "/ogc?f=html", "/ogc/collections?f=html", "/map?layer=wards",
    "/ogc/collections/wards/items?f=html", "/search?q=Abbey&f=html", "/nothing",
)  # fmt: skip
_LINK = re.compile(r'\s(?:href|src|action|data-address)="([^"]*)"')


@pytest.fixture(scope="module")
def below(made_town: Path) -> Iterator[TestClient]:
    settings = Settings(access=AccessSettings(public_url=PublicUrl.parse(ORIGIN + PREFIX)))
    with closing(GeoPackageStore(made_town)) as store:
        app = make_app(store, settings, searches=SearchesHere(), importer=ImportHere(store))
        # What is worked out before the first request is served too.
        BoardPreparation(app.state.answers, app.state.basemaps, settings)._run()
        yield TestClient(
            app,
            base_url=ORIGIN,
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
            headers={"accept": "text/html"},
        )


def linked(address: str, text: str) -> Iterator[str]:
    for link in _LINK.findall(text):
        target = urljoin(ORIGIN + address, html.unescape(link))
        if urlsplit(target).netloc == urlsplit(ORIGIN).netloc:
            yield target.removeprefix(ORIGIN).partition("#")[0]


def test_every_link_of_every_page_lies_below_the_prefix(below: TestClient) -> None:
    targets: dict[str, str] = {}
    for page in PAGES:
        response = below.get(PREFIX + page, follow_redirects=True)
        assert response.status_code == (404 if page == "/nothing" else 200), page
        targets |= dict.fromkeys(linked(PREFIX + page, response.text), page)
    outside = {target: page for target, page in targets.items() if not target.startswith(PREFIX)}
    assert outside == {}
    # One of each kind, as a page has hundreds that differ in their query alone.
    kinds = {urlsplit(target).path: target for target in targets}
    assert len(kinds) > 40
    broken = {
        target: targets[target]
        for target in kinds.values()
        if below.get(target).status_code in (404, 405)
        and not any(part in target for part in ("/data/", "/allocation/adopt"))  # of forms
    }
    assert broken == {}


def test_a_map_that_was_drawn_before_the_first_request_links_its_scripts(
    below: TestClient,
) -> None:
    board = below.get(f"{PREFIX}/", follow_redirects=True)
    [frame] = re.findall(r'src="(/[^"]*/map\?[^"]*)"', board.text)
    targets = set(linked(PREFIX, below.get(html.unescape(frame)).text))
    assert f"{PREFIX}/static/leaflet/leaflet.js" in targets
    assert all(target.startswith(PREFIX) for target in targets)


def test_redirects_and_links_of_documents_lie_below_the_prefix(below: TestClient) -> None:
    assert below.get("/").headers["location"].startswith("?"), "a proxy may take the prefix away"
    assert below.get(PREFIX).status_code in (200, 303)
    assert below.get(f"{PREFIX}/data", follow_redirects=False).status_code == 200
    for path in ("/ogc", "/arcgis/rest/services/patchmap/FeatureServer?f=json", "/basemap"):
        text = below.get(PREFIX + path, headers={"accept": "application/json"}).text
        addresses = re.findall(rf'"{ORIGIN}([^"]*)"', text)
        assert all(address.startswith(f"{PREFIX}/") for address in addresses)
    collections = below.get(f"{PREFIX}/ogc/collections", headers={"accept": "application/json"})
    item = collections.json()["collections"][0]["links"][0]["href"]
    assert below.get(item, headers={"accept": "application/json"}).status_code == 200


def test_scripts_find_the_root_by_their_own_address() -> None:
    folder = Path(__file__).parents[2] / "api/static/page"
    absolute = [
        f"{path.name}: {line.strip()}"
        for path in folder.rglob("*.js")
        if path.name != "counts.js"  # of a service of its own, on this machine alone
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"""(fetch|read|send|import|from)\(?\s*["`']/""", line)
    ]
    assert absolute == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://Maps.Example:443/patch/", "https://maps.example/patch"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://maps.example:8443", "https://maps.example:8443"),
    ],
)
def test_a_public_address_is_read_as_browsers_write_it(text: str, shown: str) -> None:
    assert str(PublicUrl.parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "maps.example", "ftp://maps.example", "https://a@maps.example", "https://maps.example?x",
        "https://maps.example/a b", "https://maps.example/../x", "https://maps.example:99999", "https:///x",
    ],
)  # fmt: skip
def test_what_is_no_public_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an address"):
        PublicUrl.parse(text)
