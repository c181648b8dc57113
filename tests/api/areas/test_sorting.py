"""The order of the table of a layer is that of all its areas, also where only some are shown."""

from __future__ import annotations

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from api.areas import layers
from tests.api.areas.test_pages import page, text_of

ASKED = "datetime=2024-01/2024-02"


def first_row(text: str) -> str:
    return text_of(text.split("<tbody>")[1].split("</tr>", maxsplit=1)[0]).strip()


def links_of(text: str) -> dict[str, str]:
    """Where the headings of a table lead, by their words."""
    head = text.split("<thead>")[1].split("</thead>", maxsplit=1)[0]
    found = re.findall(r'<a href="([^"]*)">(.*?)</a>', head)
    return {text_of(words).strip(): unescape(address) for address, words in found}


def test_a_column_sorts_areas_that_are_not_shown_too(
    areas_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MOST_ROWS", 1)
    by_name = page(areas_client, f"/areas/wards?{ASKED}")
    links = links_of(by_name)
    most = page(areas_client, f"/areas/wards{links['Incidents']}")
    least = page(areas_client, f"/areas/wards{links_of(most)['Incidents']}")
    names = {first_row(text).split(" ")[0] for text in (most, least)}
    assert len(names) == 2
    assert 'aria-sort="descending"' in most
    assert 'aria-sort="ascending"' in least
    assert "In the order of incidents, the greatest first" in text_of(most)
    assert "a column’s heading sorts all of them" in text_of(most)
    again = page(areas_client, f"/areas/wards{links_of(most)['Area']}")
    assert first_row(again) == first_row(by_name)


def test_a_table_that_is_shown_whole_tells_its_order_too(areas_client: TestClient) -> None:
    for sort, order in (("-n", ("descending", "Incidents")), ("area_name", ("ascending", "Area"))):
        shown = page(areas_client, f"/areas/wards?{ASKED}&sort={sort}")
        assert re.findall(r'aria-sort="(\w+)">(\w+)', shown) == [order]


def test_a_measure_sorts_and_what_is_unknown_comes_last(
    measured_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MOST_ROWS", 1)
    chosen = "/areas/wards?measures=safe"
    links = links_of(page(measured_client, chosen))
    (address,) = [one for words, one in links.items() if words.startswith("Feels safe")]
    most = page(measured_client, f"/areas/wards{address}")
    assert "measures=safe" in address
    assert first_row(most).startswith("Brook")  # 60 % against 30 %


def test_a_column_that_there_is_not_is_refused(areas_client: TestClient) -> None:
    refused = areas_client.get(f"/areas/wards?{ASKED}&sort=colour")
    assert refused.status_code == 400
    assert refused.json()["option"] == "sort"
    assert "choose from: area_name, n" in refused.json()["detail"]
