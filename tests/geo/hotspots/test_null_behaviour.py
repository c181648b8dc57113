"""Where nothing is planted, nothing is found, however sparse the counts are."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.cells import Cells, Grid
from geo.hotspots.getis_ord import gi_star, hotspots
from geo.statistics import normal_two_sided

SURFACES = 200


@pytest.fixture(scope="module", params=["drawn", "real"])
def ward(request) -> Cells:
    """About 3,600 cells of a ward, drawn or real."""
    outline = drawn_outline() if request.param == "drawn" else real_outline(request)
    return Cells.over(outline, Grid(round(np.sqrt(outline.area / 3600 / 0.866))))


def real_outline(request) -> shapely.Geometry:
    wards = gpd.read_file(request.getfixturevalue("real_data") / "derby/wards-2022-bng.geojson")
    return max(wards.geometry, key=lambda ward: ward.area)


def drawn_outline() -> shapely.Geometry:
    """An outline like a ward's: ragged, with a bay, a spit and a hole."""
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 3200 * (
        1 + 0.18 * np.sin(3 * turn + 1) + 0.1 * np.sin(7 * turn) + 0.04 * np.sin(31 * turn)
    )
    outline = shapely.Polygon(
        np.column_stack([435_000 + 1.3 * radius * np.cos(turn), 336_000 + radius * np.sin(turn)])
    )
    spit = shapely.box(435_000, 339_000, 435_260, 341_500)
    bay = shapely.box(434_300, 331_000, 434_700, 334_800)
    return (outline | spit) - bay - shapely.Point(436_500, 336_400).buffer(350)


@pytest.mark.parametrize("mean", [0.1, 0.3, 1, 5])
def test_few_surfaces_without_a_hotspot_show_one(ward, mean):
    assert 3_000 < len(ward) < 4_500
    rng = np.random.default_rng(round(mean * 10))
    alarms = 0
    for _ in range(SURFACES):
        # As many incidents fall on a cell as its land in the ward deserves.
        counts = rng.poisson(mean * ward.inside_share)
        called = hotspots(counts, ward.neighbours, ward.inside_area)["class"]
        alarms += (~called.isin(["none", "undefined"])).any()
    assert alarms <= 0.05 * SURFACES


def test_gi_star_is_standard_normal_on_normal_surfaces(ward):
    rng = np.random.default_rng(1)
    z = np.array(
        [gi_star(rng.standard_normal(len(ward)), ward.neighbours) for _ in range(SURFACES)]
    )
    assert abs(z.mean()) < 0.005
    assert z.std() == pytest.approx(1, abs=0.005)
    assert (normal_two_sided(z) < 0.05).mean() == pytest.approx(0.05, abs=0.002)
