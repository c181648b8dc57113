"""`/sign-in` and `/sign-out`, where people have accounts here."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from api.access.request import AccessDep, FormDep, only, safe_address
from api.access.responses import go_to, page
from api.identity.attempts import TooManyAttemptsError
from api.identity.audit import Action, record
from api.identity.authenticators import Access
from api.identity.declared import open_to_anyone
from api.identity.identity import PUBLIC, Identity, identity_of
from api.pages.navigation import home_of
from geo.errors import InputError

_LONGEST_NAME: Final = 100
"""What is longer is no user's name."""

router = APIRouter(dependencies=[open_to_anyone()])


@router.get("/sign-in")
def form(request: Request) -> Response:
    """Show the form, or go on where somebody has signed in already."""
    address = safe_address(request.query_params.get("next", ""))
    identity = identity_of(request)
    if identity != PUBLIC:
        return go_to(home_of(identity) if address == "/" else address)
    return page("sign_in.html", address=address)


@router.post("/sign-in")
def sign_in(request: Request, access: AccessDep, form: FormDep) -> Response:
    """Begin a session, with a cookie that only this service gets."""
    name = only(form, "name")[:_LONGEST_NAME]
    address = safe_address(only(form, "next"))
    try:
        token = access.sign_in(
            name,
            only(form, "password"),
            address=request.client.host if request.client else "",
            earlier=access.token_of(request),
        )
    except (InputError, TooManyAttemptsError) as error:
        return _refused(request, access, error, name=name, address=address)
    identity = access.sessions.identify(token)
    try:
        record(request, action=Action.SIGN_IN, identity=identity)
    except BaseException:
        access.sessions.end(token)  # what is not recorded has not happened
        raise
    response = go_to(home_of(identity) if identity and address == "/" else address)
    response.set_cookie(
        access.cookie, token, path="/", secure=access.is_secure, httponly=True, samesite="lax"
    )
    return response


@router.get("/sign-out")
def ask_to_sign_out(request: Request) -> Response:
    """Show the button: a link or picture of another page must sign nobody out."""
    return page("sign_out.html", identity=identity_of(request))


@router.post("/sign-out")
def sign_out(request: Request, access: AccessDep) -> Response:
    """End the session."""
    token = access.token_of(request)
    # A cookie that opens nothing writes no entry: anybody could send any number of them.
    if token and access.sessions.identify(token):
        record(request, action=Action.SIGN_OUT)
        access.sessions.end(token)
    response = go_to("/sign-in")
    response.delete_cookie(access.cookie, path="/", secure=access.is_secure, httponly=True)
    # Nobody reads pages of this session from the cache of a shared computer.
    response.headers["clear-site-data"] = '"cache"'
    return response


def _refused(
    request: Request,
    access: Access,
    error: InputError | TooManyAttemptsError,
    *,
    name: str,
    address: str,
) -> Response:
    user = access.users.get(name.strip().casefold())
    # People type passwords where their name belongs: a name that is nobody's is not written down.
    known = user.name if user else "no user"
    throttled = isinstance(error, TooManyAttemptsError)
    record(
        request,
        # Anybody can cause these at any rate: the audit counts refusals of strangers.
        action=Action.REFUSAL if throttled else Action.SIGN_IN_FAILED,
        subject=f"POST /sign-in: too many attempts for {known}" if throttled else known,
        reason=str(error),
        identity=Identity("", PUBLIC.roles, "public"),
    )
    response = page(
        "sign_in.html",
        status=429 if throttled else 403,
        address=address,
        name=name,
        refusal=str(error),
    )
    if isinstance(error, TooManyAttemptsError):
        response.headers["retry-after"] = str(error.seconds)
    return response
