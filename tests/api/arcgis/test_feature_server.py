"""The FeatureServer: what ArcGIS, Power BI and their like ask, and what they get."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.arcgis.geometry import esri_geometries
from api.arcgis.ids import layer_numbers, object_ids
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.api.arcgis.conftest import SERVER, Ask
from tests.api.conftest import SOUTH, WEST, SearchesHere

WARDS, LAND, INCIDENTS = "Wards of the town", "Land", "Incidents"
NEAR = {"geometryType": "esriGeometryPoint", "geometry": f"{WEST + 500},{SOUTH + 500}"}


def attributes(answer: dict, name: str) -> list:
    return [feature["attributes"][name] for feature in answer["features"]]


def names(ask: Ask, where: str, **more: object) -> list[str]:
    answer = ask(LAND, where=where, outFields="area_name", returnGeometry="false", **more)
    assert "error" not in answer, answer
    return attributes(answer, "area_name")


def refusal(answer: dict) -> str:
    assert answer.keys() == {"error"}, answer
    assert (answer["error"]["code"], answer["error"]["details"]) == (400, [])
    return answer["error"]["message"]


def test_the_catalogue_leads_to_every_layer(service: TestClient) -> None:
    assert service.get("/arcgis/rest/info?f=json").json()["authInfo"] == {
        "isTokenBasedSecurity": False
    }
    catalogue = service.get("/arcgis/rest/services?f=json").json()
    assert catalogue["services"] == [{"name": "patchmap", "type": "FeatureServer"}]
    about = service.get(f"{SERVER}?f=pjson").json()
    listed = service.get("/ogc/collections").json()["collections"]
    assert sorted(one["name"] for one in about["layers"]) == sorted(one["title"] for one in listed)
    every = service.get(f"{SERVER}/layers?f=json").json()["layers"]
    assert [one["id"] for one in every] == [one["id"] for one in about["layers"]]
    assert all(one["capabilities"] == "Query" for one in every)


def test_a_layer_describes_its_fields_and_its_extent(
    service: TestClient, numbers: Mapping[str, int]
) -> None:
    about = service.get(f"{SERVER}/{numbers[LAND]}").json()
    types = {
        field["name"]: field["type"].removeprefix("esriFieldType") for field in about["fields"]
    }
    # The file has an OBJECTID of its own, and a name that ArcGIS does not take.
    assert about["objectIdField"] == "OBJECTID_1"
    assert types["OBJECTID_1"] == "OID"
    assert types["OBJECTID"] == "Integer"
    assert types["Residents_2021"] == "Double"
    assert types["area_name"] == "String"
    assert types["flood"] == "SmallInteger"
    assert about["displayField"] == "area_name"
    assert about["geometryType"] == "esriGeometryPolygon"
    assert about["extent"]["spatialReference"] == {"wkid": 27700, "latestWkid": 27700}
    # Sides of a box in degrees are curves in metres: it is a little larger.
    assert about["extent"]["xmin"] == pytest.approx(WEST, abs=5)
    assert about["extent"]["ymax"] == pytest.approx(SOUTH + 300, abs=5)
    incidents = service.get(f"{SERVER}/{numbers[INCIDENTS]}").json()
    fields = {field["name"]: field["type"] for field in incidents["fields"]}
    assert fields["occurred_from"] == "esriFieldTypeDate"
    assert incidents["timeInfo"]["timeExtent"] == [1704067200000, 1709251199000]  # 2024-01, -02


def test_the_renderer_has_the_colours_of_the_board(
    service: TestClient, numbers: Mapping[str, int]
) -> None:
    def renderer(name: str) -> dict:
        return service.get(f"{SERVER}/{numbers[name]}").json()["drawingInfo"]["renderer"]

    hotspots = renderer("Hotspot cells")
    assert (hotspots["type"], hotspots["field1"]) == ("uniqueValue", "class")
    colours = {one["value"]: one["symbol"]["color"] for one in hotspots["uniqueValueInfos"]}
    assert colours["hot_99"] == [0xB2, 0x18, 0x2B, round(0.6 * 255)]
    counts = renderer("Incidents by area")
    assert (counts["type"], counts["field"]) == ("classBreaks", "n")
    assert counts["classBreakInfos"][-1]["classMaxValue"] > counts["minValue"]
    assert renderer(WARDS)["type"] == "simple"
    assert renderer(INCIDENTS)["field1"] == "category"


def test_rings_and_points_are_those_of_the_ogc_api(service: TestClient, ask: Ask) -> None:
    isles, shore = (one["geometry"]["rings"] for one in ask(LAND)["features"])
    assert len(isles) == len(shore) == 2
    turns = [[shapely.LinearRing(ring).is_ccw for ring in rings] for rings in (isles, shore)]
    # Outer rings clockwise, holes counter-clockwise: the islands are two outer rings.
    assert sorted(turns[0]) == [False, False]
    assert sorted(turns[1]) == [False, True]
    for layer, path in ((LAND, "land"), (INCIDENTS, "incidents")):
        for code, crs in ((27700, "EPSG:27700"), (4326, "OGC:CRS84")):
            known = service.get(f"/ogc/collections/{path}/items?crs={crs}").json()["features"]
            served = ask(layer, outSR=code, f="geojson")["features"]
            assert len(served) == len(known) > 1
            for one, other in zip(served, known, strict=True):
                assert shapely.equals_exact(
                    *(shapely.geometry.shape(each["geometry"]) for each in (one, other))
                )


def test_web_mercator_is_that_of_proj(ask: Ask) -> None:
    to_mercator = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    degrees = ask(INCIDENTS, outSR=4326, resultRecordCount=50)["features"]
    metres = ask(INCIDENTS, outSR='{"wkid":102100}', resultRecordCount=50)
    assert metres["spatialReference"] == {"wkid": 102100, "latestWkid": 3857}
    lon, lat = np.array([(one["geometry"]["x"], one["geometry"]["y"]) for one in degrees]).T
    xy = np.array([(one["geometry"]["x"], one["geometry"]["y"]) for one in metres["features"]])
    # A sixth decimal of a degree is a decimetre.
    assert np.abs(xy - np.column_stack(to_mercator.transform(lon, lat))).max() < 0.15
    assert "choose one of: 27700, 3857, 4326" in refusal(ask(WARDS, outSR=2154))


def test_a_feature_without_place_has_a_null_geometry() -> None:
    square = shapely.box(0, 0, 1, 1)
    empty, missing, present, point = esri_geometries(
        np.array([shapely.Polygon(), None, square, shapely.Point(1, 2)])
    )
    assert (empty, missing, point) == (None, None, {"x": 1, "y": 2})
    assert present
    assert len(present["rings"]) == 1


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("1=1", ["Isles", "O'Shore"]),
        ("1=0", []),
        ("area_name = 'O''Shore'", ["O'Shore"]),
        ("\"AREA_NAME\" <> 'Isles'", ["O'Shore"]),
        ("area_name != 'Isles' AND 1 = 1", ["O'Shore"]),
        ("area_code IN ('I', 'X')", ["Isles"]),
        ("area_code NOT IN ('I')", ["O'Shore"]),
        ("UPPER(area_name) LIKE '%SH%'", ["O'Shore"]),
        ("UPPER(area_name) IN ('ISLES','X')", ["Isles"]),
        ("area_name LIKE 'is%'", []),
        ("area_name LIKE '%\\%'", []),
        ("Residents_2021 IS NULL", ["O'Shore"]),
        ("Residents_2021 IS NOT NULL", ["Isles"]),
        ("Residents_2021 <> 3", ["Isles"]),  # an unknown number differs from none
        ("Residents_2021 BETWEEN 10 AND 1e2", ["Isles"]),
        ("NOT (OBJECTID = 7 OR OBJECTID > 8)", ["O'Shore"]),
        ("flood = 1", ["Isles"]),
        ("OBJECTID_1 > 0 AND OBJECTID_1 <= 2147483647", ["Isles", "O'Shore"]),
    ],
)
def test_where(ask: Ask, where: str, expected: list[str]) -> None:
    assert names(ask, where) == expected


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("nonsense = 1", "unknown field 'nonsense'"),
        ("area_name = ", "cannot be read"),
        ("1=1; DROP TABLE land", "cannot be read from character 4"),
        ("area_name = 5", "where: a string is compared with a"),
        ("((((((((((((((((((((((((((1=1))))))))))))))))))))))))))", "levels deep"),
        ("1=1 OR " * 1000 + "1=1", "longer than 6,000"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(ask: Ask, where: str, reason: str) -> None:
    assert reason in refusal(ask(LAND, where=where))


def test_times_are_milliseconds_and_can_be_asked_for(ask: Ask) -> None:
    def count(**parameters: object) -> int:
        return ask(INCIDENTS, returnCountOnly="true", **parameters)["count"]

    first = ask(INCIDENTS, outFields="occurred_from,month", resultRecordCount=1)["features"][0]
    assert first["attributes"]["occurred_from"] == 1704067200000  # 2024-01-01T00:00Z
    assert first["attributes"]["month"] == "2024-01"
    assert count() == 320
    assert count(where="occurred_from >= timestamp '2024-02-01 00:00:00'") == 160
    assert count(where="occurred_from < DATE '2024-02-01'") == 160
    assert count(time="1704067200000,1704067200000") == count(time="1704067200000") == 160
    assert count(time="null,1704067199999") == 0
    assert count(time="1704067200001,null") == 160
    assert "no time" in refusal(ask(INCIDENTS, time="yesterday"))


def test_places_can_be_asked_for_in_each_relation(ask: Ask) -> None:
    middle = shapely.box(WEST + 1120, SOUTH + 120, WEST + 1130, SOUTH + 130)  # in the lake
    ring = list(map(list, middle.exterior.coords))
    lake = {
        "geometryType": "esriGeometryPolygon",
        "geometry": json.dumps({"rings": [ring]}),
    }
    envelope = {"geometry": f"{WEST - 1},{SOUTH - 1},{WEST + 11},{SOUTH + 11}"}
    wide = {"geometry": f"{WEST - 1},{SOUTH - 1},{WEST + 61},{SOUTH + 11}"}

    def related(relation: str, place: dict[str, str]) -> list[str]:
        return names(ask, "", spatialRel=f"esriSpatialRel{relation}", **place)

    assert related("Intersects", lake) == []
    assert related("EnvelopeIntersects", lake) == ["O'Shore"]
    assert related("Intersects", envelope) == ["Isles"]
    assert related("Contains", envelope) == []  # one island of two
    assert related("Contains", wide) == ["Isles"]
    inside = {
        "geometryType": "esriGeometryPoint",
        "geometry": f'{{"x":{WEST + 1005},"y":{SOUTH + 5}}}',
    }
    assert related("Within", inside) == ["O'Shore"]
    afar = {"geometryType": "esriGeometryPoint", "geometry": "0,0", "inSR": "4326"}
    assert related("Intersects", afar) == related("EnvelopeIntersects", afar) == []
    assert "unknown relation" in refusal(ask(LAND, spatialRel="esriSpatialRelNear", **envelope))
    assert "unknown type" in refusal(ask(LAND, geometry="1,2", geometryType="circle"))
    assert "cannot be read" in refusal(ask(LAND, geometry="here"))


@pytest.mark.parametrize(
    ("distance", "unit", "metres"),
    [("600", "", 600), ("0.6", "esriSRUnit_Kilometer", 600), ("1500", "esriSRUnit_Foot", 457.2)],
)
def test_incidents_within_a_distance_of_a_point(
    ask: Ask, distance: str, unit: str, metres: float
) -> None:
    every = ask(INCIDENTS, where="1=1", outFields="OBJECTID", outSR=27700)["features"]
    xy = np.array([[one["geometry"]["x"], one["geometry"]["y"]] for one in every])
    near = np.hypot(*(xy - [WEST + 500, SOUTH + 500]).T) <= metres
    expected = [one["attributes"]["OBJECTID"] for one, is_near in zip(every, near, strict=True)
                if is_near]  # fmt: skip
    assert 0 < len(expected) < len(every)
    asked = {**NEAR, "inSR": 27700, "distance": distance, **({"units": unit} if unit else {})}
    assert ask(INCIDENTS, returnIdsOnly="true", **asked)["objectIds"] == expected
    lonlat = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    place = ",".join(map(str, lonlat.transform(WEST + 500, SOUTH + 500)))
    asked |= {"geometry": place, "inSR": 4326, "units": unit or "esriSRUnit_Meter"}
    assert ask(INCIDENTS, returnIdsOnly="true", **asked)["objectIds"] == expected


@pytest.mark.parametrize("code", [4326, 102100, 3857, 27700])
def test_a_box_means_the_same_place_in_every_system(ask: Ask, code: int) -> None:
    extent = ask(WARDS, where="area_code = 'A'", returnExtentOnly="true", outSR=code)["extent"]
    west, south, east, north = (extent[side] for side in ("xmin", "ymin", "xmax", "ymax"))
    # Half of the box: it lies in A alone, however the systems are turned to each other.
    box = f"{west},{south},{(west + east) / 2},{north}"
    answer = ask(WARDS, geometry=box, inSR=code, outFields="*", returnGeometry="false")
    assert attributes(answer, "area_code") == ["A"]


def test_pages_hold_every_feature_once(ask: Ask) -> None:
    ids = ask(INCIDENTS, returnIdsOnly="true")
    assert ids["objectIdFieldName"] == "OBJECTID"
    pages = [
        ask(INCIDENTS, resultOffset=at, resultRecordCount=100, orderByFields="OBJECTID DESC")
        for at in range(0, 400, 100)
    ]
    assert ["exceededTransferLimit" in page for page in pages] == [True, True, True, False]
    read = [number for page in pages for number in attributes(page, "OBJECTID")]
    assert read == sorted(ids["objectIds"], reverse=True)
    assert len(set(read)) == 320
    chosen = ask(INCIDENTS, objectIds=",".join(map(str, read[:3])))
    assert sorted(attributes(chosen, "OBJECTID")) == sorted(read[:3])


def test_a_geojson_page_says_that_more_follows(ask: Ask) -> None:
    page = ask(INCIDENTS, f="geojson", resultRecordCount=2, outFields="category")
    assert page["properties"] == {"exceededTransferLimit": True}
    assert [one["id"] for one in page["features"]] == [
        one["properties"]["OBJECTID"] for one in page["features"]
    ]


def test_statistics_by_group_leave_out_what_is_unknown(ask: Ask) -> None:
    wanted = [
        {"statisticType": kind, "onStatisticField": "Residents_2021", "outStatisticFieldName": kind}
        for kind in ("count", "sum", "avg", "min", "max")
    ]
    text = json.dumps(wanted)
    answer = ask(LAND, outStatistics=text, groupByFieldsForStatistics="area_code")
    assert [one["attributes"] for one in answer["features"]] == [
        {"area_code": "I", "count": 1, "sum": 10, "avg": 10, "min": 10, "max": 10},
        {"area_code": "S", "count": 0, "sum": None, "avg": None, "min": None, "max": None},
    ]
    (every,) = ask(LAND, outStatistics=text)["features"]
    assert every["attributes"] == {"count": 1, "sum": 10, "avg": 10, "min": 10, "max": 10}
    counted = [
        {"statisticType": "count", "onStatisticField": "OBJECTID", "outStatisticFieldName": "n"}
    ]
    by = ask(
        INCIDENTS,
        outStatistics=json.dumps(counted),
        groupByFieldsForStatistics="category,month",
        orderByFields="n DESC,month",
    )
    assert [tuple(one["attributes"].values()) for one in by["features"]] == [
        ("anti-social-behaviour", "2024-01", 120),
        ("anti-social-behaviour", "2024-02", 120),
        ("burglary", "2024-01", 40),
        ("burglary", "2024-02", 40),
    ]
    assert "needs numbers" in refusal(
        ask(LAND, outStatistics='[{"statisticType":"sum","onStatisticField":"area_name"}]')
    )


def test_distinct_values(ask: Ask) -> None:
    answer = ask(INCIDENTS, returnDistinctValues="true", outFields="category")
    assert attributes(answer, "category") == ["anti-social-behaviour", "burglary"]
    counted = ask(
        INCIDENTS, returnDistinctValues="true", outFields="category,month", returnCountOnly="true"
    )
    assert counted == {"count": 4}


def test_a_question_can_be_part_of_a_query(ask: Ask) -> None:
    every, one = (
        ask("Incidents by area", outFields="n", **question)
        for question in ({}, {"category": "burglary", "period": "latest-1m"})
    )
    assert 0 < sum(attributes(one, "n")) < sum(attributes(every, "n"))
    assert "unknown" in refusal(ask("Incidents by area", category="nonsense"))


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"f": "pbf"}, "choose json, pjson or geojson"),
        ({"f": "html"}, "choose json, pjson or geojson"),
        ({"outFields": "nonsense"}, "unknown field"),
        ({"orderByFields": "area_name up"}, "orderByFields"),
        ({"resultOffset": "-1"}, "whole number"),
        ({"resultRecordCount": "99999999999999999999"}, "whole number"),
        ({"objectIds": "one"}, "whole numbers"),
        ({"having": "n > 1"}, "not supported"),
        ({"distance": "10"}, "give one"),
        ({**NEAR, "distance": "ten", "inSR": "27700"}, "no number from 0 to 1,000 km"),
        ({**NEAR, "distance": "nan", "inSR": "27700"}, "no number from 0 to 1,000 km"),
        ({**NEAR, "distance": "1", "units": "esriSRUnit_Ell", "inSR": "27700"}, "unknown unit"),
        ({**NEAR, "geometry": "-1.47,52.92", "inSR": "4326", "distance": "1"}, "is missing"),
        ({"outStatistics": "[}"}, "not JSON"),
        ({"geometry": '{"xmin":"NaN"}'}, "is no esriGeometryEnvelope"),
        ({"orderByFields": "area_name,area_name"}, "orderByFields: name each"),
        (
            {
                "geometry": '{"x":1,"y":2,"spatialReference":{"wkt":"LOCAL_CS[\\"Grid\\"]"}}',
                "geometryType": "esriGeometryPoint",
            },
            "no well-known id",
        ),
        (
            {
                "groupByFieldsForStatistics": "area_code",
                "outStatistics": '[{"statisticType":"count","onStatisticField":"area_name",'
                '"outStatisticFieldName":"AREA_CODE"}]',
            },
            "is a field of the groups",
        ),
    ],
)
def test_what_cannot_be_answered_is_an_error_of_arcgis(
    ask: Ask, parameters: dict[str, str], reason: str
) -> None:
    assert reason in refusal(ask(WARDS, **parameters))


def test_the_extent_of_no_feature_is_unknown(ask: Ask) -> None:
    assert ask(WARDS, where="1=2", returnExtentOnly="true") == {"extent": None}
    assert ask(WARDS, where="1=2", returnExtentOnly="true", returnCountOnly="true") == {
        "count": 0,
        "extent": None,
    }


def test_a_form_is_read_as_an_address(service: TestClient, numbers: Mapping[str, int]) -> None:
    address = f"{SERVER}/{numbers[WARDS]}/query"
    parameters = {"where": "area_code='B'", "outFields": "*", "f": "json"}
    got = service.get(address, params=parameters)
    sent = service.post(address, data=parameters)
    assert sent.json() == got.json()
    assert attributes(sent.json(), "residents") == [2000]
    held = service.get(address, params=parameters, headers={"if-none-match": got.headers["etag"]})
    assert held.status_code == 304
    other = service.post(address, json=parameters).json()
    assert other["error"]["code"] == 415
    large = service.post(address, data={"where": "x" * 1_000_001}).json()
    assert large["error"]["code"] == 413


def test_what_is_not_there_is_an_error_of_arcgis(service: TestClient) -> None:
    for path in (f"{SERVER}/4711", f"{SERVER}/4711/query", "/arcgis/rest/services/other/MapServer"):
        response = service.get(path)
        assert response.status_code == 200
        assert response.json()["error"]["code"] == 404
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


def test_single_incidents_stay_on_this_machine(service: TestClient) -> None:
    layers = service.get(SERVER, headers={"sec-fetch-site": "cross-site"}).json()["layers"]
    assert INCIDENTS not in {one["name"] for one in layers}
    refused = service.get(
        f"{SERVER}/11/query?where=1=1", headers={"origin": "http://other.example"}
    )
    assert refused.json()["error"]["code"] == 404


def test_pages_of_allowed_origins_read_layers_and_no_incidents(store: GeoPackageStore) -> None:
    allowed = Settings(cors=("https://www.arcgis.com",))
    with TestClient(
        make_app(store, allowed, searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as client:
        answer = client.get(SERVER, headers={"origin": "https://www.arcgis.com"})
        other = client.get(SERVER, headers={"origin": "https://other.example"})
        # ArcGIS's map viewer posts what is too long for an address.
        posted = client.post(
            f"{SERVER}/0/query",
            data={"where": "1=1", "returnCountOnly": "true", "f": "json"},
            headers={"origin": "https://www.arcgis.com", "sec-fetch-site": "cross-site"},
        )
    assert posted.json()["count"] > 0
    assert posted.headers["access-control-allow-origin"] == "https://www.arcgis.com"
    assert answer.headers["access-control-allow-origin"] == "https://www.arcgis.com"
    assert "access-control-allow-origin" not in other.headers
    assert INCIDENTS not in {one["name"] for one in answer.json()["layers"]}


def test_numbers_stay_when_other_layers_and_features_come() -> None:
    assert layer_numbers(["wards"])["wards"] == layer_numbers(["a", "wards", "z"])["wards"]
    assert layer_numbers([])["area-counts"] == 0
    few, many = object_ids(pd.Index(["A", "B"])), object_ids(pd.Index(["0", "A", "AA", "B"]))
    assert many[[1, 3]].tolist() == few.tolist()


def test_features_with_the_same_checksum_have_distinct_numbers() -> None:
    # CRC-32 of both is 0x4DDB0C25: https://en.wikipedia.org/wiki/Cyclic_redundancy_check
    pair = ["plumless", "buckeroo"]
    numbers = object_ids(pd.Index(pair))
    assert abs(numbers[0] - numbers[1]) == 1
    assert object_ids(pd.Index(pair[::-1])).tolist() == numbers[::-1].tolist()
    assert 1 <= numbers.min() <= numbers.max() < 2**31
