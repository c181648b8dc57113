"""Make a layer and points for it: the same bytes for the same names."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.bench.tilings import TILINGS, make_layer, snap_points, uniform_points


def main(name: str, kind: str, count: int, layer: Path, points: Path) -> None:
    tiling = TILINGS[name]
    if not layer.exists():
        made = make_layer(tiling).rename_axis("area_code").reset_index()
        made.to_file(layer.with_suffix(".part.gpkg"), driver="GPKG", SPATIAL_INDEX="NO")
        layer.with_suffix(".part.gpkg").rename(layer)
    if not points.exists():
        make_points = snap_points if kind == "snap points" else uniform_points
        np.save(points, np.array(make_points(tiling, count)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
