"""However many points are asked, by whatever threads and from whatever file: the same answers."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import InputError
from geo.locate import AreaLocator
from geo.locate.locator import FEW, FEWEST_PER_THREAD
from tests.bench.tilings import TILINGS, make_layer, snap_points

CITY = TILINGS["city of 17 wards"]
X, Y = snap_points(CITY, max(FEW, 3 * FEWEST_PER_THREAD))


@pytest.fixture(scope="module")
def wards() -> gpd.GeoDataFrame:
    return make_layer(CITY)


@pytest.fixture(scope="module")
def located(wards: gpd.GeoDataFrame) -> np.ndarray:
    return AreaLocator(wards).locate(X, Y, workers=1)


def test_few_points_get_the_same_areas_as_many(wards, located):
    assert np.array_equal(AreaLocator(wards).locate(X[:1000], Y[:1000]), located[:1000])


def test_few_points_get_the_same_areas_once_a_grid_is_there(wards, located):
    locator = AreaLocator(wards)
    locator.locate(X, Y)
    assert np.array_equal(locator.locate(X[:1000], Y[:1000]), located[:1000])


@pytest.mark.parametrize("workers", [None, 2, 3])
def test_threads_change_nothing(wards, located, workers):
    assert np.array_equal(AreaLocator(wards).locate(X, Y, workers=workers), located)


def test_without_numba_shapely_gives_the_same(wards, located, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    assert np.array_equal(AreaLocator(wards).locate(X, Y), located)


def test_columns_of_a_table_need_not_lie_side_by_side(wards, located):
    table = np.column_stack([X, Y])
    assert np.array_equal(AreaLocator(wards).locate(table[:, 0], table[:, 1]), located)


def test_tables_of_points_are_refused(wards):
    with pytest.raises(ValueError, match="x and y must have one dimension and be of equal length"):
        AreaLocator(wards).locate(np.zeros((2, 2)), np.zeros((2, 2)))


def test_a_saved_index_gives_the_same(wards, located, tmp_path):
    AreaLocator(wards).save(tmp_path / "wards.grid")
    opened = AreaLocator.open(tmp_path / "wards.grid", wards)
    assert np.array_equal(opened.locate(X, Y), located)
    assert [path.name for path in tmp_path.iterdir()] == ["wards.grid"]


def test_an_index_without_a_single_list_is_saved_too(wards, tmp_path):
    far = gpd.GeoDataFrame(
        index=["far"], geometry=[shapely.Point(5e8, 5e8).buffer(9)], crs=wards.crs
    )
    areas = gpd.GeoDataFrame(pd.concat([wards, far]))
    AreaLocator(areas).save(tmp_path / "far.grid")
    opened = AreaLocator.open(tmp_path / "far.grid", areas)
    assert np.array_equal(opened.locate(X, Y), AreaLocator(areas).locate(X, Y))


def test_an_index_of_other_areas_is_refused(wards, tmp_path):
    AreaLocator(wards).save(tmp_path / "wards.grid")
    other_code = wards.rename(index={"E05000003": "E05000099"})
    other_place = wards.assign(geometry=wards.geometry.translate(0.001))
    for other in (other_code, other_place, wards[::-1], wards[1:]):
        with pytest.raises(InputError, match=r"^wards.grid is an index of other areas; save it"):
            AreaLocator.open(tmp_path / "wards.grid", other)


@pytest.mark.parametrize("left", [0, 10, 200, 5_000])
def test_a_damaged_index_is_refused(wards, tmp_path, left):
    path = tmp_path / "wards.grid"
    AreaLocator(wards).save(path)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(InputError, match=r"^wards.grid is not a saved index"):
        AreaLocator.open(path, wards)


def test_areas_that_need_no_index_cannot_save_one(wards, tmp_path):
    with pytest.raises(InputError, match="these areas have no index to save"):
        AreaLocator(wards[:0]).save(tmp_path / "none.grid")
    assert list(tmp_path.iterdir()) == []


def test_few_points_do_not_load_what_is_compiled(tmp_path):
    """The command line would start a third of a second later."""
    code = (
        "import sys, geopandas, shapely\n"
        "from geo.locate import AreaLocator\n"
        "areas = geopandas.GeoDataFrame(index=['A'], geometry=[shapely.box(0, 0, 1, 1)])\n"
        "assert AreaLocator(areas).locate([0.5], [0.5]).tolist() == [0]\n"
        "assert not {'numba', 'rtree'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
