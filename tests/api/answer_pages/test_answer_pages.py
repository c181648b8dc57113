"""Every answer can be read as a page: in its words, with its table, or with the reason why not."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.answer_pages.routes import _said
from api.answer_pages.table import MOST_ROWS, cell_text, shown_table
from geo.analyses import ANALYSES
from geo.analyses.analysis import AnalysisResult
from geo.measures.model import entries_frame
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile

HTML = {"accept": "text/html"}
QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


@pytest.mark.parametrize("command", [analysis.command for analysis in ANALYSES])
def test_every_answer_is_a_page_or_says_why_not(town_client: TestClient, command: str) -> None:
    response = town_client.get(f"/answers/{command}{QUESTION}", headers=HTML)
    assert response.status_code in (200, 400)
    assert "<h1>" in response.text
    if response.status_code == 200:
        assert "/download/" in response.text
        assert "322 read = 2 rejected" in response.text
    else:
        reason = re.search(r'role="alert">\s*<h2>[^<]+</h2>\s*<p>(\w+: [^<]+)</p>', response.text)
        assert reason


def test_a_table_beside_the_answer_is_on_its_page_too(town_client: TestClient) -> None:
    page = town_client.get(f"/answers/unusual{QUESTION}", headers=HTML).text
    assert page.count("<table>") == 2
    assert "p150:" in page.partition("<h2>Places</h2>")[2]


def test_the_page_holds_the_numbers_of_the_file(town_client: TestClient) -> None:
    page = town_client.get(f"/answers/count{QUESTION}", headers=HTML).text
    rows = town_client.get(f"/download/area-counts.csv{QUESTION}").text.splitlines()
    n = dict(re.findall(r"<td>([AB])</td>\s*<td>.*?</td>\s*<td class=\"number\">(\d+)</td>", page))
    assert len(n) == 2
    assert all(any(row.startswith(f"{code},") and n[code] in row for row in rows) for code in n)
    assert "<b>Abbey" not in page


def test_an_answer_that_there_is_not_is_refused_with_those_that_there_are(
    town_client: TestClient,
) -> None:
    response = town_client.get("/answers/nothing")
    assert response.status_code == 404
    assert "there is no answer 'nothing'; there are: count, hotspots" in response.json()["detail"]
    response = town_client.get("/answers/count?colour=red")
    assert (response.status_code, response.json()["detail"][:6]) == (400, "colour")


def test_a_verdict_is_said_in_its_sentences_and_else_the_headline() -> None:
    frame = pd.DataFrame()
    assert _said(AnalysisResult(frame, "", {"verdict": ["One.", "Two."]})) == ["One.", "Two."]
    assert _said(AnalysisResult(frame, "", {"headline": "Three."})) == ["Three."]
    assert _said(AnalysisResult(frame, "")) == []


def test_a_table_has_few_digits_and_ranges_beside_their_values() -> None:
    frame = gpd.GeoDataFrame(
        {
            "method": ["count", "random"],
            "hit_rate": [0.314, np.nan],
            "hit_rate_low": [0.28, np.nan],
            "hit_rate_high": [0.345, np.nan],
            "pai": [31.26, 1.0],
            "n": pd.array([1200, None], dtype="Int64"),
            "why": ["", ""],
        },
        geometry=[shapely.Point(0, 0)] * 2,
    )
    table = shown_table(frame)
    assert [column.title for column in table.columns] == ["method", "hit rate", "pai", "n"]
    assert [column.cells for column in table.columns] == [
        ["count", "random"],
        ["31.4 % (28.0 to 34.5 %)", "–"],
        ["31.3", "1.00"],
        ["1,200", "–"],
    ]
    assert [column.is_number for column in table.columns] == [False, True, True, True]
    long = shown_table(pd.DataFrame({"n": range(MOST_ROWS + 5)}))
    assert (long.rows, long.all_rows) == (MOST_ROWS, MOST_ROWS + 5)
    assert cell_text("p", 0.00031) == "0.000310"


def test_the_page_of_places_found_is_that_of_the_search(town_client: TestClient) -> None:
    found = town_client.get("/answers/find?q=brook")
    assert (found.status_code, found.headers["location"]) == (308, "/search?f=html&q=brook")
    assert town_client.get(found.headers["location"]).status_code == 200


def test_days_and_months_are_in_words() -> None:
    texts = ("2024-03-31", "2024-03", "2024-02-30", "2024-13", "E05001770")
    assert [cell_text("any", text) for text in texts] == [
        *("31 March 2024", "March 2024", "2024-02-30", "2024-13", "E05001770"),
    ]


def test_money_is_shown_to_the_penny() -> None:
    amounts = {"allocated": 12_000.0, "left": -1_250.5, "cost": 0.1}
    assert [cell_text(name, value) for name, value in amounts.items()] == [
        "£12,000.00",
        "−£1,250.50",
        "£0.10",
    ]
    assert cell_text("year_gone", 0.75) == "75.0 %"
    # To three digits 241.5 would be 242, and the rows would not add up.
    assert cell_text("hours", 241.5) == "241.5"


def test_a_ratio_is_shown_with_its_interval() -> None:
    frame = pd.DataFrame(
        {"ratio": [4.4655, np.nan], "lower": [4.17, np.nan], "upper": [4.78, np.nan]}
    )
    (column,) = shown_table(frame.assign(verdict="")).columns
    assert column.cells == ["4.47 (4.17 to 4.78)", "–"]


def test_a_page_of_money_counts_entries_and_no_incidents(
    client: TestClient, store: GeoPackageStore
) -> None:
    entry = {"entry_id": "m", "kind": "money", "amount": 500_050, "state": "allocated"}
    row = {**entry, "day": "2024-02-01", "layer_id": "wards", "area_code": "A"}
    with store.transaction():
        store.put_entries(entries_frame([row]), TableFile("entries.csv", "", 1))
    page = client.get(f"/answers/spend{QUESTION}", headers=HTML).text
    assert "1 of 1 entries counted" in page
    assert "£5,000.50 allocated, £0.00 committed, £0.00 paid; £5,000.50 left." in page
    assert "incidents" not in page.partition("<main")[2].partition("</main>")[0]
