"""Where the style sheets, scripts and libraries that pages link are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parents[1] / "static"
PAGE: Final = STATIC / "page"
LEAFLET: Final = STATIC / "node_modules" / "leaflet" / "dist"
PROTOMAPS: Final = STATIC / "node_modules" / "protomaps-leaflet" / "dist"

BASEMAP_SCRIPTS: Final = (
    "/static/protomaps-leaflet/protomaps-leaflet.js",
    "/static/page/basemap_style.js",
    "/static/page/basemap.js",
)
"""Scripts of a map with vector tiles under it, after Leaflet's and before its own."""

PICTURES_SCRIPT: Final = "/static/page/basemap_pictures.js"
"""The script of a map that holds the pictures under it."""


def has_library() -> bool:
    """Whether what draws vector tiles is there.

    A checkout whose libraries are older than its code shows its maps without them.
    """
    return (PROTOMAPS / "protomaps-leaflet.js").exists()
