"""Releases for the public: who may do what, what is served where, and that withdrawn is gone."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.requests import HTTPConnection

from api.app import make_app
from api.identity.identity import PUBLIC, AreaScope, Identity
from api.identity.roles import Role
from api.imports.process import ImportHere
from api.settings import Settings
from geo.incidents import Batch, Partition
from geo.releases import cached
from geo.releases import records as records_of_releases
from geo.releases.model import Release
from geo.releases.written import read_release
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from tests.api.conftest import SearchesHere, make_town, month_of_incidents

ANN = Identity("ann", frozenset({Role.ANALYST}), "account")
BEN = Identity("ben", frozenset({Role.CHAIR}), "account")
VIEWER = Identity("vic", frozenset({Role.VIEWER}), "account")
FORM = {
    "release_id": "asb-2024",
    "title": "Incidents <2024>",
    "first": "2024-01",
    "last": "2024-03",
    "layer": "wards",
    "group": ["ASB=anti-social-behaviour", "Burglary=burglary"],
}


class _Caller:
    """Whoever a test says that makes the requests."""

    identity = PUBLIC

    async def identify(self, _caller: HTTPConnection) -> Identity:
        return self.identity


class Service:
    def __init__(self, client: TestClient, caller: _Caller) -> None:
        self.client, self._caller = client, caller

    def by(self, identity: Identity) -> TestClient:
        self._caller.identity = identity
        return self.client

    def approve(self, identity: Identity, *, page: str = "") -> Response:
        """Approve what a page showed, by default what it shows now."""
        page = page or self.by(identity).get("/releases/asb-2024").text
        shown = re.findall('name="digest" value="([^"]+)"', page)
        return self.by(identity).post("/releases/asb-2024/approve", data={"digest": shown})

    def publish(self) -> None:
        made = self.by(ANN).post("/releases", data=FORM)
        assert made.status_code == 303, made.text
        approved = self.approve(BEN)
        assert approved.status_code == 303, approved.text


def calls_of(month: str) -> Partition:
    """The town's incidents as a police force's own, whose counts are not open."""
    partition = month_of_incidents(month)
    (batch,) = partition.batches()
    rows = batch.accepted.assign(
        source="calls", incident_id="calls/" + batch.accepted["incident_id"]
    )
    return replace(
        partition,
        source="calls",
        sha256=f"calls-{month}",
        batches=lambda: iter([Batch(rows, batch.rejected)]),
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    path, caller = tmp_path / "town.gpkg", _Caller()
    with closing(make_town(path)) as store, closing(RecordsFile(path)) as records:
        with store.transaction():
            for month in ("2024-01", "2024-02"):
                store.put_partition(calls_of(month))
        app = make_app(
            store,
            Settings(store=str(path)),
            searches=SearchesHere(),
            importer=ImportHere(store),
            records=records,
            authenticator=caller,
        )
        client = TestClient(
            app,
            base_url="http://127.0.0.1:8000",
            follow_redirects=False,
            client=("127.0.0.1", 50_000),
        )
        with client:
            yield Service(client, caller)


ADDRESSES = (
    "/open/asb-2024",
    "/open/asb-2024/index.json",
    "/open/asb-2024/map",
    "/open/asb-2024/map?layer=wards",
    *(f"/open/asb-2024/wards.{ending}" for ending in ("csv", "geojson", "json")),
    *(
        f"/open/asb-2024/wards.{kind}.{ending}"
        for kind in ("months", "full")
        for ending in ("csv", "json")
    ),
)


def test_a_draft_can_be_discarded_and_a_release_cannot(service: Service) -> None:
    service.by(ANN).post("/releases", data=FORM)
    assert "Discard this draft" in service.by(ANN).get("/releases/asb-2024").text
    assert "Discard this draft" not in service.by(BEN).get("/releases/asb-2024").text
    assert service.by(BEN).post("/releases/asb-2024/discard").status_code == 403
    done = service.by(ANN).post("/releases/asb-2024/discard")
    assert (done.status_code, done.headers["location"]) == (303, "/releases")
    assert service.by(ANN).get("/releases/asb-2024").status_code == 404
    service.publish()
    refused = service.by(ANN).post("/releases/asb-2024/discard")
    assert refused.status_code == 409
    assert "known for ever; withdraw it" in refused.text
    assert service.by(PUBLIC).get("/open/asb-2024").status_code == 200


def test_a_release_goes_from_its_maker_by_another_to_everybody(service: Service) -> None:
    service.by(ANN).post("/releases", data=FORM)
    assert {service.by(PUBLIC).get(address).status_code for address in ADDRESSES} == {404}
    assert service.by(ANN).post("/releases/asb-2024/approve").status_code == 403
    both = Identity("Ann", frozenset({Role.ANALYST, Role.CHAIR}), "account")
    page = service.by(both).get("/releases/asb-2024").text
    assert "another person must approve it" in page
    refused = service.by(both).post("/releases/asb-2024/approve")
    assert refused.status_code == 409
    assert "a second person must approve" in refused.text
    by_key = replace(BEN, way="key")
    assert service.by(by_key).post("/releases/asb-2024/approve").status_code == 403
    assert "Approve and publish" in service.by(BEN).get("/releases/asb-2024").text
    assert service.approve(BEN).status_code == 303
    assert {service.by(PUBLIC).get(address).status_code for address in ADDRESSES} == {200}


def test_what_was_made_again_after_a_look_is_not_approved(service: Service) -> None:
    service.by(ANN).post("/releases", data=FORM)
    page = service.by(BEN).get("/releases/asb-2024").text
    service.by(ANN).post("/releases", data={**FORM, "group": ["Burglary=burglary"]})
    refused = service.approve(BEN, page=page)
    assert refused.status_code == 409
    assert "was made again since you looked at it" in refused.text
    assert service.by(BEN).post("/releases/asb-2024/approve").status_code == 409
    assert service.approve(BEN).status_code == 303


def test_who_sees_some_areas_only_finds_no_releases(service: Service) -> None:
    service.by(ANN).post("/releases", data=FORM)
    roles = frozenset({Role.ANALYST, Role.CHAIR, Role.OFFICER})
    officer = Identity("olu", roles, "account", AreaScope("wards", ("E05001",)))
    client = service.by(officer)
    assert client.get("/releases").status_code == 404
    assert client.get("/releases/asb-2024").status_code == 404
    assert client.post("/releases", data=FORM).status_code in {403, 404}
    assert client.post("/releases/asb-2024/approve").status_code in {403, 404}


def test_a_release_is_read_once_and_an_etag_answered_without(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.publish()
    read = list[str]()

    def counted(text: str) -> Release:
        read.append(text)
        return read_release(text)

    monkeypatch.setattr(cached, "read_release", counted)
    monkeypatch.setattr(records_of_releases, "read_release", counted)
    client = service.by(PUBLIC)
    etag = client.get("/open").headers["etag"]
    for address in ("/open", "/open/index.json", *ADDRESSES):
        assert client.get(address).status_code == 200
    assert client.get("/open", headers={"if-none-match": etag}).status_code == 304
    assert len(read) == 1


def test_the_public_reads_releases_and_nothing_else(service: Service) -> None:
    service.publish()
    client = service.by(PUBLIC)
    for address in ("/releases", "/releases/asb-2024", "/", "/ogc/collections", "/map"):
        assert client.get(address).status_code == 401, address
    assert client.post("/releases", data=FORM).status_code == 401
    assert service.by(VIEWER).get("/releases/asb-2024").status_code == 404
    page = client.get("/open/asb-2024").text
    assert "Incidents &lt;2024&gt;" in page
    assert "ann" not in page.replace("announce", "")  # the public learns no names of people
    assert (
        "not published by all sources, or no longer kept, and in no total here: March 2024" in page
    )


def test_the_files_agree_and_are_the_same_for_everybody(service: Service) -> None:
    service.publish()
    client = service.by(PUBLIC)
    areas, months, full = (
        pd.read_csv(StringIO(client.get(f"/open/asb-2024/wards{kind}.csv").text))
        for kind in ("", ".months", ".full")
    )
    assert list(areas.columns) == ["area_code", "area_name", "n", "ASB", "Burglary"]
    assert (full["n"] % 5 == 0).all()
    assert full["n"].sum() == areas["n"].sum() == months["n"].sum()
    assert areas["n"].tolist() == full.groupby("area_code")["n"].sum().tolist()
    features = client.get("/open/asb-2024/wards.geojson").json()
    assert [one["properties"]["n"] for one in features["features"]] == areas["n"].tolist()
    assert features["rounded_to"] == 5
    rows = client.get("/open/asb-2024/wards.full.json").json()["rows"]
    assert [row["n"] for row in rows] == full["n"].tolist()
    assert service.by(ANN).get("/open/asb-2024/wards.csv").content == (
        service.by(PUBLIC).get("/open/asb-2024/wards.csv").content
    )
    index = client.get("/open/index.json").json()["releases"][0]
    for address in index["files"]:
        assert client.get(address).status_code == 200


def test_any_page_of_the_web_reads_it_without_credentials_and_asks_again(service: Service) -> None:
    service.publish()
    client = service.by(PUBLIC)
    for address in ADDRESSES:
        first = client.get(address, headers={"origin": "https://news.example"})
        assert first.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in first.headers
        assert first.headers["cache-control"] == "public, no-cache"
        again = client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["access-control-allow-origin"] == "*"


def test_withdrawn_is_gone_at_every_address(service: Service) -> None:
    service.publish()
    client = service.by(PUBLIC)
    tags = {address: client.get(address).headers["etag"] for address in ADDRESSES}
    assert service.by(BEN).post("/releases/asb-2024/withdraw", data={}).status_code == 400
    wrong = {"reason": "wrong months"}
    assert service.by(BEN).post("/releases/asb-2024/withdraw", data=wrong).status_code == 303
    for address, tag in tags.items():
        gone = service.by(PUBLIC).get(address, headers={"if-none-match": tag})
        assert gone.status_code == 410, address
        assert "wrong months" in gone.text
        assert "no-store" in gone.headers["cache-control"]
        assert gone.headers["access-control-allow-origin"] == "*"
    assert client.get("/open/index.json").json() == {"releases": []}


def test_what_is_served_is_never_counted_anew(service: Service) -> None:
    service.publish()
    before = service.by(PUBLIC).get("/open/asb-2024/wards.full.csv").text
    store: GeoPackageStore = service.client.app.state.releases.store  # type: ignore[attr-defined]
    with store.transaction():
        (record,) = [
            one for one in store.imports() if one.partition_id.startswith("calls/testshire/2024-02")
        ]
        store.undo_import(record.import_id)
    assert service.by(PUBLIC).get("/open/asb-2024/wards.full.csv").text == before


def test_a_form_that_cannot_be_a_release_is_shown_again_with_the_reason(service: Service) -> None:
    client = service.by(ANN)
    for field, text, reason in [
        ("release_id", "ASB 2024", "invalid id"),
        ("first", "January", "cannot read the month"),
        ("layer", "nowhere", "nowhere"),
        ("group", "x", "x"),
        ("source", ["calls", "police.uk"], "is open already"),
    ]:
        answer = client.post("/releases", data={**FORM, field: text})
        assert answer.status_code in (400, 404), field
        assert "There is a problem" in answer.text
        assert reason.lower() in answer.text.lower()
        assert 'value="Incidents &lt;2024&gt;"' in answer.text


def test_what_a_0_and_a_5_can_stand_for_depends_on_what_they_agree_with(service: Service) -> None:
    service.publish()
    page = service.by(PUBLIC).get("/open/asb-2024").text
    assert "A 0 can stand for 0 to 4 incidents, and a 5 for 1 to 9." in page
    service.by(ANN).post("/releases", data={**FORM, "release_id": "again"})
    page = service.by(BEN).get("/releases/again").text
    assert "a 0 can stand for more than 4 incidents, and a 5 for none" in page
    assert "a 5 for 1 to 9" not in page


def test_what_is_not_there_is_a_problem_document(service: Service) -> None:
    service.publish()
    client = service.by(PUBLIC)
    for address, status in {
        "/open/other": 404,
        "/open/asb-2024/wards.gpkg": 404,
        "/open/asb-2024/wards.months.geojson": 404,
        "/open/asb-2024/wards.odd.csv": 404,
        "/open/asb-2024/map?layer=odd": 400,
        "/open/asb-2024/wards.csv?bbox=1": 400,
    }.items():
        answer = client.get(address)
        assert answer.status_code == status, address
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_map_draws_each_area_with_its_published_count(service: Service) -> None:
    service.publish()
    text = service.by(PUBLIC).get("/open/asb-2024/map").text
    counts = pd.read_csv(StringIO(service.client.get("/open/asb-2024/wards.csv").text))["n"]
    assert all(f'"n":"{n}"' in text for n in counts)
    assert "&#60;b&#62;Abbey" in text
    assert np.isfinite(counts).all()
