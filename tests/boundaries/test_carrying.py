"""Figures go from one layer's areas to another's, and none is lost on the way."""

import numpy as np
import pandas as pd
import pytest

from geo.areal.areal_interpolation import carry
from geo.errors import InputError
from tests.boundaries.cities import wards_of
from tests.boundaries.drawn import grid


@pytest.fixture
def blocks():
    return grid(6, 4).assign(imd_score=np.arange(24.0))


@pytest.fixture
def wards(blocks):
    return wards_of(blocks)[["area_name", "geometry"]]


def test_whole_blocks_go_to_the_area_that_they_fit_best(blocks, wards):
    carried = carry(blocks, wards, sums=["electors"], means={"imd_score": "residents"})
    east = blocks[[code[0] > "c" for code in blocks.index]]
    assert carried.values.loc["E", "electors"] == east["electors"].sum()
    assert carried.values["electors"].dtype == "int64"
    mean = np.average(east["imd_score"], weights=east["residents"])
    assert carried.values.loc["E", "imd_score"] == pytest.approx(mean)
    assert list(carried.values) == ["electors", "imd_score"]
    assert carried.straddling == 0
    assert carried.note == (
        "electors, imd_score: by best fit of 24 whole areas; totals preserved: electors 30,000"
    )


def test_what_lies_in_no_area_is_listed(blocks, wards):
    carried = carry(blocks, wards.loc[["E"]], sums=["electors"])
    assert carried.values["electors"].sum() + carried.outside["electors"] == 30_000
    assert "electors 30,000 (of it 7,800 in no new area)" in carried.note


def test_blocks_that_straddle_are_counted(blocks, wards):
    shifted = wards.set_geometry(wards.geometry.translate(xoff=10))
    assert carry(blocks, shifted, sums=["electors"]).straddling == 8


def test_a_coarse_layer_is_shared_out_by_surface_only(blocks, wards):
    coarse = wards.assign(residents=[1200, 600], imd_score=[10.0, 40.0])
    with pytest.raises(
        InputError, match=r"no area fits .* and \d+ more best.*--by-surface instead"
    ):
        carry(coarse, blocks, sums=["residents"])
    carried = carry(
        coarse, blocks, sums=["residents"], means={"imd_score": "residents"}, by_surface=True
    )
    assert carried.values.loc["a1", "residents"] == pytest.approx(600 / 12)
    assert carried.values.loc["f1", "imd_score"] == pytest.approx(10)
    assert carried.values["residents"].sum() == pytest.approx(1800)
    assert carried.note.startswith("residents, imd_score: estimated by surface, as if people")


def test_an_area_of_which_no_value_is_known_has_no_average(blocks, wards):
    unknown = blocks.assign(imd_score=blocks["imd_score"].where(blocks.index < "d"))
    carried = carry(unknown, wards, means={"imd_score": "residents"})
    assert pd.isna(carried.values.loc["E", "imd_score"])
    assert carried.values.loc["W", "imd_score"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sums": ["pubs"]}, "the blocks have no column pubs"),
        ({"sums": ["area_name"]}, "area_name is not numeric"),
        ({"sums": ["holes"]}, r"holes is missing or negative for 1 block\(s\), such as a1"),
    ],
)
def test_columns_that_cannot_be_carried_are_refused(blocks, wards, options, message):
    with pytest.raises(InputError, match=message):
        carry(blocks.assign(holes=[np.nan, *range(23)]), wards, **options)
