"""The three gaps of coverage are unknown, not zero, at every door."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.answers import Answers
from api.app import make_app
from api.board.findings import Findings
from api.settings import Settings
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.figures import count_incidents, figure_blocks
from geo.incidents import COLUMNS, Batch, Partition, month_span
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run_json
from tests.api.conftest import SearchesHere

WEST, SOUTH, SIDE = 400_000.0, 300_000.0, 5_000.0
ASB = "anti-social-behaviour"
MONTHS = ("2024-01", "2024-02", "2024-03")


def counties() -> gpd.GeoDataFrame:
    """Four areas in a row: two of the force avonshire, two of borsetshire."""
    squares = [
        shapely.box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE) for i in range(4)
    ]
    names = ["Ashby", "Bridge", "Church", "Dale"]
    index = pd.Index(["A", "B", "C", "D"], name="area_code")
    frame = {"area_name": names, "residents": [1_000] * 4}
    return gpd.GeoDataFrame(frame, index=index, geometry=squares, crs=27700)


def partition(
    force: str, month: str, areas: tuple[int, ...], counts: dict[str, int], *, source: str = ""
) -> Partition:
    """So many incidents of each category in each area, at the same points each month."""
    rows = [
        (category, WEST + area * SIDE + 600 + 37 * (k % 100), SOUTH + 900 + 53 * (k % 40))
        for area in areas
        for category, n in counts.items()
        for k in range(n)
    ]
    start, end = month_span(month)
    name = source or "police.uk"
    frame = pd.DataFrame(
        {
            "incident_id": [f"{name}/{force}/{month}:{k}" for k in range(len(rows))],
            "source": name,
            "category": [row[0] for row in rows],
            "occurred_from": start.as_unit("s"),
            "occurred_to": end.as_unit("s"),
            "precision": "month",
            "x": [row[1] for row in rows],
            "y": [row[2] for row in rows],
            "location": "On or near High Street",
            "reference": "",
        },
        columns=list(COLUMNS),
    )
    batch = Batch(frame, pd.DataFrame(columns=["line", "reason", "row"]))
    made = Partition(
        source=name,
        name=force,
        month=month,
        file=f"{month}-{force}.csv",
        sha256=f"{name} {force} {month}",
        fields=("Longitude", "Latitude"),
        batches=lambda: iter([batch]),
    )
    return replace(made, month="") if source else made


Gap = str
USUAL = {ASB: 60, "burglary": 80}


def partitions(gap: Gap) -> Iterator[Partition]:
    for month in MONTHS:
        west = {"burglary": 80} if gap == "category" and month == "2024-03" else USUAL
        yield partition("avonshire", month, (0, 1), west)
        if not (gap == "force" and month == "2024-03"):
            yield partition("borsetshire", month, (2, 3), USUAL)
    if gap == "council":
        yield partition("cases", "2024-03", (0,), {ASB: 300}, source="council")


@pytest.fixture(params=["council", "category", "force"])
def gap(request: pytest.FixtureRequest) -> Gap:
    name: str = request.param
    return name


@pytest.fixture
def folder(gap: Gap, tmp_path: Path) -> Path:
    store = GeoPackageStore(tmp_path / "patchmap.gpkg", create=True)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), counties())
        for part in partitions(gap):
            store.put_partition(part)
    store.close()
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    store = GeoPackageStore(folder / "patchmap.gpkg")
    with TestClient(
        make_app(store, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made
    store.close()


QUESTION = {"datetime": "2024-03", "category": ASB, "layer": "wards"}
UNKNOWN = {"council": [], "category": ["A", "B"], "force": ["C", "D"]}
NAMES = dict(zip("ABCD", ("Ashby", "Bridge", "Church", "Dale"), strict=True))


def options(**more: str) -> list[str]:
    asked = {**QUESTION, **more}
    return [word for name, text in asked.items() for word in (f"--{name}", text)]


def test_the_command_line_and_its_files_leave_them_empty_with_the_reason(folder, gap):
    answered = run_json(folder, "count", *options(), "-o", "out.csv")
    rows = {row["area_code"]: row for row in csv.DictReader((folder / "out.csv").open())}
    for code, row in rows.items():
        assert (row["n"] == "") is (code in UNKNOWN[gap])
        assert bool(row.get("why")) is (code in UNKNOWN[gap])
        assert row["n"] in ("", "60", "360")
        assert (row["rate_per_1000"] == "") is (code in UNKNOWN[gap])
        assert (row["rate_shrunk"] == "") is (code in UNKNOWN[gap])
        if UNKNOWN[gap] and row["n"]:
            # The known ones are alike: only zeros for the unknown ones would pull them down.
            assert float(row["rate_shrunk"]) == pytest.approx(60)
    caveats = " ".join(answered["caveats"])
    assert ("Unknown, not zero" in caveats) is bool(UNKNOWN[gap])
    run_json(folder, "count", *options(), "-o", "out.gpkg")
    with sqlite3.connect(folder / "out.gpkg") as connection:
        counts = dict(connection.execute("SELECT area_code, n FROM out"))
    assert [code for code, n in counts.items() if n is None] == UNKNOWN[gap]
    assert all(isinstance(n, int) for n in counts.values() if n is not None)


def test_a_comparison_counts_what_both_periods_cover(folder, gap):
    answered = run_json(folder, "count", *options(compare="previous"), "-o", "out.csv")
    rows = {row["area_code"]: row for row in csv.DictReader((folder / "out.csv").open())}
    for code, row in rows.items():
        if code in UNKNOWN[gap]:
            assert [row[name] for name in ("n", "change", "q", "certainty")] == [""] * 4
        else:
            # Four areas have no rest, and one earlier month does not say how much counts vary.
            assert row["certainty"] == "cannot be judged"
    left_out = answered["compared"]["left_out"]
    assert ("300 incidents of council (covers March 2024 only)" in left_out) is (gap == "council")


def test_the_collection_has_null_and_its_schema_says_why(client, gap):
    items = client.get("/ogc/collections/area-counts/items", params=QUESTION).json()
    counts = {one["properties"]["area_code"]: one["properties"] for one in items["features"]}
    assert [code for code, row in counts.items() if row["n"] is None] == UNKNOWN[gap]
    if UNKNOWN[gap]:
        assert counts[UNKNOWN[gap][0]]["why"].startswith("no data from")
    schema = client.get("/ogc/collections/area-counts/schema").json()
    assert "why" in schema["properties"]
    cells = client.get(
        "/ogc/collections/hotspots/items", params={**QUESTION, "cell": "500", "limit": "2000"}
    ).json()["features"]
    for cell in (one["properties"] for one in cells):
        unknown = cell["area_code"] in UNKNOWN[gap]
        assert (cell["n"] is None) is unknown
        if unknown:
            assert cell["class"] == "undefined"


def test_the_page_of_an_area_says_unknown(client, gap):
    for code in NAMES:
        text = client.get(f"/areas/wards/{code}", params=QUESTION | {"layer": ""}).text
        assert ("is not known: no data from" in text) is (code in UNKNOWN[gap])
        assert ("<strong>unknown</strong>" in text) is (code in UNKNOWN[gap])
        assert "<strong>0</strong><span>0.0 %" not in text
    listed = client.get("/areas/wards", params=QUESTION | {"layer": ""}).text
    assert listed.count('<span class="unknown">unknown</span>') == len(UNKNOWN[gap])


def test_the_board_says_unknown(client, gap):
    page = client.get("/", params={**QUESTION, "compare": "previous"})
    assert page.status_code == 200
    text = page.text
    assert text.count('<span class="unknown">unknown</span>') >= len(UNKNOWN[gap])
    assert "more than chance</span>" not in text.split('id="areas"')[1].split("</section>")[0]
    assert ("Unknown, not zero: 2 of 4 areas" in text) is bool(UNKNOWN[gap])
    if gap == "council":
        assert "300 incidents of council (covers March 2024 only)" in text
    for code in UNKNOWN[gap]:
        story = client.get("/story", params={**QUESTION, "at": code}).text
        assert "Unknown" in story
    drawn = client.get("/map", params=QUESTION).text
    assert ("known less: no data imported" in drawn) is bool(UNKNOWN[gap])
    assert client.get("/map", params={**QUESTION, "show": "density"}).status_code == 200


def test_officers_are_not_shared_out_by_what_is_unknown(folder, gap):
    arguments = ["posts", *options(posts="8", need="incidents"), "-o", "out.csv"]
    if not UNKNOWN[gap]:
        run_json(folder, *arguments)
        return
    refusal = refused(folder, *arguments)
    names = ", ".join(NAMES[code] for code in UNKNOWN[gap])
    assert f"unknown in 2 areas ({names})" in refusal
    without = [*arguments, "--exclude", ",".join(UNKNOWN[gap])]
    run_json(folder, *without)


@pytest.fixture
def findings(folder: Path) -> Iterator[Findings]:
    store = GeoPackageStore(folder / "patchmap.gpkg")
    yield Findings(Answers(store), Question.read(QUESTION))
    store.close()


def test_charts_have_a_gap_where_a_month_is_unknown(findings, gap):
    trend = findings.area_trend
    assert trend.months == list(MONTHS)
    unknown = [code in UNKNOWN[gap] for code in "ABCD"]
    assert np.isnan(trend.counts[:, 2]).tolist() == unknown
    assert trend.counts[:, :2].tolist() == [[60, 60]] * 4
    # A sum without some of its areas would be a fall, and with one more source a rise.
    whole = findings.whole_trend.counts[0].tolist()
    assert whole[:2] == [240, 240]
    assert np.isnan(whole[2]) if UNKNOWN[gap] else whole[2] == 240
    assert ("council" in " ".join(trend.notes)) is (gap == "council")


def test_a_bare_board_leaves_no_new_source_out(client, gap):
    page = client.get("/")
    assert "incidents of council (covers" not in page.text
    assert ("compare=previous" in str(page.url)) is (gap == "force")


def test_plans_have_no_sum_of_what_is_unknown(folder, gap):
    store = GeoPackageStore(folder / "patchmap.gpkg")
    answer = count_incidents(store, "wards", Question.read(QUESTION))
    figures = figure_blocks(BlockLayer.read(store, "wards"), answer)
    store.close()
    assert ("incidents" in figures.blocks.sums) is not bool(UNKNOWN[gap])
    assert any(note.startswith("incidents left out: Unknown") for note in figures.notes) is bool(
        UNKNOWN[gap]
    )
