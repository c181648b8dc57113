"""The CSV address as a spreadsheet takes it: by its charset, cell by cell, formulas and all."""

from __future__ import annotations

import csv
import io
import re

import pytest
from fastapi.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NAMES = [
    ('=HYPERLINK("http://x","click")', "@SUM(1)"),
    ("+44 1332", "-12 Mill Lane"),
    ("\t=1+1", 'Žižkov, "Old"\nTown'),
]


@pytest.fixture(params=NAMES)
def names(request: pytest.FixtureRequest, store: GeoPackageStore) -> tuple[str, str]:
    """The wards of the town under hostile names, and an attribute that is called like a formula."""
    wards = two_wards().assign(area_name=request.param, **{"=1+2": [0.25, -1e-7]})
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
    names: tuple[str, str] = request.param
    return names


def sheet(client: TestClient, address: str) -> list[list[str]]:
    """The cells of a CSV address, as a program reads them that believes its headers."""
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert not answer.content.startswith(b"\xef\xbb\xbf")  # it would be part of the first name
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline=""), "excel"))


def test_no_cell_is_a_formula(client: TestClient, names: tuple[str, str]) -> None:
    cells = [cell for row in sheet(client, "/ogc/collections/wards/items?f=csv") for cell in row]
    assert not [one for one in cells if one.startswith(FORMULA) and not NUMBER.fullmatch(one)]


def test_names_come_whole(client: TestClient, names: tuple[str, str]) -> None:
    head, *rows = sheet(client, "/ogc/collections/wards/items?f=csv")
    assert {len(row) for row in rows} == {len(head)}
    shown = [row[head.index("area_name")].removeprefix("'") for row in rows]
    assert shown == list(names)


def test_numbers_are_numbers(client: TestClient) -> None:
    head, *rows = sheet(client, "/ogc/collections/hotspots/items?f=csv&skipGeometry=true")
    for name in ("n", "z", "p", "inside_share"):
        column = [row[head.index(name)] for row in rows]
        assert all(NUMBER.fullmatch(cell) for cell in column if cell), name
    # What a spreadsheet adds up is what the page says.
    page = client.get("/ogc/collections/hotspots/items?limit=10000").json()
    total = sum(feature["properties"]["n"] for feature in page["features"])
    assert sum(int(row[head.index("n")]) for row in rows) == total > 100
