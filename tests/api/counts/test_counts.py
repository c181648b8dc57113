"""The board of a file of counts: `patchmap serve --counts FILE`."""

import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.basemap.sources import tile_file_source
from api.counts.file import CountsFile
from api.counts.page import make_counts_app
from api.counts.summary import legend, shades_of
from api.formats.registry import write_frame
from api.maps.outlines import outlines
from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.grid import WORLD_M, from_unit, to_unit
from tests.services import run_patchmap
from tests.tile_files import CENTRE, CREDIT, write_mbtiles, zoomstack

ACCOUNTS = {
    "read": 60,
    "rejected": 4,
    "not_asked": 5,
    "outside": 3,
    "counted": 48,
    "crs": "metres",
    "caveats": ["Only the month of each incident is published."],
    "months_published": ["2024-01", "2024-02", "2024-04"],
    "rejected_by_reason": {"no location": 4},
    "broken": [{"name": "2024-03-kent-street.csv", "reason": "cut off"}],
    "parts": 3,
    "software": "patchmap 0",
}
COUNTS = [
    ("A", "burglary", "2024-01", 10),
    ("A", "drugs", "2024-01", 2),
    ("A", "drugs", "2024-04", 1),
    ("B", "drugs", "2024-02", 20),
    ("B", "burglary", "2024-03", 15),  # of a month that is torn
]


def counts_frame(rows=COUNTS) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_code", "category", "month", "n"])
    frame.insert(1, "area_name", frame["area_code"].map("Ward {}".format))
    words = frame.columns.drop("n").tolist()
    return frame.astype(dict.fromkeys(words, "category"))


def outlines_of(squares: gpd.GeoDataFrame) -> dict[str, object]:
    return outlines(squares, projection=Projection.choose())


def members(**others: object) -> dict[str, object]:
    squares = gpd.GeoDataFrame(
        {"area_name": ["<b>Abbey</b>", "Brook", "Brook End"]},
        geometry=[shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(3)],
        index=pd.Index(["A", "B", "C"], name="area_code"),
    )
    return {"accounts": ACCOUNTS, "outlines": outlines_of(squares)} | others


@pytest.fixture
def path(tmp_path: Path, projection) -> Path:
    areas = tmp_path / "counts.parquet"
    write_frame(counts_frame(), areas, projection=projection, members=members())
    return areas


@pytest.fixture
def client(path: Path) -> TestClient:
    return TestClient(make_counts_app(CountsFile.read(path)), base_url="http://localhost")


def test_the_page_tells_the_whole_months_of_the_latest_year(client: TestClient) -> None:
    page = client.get("/").text
    assert "<strong>33</strong> incidents in <strong>3</strong> areas" in page
    assert "no complete data for 1 of 4 months: unknown, not zero" in page
    for words in ("60 read", "4 rejected", "20 not asked", "3 outside", "33 counted"):
        assert words in page
    assert "Only the month of each incident is published." in page
    assert "1, not counted: 2024-03-kent-street.csv" in page


def test_the_slider_names_its_months_in_words(client: TestClient) -> None:
    page = client.get("/?month=2024-02").text
    assert "<output>February 2024</output>" in page
    assert 'data-titles="January 2024,February 2024' in page


def test_what_counts_cannot_tell_is_said_on_the_page(client: TestClient) -> None:
    assert "need the place and time of each incident" in client.get("/").text


def test_names_are_text_and_never_markup(client: TestClient) -> None:
    page = client.get("/").text
    assert "<b>Abbey" not in page
    assert "&lt;b&gt;Abbey&lt;/b&gt;" in page


def test_what_the_form_sends_becomes_the_address_of_its_question(client: TestClient) -> None:
    sent = "/?period=&from=2024-01&to=2024-02&category=drugs&category=burglary&find="
    response = client.get(sent, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == "/?datetime=2024-01/2024-02&category=burglary,drugs"
    assert client.get(response.headers["location"]).status_code == 200


def test_the_numbers_of_a_question_come_in_the_order_of_the_outlines(client: TestClient) -> None:
    assert client.get("/outlines.json").json()["codes"] == ["A", "B", "C"]
    drawn = client.get("/numbers.json?datetime=2024-01/2024-02&category=drugs").json()
    assert drawn["n"] == [2, 20, 0]
    month = client.get("/numbers.json?month=2024-04").json()
    assert month["n"] == [1, 0, 0]


def test_outlines_lie_where_the_areas_are_so_that_a_basemap_fits_under_them(
    projection: Projection,
) -> None:
    x, y = CENTRE
    city = gpd.GeoDataFrame(
        {"area_name": ["West", "East"]},
        geometry=[shapely.box(x - 9_000, y, x, y + 8_000), shapely.box(x, y, x + 7_000, y + 8_000)],
        index=pd.Index(["W", "E"], name="area_code"),
    )
    drawn = outlines(city, projection=projection)
    place = np.array([drawn["west"], drawn["north"]])
    for code, ring in zip(city.index, drawn["rings"], strict=True):
        steps = np.cumsum(np.reshape(ring[0], (-1, 2)), axis=0) * [1, -1]
        mercator = (place + steps * drawn["step"]) / (2 * WORLD_M)
        lon, lat = from_unit(mercator[:, 0] + 0.5, 0.5 - mercator[:, 1])
        corners = shapely.MultiPoint(np.column_stack(projection.to_metres(lon, lat)))
        own = shapely.MultiPoint(shapely.get_coordinates(city.geometry[code]))
        assert shapely.hausdorff_distance(corners, own) < 4  # metres: two steps of the grid


def test_a_basemap_file_lies_under_the_map_of_counts(
    path: Path, tmp_path: Path, projection: Projection
) -> None:
    tiles = write_mbtiles(tmp_path / "ground.mbtiles", zoomstack(projection))
    ground = tile_file_source(tiles)
    app = make_counts_app(CountsFile.read(path), basemap=ground)
    client = TestClient(app, base_url="http://localhost")
    (described,) = client.get("/basemap").json()["basemaps"]
    assert described["attribution"] == CREDIT
    column, row = (np.array(centre_on_unit_square(projection)) * 2**12).astype(int)
    tile = client.get(f"/basemap/file/12/{column}/{row}")
    assert tile.status_code == 200
    assert tile.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert client.get("/basemap/other/12/0/0").status_code == 404


def centre_on_unit_square(projection: Projection) -> tuple[float, float]:
    """The centre of the tests' basemap on the unit square of the world."""
    lon, lat = projection.to_lonlat(*np.array(CENTRE).reshape(2, 1))
    x, y = to_unit(lon, lat)
    return float(x[0]), float(y[0])


def test_a_map_of_counts_without_a_basemap_has_none(client: TestClient) -> None:
    assert client.get("/basemap").json() == {"basemaps": []}


def test_counts_of_an_earlier_version_are_served_without_a_basemap_only(
    tmp_path: Path, projection: Projection
) -> None:
    drawn = {
        name: member
        for name, member in members()["outlines"].items()
        if name not in ("west", "north", "step")
    }
    path = tmp_path / "earlier.parquet"
    write_frame(counts_frame(), path, projection=projection, members=members(outlines=drawn))
    file = CountsFile.read(path)
    client = TestClient(make_counts_app(file), base_url="http://localhost")
    assert client.get("/outlines.json").json() == drawn
    ground = tile_file_source(write_mbtiles(tmp_path / "g.mbtiles", zoomstack(projection)))
    with pytest.raises(InputError, match="does not say where its areas lie; count again"):
        make_counts_app(file, basemap=ground)


def test_lines_are_no_basemap_of_counts(path: Path, tmp_path: Path) -> None:
    lines = tmp_path / "roads.geojson"
    lines.write_text("{}", encoding="utf-8")
    done = run_patchmap(
        "serve", "--counts", str(path), "--ground", str(lines), "--port", "1", cwd=tmp_path
    )
    assert done.returncode == 1
    assert "takes an .mbtiles or .pmtiles file as its basemap" in done.stderr


def test_every_month_of_a_period_has_the_same_shades(client: TestClient) -> None:
    months = [client.get(f"/numbers.json?month={month}").json() for month in ("2024-01", "2024-02")]
    assert months[0]["breaks"] == months[1]["breaks"]


def test_the_story_of_an_area_tells_its_rank_and_categories(client: TestClient) -> None:
    page = client.get("/?at=A").text
    assert "<strong>13</strong> incidents, 39.4 % of all; rank 2 of 3" in page
    assert ">Burglary</a> 10<" in page
    assert "January 2024: 12" in page
    assert "2024-03" not in page.partition('id="story"')[2].partition("</svg>")[0]


def test_areas_are_found_by_a_piece_of_their_name_or_code(client: TestClient) -> None:
    page = client.get("/?find=brook").text
    assert "2 areas matching “brook”" in page
    assert "No area has this in its name or code." in client.get("/?find=zzz").text


def test_every_area_can_be_taken_away_with_its_accounts(client: TestClient) -> None:
    rows = client.get("/download/area-counts.csv?category=drugs").text.splitlines()
    assert rows[0] == "area_code,area_name,n,share"
    assert rows[-1] == "C,Brook End,0,0.0"
    table = client.get("/download/area-counts.json").json()
    assert sum(row["n"] for row in table["rows"]) == table["accounts"]["counted"] == 33
    assert client.get("/download/area-counts.gpkg").status_code == 404


def test_a_name_that_a_spreadsheet_would_run_is_taken_away_harmless(
    tmp_path: Path, projection: Projection
) -> None:
    named = (
        counts_frame().assign(area_name='=HYPERLINK("http://x")').astype({"area_name": "category"})
    )
    squares = gpd.GeoDataFrame(
        {"area_name": ['=HYPERLINK("http://x")', "@SUM(1)", "-1+1"]},
        geometry=[shapely.box(100 * i, 0, 100 * i + 100, 100) for i in range(3)],
        index=pd.Index(["A", "B", "C"], name="area_code"),
    )
    path = tmp_path / "counts.parquet"
    write_frame(named, path, projection=projection, members=members(outlines=outlines_of(squares)))
    page = TestClient(make_counts_app(CountsFile.read(path)), base_url="http://localhost")
    names = pd.read_csv(io.StringIO(page.get("/download/area-counts.csv").text))["area_name"]
    assert set(names) == {'\'=HYPERLINK("http://x")', "'@SUM(1)", "'-1+1"}


def test_the_same_question_has_the_same_etag(client: TestClient) -> None:
    etag = client.get("/").headers["etag"]
    assert client.get("/", headers={"if-none-match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("hours=18-02", 400, "hours: needs single incidents, but this file only has counts"),
        ("datetime=2024-01-05", 400, "these are counts by month; choose whole months"),
        ("category=robbery", 400, "unknown value &#39;robbery&#39;; choose burglary, drugs"),
        ("month=2024-03", 400, "&#39;2024-03&#39; is not a month of the period with complete data"),
        ("at=Z", 404, "counts.parquet has no area &#39;Z&#39;"),
        ("colour=red", 400, "colour"),
    ],
)
def test_what_cannot_be_answered_gets_the_reason_and_the_form(
    client: TestClient, query: str, status: int, message: str
) -> None:
    response = client.get(f"/?{query}")
    assert response.status_code == status
    assert message in response.text
    assert 'id="question"' in response.text
    assert client.get(f"/numbers.json?{query}").status_code == status


def test_a_file_of_everything_else_is_refused_in_one_line(tmp_path: Path, projection) -> None:
    frame = counts_frame()
    write_frame(frame, tmp_path / "bare.parquet", projection=projection, members={})
    write_frame(
        frame.assign(n=-frame["n"]), tmp_path / "less.parquet", projection=projection,
        members=members(),
    )  # fmt: skip
    write_frame(
        frame.drop(columns="n"), tmp_path / "no-n.parquet", projection=projection,
        members=members(),
    )  # fmt: skip
    write_frame(
        counts_frame([("X", "drugs", "2024-01", 1)]), tmp_path / "unknown-area.parquet",
        projection=projection, members=members(),
    )  # fmt: skip
    (tmp_path / "text.parquet").write_text("a,b\n")
    for name in ("bare", "less", "no-n", "unknown-area"):
        with pytest.raises(InputError, match=f"{name}.parquet has no counts by area"):
            CountsFile.read(tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match="it is not a Parquet file, or it is damaged"):
        CountsFile.read(tmp_path / "text.parquet")


def test_serve_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    ground = ("--ground", "x.mbtiles")
    without = run_patchmap("serve", "--counts", "none.parquet", *ground, cwd=tmp_path)
    assert (without.returncode, without.stderr) == (1, "patchmap: there is no file x.mbtiles\n")
    done = run_patchmap("serve", "--counts", "none.parquet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "patchmap: none.parquet does not exist; check the name\n",
    )


def test_shades_hold_round_numbers_and_few_lie_as_far_apart_as_many() -> None:
    assert shades_of(np.zeros(3)) == []
    assert legend([]) == [(0, "none")]
    breaks = shades_of(np.arange(1, 10_001))
    assert breaks == [1, 2000, 4000, 6000, 8000, 9500]
    assert legend(breaks)[1:3] == [(1, "1 to 1,999"), (2, "2,000 to 3,999")]
    assert legend([1, 2, 3]) == [(0, "none"), (2, "1"), (4, "2"), (6, "3 or more")]


def test_a_file_is_read_as_it_was_written(path: Path) -> None:
    file = CountsFile.read(path)
    assert json.loads(file.outlines) == members()["outlines"]
    assert file.names == ["<b>Abbey</b>", "Brook", "Brook End"]
    assert file.cube.by_place(["2024-02", "2024-03"]).tolist() == [0, 35, 0]
    assert file.cube.by_month(["drugs"]).tolist() == [2, 20, 0, 1]
    assert file.cube.by_category(["2024-01"], place=0) == {"burglary": 10, "drugs": 2}


def test_incidents_of_overlapping_areas_count_once_in_every_total(tmp_path, projection) -> None:
    """C lies inside B: five of its thefts of 2024-02 are incidents of B too."""
    rows = [*COUNTS, ("C", "drugs", "2024-02", 5)]
    shared = [("drugs", "2024-02", 0, 5), ("drugs", "2024-02", 1, 5)]
    path = tmp_path / "overlapping.parquet"
    write_frame(counts_frame(rows), path, projection=projection, members=members(overlaps=shared))
    client = TestClient(make_counts_app(CountsFile.read(path)), base_url="http://localhost")
    page = client.get("/").text
    assert "<strong>33</strong> incidents in <strong>3</strong> areas" in page
    assert "<dt>In two or more areas</dt><dd>5 of those counted</dd>" in page
    assert ">Drugs</a> 23<" in page
    assert "February 2024: 20" in page
    story = client.get("/?at=C").text
    assert "<strong>5</strong> incidents, 15.2 % of all; rank 3 of 3" in story
    accounts = client.get("/download/area-counts.json").json()["accounts"]
    assert (accounts["counted"], accounts["in_several_areas"]) == (33, 5)
    assert accounts["read"] == sum(
        accounts[name] for name in ("rejected", "not_asked", "outside", "counted")
    )
    none = client.get("/download/area-counts.json?datetime=2024-01").json()["accounts"]
    assert none["in_several_areas"] == 0
