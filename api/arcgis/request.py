"""A request to the FeatureServer: its parameters, of the address or of a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from fastapi import HTTPException, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.arcgis.errors import REFUSALS, esri_refusal
from api.formats.encoding import to_json
from api.formats.registry import GEOJSON, JSON, Format
from api.identity.declared import DeclaredRoute
from api.identity.roles import Capability
from api.ogc.request import OgcRequest
from geo.errors import QuestionError
from geo.question.kinds import one_of
from geo.text import control_character

PREFIX: Final = "/arcgis/rest"
MAX_BODY_BYTES: Final = 1_000_000
_MOST_FIELDS: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"
_FORMATS: Final[Mapping[str, Format]] = {"json": JSON, "pjson": JSON, "geojson": GEOJSON}
_TRUE: Final = frozenset({"true", "1"})


@dataclass(frozen=True)
class ArcgisRequest:
    """A request, with the service that answers it.

    Attributes
    ----------
    ogc
        The same request to the OGC API: who asks, and what they may see.
    parameters
        By name in small letters: ArcGIS minds no case. Those that are empty are left out.
    """

    ogc: OgcRequest
    parameters: Mapping[str, str]

    @property
    def root(self) -> str:
        """The address of the catalogue."""
        return str(self.ogc.request.base_url).rstrip("/") + PREFIX

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter."""
        return self.parameters.get(name.lower(), default).strip()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a parameter that is true or false."""
        text = self.text(name).lower()
        return text in _TRUE if text else default

    def whole(self, name: str, default: int, *, highest: int) -> int:
        """Return a parameter that is a whole number of 0 or more.

        Raises
        ------
        QuestionError
            If it is none, or too large.
        """
        text = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or int(text) > highest:
            raise QuestionError(name, f"{text!r} is not a whole number from 0 to {highest}")
        return int(text)

    def json(self, name: str) -> Any:
        """Return a parameter that is JSON.

        Raises
        ------
        QuestionError
            If it is none.
        """
        try:
            return orjson.loads(self.text(name))
        except orjson.JSONDecodeError as error:
            raise QuestionError(name, f"is not JSON: {error}") from error

    @property
    def form(self) -> Format:
        """The format that is asked for.

        Raises
        ------
        QuestionError
            If it is not offered.
        """
        name = self.text("f", "json").lower()
        if name not in _FORMATS:
            raise QuestionError("f", f"unknown format {name!r}; choose {one_of(list(_FORMATS))}")
        return _FORMATS[name]

    def encoded(self, document: Mapping[str, object]) -> bytes:
        """Return a document as JSON, indented for `f=pjson`."""
        if self.text("f").lower() == "pjson":
            return orjson.dumps(orjson.loads(to_json(document)), option=orjson.OPT_INDENT_2)
        return to_json(document)

    def reply(self, make: Callable[[], bytes]) -> Response:
        """Return an answer with its ETag; that to a form has none, which no cache would keep."""
        form = self.form

        def answer() -> Response:
            return Response(make(), media_type=form.media_type)

        if self.ogc.request.method == "POST":
            return answer()
        return self.ogc.reply(form, answer)

    def document(self, make: Callable[[], Mapping[str, object]]) -> Response:
        """Return a document."""
        return self.reply(lambda: self.encoded(make()))


Handler = Callable[..., Response]


class Router:
    """Routes whose handlers get an `ArcgisRequest` and the parts of the path by name.

    Attributes
    ----------
    routes
        The routes, in the order in which they are tried.
    """

    def __init__(self) -> None:
        self.routes: list[DeclaredRoute] = []

    def serve(self, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated function for a path, by GET and POST."""

        def add(handler: Handler) -> Handler:
            async def answer(request: Request) -> Response:
                try:
                    parameters = await _parameters(request)
                    arcgis = ArcgisRequest(OgcRequest.of(request), parameters)
                    return await run_in_threadpool(handler, arcgis, **request.path_params)
                except REFUSALS as error:
                    return esri_refusal(error)

            route = DeclaredRoute(
                PREFIX + path, answer, capability=Capability.READ_ANSWERS, methods=["GET", "POST"]
            )
            self.routes.append(route)
            return handler

        return add


async def _parameters(request: Request) -> dict[str, str]:
    given = list(request.query_params.multi_items())
    if request.method == "POST":
        given += await _form(request)
    return {name.lower(): text for name, text in given if text}


async def _form(request: Request) -> list[tuple[str, str]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(
                413, f"the form is too large; send {MAX_BODY_BYTES:,} bytes or fewer"
            )
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and declared != _FORM:
        raise HTTPException(415, f"send the form as {_FORM}")
    try:
        pairs = parse_qsl(body.decode(), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "the form cannot be read; send fields in UTF-8") from error
    for name, value in pairs:
        if character := control_character(value):
            raise HTTPException(400, f"{name} holds the control character {character}; remove it")
    return pairs
