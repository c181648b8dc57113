"""What the soak's importer does to the demo city, whose records came last, as a whole extract."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from tests.geo.stores.made_cases import repeated_case
from tests.geo.stores.parts import put
from tests.geo.stores.places import open_at
from tests.soak.importer import alternate


def test_the_last_month_of_the_demo_city_is_imported_anew_and_undone(
    demo_store: Path, tmp_path: Path
) -> None:
    address = str(shutil.copy(demo_store, tmp_path / "demo.gpkg"))
    with closing(open_at(address)) as store:
        put(store, repeated_case(435_000, 337_000))
        before = store.incident_count()
        steps, counts = [], []
        for _ in range(4):
            steps.append(alternate(store).split()[0])
            counts.append(store.incident_count())
    assert steps == ["imported", "undone"] * 2
    assert counts == [counts[0], before] * 2
    assert counts[0] < before
