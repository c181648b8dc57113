"""Measures and their values: imported, replaced, undone and copied alike in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import ConflictError, InputError, NotFoundError
from geo.measures.model import Measure, values_frame
from geo.period import Period
from geo.store.contract import Store
from geo.store.copying import copy_store
from geo.store.measure_contract import TableFile, TableImport

RESIDENTS = Measure("residents", "Residents", "people", "count", "neither", "wards", "Census 2021")
SHARE = Measure("fit", "Fit homes", "%", "share", "up", "wards", "Council", multiplier=100)
YEARS = (("2021-01-01", "2021-12-31"), ("2022-01-01", "2022-12-31"))


def value(code: str, number: float | None, *, year: int = 0, **others: Any) -> dict[str, Any]:
    first, last = YEARS[year]
    row = {"measure_id": "residents", "area_code": code, "first_day": first, "last_day": last}
    return {**row, "value": number, **others}


def put(store: Store, *rows: dict[str, Any], measures: tuple[Measure, ...] = ()) -> TableImport:
    with store.transaction():
        file = TableFile("values.csv", "0" * 64, len(rows), {}, measures)
        return store.put_measure_values(values_frame(list(rows)), file, by="ann")


def undo(store: Store, import_id: int) -> None:
    with store.transaction():
        store.undo_table_import(import_id)


def numbers(store: Store) -> dict[tuple[str, int], float]:
    frame = store.measure_values()
    keys = zip(frame["area_code"], frame["first_day"].dt.year, strict=True)
    return dict(zip(keys, frame["value"].fillna(-1), strict=True))


@pytest.fixture
def filled(store: Store) -> Store:
    put(store, value("b", 20.0), value("a", 10.5), value("é, c", None), measures=(RESIDENTS,))
    return store


def test_values_are_read_as_they_were_put_and_what_is_unknown_stays_unknown(filled):
    text = filled.measure_values().to_csv(index=False)
    assert text == (
        "measure_id,area_code,first_day,last_day,value,numerator,denominator,lower,upper,note\n"
        "residents,a,2021-01-01,2021-12-31,10.5,,,,,\n"
        "residents,b,2021-01-01,2021-12-31,20.0,,,,,\n"
        'residents,"é, c",2021-01-01,2021-12-31,,,,,,\n'
    )
    types = filled.measure_values().dtypes.astype(str).to_dict()
    assert types["first_day"] == types["last_day"] == "datetime64[s]"
    assert filled.measures() == [RESIDENTS]


def test_only_the_areas_measures_and_periods_that_are_asked_for_are_read(filled):
    put(filled, value("a", 11.0, year=1), value("b", 21.0, year=1), measures=(SHARE,))
    put(filled, {**value("a", 0.4, year=1), "measure_id": "fit", "numerator": 4, "denominator": 10})
    assert list(filled.measure_values(["fit"])["numerator"]) == [4.0]
    assert list(filled.measure_values(area_codes=["a"])["value"]) == [0.4, 10.5, 11.0]
    late = Period(date(2021, 12, 31), date(2021, 12, 31))
    assert len(filled.measure_values(["residents"], period=late)) == 3
    after = Period(date(2022, 1, 1), date(2022, 1, 1))
    assert list(filled.measure_values(["residents"], period=after)["value"]) == [11.0, 21.0]
    assert filled.measure_values(["nothing"]).empty
    assert filled.measure_values(area_codes=[]).empty
    assert filled.measure_values(period=Period(date(2030, 1, 1), date(2030, 1, 1))).empty


def test_the_periods_of_a_measure_are_known_without_its_values(filled):
    put(filled, value("a", 11.0, year=1), value("b", 22.0))
    periods = filled.measure_periods(["residents"])
    assert list(periods["first_day"].dt.year) == [2021, 2022]
    assert list(periods["areas"]) == [3, 1]
    undo(filled, 2)
    assert list(filled.measure_periods()["areas"]) == [3]
    assert filled.measure_periods(["fit"]).empty


def test_a_file_replaces_the_values_that_it_has_and_no_others(filled):
    record = put(filled, value("b", 25.0), value("a", 10.5), value("a", 11.0, year=1))
    assert numbers(filled) == {
        ("a", 2021): 10.5,
        ("a", 2022): 11,
        ("b", 2021): 25,
        ("é, c", 2021): -1,
    }
    counted = (record.rows_read, record.rows_present, record.rows_accepted, record.rows_replaced)
    assert counted == (3, 1, 2, 1)
    assert record == filled.table_imports("measures")[-1]


def test_a_note_alone_makes_a_value_another_one(filled):
    record = put(filled, value("é, c", None, note="suppressed"))
    assert record.rows_replaced == 1
    assert list(filled.measure_values(area_codes=["é, c"])["note"]) == ["suppressed"]


def test_the_same_values_again_are_present_and_nothing_is_recorded(filled):
    version = filled.data_version()
    record = put(filled, value("b", 20.0), value("a", 10.5), measures=(RESIDENTS,))
    assert (record.import_id, record.rows_present, record.rows_accepted) == (0, 2, 0)
    assert len(filled.table_imports()) == 1
    assert filled.data_version() == version


def test_an_undo_restores_what_was_replaced(filled):
    before = filled.measure_values()
    put(filled, value("b", 25.0), value("c", 1.0))
    undo(filled, 2)
    pd.testing.assert_frame_equal(filled.measure_values(), before)
    assert [one.state for one in filled.table_imports()] == ["current", "undone"]


def test_an_undo_takes_the_measures_back_that_the_file_added_or_changed(filled):
    put(
        filled,
        measures=(SHARE, Measure("residents", "People", "people", "count", "up", "wards", "")),
    )
    assert [one.title for one in filled.measures()] == ["People", "Fit homes"]
    undo(filled, 2)
    assert filled.measures() == [RESIDENTS]
    undo(filled, 1)
    assert filled.measures() == []
    assert filled.measure_values().empty


def test_an_undo_leaves_a_definition_that_was_given_after_the_import(filled):
    put(filled, measures=(SHARE, replace(RESIDENTS, title="People")))
    changed = [replace(RESIDENTS, title="Population"), replace(SHARE, title="Decent homes")]
    with filled.transaction():
        for one in changed:
            filled.put_measure(one)
    undo(filled, 2)
    assert filled.measures() == changed


def test_values_of_other_areas_are_counted_by_area_and_period(filled):
    put(filled, value("a", 11.0, year=1), value("z", 1.0, year=1), measures=(SHARE,))
    put(filled, {**value("q", 0.4, year=1), "measure_id": "fit"})
    assert filled.values_of_other_areas("residents", ["b", "é, c"]).to_dict() == {"a": 2, "z": 1}
    late = Period(date(2022, 6, 1), date(2022, 6, 1))
    others = filled.values_of_other_areas("residents", ["b", "z"], period=late)
    assert others.to_dict() == {"a": 1}
    # One area of many is looked for by itself.
    assert filled.values_of_other_areas("residents", ["a", "b", "z", "q"]).to_dict() == {"é, c": 1}
    assert filled.values_of_other_areas("residents", ["a", "b", "z", "q", "é, c"]).empty
    assert filled.values_of_other_areas("nothing", []).empty


def test_a_later_import_of_the_same_measure_is_undone_first(filled):
    put(filled, value("b", 25.0))
    with pytest.raises(ConflictError, match="undo import 2 first"), filled.transaction():
        filled.undo_table_import(1)
    undo(filled, 2)
    undo(filled, 1)
    with pytest.raises(ConflictError, match="import 1 is already undone"), filled.transaction():
        filled.undo_table_import(1)
    with pytest.raises(NotFoundError, match="there is no import 9"), filled.transaction():
        filled.undo_table_import(9)


def test_what_was_replaced_can_be_purged_and_then_not_be_restored(filled):
    put(filled, value("b", 25.0))
    version = filled.data_version()
    assert [one.import_id for one in filled.purgeable_table_imports("2999")] == [2]
    assert filled.purgeable_table_imports("2001") == []
    with filled.transaction():
        filled.purge_table_imports("2999")
    assert filled.purgeable_table_imports("2999") == []
    assert filled.data_version() == version
    with pytest.raises(ConflictError, match="1 values that it replaced were purged"):
        undo(filled, 2)


def test_a_measure_that_was_removed_does_not_come_back_with_an_undo(filled):
    put(filled, value("b", 25.0), measures=(SHARE,))
    with filled.transaction():
        filled.remove_measure("residents")
        filled.put_measure(RESIDENTS)
    undo(filled, 2)
    assert filled.measures() == [RESIDENTS]
    assert filled.measure_values().empty
    with (
        pytest.raises(NotFoundError, match="no measure 'x'; there are: residents"),
        filled.transaction(),
    ):
        filled.remove_measure("x")


def test_values_of_nothing_and_values_that_stand_twice_are_refused(filled):
    with pytest.raises(NotFoundError, match="no measure 'fit'"):
        put(filled, {**value("a", 1.0), "measure_id": "fit"})
    with pytest.raises(ConflictError, match="residents of a from 2021-01-01 to 2021-12-31 stands"):
        put(filled, value("a", 1.0), value("a", 2.0))
    with pytest.raises(ConflictError, match="residents has values on wards; remove it first"):
        put(filled, measures=(Measure("residents", "R", "", "count", "up", "lsoa", ""),))
    with pytest.raises(InputError, match="cannot be a measure's id"), filled.transaction():
        filled.put_measure(Measure("R,1", "R", "", "count", "up", "lsoa", ""))
    assert numbers(filled)["a", 2021] == 10.5


def test_only_the_counter_of_measures_moves(filled):
    before = filled.data_version()
    put(filled, value("b", 25.0))
    after = filled.data_version()
    assert after.measures > before.measures
    assert after.of("incidents", "layers", "plans", "settings", "entries") == before.of(
        "incidents", "layers", "plans", "settings", "entries"
    )


def test_a_copy_has_the_same_measures_and_values_and_undoes_its_imports(filled, new_store):
    put(filled, value("b", 25.0), value("c", 1.0))
    target = new_store()()
    copy_store(filled, target)
    pd.testing.assert_frame_equal(target.measure_values(), filled.measure_values())
    pd.testing.assert_frame_equal(target.measure_periods(), filled.measure_periods())
    assert target.measures() == filled.measures()
    undo(target, 2)
    assert sorted(target.measure_values()["area_code"]) == ["a", "é, c"]
    target.close()


def test_many_areas_are_asked_for_at_once(store):
    codes = [f"E{number:05}" for number in range(6_000)]
    put(store, *(value(code, float(at)) for at, code in enumerate(codes)), measures=(RESIDENTS,))
    for wanted in (codes[:700], codes[:5_000]):
        assert list(store.measure_values(area_codes=wanted)["area_code"]) == wanted
    put(store, *(value(code, -1.0) for code in codes[::2]))
    undo(store, 2)
    assert store.measure_values()["value"].sum() == np.arange(6_000).sum()


Step = st.one_of(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3), min_size=1), st.just("undo")
)


@given(steps=st.lists(Step, max_size=5))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_imported_and_undone_the_store_holds_what_a_dict_would(store, steps):
    with store.transaction():
        for measure in store.measures():
            store.remove_measure(measure.measure_id)
        store.put_measure(RESIDENTS)
    states: list[tuple[int, dict[str, float]]] = [(0, {})]
    for step in steps:
        if step != "undo":
            record = put(store, *(value(code, float(n)) for code, n in step.items()))
            if record.import_id:
                states.append((record.import_id, {**states[-1][1], **step}))
        elif len(states) > 1:
            undo(store, states.pop()[0])
        held = {code: n for (code, _), n in numbers(store).items()}
        assert held == states[-1][1]
    assert store.measure_periods()["areas"].sum() == len(states[-1][1])
