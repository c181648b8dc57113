"""One operation leads to metres; a coordinate that cannot be right gets a reason."""

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import (
    BRITISH_NATIONAL_GRID,
    LONLAT,
    Projection,
    crs_name,
    implausible,
    is_lonlat,
    wkt1,
)
from geo.errors import InputError, StoreError

# The Ordnance Survey's worked example: OSTN15 turns this point of ETRS89 into 651409.804,
# 313177.450; the seven-parameter Helmert transformation is good to a few metres.
CAISTER = (1.716073973, 52.658007833)
CAISTER_METRES = (651_409.804, 313_177.450)


def test_a_known_point_lands_within_a_few_metres_of_the_survey(projection):
    x, y = projection.to_metres(*CAISTER)
    assert np.hypot(x - CAISTER_METRES[0], y - CAISTER_METRES[1]) < 4


# What a store made on a machine without the Survey's grid pins.
HELMERT = (
    "proj=pipeline step proj=unitconvert xy_in=deg xy_out=rad "
    "step proj=push v_3 step proj=cart ellps=WGS84 step inv proj=helmert x=446.448 y=-125.157 "
    "z=542.06 rx=0.15 ry=0.247 rz=0.842 s=-20.489 convention=position_vector "
    "step inv proj=cart ellps=airy step proj=pop v_3 "
    "step proj=tmerc lat_0=49 lon_0=-2 k=0.9996012717 x_0=400000 y_0=-100000 ellps=airy"
)


def test_a_pinned_operation_runs_whatever_grids_this_machine_has():
    """The centre of Derby's Abbey ward, as the Office for National Statistics publishes it."""
    pinned = Projection(BRITISH_NATIONAL_GRID, HELMERT, "Helmert", 2.0)
    x, y = pinned.to_metres(-1.502174, 52.91462)
    assert (x, y) == pytest.approx((433_573, 335_358), abs=3)


@settings(max_examples=50)
@given(x=st.floats(100_000, 650_000), y=st.floats(10_000, 1_200_000))
def test_metres_to_degrees_and_back_keep_the_millimetre(x, y, projection):
    back = projection.to_metres(*projection.to_lonlat(x, y))
    assert back == pytest.approx((x, y), abs=1e-3)


def test_coordinates_of_the_working_crs_stay_to_the_last_bit(projection):
    x, y = projection.to_metres([433_863.123456789], [335_229.6], source=BRITISH_NATIONAL_GRID)
    assert (x[0], y[0]) == (433_863.123456789, 335_229.6)


def test_another_crs_leads_to_the_same_place(projection):
    """Derby in web Mercator, by the formula of a sphere of 6,378,137 m."""
    lon, lat = np.radians([-1.4746]), np.radians([52.9225])
    east, north = 6_378_137 * lon, 6_378_137 * np.log(np.tan(np.pi / 4 + lat / 2))
    there = projection.to_metres(east, north, source="EPSG:3857")
    assert np.ravel(there) == pytest.approx(
        np.ravel(projection.to_metres([-1.4746], [52.9225])), abs=1e-2
    )


def test_what_is_not_finite_stays_not_finite(projection):
    x, y = projection.to_metres([np.nan, np.inf, -1.5], [52.9, 52.9, np.nan])
    assert not (np.isfinite(x) & np.isfinite(y)).any()


def test_geometries_move_vertex_by_vertex_and_back(projection, four_squares):
    there = projection.geometries_to_lonlat(four_squares.geometry.to_numpy())
    back = projection.geometries_to_metres(there, source=LONLAT)
    assert shapely.equals_exact(back, four_squares.geometry.to_numpy(), tolerance=1e-3).all()
    assert -1.5 < shapely.get_coordinates(there)[0, 0] < -1.4


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("urn:ogc:def:crs:EPSG::27700", "EPSG:27700"),
        ("urn:ogc:def:crs:EPSG:9.2:27700", "EPSG:27700"),
        ("URN:OGC:DEF:CRS:EPSG::27700", "EPSG:27700"),
        ("http://www.opengis.net/def/crs/EPSG/0/27700", "EPSG:27700"),
        ("EPSG:27700", "EPSG:27700"),
        (" epsg:27700 ", "EPSG:27700"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", LONLAT),
        ("urn:ogc:def:crs:OGC::CRS84", LONLAT),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", LONLAT),
        ("CRS84", LONLAT),
        ("EPSG:4326", LONLAT),
        ("urn:ogc:def:crs:EPSG::4326", LONLAT),
        ("EPSG:3857", "EPSG:3857"),
    ],
)
def test_every_spelling_of_a_crs_has_one_name(spelling, name):
    assert crs_name(spelling) == name
    assert is_lonlat(name) is (name == LONLAT)


@pytest.mark.parametrize("spelling", ["EPSG:99999", "nonsense", "", "urn:ogc:def:crs:"])
def test_an_unknown_crs_is_refused_by_its_spelling(spelling):
    with pytest.raises(InputError, match=r"unknown coordinate reference system") as refused:
        crs_name(spelling)
    assert repr(spelling) in str(refused.value)


def test_a_working_crs_in_degrees_is_refused():
    with pytest.raises(InputError, match="must be projected in metres and OGC:CRS84 is not"):
        Projection.choose("EPSG:4326")


def test_a_working_crs_in_feet_is_refused():
    with pytest.raises(InputError, match="must be projected in metres and EPSG:2263 is not"):
        Projection.choose("EPSG:2263")


def test_the_pinned_operation_alone_makes_the_same_projection(projection):
    values = dataclasses.asdict(projection)
    again = Projection(**values)
    assert again.to_metres(*CAISTER) == projection.to_metres(*CAISTER)
    assert "OSGB36 to WGS 84" in projection.description
    assert 0 <= projection.accuracy_m <= 5


def test_an_operation_that_proj_cannot_run_is_refused_by_its_description():
    broken = Projection("EPSG:27700", "proj=hgridshift grids=no_such.gsb", "by a lost grid", 0.1)
    with pytest.raises(StoreError, match=r"cannot run .* \(by a lost grid\); install the grid"):
        broken.to_metres([-1.5], [52.9])


@pytest.mark.parametrize(
    ("pair", "source", "reason"),
    [
        ((-1.5, 52.9), LONLAT, ""),
        ((433_863.0, 335_229.0), BRITISH_NATIONAL_GRID, ""),
        ((52.9, -1.5), LONLAT, "longitude and latitude look swapped"),
        ((335_229.0, 1_033_863.0), BRITISH_NATIONAL_GRID, ""),
        ((1_033_863.0, 335_229.0), BRITISH_NATIONAL_GRID, "easting and northing look swapped"),
        ((433_863.0, 335_229.0), LONLAT, "not degrees: these look like metres"),
        ((-1.5, 52.9), BRITISH_NATIONAL_GRID, "not metres: these look like degrees"),
        ((0.0, 0.0), LONLAT, "coordinates are 0, 0"),
        ((0.0, 0.0), BRITISH_NATIONAL_GRID, "coordinates are 0, 0"),
        ((2.35, 48.86), LONLAT, "outside the area where EPSG:27700 is used"),
        ((np.nan, 52.9), LONLAT, "coordinates are not numbers"),
        ((433_863.0, np.inf), BRITISH_NATIONAL_GRID, "coordinates are not numbers"),
        ((-np.inf, np.nan), "EPSG:3857", "coordinates are not numbers"),
        ((-166_900.0, 6_968_000.0), "EPSG:3857", ""),
    ],
)
def test_a_coordinate_pair_that_is_no_place_has_its_reason(pair, source, reason, projection):
    x, y = pair
    assert implausible([x], [y], source=source, projection=projection).tolist() == [reason]


def test_places_far_from_britain_are_refused_in_any_other_crs_too(projection):
    """Degrees under the name of web Mercator lie beside the coast of Africa."""
    reasons = implausible([-1.5], [52.9], source="EPSG:3857", projection=projection)
    assert reasons[0] != ""


def test_each_pair_is_judged_by_itself(projection):
    reasons = implausible([-1.5, 52.9, 0], [52.9, -1.5, 0], source=LONLAT, projection=projection)
    assert [bool(reason) for reason in reasons] == [False, True, True]


def test_the_crs_is_written_in_the_older_well_known_text():
    assert wkt1("EPSG:27700").startswith('PROJCS["OSGB')
