"""Where the style sheets, scripts and libraries that pages link are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parents[1] / "static"
PAGE: Final = STATIC / "page"
LEAFLET: Final = STATIC / "node_modules" / "leaflet" / "dist"
PROTOMAPS: Final = STATIC / "node_modules" / "protomaps-leaflet" / "dist"
