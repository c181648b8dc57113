"""Importers in processes of their own, at once, and readers beside them: nothing is lost."""

from contextlib import closing

import pytest

from tests.geo.stores.importer import (
    MONTHS,
    ROWS,
    import_one_by_one,
    import_together,
    said,
    start,
)
from tests.geo.stores.parts import all_incidents, counters, lines, month_part, put
from tests.geo.stores.places import open_at


@pytest.fixture
def address(places) -> str:
    """The address of an empty store."""
    made = places.new()
    open_at(made, create=True).close()
    return made


def import_at_once(address: str, *names: str) -> list[str]:
    """Import months of these names, each in its process; tells how each ended."""
    running = [start(import_one_by_one, address, name) for name in names]
    ends = [mark.recv() for _, mark in running]
    for process, _ in running:
        process.join(timeout=120)
    assert "done" in ends
    assert all("\n" not in end for end in ends)
    return ends


@pytest.mark.parametrize("same", [False, True])
def test_two_importers_at_once_lose_nothing(same, places, address):
    names = ["derbyshire", "derbyshire" if same else "west-midlands"]
    ends = import_at_once(address, *names)
    with closing(open_at(address)) as store:
        ids = set(store.incidents()["incident_id"])
        for end, name in zip(ends, names, strict=True):
            whole = {row.key for month in MONTHS for row in lines(50, month=month, name=name)}
            assert end != "done" or whole <= ids
        assert len(store.imports(history=True)) == len(store.imports()) == counters(store)[0]
        assert len(all_incidents(store)) == sum(record.rows_accepted for record in store.imports())
    assert places.faults(address) == []


def test_two_importers_that_make_the_store_at_once_lose_nothing(places):
    address = places.new()
    ends = import_at_once(address, "derbyshire", "west-midlands")
    with closing(open_at(address)) as store:
        assert len(all_incidents(store)) == ends.count("done") * 50 * len(MONTHS)
    assert places.faults(address) == []


def test_a_reader_beside_an_importer_sees_the_old_state_or_the_new_one(places, address):
    states = set()

    def look() -> None:
        with store.reading():
            states.add((len(all_incidents(store)), len(store.imports())))

    with closing(open_at(address)) as store:
        put(store, month_part(MONTHS[0], 40))
        process, mark = start(import_together, address)
        while process.is_alive():
            look()
        look()
    assert list(said(mark))[-1] == "done"
    assert states == {(40, 1), (len(MONTHS) * ROWS, len(MONTHS))}
    assert places.faults(address) == []
