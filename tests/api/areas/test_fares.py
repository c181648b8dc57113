"""How an area fares, as its page says it: no more than the verdicts."""

from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.areas.fares import Fare
from api.areas.lead import _fares
from geo.measures.model import Measure, values_frame
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.areas.conftest import measured
from tests.api.areas.test_pages import page, text_of
from tests.api.conftest import fill_town, serve_town


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
