"""The rival: an archive into a GeoPackage, with a spatial index (YES) or without (NO)."""

from __future__ import annotations

import sys

from street_points import read_points

if __name__ == "__main__":
    archive, target, index = sys.argv[1:]
    read_points(archive).to_file(target, driver="GPKG", layer="incidents", SPATIAL_INDEX=index)
