"""A map as a page: with the service's own files beside it, or carrying them.

As a page of the service it links the service's own files; as a file it carries them, and its
content policy forbids any request at all (but to a tile server that the user chose).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from api.pages.assets import LEAFLET, PAGE
from api.settings import TileServer

OWN_SCRIPTS = ("/static/page/map.js", "/static/page/labels.js")
ASSETS = {
    **{address: PAGE / address.rpartition("/")[2] for address in OWN_SCRIPTS},
    "/static/leaflet/leaflet.js": LEAFLET / "leaflet.js",
    "/static/leaflet/leaflet.css": LEAFLET / "leaflet.css",
}


@dataclass(frozen=True)
class MapPage:
    """A map as HTML, with the content policy that it needs."""

    html: str
    policy: str


def page_of(text: str, *, tiles: TileServer | None, standalone: bool) -> MapPage:
    """A map's HTML with its content policy, and if it is to stand alone with its assets."""
    images = "data:" + (f" {tiles.origin}" if tiles and tiles.origin else "")
    text = text.replace("<html>", '<html lang="en-GB">', 1)
    if standalone:
        for address, file in ASSETS.items():
            text = text.replace(*_embedded(address, file))
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    if standalone:
        policy = (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {images}"
        )
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        return MapPage(text.replace("<head>", f"<head>\n{meta}", 1), policy)
    return MapPage(
        text,
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' {images}; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'none'",
    )


def _embedded(address: str, file: Path) -> tuple[str, str]:
    content = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        content = content.replace("//# sourceMappingURL=leaflet.js.map", "")
        return f'<script src="{address}"></script>', f"<script>{content}</script>"
    # Images that Leaflet's own style names: none of them is used here, but a browser may ask.
    content = re.sub(r"url\(images/[^)]*\)", "none", content)
    return f'<link rel="stylesheet" href="{address}"/>', f"<style>{content}</style>"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
