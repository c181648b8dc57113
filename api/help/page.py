"""The guide as pages of the service: `/help` and `/help/NAME`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.help.guide import PAGES, guide_page
from api.pages.templating import templates
from api.settings import VERSION
from geo.errors import NotFoundError

router = APIRouter()


@router.get("/help")
def first_page() -> Response:
    """The first page of the guide."""
    return _respond("start")


@router.get("/help/{name}")
def page(name: str) -> Response:
    """A page of the guide.

    Raises
    ------
    NotFoundError
        If there is no page of that name.
    """
    if name not in PAGES:
        raise NotFoundError(f"the guide has no page {name!r}; choose {', '.join(PAGES)}")
    return _respond(name)


def _respond(name: str) -> Response:
    pages = [guide_page(each) for each in PAGES]
    html = templates.get_template("help.html").render(
        pages=pages, page=guide_page(name), version=VERSION
    )
    return Response(html, media_type="text/html; charset=utf-8")
