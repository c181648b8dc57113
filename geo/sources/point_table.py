"""A table of points, read as GeoJSON: its coordinates are recognised as those of incidents are."""

from __future__ import annotations

from typing import Final

import numpy as np
import orjson

from geo.crs import BRITISH_NATIONAL_GRID, LONLAT, crs_name, crs_urn
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.wkt_table import typed_rows
from geo.sources.sample import SAMPLE, Column
from geo.sources.suggest import SWAPPED, coordinate_columns

_SYSTEMS: Final = (BRITISH_NATIONAL_GRID, LONLAT)


def points_as_geojson(table: Table, *, crs: str = "") -> tuple[bytes, str]:
    """Read a table with two columns of coordinates as a GeoJSON FeatureCollection of points.

    Parameters
    ----------
    table
        Text; its first rows show which columns are the coordinates.
    crs
        Their CRS, easting or longitude first. '' for British National Grid or longitude and
        latitude, whichever the values fit.

    Returns
    -------
    content
        A feature for each row, in order, with null for its geometry where a coordinate is no
        number. The other columns are its properties: numbers as numbers, empty ones as null.
    notice
        Which columns were read as coordinates, and in which CRS.

    Raises
    ------
    InputError
        If PROJ does not know the CRS, or no two columns look like coordinates in it.
    """
    systems = (crs_name(crs),) if crs else _SYSTEMS
    columns = [Column(name, table.text(name)[:SAMPLE], cells=False) for name in table.header]
    place = coordinate_columns(columns, systems)
    if place is None:
        where = f" in {systems[0]}" if crs else ", such as easting and northing"
        raise InputError(
            f"{table.file} is a table, and no two columns look like coordinates{where}; for "
            "numbers by area use 'patchmap attributes add', for incidents 'patchmap ingest'"
        )
    x, y = place.x.name, place.y.name
    features = [
        {"type": "Feature", "properties": row, "geometry": _point(east, north)}
        for row, east, north in zip(
            typed_rows(table.frame().drop(columns=[x, y])),
            table.numbers(x).tolist(),
            table.numbers(y).tolist(),
            strict=True,
        )
    ]
    member = {"type": "name", "properties": {"name": crs_urn(place.crs)}}
    collection = {"type": "FeatureCollection", "crs": member, "features": features}
    notice = f"{table.file}: points are read from {x} and {y}, in {place.crs}"
    notice += f"; {SWAPPED}" if place.swapped else ""
    return orjson.dumps(collection), notice


def _point(x: float, y: float) -> dict[str, object] | None:
    is_placed = bool(np.isfinite(x) and np.isfinite(y))
    return {"type": "Point", "coordinates": [x, y]} if is_placed else None
