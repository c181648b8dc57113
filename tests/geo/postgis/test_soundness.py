"""What looks through a store after a crash finds what is wrong with it."""

import pytest

from tests.geo.postgis.databases import WARDS, run
from tests.geo.stores.postgis_soundness import faults

INDEX = "'patchmap.patchmap_incidents_geom'::regclass"


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("DELETE FROM patchmap.patchmap_ids WHERE incident_id LIKE '%:2'", "without their id"),
        ("UPDATE patchmap.patchmap_totals SET feature_count = 9", "count that is not"),
        ("UPDATE patchmap.patchmap_imports SET rows_accepted = 9", "more or fewer rows"),
        ("UPDATE patchmap.patchmap_replaced SET import_id = 9", "no import replaced"),
        ("CREATE TABLE patchmap.patchmap_incidents_2030_01 (a int)", "not attached"),
        ("UPDATE patchmap.patchmap_layers SET relation = 1", "without their table"),
        (f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = {INDEX}", "not used"),
    ],
)
def test_every_fault_is_found(harm, fault, private, store, url, partition, four_squares):
    store.put_layer(WARDS, four_squares)
    store.put_partition(partition(n=3))
    store.put_partition(partition(n=5, content="v2"))
    assert faults(url) == []
    run(url, harm)
    assert fault in " ".join(faults(url))
