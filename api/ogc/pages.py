"""The pages of the OGC door: its documents for people, with a small map beside features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader

from api.dependencies import HTML
from api.settings import VERSION

_TEMPLATES = Environment(
    loader=PackageLoader("api"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["thousands"] = lambda number: f"{number:,}"


def _told(value: object) -> str:
    """A value as a table shows it: four digits are as much as anyone reads."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_TEMPLATES.filters["told"] = _told


def page_of(
    name: str, *, document: Mapping[str, Any], root: str, here: str, **told: object
) -> Response:
    """A document as a page.

    Parameters
    ----------
    name
        Of the template: `ogc_NAME.html`.
    root, here
        Addresses of the landing page and of this one.
    told
        What else the template shows.
    """
    text = _TEMPLATES.get_template(f"ogc_{name}.html").render(
        document=document, root=root, here=here, version=VERSION, **told
    )
    return Response(text, media_type=HTML)
