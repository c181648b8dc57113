"""The guide's pages as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from api.addresses import own_address

FOLDER: Final = Path(__file__).parent / "guide"

PAGES: Final = (
    "start",
    "board",
    "areas",
    "tasks",
    "methods",
    "importing",
    "measures",
    "basemap",
    "planning",
    "allocation",
    "records",
    "reports",
    "gis",
    "service",
    "access",
    "releases",
    "running",
    "records-and-retention",
    "backup",
    "country",
    "commands",
    "speed",
    "glossary",
)
"""Names of the pages, in reading order; `start` is `/help` itself."""


@dataclass(frozen=True)
class GuidePage:
    """One page of the guide.

    Attributes
    ----------
    name
        The last part of its address and the name of its file.
    title
        Its first heading.
    html
        Its text, safe to put into a page: raw HTML in the Markdown is shown as text.
    sections
        Anchor and title of each second-level heading.
    """

    name: str
    title: str
    html: str
    sections: Sequence[tuple[str, str]]

    @property
    def address(self) -> str:
        """Where the service serves it."""
        return own_address(address_of(self.name))


def address_of(name: str) -> str:
    """Where the service serves a page of the guide."""
    return "/help" if name == "start" else f"/help/{name}"


@cache
def guide_page(name: str) -> GuidePage:
    """Render one page of the guide.

    Parameters
    ----------
    name
        One of `PAGES`.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    sections = []
    title = name
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            if opening.tag == "h1":
                title = inline.content
            opening.attrSet("id", _anchor(inline.content))
            if opening.tag == "h2":
                sections.append((_anchor(inline.content), inline.content))
    for token in tokens:
        for child in token.children or []:
            _serve_link(child)
            _draw_picture(child)
    html = _scrolling_tables(markdown.renderer.render(tokens, markdown.options, {}))
    return GuidePage(name, title, html, sections)


def _scrolling_tables(html: str) -> str:
    """Let a table that is wider than a telephone scroll, also by keyboard, and not the page."""
    return html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _serve_link(token: Token) -> None:
    """Point a link between Markdown files at the served page."""
    target = token.attrGet("href") if token.type == "link_open" else None
    if isinstance(target, str) and (match := re.fullmatch(r"([a-z]+)\.md(#.*)?", target)):
        token.attrSet("href", address_of(match[1]) + (match[2] or ""))


def _draw_picture(token: Token) -> None:
    """Put a picture of the guide into the page itself, which then needs no other file."""
    source = token.attrGet("src") if token.type == "image" else None
    if isinstance(source, str) and re.fullmatch(r"pictures/[a-z]+\.svg", source):
        token.type, token.content = "html_inline", (FOLDER / source).read_text(encoding="utf-8")


def _anchor(heading: str) -> str:
    # As GitHub makes them, so that links work in both places.
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
