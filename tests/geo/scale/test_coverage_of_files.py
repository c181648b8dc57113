"""Of files too a month that a force did not publish is unknown in its areas, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.commands.clusters import CountOutput, CountRequest, area_counts
from api.counts.file import CountsFile
from api.counts.page import make_counts_app
from api.formats.registry import write_frame
from geo.cells import Grid
from geo.question.model import Question
from geo.scale import AreaUnits, CellUnits, CountJob, FileCoverage, find_parts, hotspots
from geo.scale.coverage import busiest_force
from tests.geo.scale.counting import counted_here
from tests.geo.street_files import row, write

WEST, SOUTH, SIDE = 400_000.0, 300_000.0, 2_000.0
MONTHS = ("2024-01", "2024-02", "2024-03")
ASB, DRUGS = "Anti-social behaviour", "Drugs"


@pytest.fixture(scope="module")
def counties() -> gpd.GeoDataFrame:
    """Four areas in a row: two of avonshire, two of borsetshire; the last has no incident."""
    squares = [
        shapely.box(WEST + n * SIDE, SOUTH, WEST + (n + 1) * SIDE, SOUTH + SIDE) for n in range(4)
    ]
    index = pd.Index(["A", "B", "C", "D"], name="area_code")
    names = {"area_name": ["Ashby", "Bridge", "Church", "Dale"]}
    return gpd.GeoDataFrame(names, index=index, geometry=squares, crs=27700)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, projection) -> Path:
    """Borsetshire lacks March; avonshire has no ASB in February."""
    path = tmp_path_factory.mktemp("forces")
    for force, areas in (("avonshire", (0, 1)), ("borsetshire", (2,))):
        for month in MONTHS:
            if (force, month) == ("borsetshire", "2024-03"):
                continue
            rows = []
            for area in areas:
                x = WEST + area * SIDE + 100 + 40 * np.arange(20)
                lon, lat = projection.to_lonlat(x, np.full(20, SOUTH + 500))
                kinds = [DRUGS] if (force, month) == ("avonshire", "2024-02") else [ASB, DRUGS]
                rows += [
                    row(kind, month=month, lon=f"{a:.6f}", lat=f"{b:.6f}")
                    for kind in kinds
                    for a, b in zip(lon, lat, strict=True)
                ]
            write(path, *rows, name=f"{month}-{force}-street.csv")
    return path


@pytest.fixture(scope="module")
def output(folder, counties, projection) -> CountOutput:
    parts = find_parts([folder])
    request = CountRequest(Question(), counties, parts, scheduler="", workers=0)
    job = CountJob(AreaUnits(counties), projection)

    def counted(_request: CountRequest, _job: CountJob):
        return counted_here(parts.parts, job)

    with pytest.MonkeyPatch.context() as here:
        here.setattr("api.commands.clusters._count", counted)
        return area_counts(request, job)


@pytest.fixture(scope="module")
def client(output, projection, tmp_path_factory) -> TestClient:
    path = tmp_path_factory.mktemp("counts") / "counts.parquet"
    accounts = {
        "read": 180, "rejected": 0, "not_asked": 0, "outside": 0, "counted": 180,
        "crs": "metres", "caveats": [], "months_published": list(MONTHS),
        "rejected_by_reason": {}, "broken": [], "parts": 5, "software": "patchmap 0",
    }  # fmt: skip
    members = {"accounts": accounts, **output.members}
    write_frame(output.frame, path, projection=projection, members=members)
    return TestClient(make_counts_app(CountsFile.read(path)), base_url="http://localhost")


def test_the_command_names_the_areas_that_are_unknown(output):
    assert output.unknown == (
        "Unknown, not zero: 2 of 4 areas (Church, Dale): only 2 of 3 months are known; no data "
        "from borsetshire: March 2024; 2 of 4 areas (Ashby, Bridge): without Anti-social behaviour "
        "in February 2024: no data from avonshire."
    )


def test_the_page_of_counts_has_no_zero_where_a_force_did_not_publish(client):
    drawn = client.get("/numbers.json?datetime=2024-03").json()
    assert drawn["n"] == [40, 40, None, None]
    asb = client.get("/numbers.json?datetime=2024-02&category=anti-social-behaviour").json()
    assert asb["n"] == [None, None, 20, 0]
    rows = client.get("/download/area-counts.json?datetime=2024-03").json()["rows"]
    assert [one["n"] for one in rows] == [40, 40, None, None]
    assert rows[2]["why"] == "no data from borsetshire: March 2024"
    assert rows[2]["share"] is None
    table = client.get("/download/area-counts.csv?datetime=2024-03").text.splitlines()
    assert table[3] == "C,Church,,,no data from borsetshire: March 2024"


def test_the_page_and_the_story_say_unknown(client):
    page = client.get("/?datetime=2024-03").text
    assert "<strong>2</strong> of 4 areas (2 unknown)" in page
    assert page.count('<span class="unknown">unknown</span>') == 2
    assert "unknown: no data</li>" in page
    assert "Unknown, not zero: 2 of 4 areas (Church, Dale): no data from" in page
    story = client.get("/?datetime=2024-03&at=C").text
    assert "<strong>Unknown</strong>, not zero" in story
    assert "No data from borsetshire: March 2024." in story
    # The chart has a gap, and the other areas have none.
    assert "2024-03:" not in story.partition('id="story"')[2].partition("</svg>")[0]
    assert "March 2024: 40" in client.get("/?datetime=2024-03&at=A").text


def test_where_all_is_known_nothing_is_said(client):
    page = client.get("/?datetime=2024-01").text
    assert "<strong>4</strong> areas" in page
    assert "nknown" not in page.partition('id="accounts"')[0].replace("unknown, not zero", "")
    assert "why" not in client.get("/download/area-counts.json?datetime=2024-01").json()["rows"][0]


def test_cells_of_a_force_that_lacks_a_month_are_not_judged(folder, counties, projection):
    units = CellUnits.over(AreaUnits(counties), Grid(500))
    counted = counted_here(find_parts([folder]).parts, CountJob(units, projection))
    cells = hotspots(counted, units, ("drugs",))
    east = cells["area_code"].isin(["C", "D"])
    assert set(cells["class"][east]) == {"undefined"}
    assert cells["n"][east].isna().all()
    west = cells["area_code"].isin(["A", "B"])
    assert west.sum() > 20
    assert cells["n"][west].notna().all()


def test_coverage_is_read_as_it_was_written(output):
    written = json.loads(json.dumps(output.members["coverage"]))
    coverage = FileCoverage.read(written)
    assert coverage.as_dict() == written
    assert coverage.of_unit.tolist() == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="of no force"):
        FileCoverage.read(written | {"of_unit": [0, 2]})


def test_a_place_is_of_the_force_with_most_rows_and_else_of_the_nearest():
    place, force, n = (np.array(numbers) for numbers in ([0, 0, 2, 2], [0, 1, 0, 1], [3, 4, 5, 5]))
    at = (np.array([0.0, 10.0, 90.0, 100.0]), np.zeros(4))
    assert busiest_force(place, force, n, at=at).tolist() == [1, 1, 0, 0]
    none = np.array([], dtype=np.int64)
    assert busiest_force(none, none, none, at=at).tolist() == [0, 0, 0, 0]
