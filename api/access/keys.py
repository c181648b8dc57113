"""`/keys`: one's own keys for other programs, and one's own password."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.access.request import AccessDep, PersonDep, SubmissionDep
from api.access.responses import go_to, page
from api.identity.audit import Action, record
from api.identity.authenticators import Access
from api.identity.declared import requires
from api.identity.identity import Identity
from api.identity.keys import DEFAULT_DAYS, MOST_DAYS, MOST_DAYS_ELSEWHERE, Key, narrowed
from api.identity.moments import utc_now
from api.identity.roles import Capability, Role
from api.identity.users import GIVEN_ROLES, User, areas_text, roles_of
from geo.errors import InputError, NotFoundError, PatchmapError, UnavailableError

router = APIRouter(prefix="/keys", dependencies=[requires(Capability.USE_KEYS)])


@router.get("")
def own_keys(request: Request, access: AccessDep, person: PersonDep) -> Response:
    """List one's keys."""
    return _page(access, person, changed="changed" in request.query_params)


@router.post("")
def add(request: Request, sent: SubmissionDep) -> Response:
    """Make a key, and show its secret this once."""
    access, person = sent.access, sent.person
    try:
        owner = User(person.name, _roles(person), areas=person.areas)
        owner = narrowed(owner, roles_of(sent.form.get("role", ())))
        key, secret = access.keys.add(
            sent.only("name"),
            owner,
            sent.only("expires"),
            most_days=_most_days(access, person),
            record=lambda key: _record(request, key, "added"),
        )
    except InputError as error:
        return _page(access, person, refusal=error)
    return _page(access, person, secret=secret, added=key)


@router.get("/all", dependencies=[requires(Capability.MANAGE_USERS)])
def all_keys(access: AccessDep, person: PersonDep) -> Response:
    """List the keys of everybody, for an administrator."""
    return _all_page(access, person)


@router.post("/all/{key_id}/revoke", dependencies=[requires(Capability.MANAGE_USERS)])
def revoke_any(request: Request, access: AccessDep, person: PersonDep, key_id: str) -> Response:
    """Let anybody's key open nothing any more."""
    try:
        access.keys.revoke(
            key_id,
            record=lambda key: _record(request, key, f"revoked, of {key.owner}"),
        )
    except NotFoundError as error:
        return _all_page(access, person, refusal=error)
    return go_to("/keys/all")


@router.post("/{key_id}/revoke")
def revoke(request: Request, access: AccessDep, person: PersonDep, key_id: str) -> Response:
    """Let a key open nothing any more."""
    try:
        access.keys.revoke(
            key_id, owner=person.name, record=lambda key: _record(request, key, "revoked")
        )
    except NotFoundError as error:
        return _page(access, person, refusal=error)
    return go_to("/keys")


@router.post("/password")
def change_password(request: Request, sent: SubmissionDep) -> Response:
    """Give oneself another password; all sessions end, and this browser gets a new one."""
    access, person = sent.access, sent.person
    address = request.client.host if request.client else ""
    try:
        if person.way != "account":
            raise InputError("you sign in elsewhere; change your password there")
        if sent.only("new") != sent.only("again"):
            raise InputError("the two new passwords differ; type the same one twice")
        # As at sign-in, so that whoever finds the computer open cannot try one after the other.
        access.sessions.end(access.sign_in(person.name, sent.only("password"), address=address))
        access.users.set_password(
            person.name,
            sent.only("new"),
            record=lambda: record(
                request, action=Action.USER_CHANGED, subject=f"{person.name}: own password"
            ),
        )
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _page(access, person, refusal=error)
    response = go_to("/keys?changed")
    response.set_cookie(
        access.cookie,
        access.sessions.begin(person.name),
        path="/",
        secure=access.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


def _record(request: Request, key: Key, what: str) -> None:
    record(request, action=Action.KEY_CHANGED, subject=f"{key.key_id} {what}")


def _all_page(
    access: Access, person: Identity, *, refusal: PatchmapError | None = None
) -> Response:
    now = utc_now()
    return page(
        "all_keys.html",
        status=400 if refusal else 200,
        person=person,
        keys=[(key, key.state(now)) for key in access.keys.all()],
        users={user.name for user in access.users.all()},
        refusal=str(refusal) if refusal else "",
    )


def _page(
    access: Access, person: Identity, *, refusal: PatchmapError | None = None, **values: object
) -> Response:
    now = utc_now()
    return page(
        "keys.html",
        status=400 if refusal else 200,
        person=person,
        roles=_roles(person),
        areas=areas_text(person.areas),
        keys=[(key, key.state(now)) for key in access.keys.all(person.name)],
        days=DEFAULT_DAYS,
        most_days=_most_days(access, person),
        has_password=person.way == "account",
        refusal=str(refusal) if refusal else "",
        **values,
    )


def _most_days(access: Access, person: Identity) -> int:
    is_known = person.way != "proxy" or access.users.get(person.name) is not None
    return MOST_DAYS if is_known else MOST_DAYS_ELSEWHERE


def _roles(person: Identity) -> tuple[Role, ...]:
    return tuple(role for role in GIVEN_ROLES if role in person.roles)
