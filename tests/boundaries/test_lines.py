"""Lines under a map: any GeoJSON of lines or polygons, as fine as a page can carry."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from boundaries.layers.lines import read_lines, thinned
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.errors import InputError

BNG = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}


def written(*geometries: object, crs: object = BNG) -> bytes:
    features = [{"type": "Feature", "properties": None, "geometry": each} for each in geometries]
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode()


def line(*corners: tuple[float, float]) -> dict[str, object]:
    return {"type": "LineString", "coordinates": corners}


def read(content: bytes) -> gpd.GeoDataFrame:
    return read_lines(content, file="roads.geojson", projection=Projection.choose())


def test_lines_stay_and_polygons_become_their_outlines() -> None:
    square = {
        "type": "Polygon",
        "coordinates": [[(435e3, 336e3), (436e3, 336e3), (436e3, 337e3), (435e3, 336e3)]],
    }
    layer = read(written(line((435e3, 336e3), (436e3, 336e3)), square))
    assert layer.geometry.length.tolist() == pytest.approx([1000, 2000 + 1000 * np.sqrt(2)])
    assert set(layer.geom_type) == {"LineString"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            written({"type": "Point", "coordinates": (435e3, 336e3)}),
            "feature 1 must be a line or poly",
        ),
        (written(line((435e3, 336e3), (1.5, 52.9))), "feature 1, at 1.5, 52.9:"),
        (written(line()), "feature 1 is an empty line or polygon"),
        (written(None), "feature 1 must be a line or polygon; it is without a geometry"),
        (b"{}", "is not a GeoJSON FeatureCollection"),
        (b"\x00", "roads.geojson is not GeoJSON"),
    ],
)
def test_a_file_without_lines_is_refused_with_the_feature(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(content)


def test_a_ground_is_cut_to_what_is_seen_and_made_as_coarse_as_it_must_be() -> None:
    steps = np.arange(0, 10_000, 1.0)
    wave = shapely.LineString(np.column_stack([steps, 3 * np.sin(steps)]))
    lines = gpd.GeoDataFrame(geometry=[wave], crs=BRITISH_NATIONAL_GRID)
    whole = thinned(lines, (0, -10, 5_000, 10))
    assert whole.total_bounds[2] <= 5_000
    assert shapely.get_num_coordinates(whole.geometry).sum() > 4_000
    coarse = thinned(lines, (0, -10, 5_000, 10), most=100)
    assert shapely.get_num_coordinates(coarse.geometry).sum() <= 100
    assert shapely.hausdorff_distance(coarse.geometry[0], whole.geometry[0]) <= 8
    assert thinned(lines, (20_000, 0, 30_000, 1)).empty
