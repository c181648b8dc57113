"""A store whose layer has an id that Patchmap now uses for a collection of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.layer_ids import RESERVED_IDS
from tests.api.conftest import two_wards
from tests.services import run_patchmap

NOTICE = "The layer posts is served as layer-posts: Patchmap now uses the id posts itself."
PERIOD = "from=2024-01&to=2024-02"


@pytest.fixture
def old_store(store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[GeoPackageStore]:
    """The town, with a layer as a release added it that knew no collection `posts`."""
    with monkeypatch.context() as earlier, store.transaction():
        earlier.setattr("geo.store.layer_ids.RESERVED_IDS", frozenset())
        store.put_layer(LayerMetadata("posts", title="Posts of 2019"), two_wards())
    return store


@pytest.fixture
def served(old_store: GeoPackageStore, client: TestClient) -> TestClient:
    return client


def test_the_layer_and_the_answer_are_collections_of_their_own(served: TestClient) -> None:
    document = served.get("/ogc/collections").json()
    titles = {one["id"]: one["title"] for one in document["collections"]}
    assert titles["layer-posts"] == "Posts of 2019"
    assert titles["posts"] == "Posts"
    layer = served.get("/ogc/collections/layer-posts/items").json()
    assert layer["numberMatched"] == 2
    assert "need" in served.get("/ogc/collections/posts/items").json()["features"][0]["properties"]


def test_the_documents_say_that_the_layer_has_another_id(served: TestClient) -> None:
    document = served.get("/ogc/collections").json()
    assert document["notices"][0].startswith(NOTICE)
    assert NOTICE in served.get("/ogc/collections?f=html").text
    layer = served.get("/ogc/collections/layer-posts").json()
    assert layer["caveats"][0].startswith(NOTICE)


def test_a_store_without_such_a_layer_says_nothing(client: TestClient) -> None:
    assert "notices" not in client.get("/ogc/collections").json()


def test_the_layer_has_tiles_under_its_new_id(served: TestClient) -> None:
    tiles = "/ogc/collections/layer-posts/tiles/WebMercatorQuad"
    document = served.get(f"{tiles}?f=tilejson").json()
    assert document["name"] == "Posts of 2019"
    assert served.get(f"{tiles}/0/0/0").status_code in (200, 204)


@pytest.mark.parametrize("layer", ["layer-posts", "posts"])
def test_a_question_takes_the_layer_by_either_id(served: TestClient, layer: str) -> None:
    counts = served.get(f"/ogc/collections/area-counts/items?layer={layer}").json()
    assert counts["numberMatched"] == 2
    assert served.get(f"/?layer={layer}&{PERIOD}", follow_redirects=True).status_code == 200


def test_the_board_offers_the_layer_by_its_new_id(served: TestClient) -> None:
    page = served.get("/", follow_redirects=True).text
    assert 'value="layer-posts"' in page
    assert 'value="posts"' not in page.partition("</form>")[0].partition('name="layer"')[2]


def test_the_command_line_lists_and_counts_by_the_new_id(
    tmp_path: Path, old_store: GeoPackageStore
) -> None:
    old_store.close()
    listed = run_patchmap("--store", "town.gpkg", "layers", "list", cwd=tmp_path)
    assert "layer-posts: 2 areas  Posts of 2019" in listed.stdout
    assert NOTICE in listed.stderr
    question = ["--layer", "layer-posts", "--from", "2024-01", "--to", "2024-02"]
    counted = run_patchmap(
        "--store", "town.gpkg", "count", *question, "-o", "counts.csv", cwd=tmp_path
    )
    assert counted.returncode == 0, counted.stderr
    as_json = run_patchmap("--store", "town.gpkg", "--json", "layers", "list", cwd=tmp_path)
    stored_as = {one["layer"]: one.get("stored_as") for one in json.loads(as_json.stdout)}
    assert stored_as == {"wards": None, "layer-posts": "posts"}


def test_no_layer_is_added_under_a_reserved_id(tmp_path: Path) -> None:
    (tmp_path / "squares.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    for layer_id in ("plan-north", *sorted(RESERVED_IDS)):
        refused = run_patchmap("layers", "add", "squares.geojson", "--id", layer_id, cwd=tmp_path)
        assert refused.returncode == 1
        assert f"'{layer_id}' cannot be a layer's id: Patchmap uses" in refused.stderr
