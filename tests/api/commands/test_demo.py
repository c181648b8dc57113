"""The demo city's store holds its measures and entries once, whatever it was made of before."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from api.commands.demo import _put_measures, _put_records, _put_tasking, _refuse_other_data
from boundaries.demo import DemoCity
from geo.errors import ConflictError
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.services import run_patchmap


def test_the_store_has_what_the_council_measures_and_spends(
    demo_store: Path, demo_city: DemoCity
) -> None:
    with closing(GeoPackageStore(demo_store)) as store:
        assert store.measures() == list(demo_city.measures)
        assert_frame_equal(store.measure_values(), demo_city.values)
        assert_frame_equal(store.entries(), demo_city.entries)


def test_a_city_of_another_seed_leaves_no_row_of_the_first(
    demo_store: Path, demo_city: DemoCity, tmp_path: Path
) -> None:
    path = shutil.copyfile(demo_store, tmp_path / "demo.gpkg")
    amounts = demo_city.entries["amount"] * 2
    other = replace(
        demo_city,
        values=demo_city.values.iloc[:100],
        entries=demo_city.entries.assign(amount=amounts).iloc[:10],
    )
    with closing(GeoPackageStore(path)) as store:
        for city in (demo_city, other, other):
            with store.transaction():
                _put_measures(store, city)
        assert_frame_equal(store.measure_values(), other.values)
        assert_frame_equal(store.entries(), other.entries)


def test_entries_of_others_are_no_demo(
    demo_store: Path, demo_city: DemoCity, tmp_path: Path
) -> None:
    path = shutil.copyfile(demo_store, tmp_path / "demo.gpkg")
    with closing(GeoPackageStore(path)) as store:
        _refuse_other_data(store, "demo.gpkg")
        with store.transaction():
            own = demo_city.entries.iloc[:1].assign(entry_id="own")
            store.put_entries(own, TableFile("own.csv", "0", rows_read=1))
        with pytest.raises(ConflictError, match="holds other data"):
            _refuse_other_data(store, "demo.gpkg")


def test_tasks_of_a_city_are_never_mixed_with_another(demo_store: Path, tmp_path: Path) -> None:
    shutil.copyfile(demo_store, tmp_path / "demo.gpkg")
    done = run_patchmap("--store", "demo.gpkg", "demo", "--seed", "7", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "demo.gpkg has the tasks of the demo city of seed 2026, and tasks are never deleted; name "
        "a new store for another city with --store other.gpkg\n"
    )
    with closing(GeoPackageStore(tmp_path / "demo.gpkg")) as store:
        assert store.setting("demo") == 2026


def test_tasks_that_were_raised_elsewhere_are_no_demo(demo_city: DemoCity, tmp_path: Path) -> None:
    with closing(GeoPackageStore(tmp_path / "own.gpkg", create=True)) as store:
        with store.transaction():
            assert _put_tasking(store, demo_city)
            assert not _put_tasking(store, demo_city)
        with pytest.raises(ConflictError, match="holds other data"):
            _refuse_other_data(store, "own.gpkg")


@pytest.mark.parametrize(("name", "kind"), [("ward-money", "money"), ("officer-hours", "time")])
def test_its_files_read_as_what_the_store_has_already(
    demo_folder: Path, demo_city: DemoCity, tmp_path: Path, name: str, kind: str
) -> None:
    shutil.copyfile(demo_folder / "demo.gpkg", tmp_path / "demo.gpkg")
    file = demo_folder / "files" / f"{name}.csv"
    line = ("entries", "add", str(file), "--layer", "wards", "--kind", kind)
    done = run_patchmap("--store", "demo.gpkg", *line, "--dates", "dd/mm/yyyy", cwd=tmp_path)
    own = demo_city.entries[demo_city.entries["kind"] == kind]
    n = int((own["layer_id"] != "estates").sum())
    assert f"{n:,} read = 0 rejected + {n:,} already there + 0 accepted" in done.stdout


def test_the_store_has_a_year_of_records_as_two_extracts(
    demo_store: Path, demo_city: DemoCity, tmp_path: Path
) -> None:
    path = shutil.copyfile(demo_store, tmp_path / "demo.gpkg")
    with closing(GeoPackageStore(path)) as store:
        for _ in range(2):
            with store.transaction():
                _put_records(store, demo_city)
        first, last = (one for one in store.imports() if one.source == "records")
        assert (first.extracted, last.extracted) == ("2026-03-24", "2026-03-31")
        assert (first.rows_rejected, last.rows_rejected, last.rows_accepted) == (0, 0, 1_996)
        assert {name: last.events[name] for name in ("reopened", "vanished")} == {
            "reopened": 5,
            "vanished": 4,
        }
        _refuse_other_data(store, "demo.gpkg")


def test_records_of_another_seed_leave_no_row_of_the_first(
    demo_store: Path, demo_city: DemoCity, tmp_path: Path
) -> None:
    path = shutil.copyfile(demo_store, tmp_path / "demo.gpkg")
    cases = demo_city.cases.iloc[:100]
    other = replace(demo_city, cases=cases.assign(vanishes=False, reopens=False))
    with closing(GeoPackageStore(path)) as store:
        for city in (demo_city, other):
            with store.transaction():
                _put_records(store, city)
        incidents = store.incidents()
        assert (incidents["source"] == "records").sum() == other.cases["x"].notna().sum()
