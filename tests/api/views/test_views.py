"""What each caller sees: nothing that their role or areas do not let them, by no door."""

from __future__ import annotations

import io
import re
import zipfile
from types import SimpleNamespace
from typing import cast
from urllib.parse import unquote

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from fastapi.testclient import TestClient
from httpx2 import Response

from api.identity.identity import AreaScope, local_identity
from api.identity.view import DataView
from api.ogc.collections.extents import incidents_times
from api.snapshot import Snapshot
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.views.conftest import PEOPLE

ASKED = "datetime=2024-01/2024-02"
STREETS = re.compile(rb"Canary Lane|Canary Street|Mill Lane|Long Row")
CANARY = re.compile(rb"(?i)canary|QB02| \*0")
"""What lies in the other ward; the last is how concealed areas are numbered."""

PAGES = (
    *(f"/?{ASKED}", f"/?{ASKED}&layer=blocks", f"/?{ASKED}&by=month", f"/?{ASKED}&at=QA01"),
    *(f"/?{ASKED}&show={mode}" for mode in ("ranked", "areas", "persistence", "unusual")),
    *(f"/map?{ASKED}", f"/map?{ASKED}&over=blocks,streets", f"/brief.html?{ASKED}"),
    *("/allocation?tab=posts&posts=4", "/allocation?tab=patches", "/allocation?tab=patrols"),
    *("/allocation/map?tab=patrols", "/allocation/map?tab=posts&posts=4", "/allocation/cards"),
    *("/search?q=wharf", "/search?q=lane", "/search?q=arms", "/search?f=html&q=lane"),
    *("/story?at=QA01", "/story?at=p150:43770:33690", "/story?at=h150:1690:1293"),
    *(f"/answers/{name}?{ASKED}" for name in ("unusual", "patches", "concentration", "treatment")),
    *("/planner", "/planner?plan=draft", "/planner/plans/draft", "/planner/blocks/blocks"),
    *("/planner/compare", "/planner/scores?plan=draft", "/planner/plans/draft/map.svg"),
    *("/areas", "/areas/wards", "/areas/wards?f=xlsx", "/areas/wards/QA01", "/areas/blocks"),
    *("/areas/wards/QA01?f=xlsx", f"/areas/wards/QA01?{ASKED}", "/areas/city", "/areas/plan-draft"),
    *("/areas/city/CX", "/money", "/money?f=xlsx", "/money?layer=blocks", "/reports"),
    *("/answers/profile", "/answers/track", "/answers/spend", "/answers/officer-hours"),
    *("/answers/spend?split=priority", "/answers/officer-hours?by=quarter"),
    *(f"/answers/track?{ASKED}&by=half&since=2024-02", f"/answers/profile?{ASKED}&study=city"),
    *(f"/reports/{name}" for name in ("profile", "spend", "officer-hours?rate=30")),
    *(f"/reports/{name}?layer=blocks" for name in ("profile", "spend", "officer-hours.html")),
    *("/reports/profile.xlsx", "/reports/spend.xlsx", "/reports/officer-hours.xlsx"),
    "/reports/six-monthly?layer=wards",
    *("/data", "/help", "/ogc?f=html", "/ogc/collections?f=json", "/ogc/collections?f=html"),
    *("/ogc/api", "/ogc/styles", "/ogc/collections?q=wharf", "/healthz", "/readyz"),
)
REFUSED = (
    *(f"/?{ASKED}&layer={name}" for name in ("city", "plan-draft", "nothing")),
    *(f"/?{ASKED}&within=QX99", f"/?{ASKED}&without=Nowhere", f"/map?{ASKED}&layer=nothing"),
    *("/allocation?tab=posts&posts=1", "/allocation?tab=patches&groups=9"),
    *("/ogc/collections/nothing", "/ogc/collections/wards/items/nothing"),
)
FORMATS = ("json", "html", "csv", "geojson", "gpkg", "fgb", "parquet", "shp")


def get(client: TestClient, who: str, address: str, **headers: str) -> Response:
    """What somebody gets."""
    return client.get(address, headers={"x-as": who, **headers})


def readable(response: Response) -> bytes:
    """The body, with what is compressed in it."""
    content = response.content
    if content.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        return b"\n".join(archive.read(name) for name in archive.namelist())
    if content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        return f"{table.schema.metadata} {table.to_pydict()}".encode()
    return content


def collections(client: TestClient, who: str) -> list[str]:
    """The ids of the collections that somebody finds."""
    listed = get(client, who, "/ogc/collections?f=json").json()["collections"]
    return [one["id"] for one in listed]


def items(client: TestClient, form: str = "json") -> list[str]:
    """The addresses of the features of all collections that the analyst finds."""
    return [f"/ogc/collections/{name}/items?f={form}" for name in collections(client, "nat")]


def doors(client: TestClient) -> list[str]:
    """The addresses of all pages, collections, files and tiles that the analyst finds."""
    every = collections(client, "nat")
    addresses = [*PAGES, *REFUSED]
    for form in FORMATS:
        addresses += items(client, form)
    for name in every:
        base = f"/ogc/collections/{name}"
        parts = ("?f=json", "?f=html", "/queryables", "/schema", "/styles", "/tiles")
        addresses += [base + part for part in parts]
        addresses.append(f"{base}/tiles/WebMercatorQuad/0/0/0")
    server = "/arcgis/rest/services/patchmap/FeatureServer"
    addresses += [f"{server}?f=json", f"{server}/layers?f=json"]
    for number in range(len(every)):
        query = "query?where=1%3D1&outFields=*&f=json"
        addresses += [f"{server}/{number}?f=json", f"{server}/{number}/{query}"]
    return addresses


def finds(client: TestClient, who: str, what: re.Pattern[bytes], address: str) -> list[bytes]:
    """Where somebody finds what they should not: a few letters around each place."""
    response = get(client, who, address)
    assert response.status_code < 500, (address, response.text)
    text = readable(response)
    return [text[max(0, at.start() - 60) : at.end() + 30] for at in what.finditer(text)]


def table(client: TestClient, who: str, address: str) -> pd.DataFrame:
    """A CSV that somebody gets."""
    response = get(client, who, address)
    assert response.status_code == 200, response.text
    return pd.read_csv(io.StringIO(response.text))


def test_an_officer_finds_nothing_of_the_other_ward_at_any_door(viewed: TestClient) -> None:
    addresses = doors(viewed)
    found = {address: at for address in addresses if (at := finds(viewed, "ann", CANARY, address))}

    assert found == {}


def test_nor_does_an_officer_in_a_database(viewed_database: TestClient) -> None:
    addresses = [*PAGES[:3], *REFUSED, *items(viewed_database)]
    found = [address for address in addresses if finds(viewed_database, "ann", CANARY, address)]

    assert found == []


def test_without_the_right_nobody_finds_a_street_name_of_an_incident(viewed: TestClient) -> None:
    addresses = [*PAGES, *REFUSED, *items(viewed)]
    found = {address: at for address in addresses if (at := finds(viewed, "pat", STREETS, address))}

    assert found == {}


def test_the_analyst_finds_all_of_it(viewed: TestClient) -> None:
    addresses = items(viewed)
    canaries = [one for one in addresses if finds(viewed, "nat", CANARY, one)]
    streets = [one for one in addresses if finds(viewed, "nat", STREETS, one)]

    assert len(canaries) > 15, canaries
    assert len(streets) > 4, streets


@pytest.mark.parametrize("who", ["ann", "vera"])
def test_a_verdict_is_one_for_all(either: TestClient, who: str) -> None:
    address = f"/download/hotspots.csv?{ASKED}&cell=250&layer=wards&baseline=even"
    every, seen = (table(either, one, address) for one in ("nat", who))
    own = every[every["area_code"] == "QA01"] if who == "ann" else every

    assert (seen["class"] == "hot_99").any()
    pd.testing.assert_frame_equal(seen.reset_index(drop=True), own.reset_index(drop=True))


def test_counts_of_an_area_are_one_for_all(either: TestClient) -> None:
    address = f"/download/area-counts.csv?{ASKED}&layer=wards"
    every, seen = (table(either, one, address).set_index("area_code") for one in ("nat", "ann"))

    assert seen.index.tolist() == ["QA01"]
    assert seen.loc["QA01"].equals(every.loc["QA01"])


@pytest.mark.parametrize(("first", "second", "cell"), [("ann", "nat", 310), ("nat", "ann", 320)])
@pytest.mark.parametrize(
    "address",
    [
        "/ogc/collections/hotspots/items?{}&f=csv",
        "/map?{}",
        "/?{}",
        "/story?{}&at=QA01",
        "/ogc/collections/area-counts/items?{}",
        "/search?q=street&{}",
        "/brief.html?{}",
    ],
)
def test_caches_and_etags_never_cross(
    viewed: TestClient, address: str, first: str, second: str, cell: int
) -> None:
    address = address.format(f"{ASKED}&cell={cell}")
    before = get(viewed, first, address)
    after = get(viewed, second, address, **{"if-none-match": before.headers["etag"]})
    again = get(viewed, first, address, **{"if-none-match": after.headers["etag"]})

    assert (after.status_code, again.status_code) == (200, 200)
    assert before.headers["etag"] != after.headers["etag"]
    assert again.content == before.content
    officer, analyst = (before, after) if first == "ann" else (after, before)
    assert not CANARY.search(officer.content)
    assert CANARY.search(analyst.content) or "at=QA01" in address
    same = get(viewed, second, address, **{"if-none-match": after.headers["etag"]})
    assert same.status_code == 304


def test_people_who_see_the_same_share_what_is_worked_out(viewed: TestClient) -> None:
    address = f"/ogc/collections/hotspots/items?{ASKED}&cell=330"
    answers = viewed.app.state.answers  # type: ignore[attr-defined] - the application of FastAPI
    first = get(viewed, "ann", address)
    before = {key for _, key, _ in answers.entries()}
    second = get(viewed, "olu", address)

    assert {key for _, key, _ in answers.entries()} == before
    assert first.content == second.content
    assert first.headers["etag"] != second.headers["etag"], "pages say who has signed in"


def test_whoever_sees_everything_shares_what_the_service_worked_out(viewed: TestClient) -> None:
    answers = viewed.app.state.answers  # type: ignore[attr-defined] - the application of FastAPI
    address = f"/?{ASKED}&cell=340"
    assert answers.of(DataView.of(PEOPLE["nat"])) is answers
    assert get(viewed, "nat", address).status_code == 200
    keys = {key for _, key, _ in answers.entries()}
    planner, officer = (get(viewed, who, address).text for who in ("pat", "ann"))
    assert {key for _, key, _ in answers.entries()} - keys, "others see something else"
    assert "Signed in as Nat Ali" not in planner + officer


def test_areas_of_another_layer_are_seen_where_they_lie_in_ones_own(viewed: TestClient) -> None:
    address = f"/ogc/collections/area-counts/items?{ASKED}&layer=blocks"
    answer = get(viewed, "ann", address).json()

    assert [one["properties"]["area_code"] for one in answer["features"]] == ["bl1", "bl2"]
    caveats = answer["accounts"]["caveats"]
    assert "You see Arboretum only. Totals and tests are of the whole study area." in caveats
    assert "1 area of this layer lies only partly in yours and so not shown." in caveats
    assert get(viewed, "ann", "/ogc/collections/city").status_code == 404
    refused = get(viewed, "ann", f"/download/area-counts.csv?{ASKED}&layer=city")
    assert refused.status_code == 400
    assert refused.json()["detail"].endswith("no area of City lies in yours; choose layer wards")


def test_the_study_area_may_be_one_that_is_not_seen(viewed: TestClient) -> None:
    address = f"/download/hotspots.csv?{ASKED}&layer=wards&study=city"
    every, seen = (table(viewed, one, address) for one in ("nat", "ann"))

    own = every[every["area_code"] == "QA01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(seen, own)


def test_an_area_that_is_not_seen_is_refused_as_one_that_does_not_exist(
    viewed: TestClient,
) -> None:
    address = f"/download/area-counts.csv?{ASKED}&layer=wards&within="
    hidden, unknown = (get(viewed, "ann", address + code) for code in ("QB02", "QX99"))

    assert (hidden.status_code, unknown.status_code) == (400, 400)
    assert hidden.json()["detail"].replace("QB02", "QX99") == unknown.json()["detail"]


def test_the_page_of_an_area_that_is_not_seen_is_not_there(viewed: TestClient) -> None:
    assert get(viewed, "nat", "/areas/wards/QB02").status_code == 200
    hidden, unknown = (get(viewed, "ann", f"/areas/wards/{code}") for code in ("QB02", "QX99"))
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    alike = hidden.json()["detail"].replace("QB02", "QX99")
    assert alike == unknown.json()["detail"]
    own = get(viewed, "ann", "/areas/wards/QA01").text
    assert "Only those that you see" in own or "that you see touches it" in own


@pytest.mark.parametrize("who", ["vera", "adam", "ann"])
def test_a_plan_that_is_not_seen_is_refused_as_one_that_does_not_exist(
    either: TestClient, who: str
) -> None:
    for address in (
        "/ogc/collections/plan-{}",
        "/ogc/collections/plan-{}/items",
        "/planner/plans/{}",
        "/planner/plans/{}/map.svg",
        "/planner/scores?plan={}",
        "/planner/plans/{}/communities?communities=wards",
        "/planner/plans/{}/alternative?steps=10",
        "/planner/compare?plan={}",
        "/download/area-counts.csv?layer=plan-{}",
        "/download/hotspots.csv?layer=wards&study=plan-{}",
        "/map?over=plan-{}",
    ):
        hidden, unknown = (get(either, who, address.format(one)) for one in ("draft", "zzzzz"))
        assert hidden.status_code == unknown.status_code
        assert 400 <= hidden.status_code < 500
        own = re.compile(r'"request_id":"[^"]*"|request \w+')
        texts = [own.sub("", one.text).replace("draft", "zzzzz") for one in (hidden, unknown)]
        assert texts[0] == texts[1]
    assert "plans" not in collections(either, who)


def test_single_incidents_are_shown_by_role_and_area(either: TestClient) -> None:
    address = "/ogc/collections/incidents/items?f=csv"
    every, seen = (table(either, one, address) for one in ("nat", "ann"))

    assert len(every) == 334
    assert 0 < len(seen) < len(every)
    assert (seen["easting" if "easting" in seen else "longitude"]).notna().all()
    assert not seen["location"].str.contains("Canary").any()
    assert (every["location"].str.contains("Canary")).any()
    for who in ("vera", "pat", "adam"):
        assert get(either, who, address).status_code == 404
        assert "incidents" not in collections(either, who)


def test_nobody_asks_for_addresses_that_they_may_not_see(viewed: TestClient) -> None:
    assert get(viewed, "vera", "/ogc/collections/repeat-places").status_code == 404
    named = get(viewed, "vera", f"/download/hotspots.csv?{ASKED}&without=12 Canary Street")
    point = get(viewed, "vera", f"/download/hotspots.csv?{ASKED}&without=x@437700:336900")

    for refused in (named, point):
        assert refused.status_code == 400
        assert "leave places out by the id of a ranked place" in refused.json()["detail"]
    story = get(viewed, "vera", f"/story?{ASKED}&at=QA01").text
    assert "<li>" not in story
    assert "Mill Lane" in get(viewed, "nat", f"/story?{ASKED}&at=QA01").text


@pytest.mark.parametrize("at", ["p150:43770:33690", "QB02"])
def test_there_is_no_story_of_what_is_not_seen(viewed: TestClient, at: str) -> None:
    cells = table(viewed, "nat", f"/download/hotspots.csv?{ASKED}")
    hidden = cells.loc[cells["area_code"] == "QB02", "cell_id"].iloc[0]

    for one in (at, hidden):
        assert "No story" in get(viewed, "ann", f"/story?{ASKED}&at={one}").text
        assert "No story" not in get(viewed, "nat", f"/story?{ASKED}&at={one}").text


def test_other_roles_of_an_officer_open_no_page_of_all_areas(viewed: TestClient) -> None:
    for address, status in (("/data", 403), ("/releases", 404)):
        refused = get(viewed, "duo", address, accept="text/html")
        assert refused.status_code == status
        assert not CANARY.search(refused.content)
        assert get(viewed, "nat", address).status_code == 200
        assert ("you see your own areas only" in refused.text.lower()) == (status == 403)
    form = {"release_id": "r", "from": "2024-01", "to": "2024-02", "layer": "wards"}
    for address in ("/data/undo", "/releases", "/releases/r/approve"):
        made = viewed.post(address, data=form, headers={"x-as": "duo"})
        assert made.status_code in (403, 404)
    page = get(viewed, "duo", "/help", accept="text/html").text
    assert 'href="/keys"' in page
    assert 'href="/data"' not in page
    assert 'href="/releases"' not in page


def test_whose_areas_are_gone_sees_none(viewed: TestClient) -> None:
    for address in (f"/?{ASKED}", f"/map?{ASKED}&layer=wards", f"/download/hotspots.csv?{ASKED}"):
        refused = get(viewed, "lost", address)
        assert refused.status_code in (400, 404)
        assert not CANARY.search(refused.content)
    assert refused.json()["detail"].endswith(
        "none of your areas is in this store any more; ask an administrator"
    )
    assert table(viewed, "lost", "/ogc/collections/incidents/items?f=csv").empty


@pytest.mark.parametrize(
    "address", ["/", "/allocation", "/planner", "/help", "/data", "/ogc?f=html", "/search", "/none"]
)
def test_every_page_says_who_one_is_and_what_one_sees(
    viewed: TestClient, town_client: TestClient, address: str
) -> None:
    def page(client: TestClient) -> str:
        headers = {"x-as": "nat", "accept": "text/html"}
        return client.get(address, headers=headers, follow_redirects=True).text

    assert page(viewed).count('<p class="signed-in">Signed in as Nat Ali.') == 1
    assert "signed-in" not in page(town_client)


def test_the_line_says_what_each_role_sees(viewed: TestClient) -> None:
    def line(who: str) -> str:
        page = get(viewed, who, f"/?{ASKED}", accept="text/html").text
        return re.search(r'signed-in">(.*?)(?: <a|</p>)', page)[1]  # type: ignore[index] - it is there

    assert line("ann") == "Signed in as Ann Smith. You see Arboretum only."
    assert line("vera").endswith("You see all areas, without single incidents and addresses.")
    assert line("nat").endswith("You see all areas, with single incidents.")


def test_who_edits_plans_makes_smaller_blocks_and_imports_no_layer(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    client, store = writable
    areas = store.layer("blocks")[1]
    west, south, east, north = areas.total_bounds
    edges = np.linspace(west, east, 2 * len(areas) + 1)
    halves = gpd.GeoDataFrame(
        {"area_name": [f"Half {number}" for number in range(len(edges) - 1)]},
        index=pd.Index([f"h{number}" for number in range(len(edges) - 1)], name="area_code"),
        geometry=shapely.box(edges[:-1], south, edges[1:], north),
        crs=areas.crs,
    )
    with store.transaction():
        store.put_layer(LayerMetadata("halves"), halves)
    wanted = {"smaller": "halves", "blocks": ["bl3"], "save_as": "fine", "by": "Somebody Else"}
    address = "/planner/plans/draft/refined"
    for who in ("vera", "nat"):
        refused = client.post(address, json=wanted, headers={"x-as": who})
        assert refused.status_code in (403, 404), who
    assert client.get("/data", headers={"x-as": "pat"}).status_code == 403
    made = client.post(address, json=wanted, headers={"x-as": "pat"})
    assert made.status_code == 201, made.text
    assert "fine-blocks" in [metadata.layer_id for metadata in store.layers()]


def test_changes_bear_the_name_of_who_has_signed_in(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    client, store = writable
    step = {"step": "lock", "area": "QA01", "version": 1, "by": "Somebody Else"}
    taken = client.post("/planner/plans/draft/steps", json=step, headers={"x-as": "pat"})
    page = get(client, "nat", "/data").text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]  # type: ignore[index] - it is there
    sent = client.post(
        "/data/files",
        data={"token": token},
        files={"file": ("parks.geojson", PARKS, "application/geo+json")},
        headers={"x-as": "nat"},
    )
    address = unquote(sent.headers["location"])
    fields = {"token": token, "action": "import", "use": "layer", "layer_id": "parks"}
    fields |= {"code_field": "code", "name_field": "name"}
    client.post(address, data=fields, headers={"x-as": "nat"})

    assert taken.status_code == 200, taken.text
    assert store.plans()[0]["updated_by"] == "Pat Plan"
    client.app.state.data.uploads.get(address.rpartition("/")[2]).job.over.wait(120)  # type: ignore[attr-defined] - the application of FastAPI
    assert [one.changed_by for one in store.layer_changes()][-1] == "Nat Ali"


PARKS = (
    b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "k1",'
    b' "name": "Park"}, "geometry": {"type": "Polygon", "coordinates": [[[-1.47, 52.92],'
    b" [-1.46, 52.92], [-1.46, 52.93], [-1.47, 52.92]]]}}]}"
)


@pytest.mark.parametrize(
    ("own", "elsewhere", "nowhere"),
    [
        ("3 Mill Lane", "12 Canary Street", "99 Nowhere Road"),
        ("p150:43540:33690", "p150:43770:33690", "p150:43540:99990"),
    ],
)
def test_an_officer_learns_nothing_of_other_areas_by_leaving_places_out(
    either: TestClient, own: str, elsewhere: str, nowhere: str
) -> None:
    address = "/ogc/collections/area-counts/items?f=json&datetime=2024-01/2024-02&without="
    left_out = get(either, "ann", address + own)
    hidden, unknown = (get(either, "ann", address + one) for one in (elsewhere, nowhere))

    assert left_out.json()["accounts"]["left_out"] > 0
    assert (hidden.status_code, unknown.status_code) == (400, 400)
    assert hidden.json()["detail"].replace(elsewhere, nowhere) == unknown.json()["detail"]
    assert get(either, "nat", address + elsewhere).json()["accounts"]["left_out"] > 0


def test_an_officer_gets_the_time_span_of_the_data_in_whole_months() -> None:
    first, last = pd.Timestamp("2024-01-09T21:07:31Z"), pd.Timestamp("2024-02-05T04:00:09Z")
    part = SimpleNamespace(summary=SimpleNamespace(first=first, last=last, precisions=("instant",)))

    def span(*, all_areas: bool) -> list[str]:
        state = SimpleNamespace(imports=lambda: [part], sees_all_areas=all_areas)
        times = incidents_times(cast("Snapshot", state))
        assert times
        return [f"{one:%Y-%m-%dT%H:%M:%S}" for one in (times.first, times.last)]

    assert span(all_areas=True) == ["2024-01-09T21:07:31", "2024-02-05T04:00:09"]
    assert span(all_areas=False) == ["2024-01-01T00:00:00", "2024-02-29T23:59:59"]


def test_an_officer_is_told_of_their_own_repeats_only(viewed: TestClient) -> None:
    address = "/ogc/collections/repeat-places/items?f=json&source=calls&datetime=2024-01/2024-02"
    every, seen = (get(viewed, who, address).json() for who in ("nat", "ann"))

    share = {one["properties"]["location"]: one["properties"]["share"] for one in every["features"]}
    assert share.keys() == {"3 Mill Lane", "12 Canary Street"}
    [own] = seen["features"]
    assert own["properties"]["share"] == share["3 Mill Lane"]
    assert "name no place" not in str(seen)


def test_what_an_officer_reads_of_concentration_is_of_one_region(viewed: TestClient) -> None:
    every, seen = (
        get(viewed, who, f"/answers/concentration?{ASKED}").text for who in ("nat", "ann")
    )

    assert "street with incidents" in every
    assert "street with incidents" not in seen
    assert "Streets are not measured" in seen


def test_the_board_and_its_allocation_offer_what_one_may(viewed: TestClient) -> None:
    for who, offered in (("ann", False), ("vera", False), ("nat", True)):
        board = get(viewed, who, f"/?{ASKED}").text
        assert ("Add data" in board) == offered
        assert ("Try other boundaries" in board) == offered
    posts = [get(viewed, "ann", f"/allocation?tab=posts&posts={n}").text for n in range(2, 8)]
    assert not [one for one in posts if "<strong></strong>" in one]
    assert [one for one in posts if "an area that you do not see" in one]


def test_a_layer_that_does_not_exist_is_refused_with_those_seen(viewed: TestClient) -> None:
    refused = get(viewed, "ann", f"/download/area-counts.csv?{ASKED}&layer=nope")

    assert refused.status_code == 400
    assert "wards, " in refused.json()["detail"]
    assert "city" not in refused.json()["detail"]


def test_a_view_is_named_by_what_is_seen_and_not_by_who_sees_it() -> None:
    ann, olu, vera, adam = (DataView.of(PEOPLE[one]) for one in ("ann", "olu", "vera", "adam"))
    other = DataView(areas=AreaScope("wards", ("QB02",)), plans=False)

    assert DataView.of(local_identity("me")).fingerprint == ""
    assert DataView.of(PEOPLE["nat"]).fingerprint == "", "an analyst sees everything too"
    assert ann.fingerprint == olu.fingerprint
    assert vera.fingerprint == adam.fingerprint
    assert len({ann.fingerprint, vera.fingerprint, other.fingerprint, ""}) == 4


def test_what_an_officer_sees_of_hotspots_is_not_called_all(viewed: TestClient) -> None:
    text = get(viewed, "ann", f"/areas/wards/QA01?{ASKED}").text
    assert "Hotspots" in text
    assert "in all</span>" not in text
    assert re.search(r"with a cell here, of \d+ that you see", text)
    assert "in all</span>" in get(viewed, "nat", f"/areas/wards/QA01?{ASKED}").text
