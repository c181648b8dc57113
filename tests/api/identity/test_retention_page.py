"""`/retention`: forms without scripts for those who may erase."""

import pytest

from api.access_settings import AccessSettings, PublicUrl
from api.identity.passwords import Passwords
from api.identity.users import Users
from geo.store.erasures import read_erasures
from geo.store.geopackage import GeoPackageStore
from geo.store.records import Records
from tests.api.identity.conftest import CHEAP, HOST, USERS, WORDS, Service

_ID = "police.uk/testshire/2024-01:9"


@pytest.fixture
def service(
    store: GeoPackageStore, file_records: Records, monkeypatch: pytest.MonkeyPatch
) -> Service:
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    for user in USERS:
        Users(file_records).add(user, password=WORDS, by="test")
    access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
    return Service(store, file_records, access)


def test_an_administrator_erases_an_incident_and_what_is_too_old(
    service: Service, store: GeoPackageStore
) -> None:
    admin = service.signed_in("adam")
    assert '<td data-label="Kept">without end</td>' in admin.get("/retention").text
    form = {"source": "police.uk", "id": _ID, "reason": "asked for"}
    done = admin.post("/retention/erase", data=form)
    assert "The incident is erased for good" in done.text
    assert "opies may remain in backups" in done.text
    assert store.incident_count() == 319
    [erasure] = store.erasures()
    assert (erasure.erased_by, erasure.reason) == ("adam", "asked for")
    assert read_erasures(service.records) == [erasure]
    unknown = admin.post("/retention/erase", data={**form, "id": "<x>"})
    assert (unknown.status_code, "&lt;x&gt;" in unknown.text) == (400, True)
    admin.post("/retention/months", data={"source": "police.uk", "months": "12"})
    page = admin.get("/retention").text
    assert "Remove 319 rows for good" in page
    assert admin.post("/retention/apply", data={"sure": ""}).status_code == 400
    assert store.incident_count() == 319
    done = admin.post("/retention/apply", data={"sure": "yes"})
    assert "319 rows are removed for good" in done.text
    assert store.incident_count() == 0


def test_others_may_not(service: Service, store: GeoPackageStore) -> None:
    analyst = service.signed_in("ann")
    assert analyst.get("/retention").status_code == 403
    form = {"source": "police.uk", "id": _ID, "reason": "y"}
    assert analyst.post("/retention/erase", data=form).status_code == 403
    assert store.incident_count() == 320
    assert "/retention" not in analyst.get("/keys").text
