"""Single incidents: for callers on this machine, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.errors import InputError
from geo.store.geopackage import GeoPackageStore

ITEMS = "/ogc/collections/incidents/items"


@pytest.fixture
def called_by(store: GeoPackageStore) -> Callable[..., TestClient]:
    def make(host: str, **settings: object) -> TestClient:
        app = make_app(store, Settings(**settings))  # type: ignore[arg-type] # tests give them by name
        return TestClient(app, base_url="http://127.0.0.1:8000", client=(host, 50_000))

    return make


def test_incidents_are_features_with_their_times(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=5&category=burglary").json()
    assert page["numberMatched"] == 80
    feature = page["features"][0]
    assert feature["geometry"]["type"] == "Point"
    assert feature["id"] == feature["properties"]["incident_id"]
    assert feature["properties"]["occurred_from"] == "2024-01-01T00:00:00Z"
    assert client.get(f"{ITEMS}/{feature['id']}").json()["properties"] == feature["properties"]


def test_a_period_selects_incidents_by_their_days_in_london(client: TestClient) -> None:
    for interval in ("2024-02", "2024-02-01/..", "2024-02-01T00:00:00Z/2024-02-28"):
        hits = client.get(f"{ITEMS}?resultType=hits&datetime={interval}").json()
        assert hits["numberMatched"] == 160


@pytest.mark.parametrize(
    ("interval", "n"),
    [
        ("2024-01-15/2024-01-20", 160),
        ("2024-01-15T10:00:00Z", 160),
        ("2024-01-31T23:59:59Z/2024-02-28", 320),
        ("2023-12-31", 0),
        ("2024-03-01/2024-03-02", 0),
    ],
)
def test_incidents_dated_by_month_intersect_every_day_of_it(
    client: TestClient, interval: str, n: int
) -> None:
    hits = client.get(f"{ITEMS}?resultType=hits&datetime={interval}").json()
    assert hits["numberMatched"] == n


@pytest.mark.parametrize("host", ["192.0.2.7", "testclient", "10.0.0.1"])
def test_a_caller_from_elsewhere_gets_none(called_by: Callable[..., TestClient], host: str) -> None:
    client = called_by(host)
    for path in ("", "/items", "/items/x", "/schema", "/queryables", "/items?f=csv"):
        response = client.get(f"/ogc/collections/incidents{path}")
        assert response.status_code == 403
        assert "not served to this caller" in response.json()["detail"]
    assert '"id":"incidents"' not in client.get("/ogc/collections").text
    assert "/collections/incidents" not in client.get("/ogc/api").text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_origin_gets_none(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get(ITEMS, headers=headers).status_code == 403
    known = client.get(ITEMS).headers["etag"]
    again = client.get(ITEMS, headers={**headers, "if-none-match": known})
    assert again.status_code == 403


def test_a_setting_keeps_them_from_everyone(called_by: Callable[..., TestClient]) -> None:
    assert called_by("127.0.0.1", incidents=False).get(ITEMS).status_code == 403
    assert Settings.read({"PATCHMAP_INCIDENTS": "off"}).incidents is False
    with pytest.raises(
        InputError, match=r"PATCHMAP_INCIDENTS='yes' is unknown; choose local or off"
    ):
        Settings.read({"PATCHMAP_INCIDENTS": "yes"})


def test_named_origins_may_read_the_rest_without_credentials(
    called_by: Callable[..., TestClient],
) -> None:
    client = called_by("127.0.0.1", cors=("https://maps.example",))
    origin = {"origin": "https://maps.example"}
    headers = client.get("/ogc/collections/wards/items", headers=origin).headers
    assert headers["access-control-allow-origin"] == "https://maps.example"
    assert "access-control-allow-credentials" not in headers
    assert "origin" in headers["vary"].lower()
    assert client.get(ITEMS, headers=origin).status_code == 403
    other = client.get("/ogc", headers={"origin": "https://evil.example"}).headers
    assert "access-control-allow-origin" not in other
    assert "access-control-allow-origin" not in client.get("/", headers=origin).headers


def test_no_origin_is_named_unless_a_setting_does(client: TestClient) -> None:
    headers = client.get("/ogc", headers={"origin": "https://maps.example"}).headers
    assert "access-control-allow-origin" not in headers
    assert Settings.read({"PATCHMAP_CORS": "https://a.example, *"}).cors == (
        "https://a.example",
        "*",
    )
    with pytest.raises(InputError, match=r"'a.example' is not an origin"):
        Settings.read({"PATCHMAP_CORS": "a.example"})
