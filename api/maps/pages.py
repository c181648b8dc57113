"""A map as an HTML page, served or standalone, and the content policy that it needs.

A served map links the service's own files. A standalone map contains them, and its policy forbids
every request but those to a tile server that the user chose.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response

from api.addresses import own_address
from api.dependencies import HTML
from api.errors import status_of
from api.pages.assets import BASEMAP_SCRIPTS, LEAFLET, PAGE, PICTURES_SCRIPT, PROTOMAPS
from api.pages.templating import templates
from api.pages.text import reason_of
from api.settings import TileServer
from geo.errors import PatchmapError

OWN_SCRIPTS = ("/static/page/scheme.js", "/static/page/map.js", "/static/page/labels.js")
"""Scripts of the map page itself, after Leaflet's."""

ASSETS = {
    **{address: PAGE / address.rpartition("/")[2] for address in (*OWN_SCRIPTS, PICTURES_SCRIPT)},
    BASEMAP_SCRIPTS[0]: PROTOMAPS / "protomaps-leaflet.js",
    **{address: PAGE / address.rpartition("/")[2] for address in BASEMAP_SCRIPTS[1:]},
    "/static/leaflet/leaflet.js": LEAFLET / "leaflet.js",
    "/static/leaflet/leaflet.css": LEAFLET / "leaflet.css",
}
"""Every file that a map page may link, by its address."""


@dataclass(frozen=True)
class MapPage:
    """A map as HTML, with its content policy."""

    html: str
    policy: str


def map_response(draw: Callable[[], MapPage]) -> Response:
    """Draw a map and answer with it, or with a page that says why it cannot be drawn.

    A map is read in a frame, by people: a JSON problem document would be no use there.
    """
    try:
        page = draw()
    except PatchmapError as refusal:
        text = templates.get_template("map_refusal.html").render(reason=reason_of(refusal))
        return Response(text, status_code=status_of(refusal), media_type=HTML)
    return Response(page.html, media_type=HTML, headers={"content-security-policy": page.policy})


def page_of(text: str, *, tiles: TileServer | None, standalone: bool) -> MapPage:
    """Complete a map's HTML with its content policy.

    Parameters
    ----------
    text
        The HTML that folium wrote.
    tiles
        Where the pictures under the map come from.
    standalone
        Whether the page contains its scripts and style sheets instead of linking them.
    """
    images = "data:" + (f" {tiles.origin}" if tiles and tiles.origin else "")
    text = text.replace("<html>", '<html lang="en-GB">', 1)
    if standalone:
        for address, file in ASSETS.items():
            if f'"{address}"' in text:
                text = text.replace(*_embedded(address, file))
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    if standalone:
        policy = (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {images}"
        )
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        return MapPage(text.replace("<head>", f"<head>\n{meta}", 1), policy)
    for address in ASSETS:
        text = text.replace(f'="{address}"', f'="{own_address(address)}"')
    return MapPage(
        text,
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' {images}; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'none'",
    )


def _embedded(address: str, file: Path) -> tuple[str, str]:
    content = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        content = content.replace(f"//# sourceMappingURL={file.name}.map", "")
        return f'<script src="{address}"></script>', f"<script>{content}</script>"
    # Leaflet's style names images that no map here uses, but a browser may request them.
    content = re.sub(r"url\(images/[^)]*\)", "none", content)
    return f'<link rel="stylesheet" href="{address}"/>', f"<style>{content}</style>"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
