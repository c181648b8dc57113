"""`/users`: who may use the service, and as what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request, Response

from api.access.request import AccessDep, Form, PersonDep, SubmissionDep
from api.access.responses import go_to, page
from api.dependencies import answers_of
from api.identity.audit import Action, record
from api.identity.authenticators import Access
from api.identity.declared import requires
from api.identity.identity import Identity
from api.identity.roles import ROLE_TEXTS, Capability
from api.identity.users import (
    GIVEN_ROLES,
    User,
    areas_of,
    areas_text,
    check_areas_exist,
    roles_of,
    user_name_of,
)
from geo.errors import InputError, PatchmapError, UnavailableError

router = APIRouter(prefix="/users", dependencies=[requires(Capability.MANAGE_USERS)])


@router.get("")
def users(access: AccessDep, person: PersonDep) -> Response:
    """List the users."""
    return _page(access, person)


@router.post("")
def add(request: Request, sent: SubmissionDep) -> Response:
    """Add a user."""
    try:
        roles, areas = roles_of(sent.form.get("role", ())), areas_of(sent.only("areas"))
        check_areas_exist(areas, answers_of(request).snapshot())
        user = User(user_name_of(sent.only("name")), roles, areas)
        password = sent.only("password") if sent.access.cookie else None
        sent.access.users.add(
            user,
            password=password,
            by=sent.person.name,
            record=_recorded(
                request, user.name, f"added as {', '.join(roles)} {areas_text(areas)}"
            ),
        )
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _page(sent.access, sent.person, refusal=error, form=sent.form)
    return go_to("/users")


@router.get("/{name}")
def one(access: AccessDep, person: PersonDep, name: str) -> Response:
    """Show a user, with forms for what can be changed."""
    return _user_page(access, person, name)


@router.post("/{name}/roles")
def change(request: Request, sent: SubmissionDep, name: str) -> Response:
    """Give a user other roles and areas."""
    try:
        _check_not_self(sent.person, name)
        roles, areas = roles_of(sent.form.get("role", ())), areas_of(sent.only("areas"))
        check_areas_exist(areas, answers_of(request).snapshot())
        now = f"now {', '.join(roles)} {areas_text(areas)}"
        sent.access.users.change(name, roles, areas, record=_recorded(request, name, now))
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _user_page(sent.access, sent.person, name, refusal=error)
    return go_to("/users")


@router.post("/{name}/password")
def set_password(request: Request, sent: SubmissionDep, name: str) -> Response:
    """Give a user another password, and end their sessions."""
    try:
        _check_not_self(sent.person, name)
        sent.access.users.set_password(
            name, sent.only("password"), record=_recorded(request, name, "new password")
        )
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _user_page(sent.access, sent.person, name, refusal=error)
    return go_to("/users")


@router.post("/{name}/disable")
def disable(request: Request, sent: SubmissionDep, name: str) -> Response:
    """Lock a user out, or let them in again."""
    again = sent.only("again") == "yes"
    try:
        _check_not_self(sent.person, name)
        what = "let in again" if again else "locked out"
        sent.access.users.set_disabled(
            name, disabled=not again, record=_recorded(request, name, what)
        )
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _user_page(sent.access, sent.person, name, refusal=error)
    return go_to("/users")


def _check_not_self(person: Identity, name: str) -> None:
    # Who locks themselves out leaves nobody who could let them in.
    if name == person.name:
        raise InputError(
            "you cannot change your own account here; ask another administrator, or use "
            "'patchmap users'"
        )


def _recorded(request: Request, name: str, what: str) -> Callable[[], None]:
    """What records a change of a user, once it is called."""
    return partial(record, request, action=Action.USER_CHANGED, subject=f"{name}: {what.strip()}")


def _page(
    access: Access,
    person: Identity,
    *,
    refusal: PatchmapError | None = None,
    form: Form | None = None,
) -> Response:
    return page(
        "users.html",
        status=400 if refusal else 200,
        person=person,
        users=[(user, areas_text(user.areas)) for user in access.users.all()],
        has_passwords=bool(access.cookie),
        refusal=str(refusal) if refusal else "",
        form=form or {},
        **_choices(),
    )


def _user_page(
    access: Access, person: Identity, name: str, *, refusal: PatchmapError | None = None
) -> Response:
    user = access.users.get(name)
    if not user:
        return _page(access, person, refusal=refusal or InputError(f"there is no user {name}"))
    return page(
        "user.html",
        status=400 if refusal else 200,
        person=person,
        user=user,
        areas=areas_text(user.areas),
        has_passwords=bool(access.cookie),
        refusal=str(refusal) if refusal else "",
        **_choices(),
    )


def _choices() -> dict[str, object]:
    """The roles, each with what it may do, in the order of the table of capabilities."""
    return {"roles": GIVEN_ROLES, "may": {role: ROLE_TEXTS[role] for role in GIVEN_ROLES}}
