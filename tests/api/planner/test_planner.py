"""The planner's HTTP: the list, the page, the blocks, a plan, and files of it."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings, TileServer
from boundaries.plans.draft import open_plan
from geo.measures.model import Measure, values_frame
from geo.question.ask import Question
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.planner.planner_http import BLOCKS, begin, client_of, step

HOSTILE = '</script><script>alert(1)</script>" onmouseover="alert(1)'


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        yield made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, town: Path) -> Iterator[TestClient]:
    """A store without plans, for all that must not begin one."""
    made = GeoPackageStore(shutil.copy(town, tmp_path_factory.mktemp("untouched") / "town.gpkg"))
    with client_of(made) as client:
        yield client
    made.close()


def test_a_store_without_plans_offers_to_begin_one(untouched: TestClient) -> None:
    page = untouched.get("/planner")
    assert page.status_code == 200
    assert "No plans yet" in page.text
    assert '<option value="blocks" selected>' in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_an_empty_store_says_what_is_needed_first(tmp_path: Path) -> None:
    empty = GeoPackageStore(tmp_path / "empty.gpkg", create=True)
    with client_of(empty) as client:
        assert "patchmap layers add output-areas.geojson" in client.get("/planner").text
    empty.close()


def test_a_plan_is_begun_from_a_layer_listed_and_opened(client: TestClient) -> None:
    begun = begin(client)
    assert begun.status_code == 201
    assert begun.headers["location"] == "/planner/plans/north"
    assert begun.json() == {
        "plan_id": "north",
        "address": "/planner?plan=north",
        "straddling": [],
    }
    listed = client.get("/planner").text
    assert "North 2027" in listed
    assert "by Ann" in listed
    page = client.get("/planner?plan=north&area=E&period=latest-1m")
    assert page.status_code == 200
    assert 'data-plan="north"' in page.text
    assert 'data-question="period=latest-1m"' in page.text
    assert "<script>" not in page.text


def test_blocks_that_straddle_are_listed(client: TestClient, store: GeoPackageStore) -> None:
    metadata, wards = store.layer("wards")
    moved = wards.set_geometry(wards.geometry.translate(xoff=30))
    with store.transaction():
        store.put_layer(metadata, moved)
    straddling = begin(client).json()["straddling"]
    assert {row["block_code"][0] for row in straddling} == {"a", "d"}
    assert {round(row["share"], 2) for row in straddling} == {0.7}


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"plan_id": "North!"}, 400, "cannot be a plan's id"),
        ({"plan_id": ""}, 400, "plan_id"),
        ({"by": ""}, 400, "by"),
        ({"by": "A\nnn"}, 400, "by"),
        ({"blocks_layer": "nowhere"}, 404, "nowhere"),
        ({"blocks_layer": ""}, 400, "name the layer of blocks"),
        ({"from_layer": "nowhere"}, 404, "nowhere"),
        ({"from_plan": "other"}, 400, "not from both"),
        ({"surprise": 1}, 400, "surprise"),
        ({"title": 7}, 400, "title"),
    ],
)
def test_what_no_plan_can_be_begun_from_is_refused(
    untouched: TestClient, changes: dict[str, object], status: int, message: str
) -> None:
    refusal = begin(untouched, **changes)
    assert refusal.status_code == status
    assert refusal.headers["content-type"] == "application/problem+json"
    assert message in refusal.json()["detail"]


def test_a_second_plan_of_an_id_is_a_conflict(client: TestClient) -> None:
    begin(client)
    assert begin(client).status_code == 409


def test_a_plan_is_returned_whole(client: TestClient) -> None:
    begin(client)
    payload = client.get("/planner/plans/north").json()
    assert payload["codes"] == BLOCKS
    assert payload["assigned"] == payload["start"]
    assert set(payload["assigned"]) == {"E", "W"}
    assert sum(payload["figures"]["electors"]) == sum(
        row["electors"] for row in payload["rows"].values()
    )
    assert payload["before"]["rows"] == payload["rows"]
    status = payload["status"]
    assert (status["version"], status["undo"], status["broken"]) == (1, {}, [])
    assert status["council"]["members"] == 5
    assert [each["kind"] for each in status["splits"]] == ["hotspots", "Wards"]
    assert payload["history"] == []


def test_what_the_boundaries_cut_is_what_the_engine_finds(
    client: TestClient, store: GeoPackageStore
) -> None:
    begin(client)
    step(client, "move", blocks=["c1", "c2", "d2"], to="", force=True)
    step(client, "move", blocks=["c2"], to="E", force=True)
    splits = client.get("/planner/plans/north?datetime=2024-01/2024-02").json()["status"]["splits"]
    question = Question.read({"datetime": "2024-01/2024-02"})
    draft = open_plan(store, "north", question=question)
    assigned = draft.plan.now.assigned
    hotspots, wards = splits
    assert hotspots["now"] == draft.hotspots.count_split(assigned)
    split = draft.cut_by(store.layer("wards")[1]).split(assigned, least_share=0.01)
    sides = split[split["area_code"] != ""].groupby("name")["area_code"].agg(list)
    assert {one["name"]: one["areas"] for one in wards["split"]} == {
        {"E": "East", "W": "West"}[code]: areas for code, areas in sides.items()
    }
    assert wards["before"] == 0


def test_a_plan_is_counted_for_the_question_that_is_asked(client: TestClient) -> None:
    begin(client)
    both, one = (
        client.get(f"/planner/plans/north?datetime={months}").json()["figures"]["incidents"]
        for months in ("2024-01/2024-02", "2024-02")
    )
    assert sum(both) > sum(one) > 0
    assert client.get("/planner/plans/north?category=none").status_code == 400
    assert client.get("/planner/plans/north?colour=red").status_code == 400


def test_officers_are_shared_out_where_they_are_asked_for(client: TestClient) -> None:
    begin(client)
    rows = client.get("/planner/plans/north?posts=7").json()["rows"]
    assert sum(row["posts"] for row in rows.values()) == 7
    refusal = client.get("/planner/plans/north?posts=1")
    assert refusal.status_code == 400
    assert "takes 2 posts, and there are 1" in refusal.json()["detail"]
    added = {"step": "add", "code": "N", "version": 1, "by": "Ann"}
    change = client.post("/planner/plans/north/steps?posts=2", json=added).json()
    assert change["status"]["version"] == 2
    assert "posts" not in change["rows"]["N"]
    page = client.get("/planner?plan=north&posts=7&category=anti-social-behaviour&period=")
    assert 'data-question="category=anti-social-behaviour&amp;posts=7"' in page.text


def test_blocks_are_drawn_and_keep_while_no_layer_changes(
    client: TestClient, store: GeoPackageStore
) -> None:
    first = client.get("/planner/blocks/blocks")
    drawn = first.json()
    assert drawn["codes"] == BLOCKS
    lon, lat = (np.cumsum(drawn[axis]) / drawn["per_degree"] for axis in ("x", "y"))
    first_ring = shapely.Polygon(np.stack([lon, lat], axis=1)[: drawn["rings"][0]])
    assert first_ring.is_valid
    assert first_ring.bounds == pytest.approx((-1.4803, 52.9200, -1.4788, 52.9209), abs=2e-3)
    assert drawn["blocks"] == list(range(len(BLOCKS)))
    assert set(drawn["outer"]) == {1}
    arcs = np.reshape(drawn["arcs"], (-1, 4))
    # Of 6 by 4 squares: 18 edges between rows, 20 between columns, and the outside of 16.
    assert np.count_nonzero(arcs[:, 1] >= 0) == 38
    assert len(np.unique(arcs[arcs[:, 1] < 0, 0])) == 16
    assert (arcs[:, 3] > arcs[:, 2]).all()
    known = {"if-none-match": first.headers["etag"]}
    begin(client)
    assert client.get("/planner/blocks/blocks", headers=known).status_code == 304
    with store.transaction():
        store.put_layer(*store.layer("wards"))
    assert client.get("/planner/blocks/blocks", headers=known).status_code == 200
    assert client.get("/planner/blocks/nowhere").status_code == 404


def test_an_unknown_plan_is_not_found(client: TestClient) -> None:
    page = client.get("/planner?plan=south")
    assert page.status_code == 404
    assert "There is no plan &#39;south&#39;" in page.text
    assert client.get("/planner/plans/south").status_code == 404
    assert client.get("/planner/plans/south/files/south.csv").status_code == 404
    assert step(client, "undo", plan_id="south").status_code == 404


def test_a_strange_address_of_the_page_is_refused_in_words(untouched: TestClient) -> None:
    page = untouched.get("/planner?colour=red")
    assert page.status_code == 400
    assert "Unknown option; the options are: again" in page.text


def test_a_plan_leaves_as_files(client: TestClient, tmp_path: Path) -> None:
    begin(client)
    step(client, "move", blocks=["c1"], to="E")
    page = client.get("/planner?plan=north").text
    root = "/planner/plans/north/files/north"
    table = client.get(f"{root}.csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["block_code"]: row["area_code"] for row in rows}["c1"] == "E"
    areas = client.get(f"{root}.geojson").json()["features"]
    assert {area["properties"]["area_code"] for area in areas} == {"E", "W"}
    (tmp_path / "north.gpkg").write_bytes(client.get(f"{root}.gpkg").content)
    assert len(gpd.read_file(tmp_path / "north.gpkg", layer="blocks")) == len(BLOCKS)
    report = client.get(f"{root}.html")
    assert "North 2027" in report.text
    assert "script-src" not in report.headers["content-security-policy"]
    assert client.get(f"{root}.exe").status_code == 404
    for ending in ("csv", "geojson", "gpkg", "html"):
        assert f'href="{root}.{ending}"' in page


def test_hostile_names_stay_text(client: TestClient) -> None:
    begin(client, title=HOSTILE)
    step(client, "rename", area="E", name=HOSTILE, reason=HOSTILE, by=HOSTILE)
    for address in ("/planner", "/planner?plan=north", "/planner/plans/north/files/north.html"):
        page = client.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert '" onmouseover="alert' not in page.text
    response = client.get("/planner/plans/north")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["history"][0]["reason"] == HOSTILE


def test_a_tile_server_is_the_only_other_host_that_the_page_may_ask(
    store: GeoPackageStore,
) -> None:
    tiles = TileServer("https://tiles.example/{z}/{x}/{y}.png", "© Example")
    with TestClient(
        make_app(store, Settings(tiles=tiles)), base_url="http://127.0.0.1:8000"
    ) as client:
        begin(client)
        page = client.get("/planner?plan=north")
    policy = page.headers["content-security-policy"]
    assert "img-src 'self' https://tiles.example data:" in policy
    assert "connect-src 'self';" in policy
    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in page.text


def test_measures_stand_beside_the_figures_of_each_area(
    client: TestClient, store: GeoPackageStore
) -> None:
    codes = store.layer("blocks")[1].index.astype(str)
    visits = Measure("visits", "Visits", "", "count", "neither", "blocks", "A log")
    days = {"measure_id": "visits", "first_day": "2023-01-01", "last_day": "2023-12-31"}
    rows = pd.DataFrame({"area_code": codes, "value": range(1, len(codes) + 1)}).assign(**days)
    with store.transaction():
        store.put_measure_values(values_frame(rows), TableFile("v", "1", 0, {}, (visits,)))
    begin(client)
    plan = client.get("/planner/plans/north?measures=visits").json()
    assert plan["titles"] == {"visits": "Visits"}
    total = sum(row["visits"] for row in plan["rows"].values())
    assert total == sum(range(1, len(codes) + 1))
    page = client.get("/planner?plan=north&measures=visits").text
    assert '<input type="checkbox" name="measures" value="visits" checked> Visits' in page
    with store.transaction():
        store.put_measure_values(
            values_frame(rows.assign(value=1.0)), TableFile("v", "2", 0, {}, (visits,))
        )
    again = client.get("/planner/plans/north?measures=visits").json()
    assert sum(row["visits"] for row in again["rows"].values()) == len(codes)
    refused = client.get("/planner/plans/north?measures=nothing")
    assert refused.status_code == 400
    assert "unknown value 'nothing'" in refused.json()["detail"]


def test_each_part_of_the_page_that_opens_is_named_before_its_script_runs(
    client: TestClient,
) -> None:
    begin(client)
    page = client.get("/planner?plan=north").text
    parts = re.findall(r'<details class="part" id="([^"]+)"([^>]*)>(.*?)</details>', page)
    unnamed = [
        name
        for name, attributes, inside in parts
        if "hidden" not in attributes and not re.match(r"<summary>\w", inside)
    ]
    assert len(parts) > 5
    assert not unnamed
