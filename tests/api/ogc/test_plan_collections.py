"""Plans at the OGC door: a list of them, each as a layer, and every answer on them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from api.snapshot import Snapshot
from boundaries.plans.draft import open_plan, save_plan
from geo.errors import StoreError
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.boundaries.cities import begun, fill
from tests.boundaries.drawn import SIGNED, grid

QUESTION = "datetime=2024-01/2024-02&layer=plan-north"


@pytest.fixture(scope="module")
def planned_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with the plan `north`, and `bare`, which has no area; to be copied."""
    path = tmp_path_factory.mktemp("planned") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill(store)
        save_plan(store, begun(store, title="North <b>", by="Ann").plan)
        save_plan(store, begun(store, "bare", from_layer="").plan)
    return path


@pytest.fixture
def town(tmp_path: Path, planned_town: Path) -> Iterator[GeoPackageStore]:
    """A store with both plans."""
    store = GeoPackageStore(shutil.copy(planned_town, tmp_path / "town.gpkg"))
    yield store
    store.close()


@pytest.fixture
def client(town: GeoPackageStore) -> Iterator[TestClient]:
    with TestClient(
        make_app(town, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made


def get(client: TestClient, path: str, **options):
    answer = client.get(f"/ogc/collections/{path}", **options)
    assert answer.status_code == 200, answer.text
    return answer


def change(town: GeoPackageStore, *blocks: str) -> None:
    plan = open_plan(town, "north", question=None).plan
    save_plan(town, plan.move(blocks, "E", signed=SIGNED))


def test_plans_are_features_with_their_outline_and_metadata(client: TestClient) -> None:
    features = get(client, "plans/items").json()["features"]
    by_id = {feature["id"]: feature for feature in features}
    assert list(by_id) == ["bare", "north"]
    assert by_id["bare"]["geometry"] is None
    assert by_id["north"]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    properties = by_id["north"]["properties"]
    assert (properties["title"], properties["version"]) == ("North <b>", 1)
    assert (properties["layer"], properties["updated_by"]) == ("plan-north", "Ann")
    assert get(client, "plans/items/north").json()["properties"]["blocks_layer"] == "blocks"


def test_each_plan_is_a_layer_with_its_measures(client: TestClient) -> None:
    listed = [one["id"] for one in client.get("/ogc/collections").json()["collections"]]
    assert {"plans", "plan-north", "plan-bare"} <= set(listed)
    about = get(client, "plan-north").json()
    assert about["title"] == "North <b> (draft)"
    assert "not in force" in about["metadata"]["note"]
    features = get(client, "plan-north/items").json()["features"]
    assert [feature["id"] for feature in features] == ["E", "W"]
    assert features[0]["properties"]["electors"] == 22_200
    assert get(client, "plan-bare/items").json()["features"] == []
    assert "variance" in get(client, "plan-north/schema").json()["properties"]


@pytest.mark.parametrize("form", ["csv", "gpkg", "fgb", "parquet", "geojson", "html"])
def test_plans_without_a_place_are_in_every_file(client: TestClient, form: str) -> None:
    assert get(client, f"plans/items?f={form}").content
    assert get(client, f"plan-north/items?f={form}").content


def test_answers_count_on_a_plan_and_follow_it(client: TestClient, town: GeoPackageStore) -> None:
    def counts() -> dict[str, int]:
        features = get(client, f"area-counts/items?{QUESTION}").json()["features"]
        return {feature["id"]: feature["properties"]["n"] for feature in features}

    before = counts()
    change(town, "c1", "c2", "c3")
    after = counts()
    assert after["E"] > before["E"]
    assert sum(after.values()) == sum(before.values())
    posts = get(client, f"posts/items?{QUESTION}&posts=5").json()["features"]
    assert sum(feature["properties"]["posts"] for feature in posts) == 5
    assert len(get(client, f"hotspots/items?{QUESTION}").json()["features"]) > 0


def test_an_etag_holds_until_a_plan_changes(client: TestClient, town: GeoPackageStore) -> None:
    for path in ("plans/items", "plan-north/items"):
        etag = get(client, path).headers["etag"]
        known = {"if-none-match": etag}
        assert client.get(f"/ogc/collections/{path}", headers=known).status_code == 304
    change(town, "c1")
    for path in ("plans/items", "plan-north/items"):
        assert get(client, path, headers=known).headers["etag"] != etag


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("plan-x", 404, "there is no collection 'plan-x'"),
        ("area-counts/items?layer=plan-x", 400, "there is no plan 'x'; there are: bare, north"),
        ("area-counts/items?layer=plan-bare", 400, "no area of plan bare has a block yet"),
    ],
)
def test_what_is_not_there_is_a_problem(client: TestClient, path, status, message) -> None:
    answer = client.get(f"/ogc/collections/{path}")
    assert answer.status_code == status
    assert message in answer.json()["detail"]


def test_a_plan_whose_blocks_changed_harms_nothing_else(
    client: TestClient, town: GeoPackageStore
) -> None:
    with town.transaction():
        town.put_layer(LayerMetadata("blocks"), grid(6, 3))
    features = get(client, "plans/items").json()["features"]
    assert all(
        "the blocks of layer blocks have changed" in one["properties"]["problem"]
        for one in features
    )
    for path in ("/ogc/collections", "/ogc/api", "/ogc/collections/plan-north"):
        assert client.get(path).status_code == 200
    answer = client.get("/ogc/collections/plan-north/items")
    assert answer.status_code == 400
    assert "have changed since plan north" in answer.json()["detail"]


def test_the_pages_offer_plans_as_layers(client: TestClient) -> None:
    for page in (f"/?{QUESTION}", f"/allocation?{QUESTION}&posts=5"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert '<option value="plan-north" selected>North &lt;b&gt; (draft)' in answer.text
    bare = client.get("/?layer=plan-bare")
    assert "no area of plan bare has a block yet" in bare.text


@pytest.mark.parametrize("path", ["/ogc/collections", "/ogc/collections/plans/items"])
def test_a_plan_that_cannot_be_read_now_is_not_listed_as_one_without_outline(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(_snapshot: Snapshot, _plan_id: str) -> None:
        raise StoreError("the plans have just changed; try again")

    monkeypatch.setattr(Snapshot, "plan", away)
    refused = client.get(path)
    assert refused.status_code == 503
    assert "try again" in refused.json()["detail"]
    monkeypatch.undo()
    assert client.get(path).status_code == 200
    north = get(client, "plans/items/north").json()
    assert (north["geometry"]["type"], north["properties"]["problem"]) == ("MultiPolygon", "")
