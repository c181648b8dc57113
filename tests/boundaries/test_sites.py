"""Sites are read from the lists that people have, and from layers."""

import geopandas as gpd
import pytest
import shapely

from boundaries.layers.sites import read_site_features, read_site_table
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_table import read_table

PROJECTION = Projection.choose()


def table(text: str) -> gpd.GeoDataFrame:
    return read_site_table(read_table(text.encode(), file="centres.csv"), projection=PROJECTION)


@pytest.mark.parametrize(
    "text",
    [
        "Name,Postcode,Latitude,Longitude\nPera,LE13 0PB,52.7661,-0.8869\n",
        "name,easting,northing\nPera,475195,319305\n",
        "NAME,X,Y\nPera,475195,319305\n",
    ],
)
def test_a_list_of_centres_needs_no_code(text: str) -> None:
    sites = table(text)
    assert sites["area_name"].to_dict() == {"1": "Pera"}
    assert sites.geometry.iloc[0].distance(shapely.Point(475_195, 319_305)) < 60
    assert sites.crs == PROJECTION.crs


def test_codes_and_names_are_those_of_the_file() -> None:
    sites = table("urn,title,x,y\nC7,Cove,475000,319000\nC8,,475100,319000\n")
    assert sites["area_name"].to_dict() == {"C7": "Cove", "C8": "C8"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,postcode\nPera,LE13\n", r"centres.csv has no coordinates; give it the columns"),
        ("name,x,y\nPera,475000,\n", "centres.csv, line 2: there is no position"),
        ("name,lat,lon\nPera,475000,319000\n", "centres.csv, line 2: "),
    ],
)
def test_a_list_without_places_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        table(text)


def test_points_and_polygons_of_a_file_are_sites() -> None:
    shapes = [shapely.Point(-0.88, 52.76), shapely.box(-0.9, 52.7, -0.8, 52.8)]
    frame = gpd.GeoDataFrame({"name": ["Cove", "Ward"]}, geometry=shapes, crs="OGC:CRS84")
    sites = read_site_features(
        frame.to_json().encode(), file="centres.geojson", projection=PROJECTION
    )
    assert sites["area_name"].to_dict() == {"1": "Cove", "2": "Ward"}
    assert sites.geom_type.tolist() == ["Point", "Polygon"]


def test_a_line_is_no_site() -> None:
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(-1, 52), (-1, 53)])], crs="OGC:CRS84")
    with pytest.raises(InputError, match="feature 1 must be a point or polygon"):
        read_site_features(line.to_json().encode(), file="a.geojson", projection=PROJECTION)
