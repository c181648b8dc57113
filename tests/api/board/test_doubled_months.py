"""Every chart and table of the board that shows a month published twice says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.pages.charts import chart
from api.pages.trends import Trend
from api.settings import Settings
from geo.incidents import Batch, Partition
from geo.question.quality import Double
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere, make_town, month_of_incidents

NOTE = (
    "February 2024 (anti-social behaviour) looks published twice: "
    "about half of those incidents are true."
)
"""Beside a small chart."""

REASON = "February 2024: each of the 120 rows of anti-social behaviour occurs 2, 4, 6 … times"
"""In the accounts, and beside the chart of months."""


def twice(part: Partition) -> Partition:
    """The import with every incident of the first half of its rows twice, in place of the rest."""
    rows = Batch.join(part.batches()).accepted.head(60)
    again = rows.assign(incident_id=rows["incident_id"] + "+")
    both = pd.concat([rows, again], ignore_index=True).assign(category="anti-social-behaviour")
    batch = Batch(both, pd.DataFrame(columns=["line", "reason", "row"]))
    return replace(part, sha256="twice", batches=lambda: iter([batch]))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The town, of which February was published twice."""
    path: Path = tmp_path_factory.mktemp("town") / "town.gpkg"
    store = make_town(path)
    with store.transaction():
        store.put_partition(twice(month_of_incidents("2024-02")))
        store.put_partition(month_of_incidents("2024-03"))
    store.close()
    store = GeoPackageStore(path)
    with TestClient(
        make_app(store, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made
    store.close()


def section(page: str, name: str) -> str:
    return page.split(f'id="{name}"')[1].split("</section>", maxsplit=1)[0]


ASKED = "datetime=2024-03&layer=wards&cell=200"


@pytest.mark.parametrize("compare", ["", "&compare=previous"])
def test_the_charts_say_so_where_the_question_asks_another_month(
    town: TestClient, compare: str
) -> None:
    page = town.get(f"/?{ASKED}{compare}").text
    assert NOTE in section(page, "areas")
    assert REASON in section(page, "when")
    assert "February 2024: 120 (looks published twice)" in section(page, "when")
    assert "January 2024: 136 (looks published twice)" not in page
    assert NOTE in town.get(f"/story?{ASKED}{compare}&at=A").text
    accounts = page.split('<section class="accounts')[1]
    assert (REASON in accounts) is bool(compare)


@pytest.mark.parametrize(
    "path",
    [
        f"/map?{ASKED}&compare=previous&show=change",
        f"/ogc/collections/changes/items?{ASKED}&compare=previous",
        f"/ogc/collections/area-counts/items?{ASKED}&compare=previous&f=html",
        "/map?datetime=2024-02&layer=wards&cell=200",
        "/ogc/collections/hotspots/items?datetime=2024-02&layer=wards&cell=200&f=html",
    ],
)
def test_maps_and_collections_say_so_with_their_numbers(town: TestClient, path: str) -> None:
    response = town.get(path)
    assert response.status_code == 200
    assert REASON in response.text


def test_a_town_published_once_says_nothing_of_it(town_client: TestClient) -> None:
    query = "datetime=2024-02&layer=wards&cell=200&compare=previous"
    for path in (f"/?{query}", f"/story?{query}&at=A", f"/map?{query}&show=change"):
        assert "published twice" not in town_client.get(path).text


def test_the_note_of_a_small_chart_names_each_month() -> None:
    values = np.full((1, 3), 4.0)
    months = ["2024-01", "2024-02", "2024-03"]
    january = Double("police.uk", "2024-01", "anti-social-behaviour", 24)
    march = Double("police.uk", "2024-03", "burglary", 30)
    trend = Trend(months, values, values, values, doubled=[january, march])
    assert trend.doubled_note == (
        "January 2024 (anti-social behaviour), March 2024 (burglary) look published twice: "
        "about half of those incidents are true."
    )
    assert trend.notes == [f"January 2024: {january.text}.", f"March 2024: {march.text}."]
    titles = [bar.words for bar in chart(trend, 0, width=100, height=30).bars]
    assert titles == [
        "4 (looks published twice)",
        "4",
        "4 (looks published twice)",
    ]
    assert Trend(months, values, values, values).doubled_note == ""
