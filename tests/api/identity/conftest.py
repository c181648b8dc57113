"""The records of a service: of a file, or of a file and a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.access_settings import AccessSettings, PublicUrl
from api.app import make_app
from api.identity.identity import AreaScope
from api.identity.passwords import Passwords
from api.identity.roles import Role
from api.identity.users import User, Users
from api.imports.process import ImportHere
from api.settings import Settings
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from geo.store.postgis import PostgisStore
from geo.store.postgis.records import PostgisRecords
from geo.store.records import Records
from tests.api.conftest import SearchesHere
from tests.postgres import Cluster

CHEAP = Passwords(time_cost=1, memory_cost=8, parallelism=1)
"""argon2 at a cost that a test can pay."""


class Watch:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def file_records(tmp_path: Path) -> Iterator[Records]:
    with closing(RecordsFile(tmp_path / "city.gpkg")) as records:
        yield records


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    if request.param == "GeoPackage":
        yield request.getfixturevalue("file_records")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)), closing(PostgisRecords(url)) as server:
        yield server


HOST = "patchmap.example"
WORDS = "purple kettle ladder"
SAME_ORIGIN = {"origin": f"https://{HOST}"}
USERS = (
    User("ann", (Role.ANALYST,)),
    User("ben", (Role.OFFICER,), AreaScope("wards", ("A",))),
    User("vic", (Role.VIEWER,)),
    User("adam", (Role.ADMIN,)),
)


class Service:
    """The service of a town with accounts or a proxy, and its records."""

    def __init__(
        self, store: Store, records: Records, access: AccessSettings, *, key: Path | None = None
    ) -> None:
        # With the file of its key an audit is kept.
        settings = Settings(access=access, audit=key is not None, audit_key_file=key)
        self.records, self.access = records, access
        self.app = make_app(
            store,
            settings,
            searches=SearchesHere(),
            importer=ImportHere(store),
            records=records,
        )

    def browser(self, **headers: str) -> TestClient:
        """A browser with no cookies yet, whose requests are those of the service's own pages."""
        return TestClient(
            self.app,
            base_url=f"https://{HOST}",
            follow_redirects=False,
            client=("192.0.2.1", 50_000),
            headers={"accept": "text/html", **SAME_ORIGIN, **headers},
        )

    def signed_in(self, name: str) -> TestClient:
        """The browser of a user."""
        browser = self.browser()
        done = browser.post("/sign-in", data={"name": name, "password": WORDS})
        assert done.status_code == 303, done.text
        return browser

    def program(self, key: str) -> TestClient:
        """A program with a key."""
        client = self.browser(accept="*/*")
        client.headers.pop("origin")
        client.auth = ("any", key)
        return client


@pytest.fixture
def audited_service(
    file_records: Records, made_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """The same as `service`, with an audit."""
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    for user in USERS:
        Users(file_records).add(user, password=WORDS, by="test")
    access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
    with closing(GeoPackageStore(made_town)) as store:
        made = Service(store, file_records, access, key=tmp_path / "audit.key")
        yield made
        made.app.state.audit.close()


@pytest.fixture
def service(
    file_records: Records, made_town: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """The town's service with accounts: an analyst, an officer, a viewer and an administrator."""
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    for user in USERS:
        Users(file_records).add(user, password=WORDS, by="test")
    with closing(GeoPackageStore(made_town)) as store:
        yield Service(
            store, file_records, AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
        )
