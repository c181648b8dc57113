"""How an area fares, as its page says it: no more than the verdicts."""

import io
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.areas.fares import Fare
from api.areas.lead import _fares
from geo.measures.model import Measure, entries_frame, values_frame
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.areas.conftest import measured
from tests.api.areas.test_pages import page, text_of
from tests.api.conftest import SIDE, SOUTH, WEST, fill_town, serve_town, two_wards


def test_a_measure_stands_with_its_rest_verdict_date_and_source(
    measured_client: TestClient,
) -> None:
    text = text_of(page(measured_client, "/areas/wards/A?datetime=2024-01/2024-02"))
    # 120 of 400 against 240 of 400: half as often.
    assert "Feels safe 30 % 60 % 0.50" in text
    assert "worse % of those asked · January 2023 to December 2023 · A survey · 120 of 400" in text
    assert "Worse than the rest for" in text
    assert "feels safe" in text


def test_what_is_not_measured_here_is_said_so(bare_client: TestClient) -> None:
    text = text_of(page(bare_client, "/areas/wards/A"))
    assert "How it fares" in text
    assert "worse" not in text.lower().replace("no worse", "")


def test_a_new_value_is_on_the_next_page(tmp_path: Path) -> None:
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as store:
        with store.transaction():
            fill_town(store)
        with serve_town(store) as client:
            before = client.get("/areas/wards/A")
            assert "Feels safe" not in before.text
            with store.transaction():
                measured(store)
            after = client.get("/areas/wards/A", headers={"if-none-match": before.headers["etag"]})
            assert after.status_code == 200
            assert "Feels safe" in after.text
            assert "£1,000.00" in after.text


def test_values_are_read_once_for_many_questions_and_anew_when_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as store:
        with store.transaction():
            fill_town(store)
            measured(store)
        reads: list[object] = []
        read = store.measure_values
        monkeypatch.setattr(
            store, "measure_values", lambda *a, **b: reads.append(b) or read(*a, **b)
        )
        with serve_town(store) as client:
            asked = "/areas/wards?datetime=2024-01/2024-02"
            assert "30 %" in page(client, asked)
            once = len(reads)
            assert once > 0
            assert "30 %" in page(client, f"{asked}&category=burglary")
            assert len(reads) == once
            changed = store.measure_values(["safe"]).assign(value=50.0, numerator=200.0)
            with store.transaction():
                store.put_measure_values(changed, TableFile("new.csv", "9", rows_read=4))
            assert "50 %" in page(client, asked)


def test_a_measure_without_a_denominator_has_no_verdict(tmp_path: Path) -> None:
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as store:
        visits = Measure("visits", "Visits", "visits", "count", "down", "wards", "A log")
        rows = [
            {
                "measure_id": "visits",
                "area_code": code,
                "first_day": "2024-01-01",
                "last_day": "2024-02-29",
                "value": n,
                "numerator": n,
            }
            for code, n in (("A", 20), ("B", 900))
        ]
        with store.transaction():
            fill_town(store)
            file = TableFile("visits.csv", "3", rows_read=2, measures=(visits,))
            store.put_measure_values(values_frame(rows), file)
        with serve_town(store) as client:
            text = text_of(page(client, "/areas/wards/A?datetime=2024-01/2024-02"))
        assert "Visits 20" in text
        assert "no denominator is known" in text


def test_the_table_of_a_layer_has_the_measures_that_are_chosen(
    measured_client: TestClient,
) -> None:
    asked = "/areas/wards?datetime=2024-01/2024-02"
    for address in (asked, f"{asked}&measures=safe"):
        text = text_of(page(measured_client, address))
        assert "Feels safe % of those asked, January 2023 to December 2023" in text
        assert "Feels safe: January 2023 to December 2023; A survey." in text
        assert "221 221.0 30 % Brook 80 40.0 60 %" in text
    assert 'data-sort="30"' in page(measured_client, asked)
    estates = page(measured_client, "/areas/estates?datetime=2024-01/2024-02&measures=safe")
    assert ">unknown</span>" in estates
    assert "Feels safe: published on wards" in estates
    refused = measured_client.get("/areas/wards?measures=nothing")
    assert refused.status_code == 400
    assert "unknown value &#39;nothing&#39;" in refused.text or "'nothing'" in refused.text


def test_workbooks_hold_the_measures_and_the_money_of_areas(measured_client: TestClient) -> None:
    def book(address: str) -> dict[str, list[dict[str, object]]]:
        content = measured_client.get(f"{address}?datetime=2024-01/2024-02&f=xlsx").content
        sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")
        return {str(name): frame.to_dict("records") for name, frame in sheets.items()}

    every = [row for row in book("/areas/wards")["Measures"] if row["measure_id"] == "safe"]
    assert {row["area_code"]: row["value"] for row in every} == {"A": 30, "B": 60}
    own = book("/areas/wards/A")
    (safe,) = (row for row in own["Measures"] if row["measure_id"] == "safe")
    assert (safe["value"], safe["rest"], safe["verdict"]) == (30, 60, "worse")
    assert safe["first_day"] == "2023-01-01"
    assert [row["allocated"] for row in own["Money"]] == [5_000, 10_000]
    assert [row["paid"] for row in own["Money"]] == [1_000, 1_340]
    assert own["Money"][0]["first_day"] == "2023-04-01"


def test_who_covers_an_area_is_said_as_far_as_it_is_known(tmp_path: Path) -> None:
    west, south = WEST, SOUTH
    shape = shapely.box(west, south, west + 2 * SIDE, south + SIDE)
    patch = two_wards().iloc[:1].assign(geometry=[shape], area_name="West", officers=4, patch="3")
    hours = {"kind": "time", "day": "2024-02-01", "layer_id": "wards", "area_code": "A"}
    rows = [
        {**hours, "entry_id": "t1", "amount": 90, "post": "North 1", "activity": "patrol"},
        {**hours, "entry_id": "t2", "amount": 600, "post": "North 2", "activity": "office"},
    ]
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as store:
        with store.transaction():
            fill_town(store)
        with serve_town(store) as client:
            text = text_of(page(client, "/areas/wards/A"))
            assert "no layer here has officers, posts or patches. No hours of posts" in text
            with store.transaction():
                store.put_layer(LayerMetadata("patches-2024", title="Patches"), patch)
                store.put_entries(entries_frame(rows), TableFile("h.csv", "4", rows_read=2))
            text = text_of(page(client, "/areas/wards/A"))
            assert "West : 4 officers, patch 3 (Patches; all of this area)" in text
            assert "Hours here in 2023/24: North 2 10.0 , North 1 1.5 ." in text


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ([], ""),
        (["worse"], "Worse than the rest for one."),
        (
            ["better", "no clear difference"],
            "Better for one; no clear difference in 1 other measure.",
        ),
        (["no clear difference"] * 2, "No clear difference in 2 measures."),
        (["worse"] * 5, "Worse than the rest for one, two, three and 2 more."),
    ],
)
def test_the_lead_says_no_more_than_the_verdicts(verdicts: list[str], sentence: str) -> None:
    titles = ("One", "Two", "Three", "Four", "Five")
    fares = [_named(title, verdict) for title, verdict in zip(titles, verdicts, strict=False)]
    assert _fares(fares) == sentence


def _named(title: str, verdict: str) -> Fare:
    names = {field.name for field in fields(Fare)} - {"title", "verdict", "chart"}
    texts: dict[str, str] = dict.fromkeys(names, "")
    return Fare(title=title, verdict=verdict, chart=None, **texts)
