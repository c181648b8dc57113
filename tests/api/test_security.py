"""Loopback alone is no guard."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:9", "[::1]:8000"])
def test_the_names_of_this_machine_are_served(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.5:8000", "", "[::1", "localhost."]
)
def test_an_unknown_host_is_refused(client: TestClient, host: str) -> None:
    response = client.get("/healthz", headers={"host": host})
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert "only answers on this machine" in response.json()["detail"]


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
