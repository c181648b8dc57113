"""What the soak's importer does to a store whose last imports are extracts of records."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from geo.store.contract import LayerMetadata
from tests.api.conftest import MONTHS, month_of_incidents, two_wards
from tests.geo.stores import postgis_soundness, soundness
from tests.geo.stores.made_cases import EXTRACTED, extract_of, made_cases
from tests.geo.stores.parts import put
from tests.geo.stores.places import open_at
from tests.soak.importer import alternate


@pytest.mark.parametrize("kind", ["GeoPackage", "PostGIS"])
def test_the_last_month_is_imported_anew_and_undone_though_records_came_after_it(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(tmp_path / "town.gpkg")
    if kind == "PostGIS":
        address = request.getfixturevalue("cluster").new_database()
    cases = made_cases().iloc[:60]
    with closing(open_at(address, create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
            for month in MONTHS:
                store.put_partition(month_of_incidents(month))
        put(store, extract_of(cases.iloc[:50], day=EXTRACTED - timedelta(days=7)))
        put(store, extract_of(cases))
        before = store.incident_count()
        steps, counts = [], []
        for _ in range(4):
            steps.append(alternate(store).split()[0])
            counts.append(store.incident_count())
    assert steps == ["imported", "undone"] * 2
    assert counts == [before - 80, before] * 2
    faults = (
        postgis_soundness.faults(address) if kind == "PostGIS" else soundness.faults(Path(address))
    )
    assert faults == []
