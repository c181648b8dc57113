"""Columns of a table join a layer by code, and codes that do not match are listed."""

import pandas as pd
import pytest

from boundaries.layers.attributes import join_attributes
from boundaries.layers.read import read_layer
from geo.errors import InputError
from geo.formats.csv_table import Table, read_table
from geo.store.contract import LayerMetadata


def table(*lines: str) -> Table:
    return read_table("\n".join(lines).encode(), file="electors.csv")


def test_columns_join_by_code_whatever_their_order(four_squares):
    rows = table("ward,electors,note", "D,4,x", "B,2,", "A,1,y", "C,3,z")
    joined, unknown, missing = join_attributes(four_squares, rows, key="ward")
    assert joined["electors"].to_dict() == {"A": 1, "B": 2, "C": 3, "D": 4}
    assert joined["electors"].dtype == "int64"
    assert joined["note"].tolist() == ["y", "", "z", "x"]
    assert (unknown, missing) == ([], [])
    assert joined.geometry.equals(four_squares.geometry)


def test_codes_that_do_not_meet_are_told_on_both_sides(four_squares):
    rows = table("ward,electors", "A,1", "Z,9", "C,3")
    joined, unknown, missing = join_attributes(four_squares, rows, key="ward")
    assert (unknown, missing) == (["Z"], ["B", "D"])
    assert joined["electors"].isna().tolist() == [False, True, False, True]
    assert len(joined) == 4


def test_the_layer_that_was_given_stays_as_it_is(four_squares):
    before = list(four_squares.columns)
    join_attributes(four_squares, table("ward,electors", "A,1"), key="ward")
    assert list(four_squares.columns) == before


def test_an_attribute_of_the_same_name_is_replaced(four_squares):
    old = four_squares.assign(electors=7)
    joined = join_attributes(old, table("ward,electors", "A,1", "B,2"), key="ward")[0]
    assert joined["electors"]["A"] == 1
    assert joined["electors"].isna().sum() == 2


def test_columns_can_be_called_otherwise(four_squares):
    rows = table("ward,Total,Other", "A,1,2")
    joined = join_attributes(four_squares, rows, key="ward", names={"Total": "residents"})[0]
    assert {"residents", "Other"} <= set(joined.columns)
    assert "Total" not in joined.columns


def test_a_column_never_replaces_code_name_or_shape(four_squares):
    rows = table("ward,area_name,geometry,FID", "A,x,y,1")
    joined = join_attributes(four_squares, rows, key="ward")[0]
    assert joined["area_name"]["A"] == "Ward A"
    assert joined["area_name_"]["A"] == "x"
    assert {"geometry_", "FID_"} <= set(joined.columns)
    assert joined.geometry["A"].area == 10_000


@pytest.mark.parametrize(
    ("values", "dtype", "first"),
    [
        (["1", "2"], "int64", 1),
        (["1.0", "2"], "int64", 1),
        (["1.5", "2"], "float64", 1.5),
        (["1", ""], "float64", 1),
        (["1", "x"], "str", "1"),
        (["1,5", "2"], "str", "1,5"),
        (["nan", "2"], "str", "nan"),
    ],
)
def test_numbers_are_numbers_only_where_every_value_is_one(values, dtype, first, four_squares):
    rows = table("ward,v", *(f'{c},"{v}"' for c, v in zip("AB", values, strict=True)))
    joined = join_attributes(four_squares.loc[["A", "B"]], rows, key="ward")[0]
    assert joined["v"].dtype == dtype
    assert joined["v"]["A"] == first


def test_a_code_that_begins_with_nought_keeps_it(four_squares):
    rows = table("ward,beat", "A,007", "B,012")
    assert join_attributes(four_squares, rows, key="ward")[0]["beat"]["A"] == "007"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["code,electors", "A,1"], "electors.csv lacks the column ward; it has: code, electors"),
        (["ward,n", "A,1", "", "A,2"], "electors.csv, line 4: ward 'A' appears twice"),
        (["ward,n", "X,1", "Y,2"], "electors.csv: no value of ward is a code of this layer"),
    ],
)
def test_a_table_that_cannot_join_is_refused(lines, message, four_squares):
    with pytest.raises(InputError, match=message):
        join_attributes(four_squares, table(*lines), key="ward")


def test_spaces_around_codes_do_not_matter(four_squares):
    joined, unknown, _ = join_attributes(four_squares, table("ward,n", " A ,1"), key="ward")
    assert unknown == []
    assert joined["n"]["A"] == 1


def test_published_deprivation_joins_derbys_areas(real_data, projection):
    folder = real_data / "derby"
    content = (folder / "lsoa-2011.geojson").read_bytes()
    areas = read_layer(content, LayerMetadata("lsoas"), projection=projection).areas
    rows = read_table((folder / "imd-2019-lsoa-2011.csv").read_bytes(), file="imd.csv")
    joined, _, missing = join_attributes(areas, rows, key="lsoa11_code")
    assert missing == []
    assert joined["IMD_decile"].between(1, 10).all()
    assert pd.api.types.is_integer_dtype(joined["IMD_rank"])
    assert joined["IMD_rank"]["E01013453"] == 6073
