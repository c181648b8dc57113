"""What the service records before it answers, and that it answers nothing it cannot record."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection
from typer.testing import CliRunner

from api.app import make_app
from api.cli import app as command_line
from api.identity.audit import Action
from api.identity.identity import PUBLIC, Identity
from api.identity.roles import Role
from api.identity.trail import AuditTrail
from api.imports.opening import open_records
from api.imports.process import ImportHere
from api.settings import Settings
from geo.store.audit_chain import AuditEntry
from geo.store.geopackage import GeoPackageStore
from geo.store.records import Records
from tests.api.conftest import SearchesHere

_ITEMS = "/ogc/collections/incidents/items"
_FEATURES = "/arcgis/rest/services/patchmap/FeatureServer"


class _ByHeader:
    """Whoever the header `as` says: one of a role, or nobody."""

    async def identify(self, caller: HTTPConnection) -> Identity:
        role = Role(caller.headers.get("as", "public"))
        name, way = ("", "public") if role is Role.PUBLIC else ("ann", "account")
        return Identity(name, frozenset({role}), way)  # type: ignore[arg-type]


class Audited(NamedTuple):
    client: TestClient
    records: Records
    trail: AuditTrail

    def entries(self) -> list[AuditEntry]:
        return [*self.trail.log.entries()]

    def last(self) -> tuple[str, ...]:
        entry = self.entries()[-1]
        return entry.action, *(entry.text(name) for name in ("who", "subject", "rows"))


@pytest.fixture
def audited(store: GeoPackageStore) -> Iterator[Audited]:
    settings = Settings(store=str(store.path), audit=True)
    with open_records(settings.store) as records:
        app = make_app(
            store,
            settings,
            searches=SearchesHere(),
            importer=ImportHere(store),
            records=records,
            authenticator=_ByHeader(),
        )
        local = {"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50_000)}
        with TestClient(app, follow_redirects=False, headers={"as": "analyst"}, **local) as made:
            yield Audited(made, records, app.state.audit)


def test_single_incidents_are_recorded_with_who_and_how_many(audited: Audited) -> None:
    client = audited.client
    answer = client.get(_ITEMS, params={"limit": 7, "category": "burglary"})
    assert answer.status_code == 200
    entry = audited.entries()[-1]
    assert audited.last() == ("consultation", "ann", "incidents", "7")
    assert entry.fields["question"] == {"limit": "7", "category": "burglary"}
    assert entry.text("roles") == "analyst"
    assert entry.text("request_id") == answer.headers["x-request-id"]
    client.get(_ITEMS, params={"f": "csv"})
    assert audited.last() == ("export", "ann", "incidents", "320")
    feature = answer.json()["features"][0]["id"]
    client.get(f"{_ITEMS}/{feature}")
    assert audited.last() == ("consultation", "ann", "incidents", "1")
    layers = client.get(_FEATURES, params={"f": "json"}).json()["layers"]
    number = next(layer["id"] for layer in layers if layer["name"] == "Incidents")
    client.get(f"{_FEATURES}/{number}/query", params={"where": "1=1", "f": "json"})
    assert audited.last() == ("consultation", "ann", "incidents", "320")
    before = len(audited.entries())
    client.get("/ogc/collections/wards/items")
    client.get("/ogc/collections/area-counts/items", params={"layer": "wards"})
    assert len(audited.entries()) == before
    assert audited.trail.log.faults() == []


def test_refusals_are_recorded_and_those_of_strangers_counted(audited: Audited) -> None:
    client = audited.client
    assert client.get("/data", headers={"as": "viewer"}).status_code == 403
    assert audited.last() == ("refusal", "ann", "GET /data: import", "")
    assert client.get("/planner", headers={"as": "viewer"}).status_code == 404
    assert audited.last()[2] == "GET /planner: read plans"
    for _ in range(50):
        assert client.get("/", headers={"as": "public"}).status_code == 401
    of_strangers = [one for one in audited.entries() if one.text("way") == "public"]
    assert [one.text("subject") for one in of_strangers] == [
        "1 without sign-in, the last: GET /: read answers"
    ]


def test_the_same_incidents_are_recorded_each_time(audited: Audited) -> None:
    place = f"{_ITEMS}/{audited.client.get(_ITEMS).json()['features'][0]['id']}"
    for path in (
        f"{_ITEMS}?limit=2",
        place,
        "/ogc/collections/incidents/tiles/WebMercatorQuad/0/0/0",
    ):
        before = len(audited.entries())
        assert audited.client.get(path).content == audited.client.get(path).content
        assert len(audited.entries()) == before + 2, path


def test_arcgis_extents_and_counts_of_incidents_are_recorded(audited: Audited) -> None:
    client = audited.client
    layers = client.get(_FEATURES, params={"f": "json"}).json()["layers"]
    numbers = {layer["name"]: layer["id"] for layer in layers}
    query = f"{_FEATURES}/{numbers['Incidents']}/query"
    [one, *_] = client.get(query, params={"returnIdsOnly": "true", "f": "json"}).json()["objectIds"]
    for asked, rows in (
        ({"returnExtentOnly": "true", "objectIds": str(one)}, "1"),
        ({"returnExtentOnly": "true", "returnCountOnly": "true", "where": "1=1"}, "320"),
        ({"returnCountOnly": "true", "where": "location LIKE '%Mill%'"}, ""),
    ):
        before = len(audited.entries())
        assert client.get(query, params={"f": "json", **asked}).status_code == 200
        assert len(audited.entries()) == before + 1
        assert audited.last() == ("consultation", "ann", "incidents", rows)
        question = audited.entries()[-1].fields["question"]
        assert all(question[name.lower()] == text for name, text in asked.items())
    with audited.records.transaction():
        audited.records.execute("DROP TABLE patchmap_audit")
    assert client.get(query, params={"f": "json", **asked}).status_code == 503


def test_refusals_that_were_only_counted_are_recorded_in_time_and_at_the_end(
    audited: Audited,
) -> None:
    def refused(trail: AuditTrail, times: int) -> None:
        for _ in range(times):
            trail.record(PUBLIC, action=Action.REFUSAL, subject="GET /")

    def subjects() -> list[str]:
        return [one.text("subject") for one in audited.entries()]

    quick = AuditTrail(audited.trail.log, every=0.05)
    refused(quick, 4)
    give_up = time.monotonic() + 120
    while len(subjects()) < 2 and time.monotonic() < give_up:
        time.sleep(0.01)
    assert subjects() == [f"{n} without sign-in, the last: GET /" for n in (1, 3)]
    slow = AuditTrail(audited.trail.log)
    refused(slow, 8)
    slow.close()
    assert subjects()[2:] == [f"{n} without sign-in, the last: GET /" for n in (1, 7)]
    slow.close()
    assert len(subjects()) == 4


def test_without_an_audit_entry_there_is_no_answer(audited: Audited) -> None:
    with audited.records.transaction():
        audited.records.execute("DROP TABLE patchmap_audit")
    for path, role in ((_ITEMS, "analyst"), ("/data", "viewer"), ("/", "public")):
        answer = audited.client.get(path, headers={"as": role})
        assert answer.status_code == 503, path
        assert "the audit cannot be written" in answer.text
        assert "Mill Lane" not in answer.text
    # What holds no personal data needs no entry.
    assert audited.client.get("/ogc/collections/wards/items").status_code == 200


def test_commands_are_recorded_and_the_audit_is_shown_checked_and_exported(
    store: GeoPackageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHMAP_AUDIT", "on")
    monkeypatch.setenv("PATCHMAP_AUDIT_HEAD", str(tmp_path / "heads"))

    def run(*words: str) -> str:
        result = CliRunner().invoke(
            command_line, ["--store", str(store.path), *words], catch_exceptions=False
        )
        return result.output

    run("imports", "undo", "2")
    run("backup", str(tmp_path / "b.gpkg"))
    shown = run("audit", "show")
    assert "undo: import 2, 160 rows" in shown
    assert "export: backup b.gpkg, 160 rows" in shown
    assert "2 entries, none changed" in run("audit", "verify")
    assert "backup" not in run("audit", "show", "--action", "undo")
    assert "no entries" in run("audit", "show", "--to", "2020-01-01")
    assert "2 entries" in run("audit", "export", "-o", str(tmp_path / "audit.csv"))
    assert (tmp_path / "audit.csv").stat().st_mode & 0o777 == 0o600
    run("audit", "redact", "1", "who", "--reason", "left in 2019")
    facts = json.loads(run("--json", "audit", "show"))
    assert facts[0]["who"] is None
    assert "3 entries, none changed" in run("audit", "verify")


def test_auditors_read_the_audit_and_are_recorded_too(audited: Audited) -> None:
    client, auditor = audited.client, {"as": "auditor"}
    client.get(_ITEMS, params={"limit": 7, "location": "<b>Mill"})
    assert client.get("/audit").status_code == 404
    page = client.get("/audit", headers=auditor)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "GET /audit: read audit" in page.text
    assert "location=&lt;b&gt;Mill" in page.text
    assert audited.last() == ("consultation", "ann", "the audit", "2")
    chosen = client.get("/audit", params={"action": "refusal", "who": "ann"}, headers=auditor)
    assert "GET /audit: read audit" in chosen.text
    assert "&lt;b&gt;Mill" not in chosen.text
    assert client.get("/audit", params={"from": "x"}, headers=auditor).status_code == 400
    whole = client.get("/audit/check", headers=auditor)
    assert "The audit is whole" in whole.text
    with audited.records.transaction():
        audited.records.execute("DROP TRIGGER patchmap_audit_unchanged")
        audited.records.execute("UPDATE patchmap_audit SET mac = 'x' WHERE sequence = 2")
    assert "Entry 2 was changed." in client.get("/audit/check", headers=auditor).text
