"""A short soak: the town on either store; `make soak` takes the demo city and a quarter hour."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from geo.store.contract import LayerMetadata
from tests.api.conftest import MONTHS, month_of_incidents, two_wards
from tests.geo.stores.places import open_at
from tests.loops import run_async
from tests.postgres import PrivateCluster
from tests.soak.callers import READ
from tests.soak.soak import soak


@pytest.mark.parametrize("kind", ["GeoPackage", "PostGIS"])
def test_nothing_is_lost_or_wrong_under_load_and_kills(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cluster: PrivateCluster | None = None
    address = str(tmp_path / "town.gpkg")
    if kind == "PostGIS":
        cluster = request.getfixturevalue("private")
        address = cluster.new_database()
    with closing(open_at(address, create=True)) as store, store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
        for month in MONTHS:
            store.put_partition(month_of_incidents(month))
    report = run_async(
        soak(
            address,
            tmp_path / "service.log",
            seconds=3,
            every=1,
            cluster=cluster,
            read=[path for path in READ if path.startswith("/ogc")],
        )
    )
    assert report.broken == []
    assert (report.kills, report.crashes) == ((0, 1) if cluster else (1, 0))
