"""The guide as pages of the service: `/help` and `/help/NAME`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from markupsafe import escape

from api.addresses import own_address
from api.help.guide import PAGES, guide_page
from api.identity.declared import open_to_anyone
from api.pages.templating import templates
from api.settings import VERSION
from geo.errors import NotFoundError

router = APIRouter(dependencies=[open_to_anyone()])


WRITTEN: Final = "http://127.0.0.1:8000"
"""Where the guide says that the service is; pages name where it really is."""


@router.get("/help")
def first_page(request: Request) -> Response:
    """The first page of the guide."""
    return _respond("start", request)


@router.get("/help/{name}")
def page(name: str, request: Request) -> Response:
    """A page of the guide.

    Raises
    ------
    NotFoundError
        If there is no page of that name.
    """
    if name not in PAGES:
        raise NotFoundError(f"the guide has no page {name!r}; choose {', '.join(PAGES)}")
    return _respond(name, request)


def _respond(name: str, request: Request) -> Response:
    own = guide_page(name)
    address = str(escape(str(request.base_url).rstrip("/")))
    html = templates.get_template("help.html").render(
        pages=[guide_page(each) for each in PAGES],
        page=own,
        text=own.html.replace(WRITTEN, address).replace('href="/', f'href="{own_address("/")}'),
        version=VERSION,
    )
    return Response(html, media_type="text/html; charset=utf-8")
