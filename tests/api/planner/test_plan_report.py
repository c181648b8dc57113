"""The consultation report: one page that carries everything, says it truly, and trusts no name."""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import closing
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import PERIOD, areas, move, planned
from tests.api.commands.running import run


class Tables(HTMLParser):
    """The rows of every table, as texts."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._open = False

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        self._open = self._open or tag in ("td", "th")
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.rows[-1][-1] += data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planned(tmp_path)


def report(folder: Path, *options: str) -> str:
    run(folder, "plan", "export", "north", "-o", "r.html", *PERIOD, *options)
    return (folder / "r.html").read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    reader = Tables()
    reader.feed(page)
    return [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in reader.rows]


def test_the_report_says_what_the_measures_say(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E", "--reason", "residents asked for it")
    page = report(folder, "--posts", "7", "--cuts", "wards")
    cells = rows(page)
    east = next(row for row in cells if row[0].startswith("East"))
    now = areas(folder, "--posts", "7")["E"]
    assert east[1:4] == ["2", "14 (12)", f"{now['electors']:,.0f}"]
    assert east[4:6] == ["+85 %", f"+{now['variance_percent']:.0f} %"]
    assert east[-1] == f"{now['posts']}"
    assert ["West", "East", "2", "1,900"] in [row[:4] for row in cells]
    assert cells[-1][2:] == ["Bob", "moved 2 blocks from West to East", "residents asked for it"]
    assert "2 of 24 blocks" in page
    assert "c1, c2" in page
    assert re.search(r"140 read = 0 rejected \+ 0 not asked \+ \d+ outside", page)


def test_the_report_asks_for_nothing_and_runs_nothing(folder: Path) -> None:
    page = report(folder)
    assert "default-src 'none'; style-src 'unsafe-inline'" in unescape(page)
    assert not re.search(r"<script|<link|<img|<iframe|<a\s|\s(on\w+|src|href)=|@import", page)
    addresses = re.findall(r"url\(([^)]*)\)", page)
    assert addresses == [] or all(address.startswith("#") for address in addresses)


def test_colour_is_never_alone_on_the_map(folder: Path) -> None:
    page = report(folder)
    filled = set(re.findall(r'<path d="[^"]+" fill="url\(#([a-z-]+)-\d\)"', page))
    assert filled == {"far-above", "far-below"}
    assert all(f'<pattern id="{kind}-1"' in page for kind in filled)


def test_names_are_shown_and_never_run(folder: Path) -> None:
    hostile = "<script>alert(1)</script>"
    run(folder, "plan", "rename", "north", "E", hostile, "--reason", hostile, "--by", hostile)
    page = report(folder)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_a_plan_that_is_not_finished_says_so(folder: Path) -> None:
    move(folder, "b1", "--to", "unassigned")
    move(folder, "b4", "--to", "E", "--force")
    page = report(folder)
    assert "1 block has no area yet" in page
    assert "In more than one piece: East" in page


def test_an_empty_plan_and_a_store_without_incidents_have_a_report(folder: Path) -> None:
    run(folder, "plan", "new", "bare", "--blocks", "blocks", "--empty")
    run(folder, "plan", "export", "bare", "-o", "bare.html", *PERIOD)
    assert "24 blocks have no area yet" in (folder / "bare.html").read_text(encoding="utf-8")
    store = GeoPackageStore(folder / "none.gpkg", create=True)
    with closing(GeoPackageStore(folder / "patchmap.gpkg")) as source, store.transaction():
        for metadata in source.layers():
            store.put_layer(*source.layer(metadata.layer_id))
    store.close()
    none = ["--store", "none.gpkg"]
    run(folder, *none, "plan", "new", "north", "--blocks", "blocks", "--from", "wards")
    run(folder, *none, "plan", "export", "north", "-o", "none.html")
    page = (folder / "none.html").read_text(encoding="utf-8")
    assert "Incidents" not in page
    assert "Variance" in page


def test_each_area_has_a_page_with_its_map_figures_parts_and_reason(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E")
    text = "Follows the brook & the lane.\n\n<b>One school</b>."
    run(folder, "plan", "why", "north", "E", text, "--by", "Ann")
    page = report(folder)
    wards = re.findall(r'<section class="ward".*?</section>', page, re.DOTALL)
    assert [re.findall(r"<h2[^>]*>(\w+)", ward) for ward in wards] == [["East"], ["West"]]
    east, west = wards
    now = areas(folder)["E"]
    (cells,) = [row for row in rows(east) if row[0] == "Now"]
    assert cells[1:3] == [f"{now['electors']:,.0f}", f"{now['electors_per_member']:,.0f}"]
    assert cells[-1] == f"+{now['variance_percent']:.0f} %"
    assert "14, of which 2 were in another area before" in east
    assert re.search(r"Made of</dt><dd>9\d(\.\d)?\s%\sEast, \d(\.\d)?\s%\sWest", unescape(east))
    assert "<p>Follows the brook &amp; the lane.</p><p>&lt;b&gt;One school&lt;/b&gt;.</p>" in east
    assert "No reason is written yet." in west
    assert east.count("<svg") == west.count("<svg") == 1
    # The map of an area is larger than that of the whole: fewer metres to a unit.
    boxes = re.findall(r'viewBox="[-\d]+ [-\d]+ (\d+) \d+" role', page)
    assert int(boxes[-1]) < int(boxes[0])


def test_an_area_without_blocks_has_no_page(folder: Path) -> None:
    run(folder, "plan", "add-area", "north", "N", "--name", "New", "--by", "Ann")
    page = report(folder)
    assert page.count('class="ward"') == 2


def test_shapefiles_have_short_names_utf8_and_what_the_plan_says(folder: Path) -> None:
    run(folder, "plan", "rename", "north", "E", "Dŵr y Felin", "--by", "Ann")
    move(folder, "c1", "--to", "E")
    run(folder, "plan", "export", "north", "-o", "north.zip")
    with zipfile.ZipFile(folder / "north.zip") as archive:
        names = archive.namelist()
        assert archive.read("areas.cpg") == archive.read("blocks.cpg") == b"UTF-8"
        fields = pd.read_csv(io.BytesIO(archive.read("fields.csv")))
        archive.extractall(folder / "shapes")
    assert {"areas.shp", "areas.prj", "blocks.shp", "fields.csv"} <= set(names)
    shapes = gpd.read_file(folder / "shapes" / "areas.shp").set_index("area_code")
    assert shapes.crs == BRITISH_NATIONAL_GRID
    assert shapes["area_name"]["E"] == "Dŵr y Felin"
    assert all(len(name) <= 10 for name in shapes.columns)
    columns = fields[fields["layer"] == "areas"].set_index("field")["column"]
    assert set(columns.index) == {"area_code", *shapes.columns} - {"geometry"}
    for code, area in areas(folder).items():
        for field in ("electors", "per_member", "var_pct", "members", "blocks"):
            assert shapes[field][code] == pytest.approx(area[columns[field]]), field
    blocks = gpd.read_file(folder / "shapes" / "blocks.shp").set_index("block_code")
    assert blocks["area_code"].value_counts().to_dict() == {"E": 13, "W": 11}


def test_each_electorate_is_added_up_and_compared_with_today(folder: Path) -> None:
    with closing(GeoPackageStore(folder / "patchmap.gpkg")) as store:
        metadata, blocks = store.layer("blocks")
        blocks["electors_forecast"] = 1.1 * blocks["electors"]
        with store.transaction():
            store.put_layer(replace(metadata, source="Register of 2026; trend of 5 years"), blocks)
    page = report(folder)
    (section,) = re.findall(
        r'<section aria-labelledby="electorates">.*?</section>', page, re.DOTALL
    )
    total = blocks["electors"].sum()
    assert rows(section)[1:] == [
        ["Now", f"{total:,.0f}", "–", f"{total / 5:,.0f}"],
        ["Forecast", f"{1.1 * total:,.0f}", "+10.0 %", f"{1.1 * total / 5:,.0f}"],
    ]
    assert "As recorded for blocks: Register of 2026; trend of 5 years" in section


def test_days_and_times_are_words(folder: Path) -> None:
    move(folder, "c1", "--to", "E")
    page = report(folder)
    assert re.search(r"version 2 of \d{1,2} [A-Z][a-z]+ \d{4}", page)
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d", rows(page)[-1][1])
