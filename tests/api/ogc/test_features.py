"""The OGC collections, called as a GIS tool calls them."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient

from geo.analyses import LAYERS
from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents

ASB = "datetime=2024-01/2024-02&category=anti-social-behaviour&layer=wards"


def items(client: TestClient, collection: str, query: str = "") -> dict:
    response = client.get(f"/ogc/collections/{collection}/items?{query}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/geo+json"
    return response.json()


def test_the_landing_page_leads_everywhere(client: TestClient) -> None:
    links = {link["rel"]: link["href"] for link in client.get("/ogc").json()["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    assert all(client.get(address).status_code == 200 for address in links.values())


def test_every_collection_describes_itself(client: TestClient) -> None:
    listed = client.get("/ogc/collections").json()["collections"]
    # Its points are anonymous: there are no addresses. Nor is there a layer of streets.
    unavailable = {"repeat-places", "street-counts"}
    unavailable |= {name for name, one in LAYERS.items() if one.subject == "records"}
    answers = [name for name in LAYERS if name not in unavailable]
    assert [about["id"] for about in listed] == ["wards", *answers, "incidents"]
    for about in listed:
        assert client.get(f"/ogc/collections/{about['id']}").json() == about
        west, south, east, north = about["extent"]["spatial"]["bbox"][0]
        assert -2 < west < east < -1
        assert 52 < south < north < 54


def test_the_api_document_names_every_address_literally(client: TestClient) -> None:
    document = client.get("/ogc/api").json()
    paths = document["paths"]
    assert "/collections/wards/items" in paths
    named = {part["name"] for part in paths["/collections/hotspots/items"]["get"]["parameters"]}
    assert {"limit", "bbox", "datetime", "category", "layer", "cell", "shape"} <= named
    assert "$ref" not in client.get("/ogc/api").text


def test_a_layer_is_rfc_7946(client: TestClient) -> None:
    collection = items(client, "wards")
    assert "crs" not in collection
    assert collection["numberMatched"] == collection["numberReturned"] == 2
    for feature in collection["features"]:
        polygon = shapely.geometry.shape(feature["geometry"]).geoms[0]
        assert polygon.exterior.is_ccw
        assert all(round(value, 6) == value for value in polygon.exterior.coords[0])
    assert collection["features"][0]["properties"]["area_name"] == "<b>Abbey</b> & Co"


def test_next_links_walk_through_every_feature_once(client: TestClient) -> None:
    whole = items(client, "hotspots", ASB)
    ids: list[str] = []
    page = items(client, "hotspots", f"{ASB}&limit=77")
    while True:
        ids += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = client.get(following[0]).json()
    assert ids == [feature["id"] for feature in whole["features"]]
    assert len(ids) == len(set(ids)) > 300


def test_bbox_selects_what_geopandas_selects(client: TestClient) -> None:
    whole = gpd.GeoDataFrame.from_features(items(client, "hotspots", ASB)["features"])
    west, south, east, north = -1.475, 52.925, -1.465, 52.93
    expected = whole[whole.intersects(shapely.box(west, south, east, north))]["cell_id"]
    got = items(client, "hotspots", f"{ASB}&bbox={west},{south},{east},{north}")
    assert {feature["id"] for feature in got["features"]} == set(expected)
    assert 0 < got["numberMatched"] < len(whole)


def test_the_collection_is_the_answer(client: TestClient, store: GeoPackageStore) -> None:
    answer = ask(Question.read(dict(part.split("=") for part in ASB.split("&"))), store)
    served = items(client, "hotspots", ASB)
    assert [f["properties"]["n"] for f in served["features"]] == answer.hotspots["n"].to_list()
    accounts = served["accounts"]
    assert accounts["counted"] == answer.accounts.counted
    assert accounts["read"] == sum(
        accounts[part] for part in ("rejected", "not_asked", "outside", "counted")
    )
    assert accounts["rejected"] == 2


def test_one_feature_is_served_alone(client: TestClient) -> None:
    feature = client.get(f"/ogc/collections/area-counts/items/A?{ASB}").json()
    assert feature["id"] == "A"
    assert feature["properties"]["n"] > 80
    assert {link["rel"] for link in feature["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("collections/wards/items?colour=red", 400, "colour"),
        ("collections/wards/items?limit=0", 400, "limit"),
        ("collections/wards/items?limit=99999999999999999999", 400, "limit"),
        ("collections/wards/items?offset=-1", 400, "offset"),
        ("collections/wards/items?bbox=1,2,3", 400, "bbox"),
        ("collections/wards/items?bbox=nan,1,2,3", 400, "bbox"),
        ("collections/wards/items?bbox=435000,336000,436000,337000", 400, "bbox"),
        ("collections/wards/items?datetime=yesterday", 400, "yesterday"),
        ("collections/wards/items?limit=1&limit=2", 400, "twice"),
        ("collections/hotspots/items?cell=1", 400, "cell"),
        ("collections/hotspots/items?layer=nowhere", 400, "nowhere"),
        ("collections/hotspots/items?datetime=2024-01-15/2024-01-20", 400, "by month only"),
        ("collections/posts/items?posts=3&by=month", 400, "leave by out"),
        ("collections/street-counts/items?by=month", 400, "“Streets” is of the whole period"),
        ("collections/nowhere/items", 404, "nowhere"),
        ("collections/wards/items/Z", 404, "Z"),
        ("nowhere", 404, "There is nothing at /ogc/nowhere; check the address"),
    ],
)
def test_a_wrong_request_gets_a_problem_document(
    client: TestClient, path: str, status: int, message: str
) -> None:
    response = client.get(f"/ogc/{path}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert message in response.json()["detail"]


def test_an_answer_that_is_known_is_not_sent_again(client: TestClient) -> None:
    address = f"/ogc/collections/hotspots/items?{ASB}"
    first = client.get(address)
    again = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(address + "&cell=200", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_an_import_makes_known_answers_old(client: TestClient, store: GeoPackageStore) -> None:
    address = f"/ogc/collections/area-counts/items?{ASB}"
    before = client.get(address)
    with store.transaction():
        store.put_partition(month_of_incidents("2024-02", seed=8))
    after = client.get(address, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["features"] != before.json()["features"]


@pytest.mark.parametrize("collection", ["area-counts", "hotspots", "posts", "patches", "patrols"])
def test_an_answer_opens_without_a_question(client: TestClient, collection: str) -> None:
    page = items(client, collection)
    assert {"self", "collection"} <= {link["rel"] for link in page["links"]}


@pytest.mark.parametrize("name", ["patches", "patrols"])
def test_what_is_searched_for_is_a_collection_too(client: TestClient, name: str) -> None:
    options = {"datetime": "2024-01/2024-02", "layer": "wards", "groups": "2", "officers": "1"}
    own = {"patches": ("groups",), "patrols": ("officers",)}[name]
    query = {key: text for key, text in options.items() if key not in ("groups", "officers")}
    query |= {key: options[key] for key in own}
    answer = client.get(f"/ogc/collections/{name}/items", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["numberReturned"] > 0
