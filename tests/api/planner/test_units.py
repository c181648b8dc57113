"""Areas of a layer as sets of a plan's blocks, over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator

import openpyxl
import pytest
import shapely
from fastapi.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import BLOCKS, begin, client_of, step
from tests.boundaries.drawn import layer

UNITS = "/planner/plans/north/units"


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    shapes = [shapely.box(0, 0, 260, 400), shapely.box(260, 0, 500, 400)]
    parishes = layer(*shapes, codes="PQ").assign(area_name=["Ash", "Birch"])
    with store.transaction():
        store.put_layer(LayerMetadata("parishes"), parishes)
    with client_of(store) as made:
        begin(made)
        yield made


def test_each_block_has_its_unit_and_those_across_a_line_are_named(client: TestClient) -> None:
    payload = client.get(UNITS, params={"of": "parishes"}).json()
    unit_of = {"a": "P", "b": "P", "c": "P", "d": "Q", "e": "Q", "f": ""}
    assert payload["names"] == {"P": "Ash", "Q": "Birch"}
    assert payload["area"] == [unit_of[block[0]] for block in BLOCKS]
    assert payload["straddling"] == ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({}, 400, "name a layer"),
        ({"of": "moon"}, 404, "moon"),
        ({"of": "blocks"}, 400, "blocks are the blocks of this plan"),
        ({"layer_of": "parishes"}, 400, "unknown parameter"),
    ],
)
def test_what_is_no_layer_of_units_is_refused(
    client: TestClient, params: dict[str, str], status: int, message: str
) -> None:
    refusal = client.get(UNITS, params=params)
    assert refusal.status_code == status
    assert message in refusal.json()["detail"]


def test_files_have_the_parish_wards_of_the_layer_that_is_chosen(client: TestClient) -> None:
    files, chosen = "/planner/plans/north/files/north", {"parishes": "parishes"}
    plain, report = (client.get(f"{files}.html", params=terms).text for terms in ({}, chosen))
    assert "Parish wards" not in plain
    # The wards meet between c and d, as do most of the parishes' blocks: none is divided.
    assert "No parish is divided by the proposed boundaries." in report
    step(client, "move", blocks=["d1"], to="W")
    report = client.get(f"{files}.html", params=chosen).text
    assert report.count(">Birch<") == 2  # a part in each ward
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{files}.xlsx", params=chosen).content))
    cells = [cell for sheet in book for row in sheet.values for cell in row]
    assert {"Ash", "Birch"} <= set(cells)
    refusal = client.get(f"{files}.html", params={"parishes": "moon"})
    assert (refusal.status_code, "moon" in refusal.json()["detail"]) == (404, True)


def test_straddling_blocks_are_replaced_by_smaller_ones_from_the_page(
    client: TestClient, store: GeoPackageStore
) -> None:
    shapes = [shapely.box(20 * x, 100 * y, 20 * (x + 1), 100 * (y + 1))
              for x in range(30) for y in range(4)]  # fmt: skip
    with store.transaction():
        codes = [f"s{n:03d}" for n in range(len(shapes))]
        store.put_layer(LayerMetadata("strips"), layer(*shapes, codes=codes))
    wanted = {"smaller": "strips", "straddling": "parishes", "save_as": "fine", "by": "Ann"}
    response = client.post("/planner/plans/north/refined", json=wanted)
    assert response.status_code == 201
    made = response.json()
    assert (made["blocks"], made["blocks_before"], made["new_blocks"]) == (40, 24, 20)
    assert made["address"] == "/planner?plan=fine"
    old, new = (client.get(f"/planner/plans/{name}").json()["rows"] for name in ("north", "fine"))
    assert {code: row["electors"] for code, row in new.items()} == {
        code: row["electors"] for code, row in old.items()
    }
    again = client.post("/planner/plans/north/refined", json=wanted)
    assert (again.status_code, again.json()["detail"]) == (
        409, "there is already a layer fine-blocks; choose another id",
    )  # fmt: skip
    for change, status, message in (
        ({"straddling": ""}, 400, "say which blocks to replace"),
        ({"smaller": "moon"}, 404, "moon"),
        ({"pages": 1}, 400, "pages"),
        ({"save_as": "north"}, 409, "there is already a plan north"),
    ):
        refusal = client.post("/planner/plans/north/refined", json=wanted | change)
        assert refusal.status_code == status
        assert message in refusal.json()["detail"]
    assert len(client.get("/planner/plans/north").json()["codes"]) == 24
