"""A town of two wards with people who see different parts of it.

Whatever lies in the ward that the officer does not see is called a canary: its names, street names
and incidents are found nowhere in what the officer gets.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection

from api.app import make_app
from api.identity.identity import PUBLIC, AreaScope, Identity
from api.identity.roles import Role
from api.imports.process import ImportHere
from api.settings import Settings
from boundaries.plans.draft import new_plan, save_plan
from geo.crs import BRITISH_NATIONAL_GRID
from geo.incidents import COLUMNS, REJECT_COLUMNS, Batch, Partition
from geo.measures.model import Measure, entries_frame, values_frame
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from geo.store.postgis import PostgisStore
from tests.api.conftest import (
    MONTHS,
    SIDE,
    SOUTH,
    WEST,
    SearchesHere,
    month_of_incidents,
    town_streets,
    two_wards,
)
from tests.postgres import Cluster

OWN: Final = AreaScope("wards", ("QA01",))


def _who(name: str, *roles: Role, areas: AreaScope | None = None) -> Identity:
    return Identity(name, frozenset(roles), "account", areas)


PEOPLE: Final = {
    "ann": _who("Ann Smith", Role.OFFICER, areas=OWN),
    "olu": _who("Olu Ade", Role.OFFICER, areas=OWN),
    "duo": _who("Duo Roles", Role.OFFICER, Role.ANALYST, Role.CHAIR, areas=OWN),
    "lost": _who("Lost Soul", Role.OFFICER, areas=AreaScope("wards-1999", ("X",))),
    "vera": _who("Vera View", Role.VIEWER),
    "nat": _who("Nat Ali", Role.ANALYST),
    "pat": _who("Pat Plan", Role.PLANNER),
    "adam": _who("Adam Min", Role.ADMIN),
}


class FakeAuthenticator:
    """Believes whoever a header names: for tests alone."""

    async def identify(self, caller: HTTPConnection) -> Identity:
        """Return who the header names."""
        return PEOPLE.get(caller.headers.get("x-as", ""), PUBLIC)


def _layer(rows: dict[str, str], shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"area_name": list(rows.values())}, geometry=shapes, crs=BRITISH_NATIONAL_GRID
    )
    return frame.set_axis(pd.Index(list(rows), name="area_code"))


def _blocks() -> gpd.GeoDataFrame:
    """Blocks 800 m wide: two in each ward, and one that lies in both."""
    names = ["Block 1", "Block 2", "Crossing canary", "Canary 4", "Canary 5"]
    shapes = [
        shapely.box(WEST + i * 800, SOUTH, WEST + (i + 1) * 800, SOUTH + SIDE) for i in range(5)
    ]
    frame = _layer({f"bl{number}": name for number, name in enumerate(names, 1)}, shapes)
    return frame.assign(electors=[500, 600, 700, 800, 900])


def _named_by_ward(part: Partition) -> Partition:
    """The same incidents, with the names of streets that tell in which ward they are."""

    def batches() -> Iterator[Batch]:
        for batch in part.batches():
            rows = batch.accepted
            own = (rows["x"] < WEST + SIDE).to_numpy()
            texts = np.where(own, rows["location"], "On or near Canary Lane")
            yield replace(batch, accepted=rows.assign(location=texts))

    return replace(part, batches=batches)


def _house_calls() -> Partition:
    """Calls with an address and a time: six in the officer's ward, eight canaries in the other."""
    n, own = 14, np.arange(14) < 6
    moments = pd.date_range("2024-01-03T21:00", periods=n, freq="3D", tz="UTC").as_unit("s")
    values = {
        "incident_id": [f"calls/{'own' if one else 'canary'}-{i}" for i, one in enumerate(own)],
        "source": "calls",
        "category": "noise",
        "occurred_from": moments,
        "occurred_to": moments,
        "precision": "instant",
        "x": np.where(own, WEST + 400.0, WEST + SIDE + 700.0),
        "y": SOUTH + 900.0,
        "location": np.where(own, "3 Mill Lane", "12 Canary Street"),
        "reference": "",
    }
    batch = Batch(
        pd.DataFrame(values, columns=list(COLUMNS)), pd.DataFrame(columns=list(REJECT_COLUMNS))
    )
    return Partition(
        source="calls",
        name="calls",
        month="",
        file="calls.csv",
        sha256="calls",
        fields=("x", "y"),
        batches=lambda: iter([batch]),
    )


def _fill(store: Store) -> None:
    wards = two_wards().assign(area_name=["Arboretum", "Canary Wharf"])
    wards.index = pd.Index(["QA01", "QB02"], name="area_code")
    store.put_layer(LayerMetadata("wards", title="Wards"), wards)
    store.put_layer(LayerMetadata("blocks", title="Blocks"), _blocks())
    city = shapely.box(WEST, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE)
    store.put_layer(LayerMetadata("city", title="City"), _layer({"C": "City of Canary"}, [city]))
    pubs = [shapely.Point(WEST + 300 + i * SIDE, SOUTH + 500) for i in (0, 1)]
    premises = _layer({"p1": "Bell Inn", "p2": "Canary Arms"}, list(pubs))
    premises.index.name = "code"
    premises = premises.rename(columns={"area_name": "name"})
    store.put_layer(LayerMetadata("premises", "Premises", geometry_type="Point"), premises)
    store.put_layer(*town_streets())
    for month in MONTHS:
        store.put_partition(_named_by_ward(month_of_incidents(month)))
    store.put_partition(_house_calls())


def _entry(own: str, code: str, **others: object) -> dict[str, object]:
    """An entry of money that was allocated to a ward, unless `others` say otherwise."""
    return {
        "entry_id": own,
        "kind": "money",
        "day": "2024-01-15",
        "amount": 500_000,
        "layer_id": "wards" if code else "",
        "area_code": code,
        "state": "allocated",
        "priority": "Cleaner streets",
        **others,
    }


def _measure_and_spend(store: Store) -> None:
    """A measure of both wards, and money and hours; what is not of the officer's is a canary."""
    paid = {"state": "paid", "day": "2024-02-10", "amount": 125_000}
    hidden = {"priority": "Canary regeneration", "note": "canary", "post": "Canary beat"}
    time = {"kind": "time", "state": "", "priority": "", "activity": "patrol", "amount": 90}
    rows = [
        _entry("a1", "QA01"),
        _entry("a2", "QA01", **paid),
        _entry("b1", "QB02", **hidden),
        _entry("b2", "QB02", **{**paid, **hidden, "day": "2024-03-20"}),
        _entry("c1", "", **{**paid, **hidden, "day": "2024-03-22"}),
        _entry("t1", "QA01", **time),
        _entry("t2", "QB02", **{**time, "activity": "cases", "note": "canary", "amount": 600}),
        _entry("t3", "", **{**time, "activity": "cases", "amount": 30}),
    ]
    store.put_entries(entries_frame(rows), TableFile("money.csv", "1", rows_read=len(rows)))
    safe = Measure(
        "safe", "Feels safe", "% of those asked", "share", "up", "wards", "A survey",
        multiplier=100.0,
    )  # fmt: skip
    values = [
        {
            "measure_id": "safe",
            "area_code": code,
            "first_day": "2023-04-01",
            "last_day": "2024-02-29",
            "numerator": numerator,
            "denominator": 400,
            "value": numerator / 4,
            "note": "" if code == "QA01" else "canary",
        }
        for code, numerator in (("QA01", 120), ("QB02", 240))
    ]
    file = TableFile("safe.csv", "2", rows_read=len(values), measures=(safe,))
    store.put_measure_values(values_frame(values), file)


def fill(store: Store) -> None:
    """Put the town and a plan into an empty store."""
    with store.transaction():
        _fill(store)
        _measure_and_spend(store)
    draft, _ = new_plan(
        store,
        plan_id="draft",
        title="Canary plan",
        by="x",
        blocks_layer="blocks",
        from_layer="wards",
    )
    save_plan(store, draft.plan)


def serve(store: Store) -> TestClient:
    """The service of a store for people who sign in."""
    return TestClient(
        make_app(
            store,
            Settings(),
            searches=SearchesHere(),
            importer=ImportHere(store),
            authenticator=FakeAuthenticator(),
        ),
        base_url="http://127.0.0.1:8000",
        follow_redirects=False,
        client=("127.0.0.1", 50_000),
    )


@pytest.fixture(scope="session")
def viewed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the town."""
    path = tmp_path_factory.mktemp("viewed") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as made:
        fill(made)
    return path


@pytest.fixture(scope="session")
def viewed(viewed_file: Path) -> Iterator[TestClient]:
    """The service of the town in a file, for tests that only read."""
    with closing(GeoPackageStore(viewed_file)) as store, serve(store) as made:
        yield made


@pytest.fixture(scope="session")
def viewed_database(cluster: Cluster) -> Iterator[TestClient]:
    """The service of the town in a database, for tests that only read."""
    with closing(PostgisStore(cluster.new_database(), create=True)) as store:
        fill(store)
        with serve(store) as made:
            yield made


@pytest.fixture(params=["viewed", "viewed_database"])
def either(request: pytest.FixtureRequest) -> TestClient:
    """The service of the town in a store of each kind."""
    client: TestClient = request.getfixturevalue(request.param)
    return client


@pytest.fixture
def writable(viewed_file: Path, tmp_path: Path) -> Iterator[tuple[TestClient, GeoPackageStore]]:
    """A service of the town that a test may change, and its store."""
    path = shutil.copy(viewed_file, tmp_path / "town.gpkg")
    with closing(GeoPackageStore(path)) as store, serve(store) as client:
        yield client, store
