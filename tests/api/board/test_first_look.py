"""What someone sees who opens the board on odd data: a page that stands and says what it lacks."""

from __future__ import annotations

import html
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.board.lasting import outdate_boards
from api.board.preparing import BoardPreparation, prepare_board
from api.board.sections import SECTIONS, WITH_TASKS, render_or_explain
from api.calls import CallerLeftError, OverdueError, current_call
from api.maps.answer_map import draw
from api.settings import Settings
from boundaries.demo.country import country_wards
from geo.cells import MOST_CELLS, Cells, Grid, finest_width
from geo.checkpoints import checkpoint
from geo.errors import StoreError
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere, month_of_incidents, two_wards
from tests.processor import json_seconds, quickest
from tests.services import run_patchmap

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FAR = 150_000.0
MOST_OF_A_COUNTRY = 95
"""How many times the seconds of plain JSON the board of 8,064 wards may take: three seconds of a
usual processor."""

SQUARES = [(434_000 + 1000 * i, 336_000 + 1000 * j) for i in (0, 1) for j in (0, 1)]
MAPPING = """source = "council"
id = "Ref"
[when]
from = "When"
format = "iso"
[where]
easting = "Easting"
northing = "Northing"
[what]
column = "Type"
"""
DAYS = {
    "begun": ("2024-03-05 21:10", "2024-03-12 22:10"),
    "whole": ("2024-03-05 21:10", "2024-03-31 22:10"),
    "across": ("2024-03-25 21:10", "2024-04-12 22:10"),
}


def opened(store: GeoPackageStore) -> TestClient:
    app = make_app(store, Settings(), searches=SearchesHere())
    return TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        headers=BROWSER,
        client=("127.0.0.1", 50_000),
        raise_server_exceptions=False,
    )


@pytest.fixture(scope="module")
def browser(made_town: Path) -> Iterator[TestClient]:
    """A browser before the town, which no test here changes: it finds each answer once for all."""
    with closing(GeoPackageStore(made_town)) as store, opened(store) as client:
        yield client


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[TestClient]:
    """Two wards so far apart that cells of 150 m over both would be more than a million."""
    wards = two_wards()
    wards.loc["B", "geometry"] = gpd.GeoSeries([wards.geometry["B"]]).translate(FAR, FAR)[0]
    store = GeoPackageStore(tmp_path / "wide.gpkg", create=True)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards far apart"), wards)
        store.put_partition(month_of_incidents("2024-01"))
    with opened(store) as client:
        yield client
    store.close()


def whole(page: str) -> bool:
    """Whether a board has all of its sections and its end."""
    ids = ("headline", "ranked", "patrols", "areas", "when", "treatment", "accounts")
    return page.rstrip().endswith("</html>") and all(f'id="{name}"' in page for name in ids)


@pytest.mark.parametrize("shape", ["hexagon", "square"])
@pytest.mark.parametrize("side", [9_000.0, 60_000.0, 480_000.0])
def test_the_finest_width_is_one_that_serves_and_the_next_does_not(side: float, shape) -> None:
    bounds = (0.0, 0.0, side, side)
    width = finest_width(bounds, shape)
    step = 5 if width <= 100 else 10 if width <= 1000 else 100
    assert width % step == 0
    fits = [side**2 / Grid(one, shape).cell_area <= MOST_CELLS for one in (width - step, width)]
    assert fits == [False, True]


def test_a_board_whose_cells_would_be_too_many_shows_those_of_a_map_of_it_all(
    wide: TestClient,
) -> None:
    response = wide.get("/")
    page = response.text
    assert response.status_code == 200
    assert whole(page)
    said = re.search(r'id="widened">(.*?)</p>', page)[1]
    assert said.startswith("Cells of 150 m would be more than 200,000 here, so these are of 740 m")
    assert 'href="/help/importing#boundaries"' in said
    # What the page links is of the same cells.
    address = re.search(r'<iframe class="map"[^>]*src="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "cell=740" in address
    assert wide.get(address).status_code == 200
    # So are the stories and the search that its scripts ask for.
    asked = re.search(r'<main[^>]*data-asked="/([^"]+)"', page)[1].replace("&amp;", "&")
    assert "cell=740" in asked
    assert 'id="story-title"' in wide.get(f"/story{asked}&at=A").text
    assert 'id="boundaries"' in wide.get("/help/importing").text


def test_a_bare_board_of_all_wards_of_a_country_opens_with_cells_that_serve(
    tmp_path: Path,
) -> None:
    shapes = country_wards(np.random.default_rng(0))
    codes = [f"W{number:05}" for number in range(len(shapes))]
    wards = gpd.GeoDataFrame({"area_name": codes}, geometry=shapes, crs="EPSG:27700")
    wards.index = pd.Index(codes, name="area_code")
    with closing(GeoPackageStore(tmp_path / "country.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of a country"), wards)
            store.put_partition(month_of_incidents("2024-01"))
        with opened(store) as client:
            seconds, response = quickest(lambda: client.get("/"), tries=1)
    assert len(wards) == 8_064
    assert response.status_code == 200
    assert whole(response.text)
    assert re.search(r'id="widened">Cells of 150 m would be more than 200,000 here', response.text)
    assert seconds < MOST_OF_A_COUNTRY * json_seconds(20_000)


def test_a_board_whose_cells_serve_says_nothing_of_them(browser: TestClient) -> None:
    assert 'id="widened"' not in browser.get(QUESTION).text


def test_a_table_of_too_many_areas_lists_the_busiest_and_counts_the_rest(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "areas-left-out" not in browser.get(f"{QUESTION[:-3]}210").text
    monkeypatch.setattr("api.board.sections.MOST_AREAS", 1)
    outdate_boards()  # else it is the one that was rendered before
    page = browser.get(QUESTION).text
    assert re.findall(r'<tr data-at="(\w+)"><th', page.partition('id="areas"')[2]) == ["A"]
    said = re.search(r'id="areas-left-out">(.*?)</p>', page)[1]
    assert said.startswith("Listed: the 1 area with the most incidents; 1 more is not listed.")
    address = html.unescape(re.search(r'<a href="([^"]+)">CSV</a>', said)[1])
    assert browser.get(address).text.count("\n") == 3
    assert 'id="story-title"' in browser.get(f"/story{QUESTION}&at=B").text


@pytest.mark.parametrize(("days", "months"), [("begun", 0), ("whole", 1), ("across", 1)])
def test_a_store_whose_only_month_has_just_begun_has_a_whole_board(
    tmp_path: Path, days: str, months: int
) -> None:
    first, second = DAYS[days]
    rows = [f"1,{first},434500,336500,Noise", f"2,{second},434600,336400,Noise"]
    text = "\n".join(["Ref,When,Easting,Northing,Type", *rows, f"3,{second},435500,336500,Noise"])
    (tmp_path / "rows.csv").write_text(text + "\n", encoding="utf-8")
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    store = GeoPackageStore(tmp_path / "new.gpkg", create=True)
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), _squares())
    store.close()
    done = run_patchmap(
        "--store", "new.gpkg", "ingest", "rows.csv", "--mapping", "m.toml", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    store = GeoPackageStore(tmp_path / "new.gpkg")
    with opened(store) as client:
        page = client.get("/").text
        story = client.get("/story?at=W0").text
    store.close()
    assert whole(page)
    counts = dict(re.findall(r'<tr data-at="(W\d)">.*?<td class="number" data-sort="(\d+)"', page))
    assert counts == {"W0": "2", "W1": "0", "W2": "1", "W3": "0"}
    assert ("No month with data is over" in page) == (months == 0)
    assert "Last 0 months" not in page
    assert 'data-at="W0"' in story


def _squares() -> gpd.GeoDataFrame:
    boxes = [shapely.box(x, y, x + 1000, y + 1000) for x, y in SQUARES]
    frame = gpd.GeoDataFrame(
        {"area_name": [f"Square {i}" for i in range(4)]}, geometry=boxes, crs="EPSG:27700"
    )
    return frame.set_axis(pd.Index([f"W{i}" for i in range(4)], name="area_code"))


@pytest.mark.parametrize("section", ["places", "areas", "accounts", "present"])
def test_a_section_that_fails_says_so_in_its_place_and_the_rest_stands(
    browser: TestClient,
    section: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_findings: object) -> dict[str, object]:
        raise ZeroDivisionError("of this test")

    if section in WITH_TASKS:
        monkeypatch.setitem(WITH_TASKS, section, fails)
    else:
        monkeypatch.setitem(SECTIONS, section, fails)
    outdate_boards()  # else it is the one that was rendered before
    with caplog.at_level(logging.ERROR, logger="patchmap"):
        response = browser.get(QUESTION)
    assert response.status_code == 200
    assert whole(response.text)
    assert response.text.count("Patchmap failed; see its log for the reason") == 1
    assert "ZeroDivisionError" not in response.text
    assert f"the section '{section}'" in caplog.text
    assert "ZeroDivisionError: of this test" in caplog.text
    if section == "present":  # nobody is shut up in a presentation that failed
        assert re.search(r'<a class="step leave" href="[^"]+">Board</a>', response.text)


def test_a_store_that_goes_away_while_a_page_is_sent_cuts_nothing_off(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_findings: object) -> dict[str, object]:
        raise StoreError("the store cannot be used: it is away")

    monkeypatch.setitem(SECTIONS, "areas", away)
    outdate_boards()
    page = browser.get(QUESTION).text
    assert whole(page)
    assert "the store cannot be used: it is away" in page


def test_a_section_that_takes_too_long_says_so_and_cuts_nothing_off(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_findings: object) -> dict[str, object]:
        call = current_call()
        assert call
        call.end(OverdueError("this takes longer than 60 seconds here"))
        checkpoint()
        return {}

    monkeypatch.setitem(SECTIONS, "areas", late)
    outdate_boards()
    page = browser.get(QUESTION).text
    assert whole(page)
    assert "this takes longer than 60 seconds here" in page
    monkeypatch.undo()
    assert "this takes longer" not in browser.get(QUESTION).text


def test_a_page_that_nobody_waits_for_any_more_ends(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left(_findings: object) -> dict[str, object]:
        raise CallerLeftError("the caller left")

    monkeypatch.setitem(SECTIONS, "areas", left)
    outdate_boards()
    assert not whole(browser.get(QUESTION).text)


def test_a_map_that_fails_leaves_the_board_whole(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("of this test")

    monkeypatch.setattr("api.board.map_page.draw", fails)
    with opened(store) as client:  # which has drawn no map yet
        assert whole(client.get(QUESTION).text)
        response = client.get(f"/map{QUESTION}")
    assert response.status_code == 500
    assert 'role="alert"' in response.text


def _addresses(client: TestClient) -> list[str]:
    """An address of every route that answers GET, with parts that do not exist."""
    routes = [
        route
        for one in client.app.routes
        for route in getattr(one, "original_router", client.app).routes
        if hasattr(route, "methods") and "GET" in route.methods
    ]
    paths = {re.sub(r"\{[^}]*\}", "nothing", route.path) for route in routes}
    return [*sorted(paths), "/nothing", "/static/page/nothing.css"]


def test_an_error_that_a_browser_gets_is_a_page_at_every_address(browser: TestClient) -> None:
    refused = set()
    for path in _addresses(browser):
        response = browser.get(f"{path}?layer=nowhere&colour=red&cell=abc")
        if response.status_code < 400:
            continue
        refused.add(path)
        assert response.headers["content-type"] == "text/html; charset=utf-8", path
        assert 'role="alert"' in response.text or 'class="reason"' in response.text, path
        assert "/static/page/" in response.text, path
    assert {"/", "/map", "/story", "/brief.html", "/allocation/cards", "/nothing"} <= refused
    assert {"/ogc/collections/nothing/items", "/planner/plans/nothing"} <= refused
    assert len(refused) > 30


def test_an_error_that_a_program_gets_is_a_problem_document(browser: TestClient) -> None:
    for headers, query in (({"accept": "*/*"}, ""), (BROWSER, "f=json&")):
        address = f"/ogc/collections/wards/items?{query}colour=red"
        response = browser.get(address, headers=headers)
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["option"] == "colour"


def test_what_fails_or_is_refused_at_the_door_is_a_page_for_a_browser(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: object) -> None:
        raise ZeroDivisionError("of this test")

    refused = browser.get("/", headers={"host": "evil.example"})
    assert refused.status_code == 403
    assert 'role="alert"' in refused.text
    monkeypatch.setattr("api.board.page.cached_findings", fails)
    failed = browser.get(QUESTION)
    assert failed.status_code == 500
    assert "Patchmap failed; see its log" in failed.text
    assert 'role="alert"' in failed.text


def test_cells_over_a_box_of_the_finest_width_can_be_made() -> None:
    box = shapely.box(430_000, 330_000, 444_000, 344_000)
    width = finest_width(box.bounds, "square")
    assert len(Cells.over(box, Grid(width, "square"))) <= MOST_CELLS * 1.02


def test_what_takes_the_processor_starts_between_the_first_map_and_the_sections(
    made_town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def noted(event: str, function: Callable[..., object]) -> Callable[..., object]:
        def called(*arguments: object, **options: object) -> object:
            events.append(event)
            return function(*arguments, **options)

        return called

    monkeypatch.setattr("api.board.map_page.draw", noted("map", draw))
    monkeypatch.setattr("api.board.page.render_or_explain", noted("section", render_or_explain))
    with closing(GeoPackageStore(made_town)) as store, opened(store) as client:
        state = client.app.state  # type: ignore[attr-defined]
        work = state.answers, state.basemaps, state.settings
        BoardPreparation(*work, drawn=lambda: events.append("drawn"))._run()
    assert events[:3] == ["map", "drawn", "section"]


def test_it_starts_also_where_no_first_board_can_be_drawn(tmp_path: Path) -> None:
    with (
        closing(GeoPackageStore(tmp_path / "empty.gpkg", create=True)) as store,
        opened(store) as client,
    ):
        state = client.app.state  # type: ignore[attr-defined]
        work = state.answers, state.basemaps, state.settings
        events: list[str] = []
        BoardPreparation(*work, drawn=lambda: events.append("drawn"))._run()
        stopped = BoardPreparation(*work, drawn=lambda: events.append("after the end"))
        stopped.stop()
        stopped._run()
    assert events == ["drawn"]


def test_a_service_that_stops_can_wait_for_what_it_prepares(made_town: Path) -> None:
    # Python must not end beside compiled code: one stop in twelve failed with a trace.
    with closing(GeoPackageStore(made_town)) as store, opened(store) as client:
        state = client.app.state  # type: ignore[attr-defined]
        goes_on = threading.Event()
        preparation = BoardPreparation(
            state.answers, state.basemaps, state.settings, then=lambda _: goes_on.wait()
        )
        assert preparation.ends_within(0)  # as it was never started
        preparation.start()
        assert not preparation.ends_within(0.1)
        goes_on.set()
        assert preparation.ends_within(60)


def test_a_prepared_board_opens_without_asking_anything_anew(
    made_town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(GeoPackageStore(made_town)) as store, opened(store) as client:
        state = client.app.state  # type: ignore[attr-defined]
        stopped = BoardPreparation(state.answers, state.basemaps, state.settings)
        stopped.stop()
        stopped._run()
        assert not state.answers.entries()
        prepare_board(state.answers, state.basemaps, state.settings)
        asked: list[object] = []
        monkeypatch.setattr("api.snapshot.ask_about", lambda *question, **_: asked.append(question))
        monkeypatch.setattr("api.board.map_page.draw", lambda *answer, **_: asked.append(answer))
        assert whole(client.get("/").text)
        assert asked == []
