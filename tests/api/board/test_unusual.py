"""What is unusual is the first thing on the board, and the same at every door."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.board.findings import Findings
from api.board.sections import FIRST, SECTIONS
from geo.incidents import Batch, Partition, months_between
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SIDE, WEST, month_of_incidents, serve_town, two_wards
from tests.services import run_patchmap

MONTHS = months_between("2020-03", "2024-02")
LAST = "?datetime=2024-02&layer=wards&cell=200"
BURST = "Burglary in Brook"


def with_burst(part: Partition) -> Partition:
    """The import with the incidents of ward B as burglaries."""
    batch = Batch.join(part.batches())
    rows = batch.accepted
    east = rows.index[rows["x"] > WEST + SIDE]
    rows.loc[east, "category"] = "burglary"
    return replace(part, sha256="burst", batches=lambda: iter([Batch(rows, batch.rejected)]))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of the town, with a burst of burglary in its last month."""
    path = tmp_path_factory.mktemp("years") / "years.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store, store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
        for month in MONTHS[:-1]:
            store.put_partition(month_of_incidents(month))
        store.put_partition(with_burst(month_of_incidents(MONTHS[-1])))
    return path


@pytest.fixture(scope="module")
def years(path: Path) -> Iterator[TestClient]:
    with closing(GeoPackageStore(path)) as store, serve_town(store) as made:
        yield made


def test_an_area_tells_what_is_unusual_of_it_and_when(years: TestClient) -> None:
    for address in (f"/story{LAST}&at=B", f"/{LAST}&at=B"):
        story = years.get(address).text.partition('id="story-title"')[2]
        said = re.search(r"<dt>Its own past</dt><dd>(.*?)</dd>", story)[1]
        pattern = r"Burglary: \d+ in February 2024, where \d+ to \d+ is usual for the time of year"
        assert any(re.fullmatch(pattern, one) for one in said.split("; "))
    assert "Its own past" not in years.get(f"/story{LAST}&at=A").text


def variables(path: Path, **options: str) -> dict[str, object]:
    """What the board's first section is made of."""
    question = Question.read({"datetime": "2024-02", "layer": "wards", **options})
    with closing(GeoPackageStore(path)) as store:
        return SECTIONS[FIRST](Findings(Answers(store), question))


def section(page: str, name: str) -> str:
    return re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)[0]


def test_the_board_names_what_is_unusual_with_what_was_expected(years: TestClient) -> None:
    page = years.get(f"/{LAST}").text
    first = section(page, "unusual")
    assert re.search(r"(One|Two|Three|Four) things? (is|are) unusual in February 2024", first)
    line = re.search(rf"{BURST}: <strong>(\d+)</strong>, (\d+) to (\d+) expected", first)
    n, low, high = (int(number) for number in line.groups())
    assert n > high > low
    assert "for the time of year, in 47 months of its own history" in first
    chart = section(page, "control")
    assert f"<h3>{BURST}</h3>" in chart
    assert chart.count("<circle") >= 36
    assert f"<title>February 2024: {n}</title>" in chart
    assert f"February 2024: {n}, {low} to {high} expected" in chart
    assert 'class="sign"' in chart


def test_every_door_gives_one_verdict_on_what_is_unusual(
    years: TestClient, path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "unusual.csv"
    arguments = ["--from", "2024-02", "--to", "2024-02", "--layer", "wards", "-o", str(target)]
    done = run_patchmap("--store", str(path), "unusual", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    headline = re.search(r"^headline: (.*)$", done.stdout, re.MULTILINE)[1]
    table = pd.read_csv(target, keep_default_na=False)
    command = {(r.area_code, r.category): (r.n, r.verdict, r.why) for r in table.itertuples()}
    items = years.get(f"/ogc/collections/unusual/items{LAST}&limit=100&f=json").json()
    collection = {
        (one["properties"]["area_code"], one["properties"]["category"]): tuple(
            one["properties"][name] for name in ("n", "verdict", "why")
        )
        for one in items["features"]
    }
    assert collection == command
    assert len(command) == 4
    assert variables(path, compare="previous")["sentence"] == headline
    for page in (years.get(f"/{LAST}").text, years.get(f"/brief.html{LAST}").text):
        text = html.unescape(section(page, "unusual"))
        assert f">{headline}</h2>" in text
        unusual = [row for row in command.values() if row[1] in ("more", "fewer")]
        assert all(f"<strong>{n}</strong>, {why}" in text for n, _, why in unusual[:3])
    download = years.get(f"/download/unusual.csv{LAST}").text.splitlines()
    assert len(download) == 5


def test_what_is_unusual_follows_the_finding_of_the_brief(years: TestClient) -> None:
    page = years.get(f"/brief.html{LAST}").text
    parts = ('id="headline"', 'id="unusual"', 'class="drawn"', 'id="ranked"')
    assert sorted(parts, key=page.index) == list(parts)
    assert page.count('id="unusual"') == 1


def test_only_the_areas_shown_are_spoken_of_and_no_verdict_changes(path: Path) -> None:
    whole, part = variables(path), variables(path, within="B")
    assert BURST in [line["title"] for line in part["lines"]]
    assert not any("Abbey" in line["title"] for line in part["lines"])
    assert [line for line in whole["lines"] if "Brook" in line["title"]] == part["lines"]


def test_with_two_months_the_board_says_that_it_cannot_be_said_yet(town_client) -> None:
    page = town_client.get(f"/{LAST}").text
    first = section(page, "unusual")
    assert "What is unusual cannot be said yet: 1 of 36 months of data" in first
    assert "Nothing is unusual" not in page
    assert "36 months of data are needed" in first
    assert "<svg" not in section(page, "control")


def test_a_month_without_anything_unusual_says_what_would_have_been_seen(path: Path) -> None:
    sentence = variables(path, datetime="2024-01")["sentence"]
    assert re.match(r"Nothing is unusual in January 2024 \(a rise of \d+ % would have", sentence)


def test_the_schema_and_the_features_of_the_collection_agree(years: TestClient) -> None:
    schema = years.get("/ogc/collections/unusual/schema").json()["properties"]
    feature = years.get(f"/ogc/collections/unusual/items{LAST}&limit=1").json()["features"][0]
    properties = feature["properties"]
    assert set(properties) <= set(schema)
    assert schema["verdict"]["type"] == "string"
    assert feature["id"] == f"{properties['area_code']}:{properties['category']}"


def test_the_map_colours_the_ward_of_the_burst(years: TestClient) -> None:
    page = years.get(f"/map{LAST}&show=unusual")
    assert page.status_code == 200
    assert "Areas with unusually many of one kind, few of another: 1" in page.text
    assert "Areas with nothing unusual: 1" in page.text
    assert "show=unusual" in years.get(f"/{LAST}").text  # a tab of the board
