"""Every change of a layer is recorded with what it replaced, and can be undone in order."""

import pandas as pd
import pytest
import shapely

from geo.errors import ConflictError, NotFoundError
from geo.store.contract import LayerMetadata
from geo.store.layer_changes import MOST_UNDONE
from tests.geo.stores.parts import WARDS, put_layer


def undo(store, change_id):
    with store.transaction():
        return store.undo_layer_change(change_id)


def test_a_new_layer_is_removed_again(store, four_squares):
    put_layer(store, four_squares)
    change = undo(store, 1)
    assert (change.layer_id, change.areas, change.areas_before) == ("wards", 4, 0)
    assert store.layers() == []
    with pytest.raises(NotFoundError, match="no layer 'wards'"):
        store.layer("wards")
    assert [change.state for change in store.layer_changes()] == ["undone"]


def test_a_replaced_layer_comes_back_as_it_was(store, four_squares):
    flags = pd.array([True, False, None, True], dtype="boolean")
    put_layer(
        store, four_squares.assign(residents=[1, 2, 3, 4], rural=flags, note=["a", "", None, "Ŵ"])
    )
    before = store.layer("wards")
    other = LayerMetadata("wards", "Other", file="other.geojson")
    with store.transaction():
        store.put_layer(other, four_squares.loc[["A"]], by="ann", what="a smaller file")
    change = store.layer_changes()[-1]
    assert (change.what, change.changed_by, change.areas, change.areas_before) == (
        "a smaller file",
        "ann",
        1,
        4,
    )
    undo(store, 2)
    metadata, areas = store.layer("wards")
    assert metadata == WARDS
    pd.testing.assert_frame_equal(
        pd.DataFrame(areas.drop(columns="geometry")),
        pd.DataFrame(before[1].drop(columns="geometry")),
    )
    assert shapely.equals(areas.geometry.to_numpy(), before[1].geometry.to_numpy()).all()
    assert areas.crs == before[1].crs


def test_changes_are_undone_from_the_last_one(store, four_squares):
    put_layer(store, four_squares)
    put_layer(store, four_squares.assign(residents=[1, 2, 3, 4]))
    with pytest.raises(ConflictError, match="undo change 2 first"):
        undo(store, 1)
    undo(store, 2)
    assert "residents" not in store.layer("wards")[1]
    with pytest.raises(ConflictError, match="already undone"):
        undo(store, 2)
    undo(store, 1)
    assert store.layers() == []
    with pytest.raises(NotFoundError, match="no layer change 3"):
        undo(store, 3)


def test_only_the_last_changes_can_be_undone(store, four_squares):
    for number in range(MOST_UNDONE + 2):
        put_layer(store, four_squares.assign(residents=number))
    states = [change.state for change in store.layer_changes()]
    assert states == ["final", "final", *["current"] * MOST_UNDONE]
    for change_id in range(MOST_UNDONE + 2, 2, -1):
        undo(store, change_id)
    assert store.layer("wards")[1]["residents"].tolist() == [1, 1, 1, 1]
    with pytest.raises(ConflictError, match="no longer stored"):
        undo(store, 2)


def test_the_layer_of_a_plan_is_not_removed(store, four_squares):
    put_layer(store, four_squares)
    plan = {
        "plan_id": "north",
        "title": "",
        "blocks_layer": "wards",
        "base_layer": "",
        "version": 1,
        "begun_by": "ann",
        "steps": [],
        "done": 0,
    }
    with store.transaction():
        store.put_plan(plan, based_on=0)
    with pytest.raises(ConflictError, match="the plan north is made of it"):
        undo(store, 1)
    assert len(store.layer("wards")[1]) == 4


def test_settings_forget_a_layer_that_is_removed(store, four_squares):
    put_layer(store, four_squares)
    with store.transaction():
        store.put_setting("default_layer", "wards")
        store.put_setting("ground", "other")
    undo(store, 1)
    assert (store.setting("default_layer"), store.setting("ground")) == (None, "other")


def test_an_undo_that_is_rolled_back_leaves_all_as_it_was(store, four_squares):
    put_layer(store, four_squares)
    version = store.data_version()

    def undo_and_fail():
        with store.transaction():
            store.undo_layer_change(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undo_and_fail()
    assert store.data_version() == version
    assert (len(store.layers()), store.layer_changes()[0].state) == (1, "current")


def test_a_layer_added_again_after_its_removal_is_new(store, four_squares):
    put_layer(store, four_squares)
    undo(store, 1)
    put_layer(store, four_squares)
    assert store.layer_changes()[-1].areas_before == 0
    undo(store, 2)
    assert store.layers() == []
