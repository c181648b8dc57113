"""Every route declares what its callers need, and is refused to those who lack it."""

from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

import api
from api.identity.declared import _HIDDEN, DeclaredRoute, check_declared, open_to_anyone, requires
from api.identity.identify import Identify
from api.identity.identity import PUBLIC, Identity, local_identity
from api.identity.roles import CAPABILITIES, ROLE_TEXTS, Capability, Role, capabilities_of


class _As:
    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def identify(self, caller: object) -> Identity:
        return self._identity


def _app(identity: Identity) -> FastAPI:
    plans = APIRouter(dependencies=[requires(Capability.READ_PLANS)])

    @plans.get("/plans")
    def read() -> str:
        return "read"

    @plans.post("/plans", dependencies=[requires(Capability.EDIT_PLANS)])
    def edit() -> str:
        return "edited"

    async def counts(request: object) -> None:
        raise AssertionError("reached")

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        routes=[
            DeclaredRoute("/counts", counts, capability=Capability.READ_ANSWERS, methods=["GET"])
        ],
    )
    app.include_router(plans)
    app.add_api_route("/healthz", lambda: "ok", dependencies=[open_to_anyone()])
    app.add_middleware(Identify, authenticator=_As(identity))
    return app


def _named(*roles: Role) -> Identity:
    return Identity("someone", frozenset(roles), "account")


def _statuses(identity: Identity) -> list[int]:
    client = TestClient(_app(identity))
    return [
        client.get("/healthz").status_code,
        client.get("/plans").status_code,
        client.post("/plans").status_code,
    ]


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (PUBLIC, [200, 401, 401]),
        # What one may not see is not there; what one may not do is forbidden.
        (_named(Role.OFFICER), [200, 404, 404]),
        (_named(Role.CHAIR), [200, 200, 403]),
        (_named(Role.PLANNER), [200, 200, 200]),
        (local_identity("someone"), [200, 200, 200]),
    ],
)
def test_a_route_answers_those_who_may(identity: Identity, expected: list[int]) -> None:
    assert _statuses(identity) == expected


def test_a_plain_route_refuses_before_its_handler_runs() -> None:
    response = TestClient(_app(PUBLIC)).get("/counts")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")


def test_a_service_with_a_silent_route_does_not_start() -> None:
    app = _app(PUBLIC)
    check_declared(app)
    app.add_api_route("/silent", lambda: "all", methods=["GET"])
    with pytest.raises(RuntimeError, match="/silent"):
        check_declared(app)


def test_what_one_may_not_see_is_404_and_what_one_may_not_do_is_403() -> None:
    client = TestClient(_app(_named(Role.AUDITOR)))
    assert (client.get("/plans").status_code, client.post("/plans").status_code) == (404, 404)
    seen = {one for one in Capability if one.startswith(("read ", "review "))}
    assert seen == _HIDDEN
    done = {
        "edit plans",
        "edit tasks",
        "edit roster",
        "import",
        "make releases",
        "approve releases",
        "use keys",
    }
    assert set(Capability) - seen == {*done, "manage users", "erase"}


def test_the_guide_says_of_each_role_what_pages_say() -> None:
    guide = (Path(api.__file__).parent / "help/guide/access.md").read_text()
    guide = guide.replace(
        "[the figures of the service](running.md#watch-it)", "the figures of the service"
    )
    for role in Role:
        assert f"| {role.value} | {ROLE_TEXTS[role]} |" in guide


def test_each_role_has_its_line() -> None:
    assert set(CAPABILITIES) == set(Role)
    assert capabilities_of([]) == frozenset()
    assert capabilities_of([Role.PLANNER, Role.CHAIR]) > CAPABILITIES[Role.PLANNER]
    # Who approves a release is not, by that role, who makes it; who runs the service reads no
    # single incident and no audit.
    assert Capability.MAKE_RELEASES not in CAPABILITIES[Role.CHAIR]
    assert Capability.APPROVE_RELEASES not in CAPABILITIES[Role.ANALYST]
    assert not CAPABILITIES[Role.ADMIN] & {Capability.READ_INCIDENTS, Capability.READ_AUDIT}
