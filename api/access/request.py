"""What the pages of access read from a request: a form, who sends it, where they go next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, HTTPException, Request

from api.identity.authenticators import Access
from api.identity.identity import Identity, identity_of
from geo.text import control_character, refuse_control_characters

_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST_FORM: Final = 16_000  # bytes
_MOST_FIELDS: Final = 50

Form = Mapping[str, Sequence[str]]
"""The values of each field of a form."""


async def read_form(request: Request) -> Form:
    """Read a form.

    Raises
    ------
    HTTPException
        If it is none, too large, or cannot be read.
    InputError
        If it holds a control character.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
        raise HTTPException(415, f"send the form as {_FORM}")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413, "the form is too large")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "the form cannot be read; reload the page") from error
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        refuse_control_characters(value, "the form")
        form.setdefault(name, []).append(value)
    return form


async def access_of(request: Request) -> Access:
    """Return what knows the callers of the service."""
    access: Access = request.app.state.access
    return access


async def person_of(request: Request) -> Identity:
    """Return the person who makes a request.

    Raises
    ------
    HTTPException
        If it is a program: whoever steals its key must not make others with it.
    """
    identity = identity_of(request)
    if identity.way == "key":
        raise HTTPException(403, "a key manages neither users nor keys; use a browser")
    return identity


FormDep = Annotated[Form, Depends(read_form)]
AccessDep = Annotated[Access, Depends(access_of)]
PersonDep = Annotated[Identity, Depends(person_of)]


@dataclass(frozen=True)
class Submission:
    """A form that a person sends.

    Attributes
    ----------
    access
        What knows the callers of the service.
    person
        Who sends it.
    form
        Its fields.
    """

    access: AccessDep
    person: PersonDep
    form: FormDep

    def only(self, name: str) -> str:
        """Return the value of a field."""
        return only(self.form, name)


SubmissionDep = Annotated[Submission, Depends()]


def only(form: Form, name: str) -> str:
    """Return the value of a field; the first one of several, empty where there is none."""
    return next(iter(form.get(name, ())), "")


def safe_address(text: str) -> str:
    r"""Return an address of this service to go to next, or the first page's.

    Parameters
    ----------
    text
        What the address of the sign-in page asks for, which anybody can have written. Browsers
        take `//host`, `/\host` and what begins with a scheme for addresses of other hosts.
    """
    try:
        parts = urlsplit(text) if text.isprintable() and "\\" not in text else None
    except ValueError:  # such as //[
        parts = None
    if (
        not parts
        or parts.scheme
        or parts.netloc
        or not text.startswith("/")
        or text.startswith("//")
        or control_character(text)
        or parts.path in ("/sign-in", "/sign-out")
    ):
        return "/"
    return text
