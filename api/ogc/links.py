"""Links as the OGC standards write them."""

from __future__ import annotations

from typing import TypedDict

from api.formats.registry import Format

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
"""The relation of a link to the properties that a collection can be filtered by."""


class Link(TypedDict):
    """A link of a document."""

    href: str
    rel: str
    type: str
    title: str


def link(href: str, rel: str, form: Format, title: str) -> Link:
    """Return a link to an address in one format."""
    return {"href": href, "rel": rel, "type": form.media_type, "title": title}
