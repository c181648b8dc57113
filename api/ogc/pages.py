"""The pages of the OGC API: each shows what its JSON document says."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response
from jinja2 import Environment, PackageLoader

from api.addresses import OwnAddresses
from api.dependencies import HTML
from api.pages.navigation import HEAD_FUNCTIONS
from api.pages.text import date_words
from api.settings import VERSION

_TEMPLATES = Environment(
    loader=PackageLoader("api"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=[OwnAddresses],
)


def _thousands(number: int) -> str:
    return f"{number:,}"


def _value(value: object) -> str:
    """Return a value as a table shows it, numbers with four significant digits."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_TEMPLATES.filters.update(thousands=_thousands, value=_value, date_words=date_words)
_TEMPLATES.globals |= HEAD_FUNCTIONS


def page_of(
    template: str, *, document: Mapping[str, object], root: str, here: str, **values: object
) -> Response:
    """Return a document as a page.

    Parameters
    ----------
    template
        Name in `ogc_NAME.html`.
    root, here
        Addresses of the landing page and of this one.
    values
        What else the template shows.
    """
    text = _TEMPLATES.get_template(f"ogc_{template}.html").render(
        document=document, root=root, here=here, version=VERSION, **values
    )
    return Response(text, media_type=HTML)
