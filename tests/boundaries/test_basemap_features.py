"""A file's features as layers of a basemap: roads by their class, the rest as what they are."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from boundaries.layers.basemap_features import BasemapFeatures, Theme, read_basemap_features
from geo.crs import Projection
from geo.errors import InputError

LINE = {"type": "LineString", "coordinates": [[-1.48, 52.92], [-1.47, 52.93]]}
POINT = {"type": "Point", "coordinates": [-1.48, 52.92]}
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [
        [[-1.48, 52.92], [-1.47, 52.93], [-1.47, 52.92], [-1.48, 52.93], [-1.48, 52.92]]
    ],
}


def read(
    *features: tuple[dict[str, object], dict[str, object]],
    file: str = "f.geojson",
    theme: Theme | None = None,
) -> BasemapFeatures:
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": geometry, "properties": properties}
            for geometry, properties in features
        ],
    }
    return read_basemap_features(
        json.dumps(document).encode(), file=file, projection=Projection.choose(), theme=theme
    )


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"road_function": "A Road", "road_classification_number": "A52"}, ("A Road", "A52", 9)),
        ({"function": "Restricted Local Access Road", "roadNumber": ""}, ("Restricted", None, 13)),
        ({"highway": "motorway", "ref": "M1"}, ("Motorway", "M1", 7)),
        ({"HIGHWAY": "residential"}, ("Local", None, 12)),
    ],
)
def test_roads_are_drawn_by_their_class_whatever_words_name_it(
    properties: dict[str, object], expected: tuple[str, str | None, int]
) -> None:
    roads = read((LINE, properties)).layers["roads"]
    first = roads.iloc[0]
    number = first["number"] if pd.notna(first["number"]) else None
    assert (first["type"], number, first["from_zoom"]) == expected


def test_what_has_no_class_is_drawn_by_its_kind_or_by_the_name_of_its_file() -> None:
    assert list(read((LINE, {})).layers) == ["lines"]
    assert list(read((LINE, {"name1": "Mill Lane"}), file="oproad.gpkg").layers) == ["roads"]
    places = read((POINT, {"name": "Allestree", "local_type": "Suburban Area"})).layers["names"]
    assert places.iloc[0][["name1", "type", "from_zoom"]].tolist() == [
        "Allestree", "Suburban Area", 11,
    ]  # fmt: skip


def test_areas_that_are_filled_are_made_valid_first() -> None:
    parks = read((BOW_TIE, {"name": "Park"}), theme="green").layers["greenspaces"]
    assert parks.geometry.is_valid.all()
    assert read((BOW_TIE, {})).layers["boundaries"].geometry.geom_type.tolist() == ["LineString"]


def test_points_cannot_be_roads() -> None:
    with pytest.raises(InputError, match="feature 1 is a point, which cannot be drawn as roads"):
        read((POINT, {}), theme="roads")
