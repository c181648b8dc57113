"""Repairs invalid polygons; only `boundaries.layers.rings` starts it, in a sandbox.

The request is a JSON list of WKB as hexadecimal digits. The answer has a line of the same for each
polygon, written as soon as it is repaired.
"""

from __future__ import annotations

import sys

import orjson
import shapely


def main() -> None:
    """Repair the polygons of standard input."""
    for polygon in orjson.loads(sys.stdin.buffer.read()):
        # Unlike the default, the `structure` method returns polygons only, without stray lines.
        repaired = shapely.make_valid(
            shapely.from_wkb(polygon), method="structure", keep_collapsed=False
        )
        sys.stdout.write(f"{shapely.to_wkb(repaired, hex=True)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
