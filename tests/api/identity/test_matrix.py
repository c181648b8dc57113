"""Every route and format for every role: who is answered, and who is refused how.

The routes are those of the application, the formats those of its OpenAPI document, and what is
expected follows from the table of capabilities alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.access_settings import AccessSettings, PublicUrl
from api.identity.declared import declared_capabilities
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.roles import CAPABILITIES, Capability, Role, capabilities_of
from api.identity.users import GIVEN_ROLES, User
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from tests.api.identity.conftest import HOST, Service

_HIDDEN = {
    Capability.READ_ANSWERS, Capability.READ_INCIDENTS, Capability.READ_PLANS,
    Capability.READ_AUDIT, Capability.REVIEW_RELEASES, Capability.READ_METRICS,
}  # fmt: skip
_VALUES = {
    "collection": "wards", "collection_id": "wards", "feature_id": "A", "item": "A", "layer": "0",
    "name": "area-counts.csv", "analysis": "change", "z": "10", "x": "508", "y": "332",
    "tile_matrix_set": "WebMercatorQuad", "tile_matrix": "10", "tile_row": "332",
    "tile_col": "508",
}  # fmt: skip
"""Of the parameters of paths; of others `none`, which the all-rights answer then is compared to."""

_VIEWS = (Role.PUBLIC, Role.AUDITOR, Role.VIEWER, Role.OFFICER, Role.ANALYST, Role.PLANNER)
"""One role for each view of the data; the others see what one of these sees."""

_CHIEF_VIEWS = (Role.PUBLIC, Role.VIEWER, Role.OFFICER)
"""Of a database: who is refused, who sees no single incident, and who sees some areas only."""

EVERY_ROLE = tuple(role for role in GIVEN_ROLES if role is not Role.OFFICER)


class Callers:
    """A program of each role, and one with all rights whose answers show what is to be expected."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._clients: dict[object, TestClient] = {Role.PUBLIC: self._client("")}
        keys = Keys(service.records)
        for role in GIVEN_ROLES:
            areas = AreaScope("wards", ("A",)) if role is Role.OFFICER else None
            _, secret = keys.add(str(role), User(f"key-{role}", (role,), areas))
            self._clients[role] = self._client(secret)
        _, secret = keys.add("all", User("key-all", EVERY_ROLE))
        self._clients["all"] = self._client(secret)

    def _client(self, secret: str) -> TestClient:
        client = self.service.browser(accept="*/*")
        client.headers.pop("origin")
        if secret:
            client.headers["authorization"] = f"Bearer {secret}"
        return client

    def status(self, who: object, method: str, address: str) -> int:
        return self._clients[who].request(method, address).status_code


@pytest.fixture
def callers(either_store: Store, tmp_path: Path) -> Iterator[Callers]:
    with closing(RecordsFile(tmp_path / "city.gpkg")) as records:
        access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
        yield Callers(Service(either_store, records, access))


def routes(callers: Callers) -> Iterator[tuple[str, str, set[Capability]]]:
    for route, declared in declared_capabilities(callers.service.app):
        if route.methods:  # not the static files
            names = route.param_convertors
            path = route.path_format.format_map({each: _VALUES.get(each, "none") for each in names})
            for method in sorted(route.methods - {"HEAD"}):
                yield method, path, declared - {None}


def refusal(role: Role, wanted: Iterable[Capability]) -> int | None:
    """The status that a role is refused with; None where it is answered."""
    missing = set(wanted) - CAPABILITIES[role]
    if not missing:
        return None
    if role is Role.PUBLIC:
        return 401
    return 404 if missing & _HIDDEN else 403


def test_every_route_answers_the_roles_that_may_and_no_other(
    callers: Callers, either_store: Store
) -> None:
    wrong, asked = [], 0
    # Who is refused does not depend on the store, what a view shows does.
    roles = tuple(Role) if isinstance(either_store, GeoPackageStore) else _CHIEF_VIEWS
    for method, path, wanted in routes(callers):
        if (method, path) == ("GET", "/sign-in"):  # it sends on whoever has signed in
            continue
        if (method, path) == ("GET", "/"):  # and this whoever it does not open to
            continue
        as_all = callers.status("all", method, path)
        for role in roles:
            expected = refusal(role, wanted) or as_all
            status = callers.status(role, method, path)
            asked += 1
            # A layer or feature of other areas is not there for an officer.
            limited = role is Role.OFFICER and status in (400, 404) and expected == as_all
            if status != expected and not limited:
                wrong.append((method, path, role.value, status, expected))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > len(roles) * 60


def test_every_collection_in_every_format_is_there_for_those_who_see_it(
    callers: Callers, either_store: Store
) -> None:
    wrong, asked = [], 0
    in_file = isinstance(either_store, GeoPackageStore)
    for path, name in formats(callers):
        address = f"/ogc{path}?f={name}&limit=1"
        as_all = callers.status("all", "GET", address)
        wanted = [Capability.READ_ANSWERS, *collection_needs(path)]
        # Files are written alike of both stores, from what a view shows.
        for role in _VIEWS if in_file or name == "json" else _CHIEF_VIEWS:
            expected = refusal(role, wanted) or as_all
            status = callers.status(role, "GET", address)
            asked += 1
            limited = role is Role.OFFICER and status in (400, 404) and expected == as_all
            if status != expected and not limited:
                wrong.append((address, role.value, status, expected))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 300


def formats(callers: Callers) -> list[tuple[str, str]]:
    """Paths of items and their formats, from the OpenAPI document that all rights see."""
    document = callers._clients["all"].get("/ogc/api").json()
    pairs = []
    for path, operations in document["paths"].items():
        if path.endswith("/items"):
            parameters = {each["name"]: each for each in operations["get"]["parameters"]}
            pairs += [(path, name) for name in parameters["f"]["schema"]["enum"]]
    assert len(pairs) > 20
    return pairs


def collection_needs(path: str) -> list[Capability]:
    """What a collection needs beside answers."""
    if path == "/collections/incidents/items":
        return [Capability.READ_INCIDENTS]
    return [Capability.READ_PLANS] if "/plan" in path else []


def test_the_openapi_document_names_what_its_reader_sees(callers: Callers) -> None:
    for role in Role:
        response = callers._clients[role].get("/ogc/api")
        may = capabilities_of([role])
        assert (response.status_code == 200) == (Capability.READ_ANSWERS in may)
        if response.status_code == 200:
            named = "/collections/incidents/items" in response.json()["paths"]
            assert named == (Capability.READ_INCIDENTS in may), role
