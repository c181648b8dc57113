"""Housing sites add to forecasts: by year, by surface, exactly, and nothing where unknown."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.blocks import BlockLayer
from boundaries.layers.housing import (
    EACH,
    add_sites,
    electors_from_sites,
    forecast_without_sites,
    read_housing_features,
    read_housing_table,
)
from boundaries.plans.figures import figure_blocks
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_table import Table
from tests.boundaries.drawn import SOUTH, WEST, grid

PROJECTION = Projection.choose()
HEAD = ["name", "easting", "northing", "dwellings 2027", "2029", "Electors per dwelling"]


def read(*rows, head=HEAD, each=None):
    lines = np.arange(2, 2 + len(rows))
    table = Table("sites.csv", head, lines, [[str(cell) for cell in row] for row in rows])
    return read_housing_table(table, projection=PROJECTION, each=each)


def blocks(**columns):
    return grid(4, 1).assign(electors_forecast=500, electors_2029=600, **columns)


def polygons(*boxes, dwellings=100, each=2.0):
    shapes = [shapely.box(WEST + west, SOUTH, WEST + east, SOUTH + 100) for west, east in boxes]
    codes = pd.Index([f"s{n}" for n in range(len(boxes))], name="area_code")
    columns = {"area_name": codes, "dwellings_2027": dwellings, EACH: each}
    return gpd.GeoDataFrame(columns, index=codes, geometry=shapes, crs=grid(1, 1).crs)


def test_a_forecast_counts_the_dwellings_of_all_years_up_to_its_own():
    sites = read(("Mill", WEST + 150, SOUTH + 50, "40", "1,000", "1.5"))
    added = add_sites(blocks(), sites, forecast_year=2028)
    assert added.areas["electors_forecast"].to_dict() == {
        "a1": 500,
        "b1": 560,
        "c1": 500,
        "d1": 500,
    }
    assert added.areas.loc["b1", "electors_2029"] == 600 + 1560
    assert added.areas["electors"].equals(blocks()["electors"])  # today's stays
    assert electors_from_sites(added.areas) == {"electors_forecast": 60, "electors_2029": 1560}
    (row,) = added.sites.to_dict("records")
    assert (row["area_name"], row["blocks"], row["dwellings"]) == ("Mill", "b1", 1040)


def test_what_is_unknown_of_a_site_stays_unknown_and_adds_nothing():
    sites = read(
        ("No rate", WEST + 50, SOUTH + 50, "40", "0", ""),
        ("Later unknown", WEST + 50, SOUTH + 50, "40", "", "2"),
        ("None built", WEST + 50, SOUTH + 50, "0", "0", "2"),
    )
    added = add_sites(blocks(), sites, forecast_year=2028)
    assert added.sites["electors_forecast"].tolist() == [pytest.approx(np.nan, nan_ok=True), 80, 0]
    assert added.sites["electors_2029"].isna().tolist() == [True, True, False]
    assert added.sites["dwellings"].isna().tolist() == [False, True, False]
    assert added.areas.loc["a1", ["electors_forecast", "electors_2029"]].tolist() == [580, 600]
    assert read(("No rate", WEST, SOUTH, "1", "0", ""), each=1.7)[EACH].tolist() == [1.7]


def test_a_polygon_is_shared_by_surface_and_what_lies_outside_adds_nothing():
    added = add_sites(blocks(), polygons((150, 225), (350, 450)), forecast_year=2030)
    extra = (added.areas["electors_forecast"] - 500).to_dict()
    assert extra == {"a1": 0, "b1": 133, "c1": 67, "d1": 100}
    assert added.sites["blocks"].tolist() == ["b1, c1", "d1"]
    assert added.sites["outside"].tolist() == pytest.approx([0, 0.5])


def test_sites_are_replaced_not_added_twice_and_a_new_forecast_counts_as_new():
    sites = read(("Mill", WEST + 150, SOUTH + 50, "40", "0", "1"))
    once = add_sites(blocks(), sites, forecast_year=2028).areas
    twice = add_sites(once, sites, forecast_year=2028).areas
    assert twice["electors_forecast"].equals(once["electors_forecast"])
    assert forecast_without_sites(twice, "electors_forecast").eq(500).all()
    anew = twice.assign(electors_forecast=700)
    assert electors_from_sites(anew) == {"electors_2029": 40}
    assert add_sites(anew, sites, forecast_year=2028).areas.loc["b1", "electors_forecast"] == 740


def test_plans_say_how_many_electors_of_sites_are_in_their_forecasts():
    sites = read(("Mill", WEST + 150, SOUTH + 50, "40", "0", "1"))
    areas = add_sites(blocks(), sites, forecast_year=2028).areas
    figures = figure_blocks(BlockLayer.of("blocks", areas), None)
    assert "forecast: includes 40 electors of housing sites" in figures.notes
    assert figures.blocks.sums["electors_forecast"].sum() == 2040


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("Mill", WEST, SOUTH, "many", "", "1"), "line 2: dwellings 2027 'many' is no number"),
        (("Mill", WEST, SOUTH, "1", "-4", "1"), "line 2: 2029 '-4' is no number from 0 to 1,0"),
        (("Mill", WEST, SOUTH, "1", "1e999", "1"), "2029 '1e999' is no number"),
        (("Mill", WEST, SOUTH, "1", "1e18", "1"), "2029 '1e18' is no number from 0 to 1,000,000"),
        (("Mill", WEST, SOUTH, "9" * 5000, "1", "1"), "dwellings 2027 '9{40}' is no number"),
        (("Mill", WEST, SOUTH, "1", "1", "21"), "'21' is no number from 0 to 20"),
        (("Mill", "", SOUTH, "1", "1", "1"), "line 2: there is no position"),
    ],
)
def test_wrong_numbers_are_refused_with_their_line(row, message):
    with pytest.raises(InputError, match=message):
        read(row)


def test_files_without_years_codes_twice_and_mixed_kinds_are_refused():
    with pytest.raises(InputError, match="has no years; give it a column"):
        read(("Mill", WEST, SOUTH), head=HEAD[:3])
    with pytest.raises(InputError, match="2029 and Dwellings 2029 are of one year"):
        read(("Mill", WEST, SOUTH, "1", "1", "1"), head=[*HEAD[:3], "2029", "Dwellings 2029", EACH])
    with pytest.raises(InputError, match="two sites have the code A"):
        read(*[("A", WEST, SOUTH, "1", "1", "1")] * 2, head=["code", *HEAD[1:]])
    shapes = [shapely.Point(-1.4, 52.9), shapely.box(-1.4, 52.9, -1.3, 53)]
    features = [
        {"type": "Feature", "properties": {"2027": 4}, "geometry": shapely.geometry.mapping(shape)}
        for shape in shapes
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    with pytest.raises(InputError, match="points and polygons"):
        read_housing_features(content, file="s.geojson", projection=PROJECTION)
    features.pop()
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    sites = read_housing_features(content, file="s.geojson", projection=PROJECTION, each=2)
    assert sites[["dwellings_2027", EACH]].to_numpy().tolist() == [[4, 2]]


def test_blocks_without_a_forecast_or_its_year_are_refused():
    sites = polygons((0, 10))
    with pytest.raises(InputError, match="no forecast that sites could add to"):
        add_sites(grid(4, 1), sites, forecast_year=2028)
    with pytest.raises(InputError, match="with --forecast-year"):
        add_sites(blocks(), sites, forecast_year=None)


EDGES = st.tuples(st.integers(0, 390), st.integers(5, 200)).map(lambda x: (x[0], x[0] + x[1]))


@settings(max_examples=30, deadline=None)
@given(st.lists(EDGES, min_size=1, max_size=4), st.integers(0, 300))
def test_every_elector_of_a_site_is_added_once_or_lies_outside(boxes, dwellings):
    added = add_sites(blocks(), polygons(*boxes, dwellings=dwellings), forecast_year=2030)
    total = electors_from_sites(added.areas)["electors_forecast"]
    whole = added.sites["electors_forecast"]
    assert (added.areas["electors_forecast"] >= 500).all()
    beyond = (whole * added.sites["outside"]).sum()
    assert total == pytest.approx(whole.sum() - beyond, abs=len(boxes))
    if not added.sites["outside"].any():
        assert total == whole.sum()
