"""A layer comes back as it was put, in every kind of store."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import InputError, NotFoundError
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import RESERVED_IDS
from tests.geo.stores.parts import WARDS, put_layer


def test_a_layer_comes_back_as_it_was_put(store, four_squares):
    areas = four_squares.assign(residents=[1, 2, 3, 4], share=[0.1, 0.2, 0.3, 0.4])
    put_layer(store, areas)
    metadata, stored = store.layer("wards")
    assert metadata == WARDS
    assert stored.index.tolist() == ["A", "B", "C", "D"]
    assert stored.index.name == "area_code"
    for name in ("area_name", "residents", "share"):
        assert stored[name].tolist() == areas[name].tolist()
    assert stored["residents"].dtype.kind == "i"
    assert shapely.equals(stored.geometry.to_numpy(), areas.geometry.to_numpy()).all()
    assert stored.crs.to_string() == BRITISH_NATIONAL_GRID


def test_every_paper_of_a_layer_comes_back(store, four_squares):
    metadata = LayerMetadata(
        "wards", "Wardiau Gŵyr", "Cyngor", "OGL", "https://x/?a=1&b='2'", "2025-05-01",
        "2026-05-01", "WD25CD", "WD25NM", 'a "file".geojson', "0" * 64, "line\nline\t∑",
    )  # fmt: skip
    put_layer(store, four_squares, metadata)
    assert store.layers() == [metadata]


def test_rows_come_back_in_the_order_of_their_codes(store, four_squares):
    put_layer(store, four_squares.loc[["D", "A", "C", "B"]])
    stored = store.layer("wards")[1]
    assert stored.index.tolist() == ["A", "B", "C", "D"]
    assert stored.geometry["D"].equals(four_squares.geometry["D"])


def test_codes_are_ordered_by_their_letters_and_not_by_a_language(store, four_squares):
    codes = ["b", "É", "B", "a-1"]
    put_layer(store, four_squares.set_axis(pd.Index(codes, name="area_code")))
    assert store.layer("wards")[1].index.tolist() == sorted(codes)


def test_columns_come_back_in_their_order(store, four_squares):
    put_layer(store, four_squares.assign(z=1, a=2, m=3))
    names = store.layer("wards")[1].columns.drop("geometry").tolist()
    assert names == ["area_name", "z", "a", "m"]


def test_missing_values_come_back_missing(store, four_squares):
    texts, numbers = ["x", None, "", np.nan], [1.5, np.nan, 0.0, None]
    put_layer(store, four_squares.assign(note=texts, electors=numbers))
    stored = store.layer("wards")[1]
    assert stored["note"].isna().tolist() == [False, True, False, True]
    assert stored["electors"].isna().tolist() == [False, True, False, True]
    assert (stored["note"]["C"], stored["electors"]["A"]) == ("", 1.5)


def test_a_column_without_any_value_comes_back_without_any(store, four_squares):
    put_layer(store, four_squares.assign(nothing=None))
    assert store.layer("wards")[1]["nothing"].isna().all()


@pytest.mark.parametrize(
    "values",
    [
        [2**63 - 1, -(2**63), 0, 1],
        [0.1, 1e-300, -1.7976931348623157e308, 3.0],
        ["Gŵyl", "ﬁ", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "O'Brien; DROP TABLE x --"],
        ["2025-05-01", "001", "1e5", "true"],
    ],
    ids=["large numbers", "fractions", "letters", "texts that look like other things"],
)
def test_values_come_back_exactly(values, store, four_squares):
    put_layer(store, four_squares.assign(value=values))
    assert store.layer("wards")[1]["value"].tolist() == values


ODD_NAMES = [
    "select", 'say "hi"', "a b", "ymgeisydd é ∑", "x;--", "1", "%s", "%(a)s", "?", "Geometry_",
]  # fmt: skip


def test_any_column_name_comes_back(store, four_squares):
    columns = {name: [number, 2, 3, 4] for number, name in enumerate(ODD_NAMES)}
    put_layer(store, four_squares.assign(**columns))
    stored = store.layer("wards")[1]
    assert {name: stored[name].tolist() for name in ODD_NAMES} == columns


@pytest.mark.parametrize("values", [[True, False, True, False], [True, None, False, True]])
def test_true_and_false_come_back_as_such(values, store, four_squares):
    put_layer(store, four_squares.assign(urban=pd.Series(values, list("ABCD"))))
    urban = store.layer("wards")[1]["urban"].astype(object)
    assert [None if pd.isna(value) else value for value in urban] == values


def test_islands_and_holes_come_back(store):
    ring = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
    islands = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(30, 0, 31, 1)])
    names = {"area_name": ["a", "b"]}
    areas = gpd.GeoDataFrame(
        names, index=["A", "B"], geometry=[ring, islands], crs=BRITISH_NATIONAL_GRID
    )
    put_layer(store, areas)
    assert shapely.equals(store.layer("wards")[1].geometry, areas.geometry).all()


def test_corners_come_back_to_the_last_bit(store, four_squares):
    areas = four_squares.set_geometry(four_squares.geometry.rotate(0.123456789, origin=(1 / 3, 7)))
    put_layer(store, areas)
    coordinates = shapely.get_coordinates(store.layer("wards")[1].geometry.to_numpy())
    assert coordinates.tolist() == shapely.get_coordinates(areas.geometry.to_numpy()).tolist()


def test_a_layer_is_replaced_whole_and_keeps_its_place(store, four_squares):
    put_layer(store, four_squares.assign(old=1))
    put_layer(store, four_squares, LayerMetadata("blocks"))
    put_layer(store, four_squares.loc[["B"]], LayerMetadata("wards", title="New"))
    assert [metadata.layer_id for metadata in store.layers()] == ["wards", "blocks"]
    metadata, stored = store.layer("wards")
    assert (metadata.title, stored.index.tolist()) == ("New", ["B"])
    assert "old" not in stored.columns


def test_layers_are_told_in_the_order_they_were_added(store, four_squares):
    ids = ["wards-2025", "a", "z_9", "m"]
    with store.transaction():
        for layer_id in ids:
            store.put_layer(LayerMetadata(layer_id), four_squares)
    assert [metadata.layer_id for metadata in store.layers()] == ids


def test_the_longest_id_that_is_allowed_names_a_layer(store, four_squares):
    layer_ids = ["a" * 62 + "b", "a" * 62 + "c"]
    for number, layer_id in enumerate(layer_ids):
        put_layer(store, four_squares.assign(number=number), LayerMetadata(layer_id))
    assert [store.layer(layer_id)[1]["number"]["A"] for layer_id in layer_ids] == [0, 1]


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(store, four_squares):
    with pytest.raises(NotFoundError, match="there is no layer 'x'; there are: none yet"):
        store.layer("x")
    put_layer(store, four_squares)
    with pytest.raises(NotFoundError, match="there is no layer 'x'; there are: wards"):
        store.layer("x")


OWN_NAME = "cannot be a layer's id: Patchmap uses that name itself"
REFUSED_IDS = {
    **dict.fromkeys(["Wards", "1wards", "a" * 64, "", 'x"; drop', "é"], "use small letters"),
    **dict.fromkeys(
        [*RESERVED_IDS, "gpkg_contents", "patchmap_store", "plan-a", "sqlite_x", "rtree_a"],
        OWN_NAME,
    ),
}


def test_an_id_that_cannot_name_a_layer_is_refused(store, four_squares):
    for layer_id, message in REFUSED_IDS.items():
        with pytest.raises(InputError, match=message) as refused:
            put_layer(store, four_squares, LayerMetadata(layer_id))
        assert str(refused.value).startswith(repr(layer_id))
    assert store.layers() == []
