"""Comments on a plan over HTTP: added, imported with each rejected row named, counted by area."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step

COMMENTS = "/planner/plans/north/comments"
REPORT = "/planner/plans/north/files/north.html"
FILE = """name,date,area,easting,northing,comment
A. Reed,2026-05-01,,435050,336050,The brook divides us
,,East,,,Keep the school
,,Nowhere,,,Hm
,,,,,Ring me on 01332 123456
"""


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        begin(made)
        yield made


def add(client: TestClient, **values: object) -> Any:
    return client.post(COMMENTS, json={"text": "Fine", "by": "Ann"} | values)


def bring(client: TestClient, content: str = FILE, **values: object) -> Any:
    body = {"file": "c.csv", "content": content, "by": "Ann"} | values
    return client.post(f"{COMMENTS}/file", json=body)


def listed(client: TestClient) -> dict[str, Any]:
    response = client.get(COMMENTS)
    assert response.status_code == 200
    return response.json()


def test_a_file_is_imported_and_every_row_accounted_for(client: TestClient) -> None:
    assert listed(client) == {"comments": [], "areas": {}}
    counts = bring(client).json()
    assert {name: counts[name] for name in ("read", "added", "known", "rejected")} == {
        "read": 4, "added": 2, "known": 0, "rejected": 2,
    }  # fmt: skip
    assert [row["line"] for row in counts["rejects"]] == [4, 5]
    assert len(counts["reasons"]) == 2
    first, second = listed(client)["comments"]
    assert (first["name"], first["date"], first["block_code"]) == ("A. Reed", "2026-05-01", "a1")
    assert (first["area_code"], second["area_code"]) == ("W", "E")
    assert second["longitude"] is None
    again = bring(client).json()
    assert (again["added"], again["known"], again["rejected"]) == (0, 2, 2)
    assert bring(client, confirmed=True).json()["added"] == 1


def test_a_comment_on_a_place_follows_the_plan(client: TestClient) -> None:
    bring(client)
    assert listed(client)["areas"] == {"W": 1, "E": 1}
    step(client, "move", blocks=["a1"], to="E", force=True)
    assert listed(client)["areas"] == {"E": 2}


def test_a_comment_is_added_with_its_place_and_signed(client: TestClient) -> None:
    bring(client)
    point = [listed(client)["comments"][0][name] for name in ("longitude", "latitude")]
    answer = add(client, point=point, name="B. Lee", date="2026-05-02")
    assert (answer.status_code, answer.json()) == (201, {"number": 3})
    comment = listed(client)["comments"][2]
    assert (comment["block_code"], comment["name"], comment["added_by"]) == ("a1", "B. Lee", "Ann")
    assert add(client, area="West").status_code == 201
    assert listed(client)["areas"] == {"W": 3, "E": 1}


def test_what_is_wrong_is_refused_in_words(client: TestClient) -> None:
    personal = add(client, text="Ring 01332 123456")
    assert (personal.status_code, personal.json()["conflict"]) == (409, "personal")
    assert add(client, text="Ring 01332 123456", confirmed=True).status_code == 201
    for wrong in ({"text": " "}, {"area": "Nowhere"}, {"date": "soon"}, {"point": [9, 9]},
                  {"point": [1]}, {"by": ""}, {"extra": 1}, {"text": "x" * 4_001}):  # fmt: skip
        answer = add(client, **wrong)
        assert answer.status_code == 400, (wrong, answer.text)
    assert bring(client, "a,b\n1,2\n").status_code == 400
    assert bring(client, "not json", file="c.geojson").status_code == 400
    assert bring(client, file="c.xlsx").status_code == 400
    assert len(listed(client)["comments"]) == 1
    assert client.get("/planner/plans/moon/comments").status_code == 404


def test_a_geojson_file_is_imported(client: TestClient) -> None:
    features = [
        {"type": "Feature", "geometry": None, "properties": {"comment": "All", "age": 40}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9]}, "properties": {}},
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features})
    counts = bring(client, content, file="c.geojson").json()
    assert (counts["added"], counts["rejected"], counts["unread"]) == (1, 1, ["age"])


def test_only_the_report_for_the_council_has_names_and_texts(client: TestClient) -> None:
    assert 'id="comments"' not in client.get(REPORT).text
    bring(client)
    public = client.get(REPORT).text
    assert "2 comments" in public
    assert '<th scope="row">East</th><td class="number">1</td>' in public
    for private in ("Reed", "The brook divides us", "Keep the school"):
        assert private not in public
    council = client.get(f"{REPORT}?comments=names").text
    assert "for the council only" in council
    assert "1. A. Reed, 1 May 2026, on block a1</dt><dd>The brook divides us</dd>" in council
    assert client.get(f"{REPORT}?comments=all").status_code == 400
    assert "comments=names" in client.get("/planner?plan=north").text


def test_no_collection_has_comments(client: TestClient) -> None:
    bring(client)
    for address in ("plans/items?f=json", "plan-north/items?f=json", "blocks/items?f=json"):
        assert "brook" not in client.get(f"/ogc/collections/{address}").text
