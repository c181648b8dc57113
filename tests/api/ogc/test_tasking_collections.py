"""Tasks, priorities and the roster at the OGC door, for those who see all and some areas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.identity.identity import AreaScope, Identity
from api.identity.roles import Role
from api.identity.view import DataView
from api.limited import LimitedSnapshot
from api.limited_tasking import step_refusal
from api.settings import Settings
from api.snapshot import Snapshot
from boundaries.tasking.accounts import accounts_of
from boundaries.tasking.actions import (
    ReferralTerms,
    call_meeting,
    raise_task,
    refer_task,
    set_priority,
    set_roster_entry,
    take_step,
)
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.storage import read_priorities, read_roster, read_tasks
from boundaries.tasking.task import Place
from boundaries.tasking.transitions import TRANSITIONS, Transition
from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import SearchesHere
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.postgres import Cluster

COLLECTIONS = ("tasks", "task-outlines", "priorities", "roster")
WEST, SOUTH, SIDE = 435_000, 336_000, 1_000
OFFICER = DataView.of(
    Identity("Ann", frozenset({Role.OFFICER}), "account", AreaScope("wards", ("W1",)))
)


def place(x: float, y: float, size: float = 0) -> Place:
    """A point, or a square around it, in metres from the corner of the first ward."""
    point = shapely.Point(WEST + x, SOUTH + y)
    shape = point.buffer(size, cap_style="square") if size else point
    return Place("polygon" if size else "point", "", "Corner", shapely.to_wkb(shape))


def new_store(request: pytest.FixtureRequest, folder: Path) -> Store:
    """An empty store of the kind that a fixture is asked for."""
    if request.param == "GeoPackage":
        return GeoPackageStore(folder / "town.gpkg", create=True)
    cluster: Cluster = request.getfixturevalue("cluster")
    return PostgisStore(cluster.new_database(), create=True)


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Two wards side by side, with tasks in each, on the border and outside."""
    shapes = [
        shapely.box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE) for i in range(2)
    ]
    codes = pd.Index(["W1", "W2"], name="area_code")
    wards = gpd.GeoDataFrame(
        {"area_name": ["West", "East"]}, geometry=shapes, index=codes, crs=BRITISH_NATIONAL_GRID
    )
    with closing(new_store(request, tmp_path_factory.mktemp("tasking"))) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards"), wards)
        for at in (place(300, 500), place(1_500, 500, 50), place(1_000, 500, 80), place(5_000, 0)):
            raise_task(store, terms(place=at, due=date(2026, 4, 1)), signed=signed())
        # It touches the first ward and lies in the second.
        raise_task(store, terms(place=place(1_100, 200, 100)), signed=signed())
        refer_task(store, "T-0001", ReferralTerms("up", "board"), signed=signed())
        take_step(store, "T-0002", "decline", signed=signed(), note="No.")
        for level, area in (("city", ""), ("area", "W1"), ("area", "W2")):
            layer = "wards" if area else ""
            set_priority(
                store,
                PriorityTerms(
                    level=level, layer=layer, area=area, issue="Litter", issue_date=date(2026, 1, 1)
                ),
                signed=signed(),
            )
        for areas in ((), ("W2",), ("W1", "W2")):
            layer = "wards" if areas else ""
            entry = RosterTerms(
                role="warden", first=date(2026, 1, 1), layer=layer, areas=areas, contact_for=areas
            )
            set_roster_entry(store, entry, signed=signed())
        for area in ("W1", "W2"):
            day = date(2026, 3, 2)
            call_meeting(
                store,
                MeetingTerms(level="area", layer="wards", area=area, day=day),
                signed=signed(),
            )
        yield store


@pytest.fixture
def client(town: Store) -> Iterator[TestClient]:
    with TestClient(
        make_app(town, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made


def items(client: TestClient, collection: str, **parameters: str) -> list[dict]:
    answer = client.get(f"/ogc/collections/{collection}/items", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["features"]


def test_tasks_are_points_inside_their_places(client: TestClient, town: Store) -> None:
    features = items(client, "tasks")
    assert [one["id"] for one in features] == [f"T-000{n}" for n in range(1, 7)]
    first = features[0]
    assert first["properties"]["state"] == "waiting"
    assert first["properties"]["referral"] == "T-0006"
    assert first["properties"]["due"] == "2026-04-01"
    assert first["properties"]["raised_at"] == "2026-03-02T09:30:00Z"
    lon, lat = town.projection.to_lonlat(np.array([WEST + 300.0]), np.array([SOUTH + 500.0]))
    assert first["geometry"]["coordinates"] == pytest.approx([lon[0], lat[0]], abs=1e-6)
    (declined,) = items(client, "tasks", state="declined")
    assert declined["id"] == "T-0002"


def test_tasks_whose_places_are_areas_are_served_with_their_outlines(
    client: TestClient, town: Store
) -> None:
    features = items(client, "task-outlines")
    kept = {row.task_id: shapely.from_wkb(row.wkb) for row in town.tasks()}
    areas = {own: shape for own, shape in kept.items() if shape.geom_type != "Point"}
    assert {"T-0002", "T-0003", "T-0005"} <= set(areas) < set(kept)
    assert [one["id"] for one in features] == sorted(areas)
    for one in features:
        degrees = np.array([shapely.from_geojson(json.dumps(one["geometry"]))], dtype=object)
        (metres,) = town.projection.geometries_to_metres(degrees, source=LONLAT)
        assert metres.geom_type == "MultiPolygon"
        assert metres.hausdorff_distance(areas[one["id"]]) < 0.5
    schema = client.get("/ogc/collections/task-outlines/schema").json()["properties"]
    formats = [one["format"] for one in schema.values() if "format" in one]
    assert "geometry-multipolygon" in formats
    point = client.get("/ogc/collections/tasks/schema").json()["properties"]
    assert "geometry-point" in [one.get("format") for one in point.values()]


def test_priorities_and_the_roster_have_the_outlines_of_their_areas(client: TestClient) -> None:
    city, west, _ = items(client, "priorities")
    assert city["geometry"] is None
    assert (west["properties"]["area_code"], west["properties"]["is_open"]) == ("W1", True)
    assert west["geometry"]["type"] == "MultiPolygon"
    roster = items(client, "roster")
    assert [one["properties"]["area_codes"] for one in roster] == ["", "W2", "W1,W2"]
    assert [one["properties"]["is_vacant"] for one in roster] == [True] * 3


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("form", ["csv", "gpkg", "geojson", "html"])
def test_each_collection_comes_in_other_formats(
    client: TestClient, collection: str, form: str
) -> None:
    answer = client.get(f"/ogc/collections/{collection}/items?f={form}")
    assert answer.status_code == 200
    assert len(answer.content) > 200


def test_a_store_without_tasks_does_not_list_them_and_has_their_schema(tmp_path: Path) -> None:
    with (
        closing(GeoPackageStore(tmp_path / "empty.gpkg", create=True)) as store,
        TestClient(
            make_app(store, Settings(), searches=SearchesHere()),
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50_000),
        ) as client,
    ):
        listed = {one["id"] for one in client.get("/ogc/collections").json()["collections"]}
        assert listed.isdisjoint(COLLECTIONS)
        for collection in COLLECTIONS:
            assert items(client, collection) == []
            schema = client.get(f"/ogc/collections/{collection}/schema").json()["properties"]
            assert schema["version"]["type"] == "integer"
            assert schema["updated_at"]["format"] == "date-time"


def test_an_officer_sees_what_lies_in_their_areas_and_what_is_of_the_city(
    town: Store,
) -> None:
    whole = Snapshot(town)
    limited = LimitedSnapshot(whole, OFFICER)
    # In the first ward, on its border, and the referral of the first.
    assert [task.task_id for task in limited.tasks()] == ["T-0001", "T-0003", "T-0006"]
    assert [task.task_id for task in read_tasks(limited)] == ["T-0001", "T-0003", "T-0006"]
    assert read_tasks(limited, ["T-0002"]) == []
    assert limited.tasking_ids("task") == ["T-0001", "T-0003", "T-0006"]
    assert accounts_of(limited.tasks()).raised == 3
    assert [one.area for one in read_priorities(limited)] == ["", "W1"]
    assert [(one.entry_id, one.areas) for one in read_roster(limited)] == [
        ("R-0001", ()),
        ("R-0003", ("W1",)),
    ]
    assert limited.tasking_ids("meeting") == ["M-0001"]
    seen = json.dumps([limited.tasking(one) for one in ("priority", "roster", "meeting")])
    assert "W2" not in seen


@pytest.mark.parametrize("level", ["city", "area"])
@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.step}-{row.target}")
def test_who_may_take_a_step_is_what_the_table_says(level: str, row: Transition) -> None:
    def may(role: Role, areas: AreaScope | None = None) -> bool:
        identity = Identity("Ann", frozenset({role}), "account", areas)
        return step_refusal(identity, level, row.actor) == ""

    own = AreaScope("wards", ("W1",))
    by_people = row.actor != "the referral"
    assert may(Role.CHAIR) == may(Role.ANALYST) == by_people
    assert not may(Role.VIEWER)
    assert not may(Role.ADMIN)
    assert not may(Role.AUDITOR)
    limited = by_people and (level == "area" or row.actor == "anyone")
    assert may(Role.OFFICER, own) == limited


def test_a_snapshot_says_when_tasks_changed_meanwhile(tmp_path: Path) -> None:
    with closing(GeoPackageStore(tmp_path / "s.gpkg", create=True)) as store:
        raise_task(store, terms(), signed=signed())
        before = Snapshot(store)
        assert len(before.tasks()) == 1
        raise_task(store, terms(), signed=signed())
        after = Snapshot(store, before)
        assert (len(before.tasks()), len(after.tasks())) == (1, 2)
