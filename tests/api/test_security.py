"""Loopback alone is no guard."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from api.app import make_app
from api.security import is_own_caller
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:9", "[::1]:8000"])
def test_the_names_of_this_machine_are_served(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.5:8000",
        "",
        "[::1",
        "::1",
        "localhost.",
        "evil.example@localhost",
        "localhost#.evil.example",
        "localhost/.evil.example",
        "localhost?.evil.example",
        "localhost:8000@evil.example",
        "localhost:",
        "localhost:80 80",
        "localhost, evil.example",
    ],
)
def test_an_unknown_host_is_refused(client: TestClient, host: str) -> None:
    response = client.get("/healthz", headers={"host": host})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert "only answers on this machine" in response.json()["detail"]


@pytest.mark.parametrize("second", ["localhost", "evil.example"])
def test_two_hosts_are_refused(client: TestClient, second: str) -> None:
    response = client.get("/healthz", headers=[("host", "localhost"), ("host", second)])
    assert response.status_code == 403


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Port", "Via"])
def test_a_request_through_a_proxy_is_refused(client: TestClient, header: str) -> None:
    response = client.get("/", headers={header: "for=203.0.113.9"})
    assert response.status_code == 403
    assert "proxy" in response.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_write_from_a_foreign_page_is_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    response = client.post("/", headers=headers)
    assert response.status_code == 403
    assert "other origins cannot make changes" in response.json()["detail"]


def test_a_write_from_its_own_page_passes_the_guard(client: TestClient) -> None:
    response = client.post("/", headers={"origin": "http://127.0.0.1:8000"})
    assert response.status_code == 405


def test_every_answer_carries_a_content_policy(client: TestClient) -> None:
    for path in ("/", "/nowhere", "/ogc", "/static/page/board.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe-inline" not in client.get("/?cell=200").headers["content-security-policy"]


def test_what_a_browser_has_already_keeps_its_own_policy(client: TestClient) -> None:
    first = client.get("/map?layer=wards")
    again = client.get("/map?layer=wards", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" not in again.headers


OTHER = "https://maps.example"


def shared_with(store: GeoPackageStore, *origins: str) -> TestClient:
    app = make_app(store, Settings(cors=origins))
    return TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))


CORS = "access-control-allow-origin"


def test_pages_of_every_origin_may_read_the_api_where_the_settings_say_so(
    store: GeoPackageStore,
) -> None:
    client = shared_with(store, "*")
    for headers in ({"origin": OTHER}, {}):
        response = client.get("/ogc/collections", headers=headers)
        assert response.headers[CORS] == "*"
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "link" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers
    board = client.get("/healthz", headers={"origin": OTHER})
    assert CORS not in board.headers
    assert board.headers["cross-origin-resource-policy"] == "same-origin"
    # Single incidents stay on this machine.
    single = client.get("/ogc/collections/incidents/items", headers={"origin": OTHER})
    assert single.status_code == 403
    assert client.post("/ogc", headers={"origin": OTHER}).status_code == 403


def test_pages_of_named_origins_may_read_the_api_and_no_others(store: GeoPackageStore) -> None:
    client = shared_with(store, OTHER, "https://second.example")
    known = client.get("/ogc", headers={"origin": OTHER})
    assert known.headers[CORS] == OTHER
    assert "origin" in known.headers["vary"].lower()
    for origin in ("https://evil.example", OTHER + ".evil.example", "null", ""):
        response = client.get("/ogc", headers={"origin": origin})
        assert CORS not in response.headers
        assert response.headers["cross-origin-resource-policy"] == "same-origin"


def test_without_that_setting_no_page_of_another_origin_reads_anything(client: TestClient) -> None:
    response = client.get("/ogc", headers={"origin": OTHER})
    assert CORS not in response.headers
    assert "origin" not in response.headers.get("vary", "").lower()


@pytest.mark.parametrize(
    ("client_address", "headers", "own"),
    [
        ("127.0.0.1", {"host": "localhost:8000"}, True),
        ("::1", {"host": "localhost:8000", "sec-fetch-site": "same-origin"}, True),
        ("127.0.0.1", {"host": "localhost:8000", "origin": "http://localhost:8000"}, True),
        ("127.0.0.1", {"host": "localhost:8000", "origin": "http://localhost:9000"}, False),
        ("127.0.0.1", {"host": "localhost:8000", "sec-fetch-site": "cross-site"}, False),
        ("127.0.0.1", {"host": "localhost:8000", "sec-fetch-site": "same-site"}, False),
        ("10.0.0.5", {"host": "localhost:8000"}, False),
        (None, {"host": "localhost:8000"}, False),
    ],
)
def test_single_incidents_are_for_programs_and_pages_of_this_machine(
    client_address: str | None, headers: dict[str, str], own: bool
) -> None:
    assert is_own_caller(client_address, Headers(headers)) is own


def test_a_head_request_has_the_headers_of_get_and_no_body(client: TestClient) -> None:
    whole, head = client.get("/ogc"), client.head("/ogc")
    assert head.status_code == whole.status_code == 200
    assert (head.content, head.headers["etag"]) == (b"", whole.headers["etag"])
    assert whole.headers["x-content-type-options"] == "nosniff"
