"""Refuse two answers that differ: as many rows, and the same points to a millimetre.

Each answer is a GeoPackage, or a database and the table in it that holds the points.
"""

from __future__ import annotations

import sys

import numpy as np
import psycopg
import pyogrio
import shapely


def points(place: str) -> np.ndarray:
    """All points in whole millimetres, in order."""
    if place.startswith("postgresql:"):
        url, _, column = place.rpartition("#")
        table, _, name = column.rpartition(".")
        query = f"COPY (SELECT ST_X({name}), ST_Y({name}) FROM {table}) TO STDOUT (FORMAT csv)"
        with psycopg.connect(url) as connection, connection.cursor().copy(query) as copy:
            metres = np.loadtxt((bytes(part) for part in copy), delimiter=",", ndmin=2)
    else:
        _, _, wkb, _ = pyogrio.raw.read(place, layer="incidents", columns=[])
        metres = shapely.get_coordinates(shapely.from_wkb(wkb))
    whole = np.round(metres * 1000).astype(np.int64)
    return whole[np.lexsort(whole.T)]


def main(one: str, other: str) -> None:
    ours, theirs = points(one), points(other)
    if len(ours) != len(theirs) or not len(ours):
        raise SystemExit(f"the answers differ: {len(ours):,} rows and {len(theirs):,}")
    if (far := np.abs(ours - theirs).max()) > 1:
        raise SystemExit(f"the answers differ: by {far} mm")


if __name__ == "__main__":
    main(*sys.argv[1:])
