"""OGC API – Styles: each collection's style in each encoding, and the search for collections."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from fastapi.testclient import TestClient

from api.ogc.styles.mapbox import to_mapbox
from api.ogc.styles.qml import to_qml
from api.ogc.styles.sld import to_sld
from api.ogc.styles.symbology import Rule, Symbol, Symbology

SLD = {"sld": "http://www.opengis.net/sld", "ogc": "http://www.opengis.net/ogc"}
RED, BLUE = Symbol("#ff0000", 0.5), Symbol("#0000ff", 0.25)


def test_every_collection_has_a_style_in_every_encoding(client: TestClient) -> None:
    listed = client.get("/ogc/collections").json()["collections"]
    styles = client.get("/ogc/styles").json()["styles"]
    assert [one["id"] for one in styles] == [one["id"] for one in listed]
    wards = next(one for one in styles if one["id"] == "wards")
    sheets = [link for link in wards["links"] if link["rel"] == "stylesheet"]
    assert len(sheets) == 3
    for sheet in sheets:
        response = client.get(sheet["href"])
        assert response.headers["content-type"] == sheet["type"]
        again = client.get(sheet["href"], headers={"if-none-match": response.headers["etag"]})
        assert again.status_code == 304
    (described,) = (link["href"] for link in wards["links"] if link["rel"] == "describedby")
    about = client.get(described).json()
    assert about["layers"][0]["type"] == "polygon"
    assert [one["link"]["href"] for one in about["stylesheets"]] == [one["href"] for one in sheets]


def test_the_styles_are_found_from_the_landing_page_and_the_collection(client: TestClient) -> None:
    relation = "http://www.opengis.net/def/rel/ogc/1.0/styles"
    for address in ("/ogc", "/ogc/collections/wards"):
        links = {link["rel"]: link["href"] for link in client.get(address).json()["links"]}
        assert "wards" in {one["id"] for one in client.get(links[relation]).json()["styles"]}
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core" in classes
    own = client.get("/ogc/collections/wards/styles").json()
    assert own["default"] == "wards"
    page = client.get("/ogc/collections/wards/styles?f=html")
    assert "QGIS style (QML)" in page.text
    assert client.get("/ogc/collections/wards/styles/wards?f=qml").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/ogc/styles/nowhere", "/ogc/styles/nowhere/metadata", "/ogc/collections/wards/styles/other"],
)
def test_a_style_that_is_not_there_is_refused(client: TestClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert client.get("/ogc/styles/wards?f=css").status_code == 400


def test_an_sld_draws_each_value_once_and_the_others() -> None:
    rules = (Rule("Hot", RED, "hot & high"), Rule("other", BLUE))
    sld = Xml.fromstring(
        to_sld(Symbology("categorised", "class", rules, shape="polygon"), "a", "A")
    )
    first, other = sld.iterfind(".//sld:Rule", SLD)
    assert first.findtext(".//ogc:PropertyIsEqualTo/ogc:Literal", "", SLD) == "hot & high"
    assert first.findtext(".//sld:CssParameter[@name='fill']", "", SLD) == "#ff0000"
    assert other.find("sld:ElseFilter", SLD) is not None


def test_a_flag_is_drawn_in_its_own_colour_and_once() -> None:
    """An empty cell beside a hotspot has no class: its flag decides."""
    rules = (Rule("Beside", RED, "beside"), Rule("Not hot", BLUE, "none"))
    flagged = Symbology("categorised", "class", rules, shape="polygon", flag="beside")
    renderer = Xml.fromstring(to_qml(flagged)).find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == 'CASE WHEN "beside" THEN \'beside\' ELSE "class" END'
    beside, other = Xml.fromstring(to_sld(flagged, "a", "A")).iterfind(".//sld:Rule", SLD)
    assert beside.findtext(".//ogc:PropertyIsEqualTo/ogc:PropertyName", "", SLD) == "beside"
    assert other.findtext(".//ogc:PropertyIsNotEqualTo/ogc:PropertyName", "", SLD) == "beside"
    assert other.findtext(".//ogc:PropertyIsEqualTo/ogc:Literal", "", SLD) == "none"
    fill = to_mapbox(flagged, "a", title="A", tilejson="http://localhost/a")["layers"][0]
    assert fill["paint"]["fill-color"] == [
        "case",
        ["==", ["get", "beside"], True],
        "#ff0000",
        ["match", ["to-string", ["get", "class"]], "none", "#0000ff", "rgba(0, 0, 0, 0)"],
    ]


def test_the_style_of_hotspots_draws_what_lies_beside_one(client: TestClient) -> None:
    assert 'value="beside"' in client.get("/ogc/styles/hotspots?f=qml").text


def test_ranges_touch_and_do_not_overlap() -> None:
    rules = (Rule("0 – 2", BLUE, low=0, high=2), Rule("2 – 5", RED, low=2, high=5))
    graduated = Symbology("graduated", "n", rules, shape="polygon")
    sld = to_sld(graduated, "a", "A")
    assert sld.count("PropertyIsLessThan>") == 2
    assert sld.count("PropertyIsLessThanOrEqualTo>") == 2
    style = to_mapbox(graduated, "a", title="A", tilejson="http://localhost/a")
    fill = style["layers"][0]
    assert fill["paint"]["fill-color"] == ["step", ["get", "n"], "#0000ff", 2, "#ff0000"]
    assert fill["filter"] == ["==", ["typeof", ["get", "n"]], "number"]  # unknown: not drawn


def test_points_are_circles() -> None:
    points = Symbology("single", "", (Rule("", RED),), shape="point")
    style = to_mapbox(points, "a", title="A", tilejson="http://localhost/a")
    assert style["layers"][0]["type"] == "circle"
    assert "<WellKnownName>circle</WellKnownName>" in to_sld(points, "a", "A")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("WARDS", ["wards"]),
        ("ranked hotspots", ["ranked-hotspots"]),
        ("town  wards", ["wards"]),
        ("nothing of the kind", []),
    ],
)
def test_collections_can_be_searched(client: TestClient, words: str, expected: list[str]) -> None:
    found_by = client.get("/ogc/collections", params={"q": words}).json()["collections"]
    assert [one["id"] for one in found_by] == expected
    page = client.get("/ogc/collections", params={"q": words, "f": "html"}).text
    assert page.count('<li><a class="target"') == len(expected)
    listed = client.get("/ogc/collections").json()["collections"]
    assert f"{len(expected)} of {len(listed)} collections" in page


def test_the_list_of_collections_is_a_form_in_groups(client: TestClient) -> None:
    page = client.get("/ogc/collections?f=html&q=<b>").text
    assert 'action="http://127.0.0.1:8000/ogc/collections"' in page
    assert "&lt;b&gt;" in page
    every = client.get("/ogc/collections?f=html").text
    assert [every.index(f"<h3>{group}</h3>") for group in ("Boundaries", "Answers", "Incidents")]
