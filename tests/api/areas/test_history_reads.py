"""Measures over time: one area's history is that of all areas, and reads its own values alone."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from geo.measures.model import Measure, values_frame
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import fill_town, serve_town

MONTHS = [str(month) for month in pd.period_range("2020-01", "2024-02", freq="M")]
ASKED = "/areas/wards/A?datetime=2024-01/2024-02"


def monthly(*, areas: int) -> pd.DataFrame:
    """Values of two wards of the town and of other areas, for each of fifty months."""
    codes = ["A", "B", *(f"X{number}" for number in range(areas - 2))]
    rows = [
        {
            "measure_id": "trust",
            "area_code": code,
            "first_day": f"{month}-01",
            "last_day": f"{pd.Period(month).end_time:%Y-%m-%d}",
            "value": 10.0 + at + number,
            "numerator": 10.0 + at + number,
            "denominator": 100.0,
        }
        for number, code in enumerate(codes)
        for at, month in enumerate(MONTHS)
    ]
    return values_frame(rows)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GeoPackageStore]:
    """The town, with a measure of every month of its two wards."""
    trust = Measure("trust", "Trust", "%", "share", "up", "wards", "A survey", multiplier=100.0)
    with closing(GeoPackageStore(tmp_path / "town.gpkg", create=True)) as made:
        with made.transaction():
            fill_town(made)
            file = TableFile("trust.csv", "1", rows_read=100, measures=(trust,))
            made.put_measure_values(monthly(areas=2), file)
        yield made


@pytest.fixture
def rows_read(store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values each read of the store returned."""
    numbers: list[int] = []
    read = store.measure_values

    def counted(*args: object, **options: object) -> pd.DataFrame:
        values = read(*args, **options)  # type: ignore[arg-type]
        numbers.append(len(values))
        return values

    monkeypatch.setattr(store, "measure_values", counted)
    return numbers


def test_the_page_of_an_area_reads_its_history_and_two_months_of_the_others(
    store: GeoPackageStore, rows_read: list[int]
) -> None:
    with serve_town(store) as client:
        text = client.get(ASKED).text
        # Both wards in the month shown and the one a year before, and the own months of the chart.
        assert sorted(rows_read)[:2] == [2, 2]
        (own,) = sorted(rows_read)[2:]
        assert own < len(MONTHS)
        assert "59 %" in text
        before = sum(rows_read)
        client.get(ASKED.replace("/A?", "/B?"))
        # Another area adds nothing but its own history.
        assert sum(rows_read) - before == own


def test_the_chart_of_an_area_shows_what_the_analysis_of_all_areas_does(
    store: GeoPackageStore,
) -> None:
    with serve_town(store) as client:
        words = chart_words(client, "A")
        rows = client.get(
            "/ogc/collections/track/items?f=json&layer=wards&by=quarter&measures=trust"
            "&datetime=2024-01/2024-02&limit=1000"
        ).json()["features"]
    own = [one["properties"] for one in rows if one["properties"]["area_code"] == "A"]
    assert [one["value"] for one in own] == [58, 59]
    assert "59 % in February 2024" in words


def chart_words(client: TestClient, code: str) -> str:
    """What the page of an area says of its charts."""
    return " ".join(client.get(ASKED.replace("/A?", f"/{code}?")).text.split())
