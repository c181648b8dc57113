"""Named sites, such as candidate bases for patrols, read from a list of points or a layer."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import LONLAT, Projection, implausible
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.geojson import POINTS, POLYGONS, collection_crs, feature_collection, read_geometry

_CODES = ("code", "site_code", "base_code", "area_code", "urn", "uprn", "id")
_NAMES = ("name", "site_name", "base_name", "area_name", "title", "site", "centre")
_LONLAT = (("longitude", "latitude"), ("lon", "lat"), ("lng", "lat"), ("long", "lat"))
_METRES = (("easting", "northing"), ("eastings", "northings"), ("x", "y"))


def read_site_table(table: Table, *, projection: Projection) -> gpd.GeoDataFrame:
    """Read a table of sites with coordinates, and codes and names if it has them.

    Parameters
    ----------
    table
        With `longitude` and `latitude`, or `easting` and `northing` (`x`, `y`) in the working CRS.
    projection
        To the working CRS.

    Returns
    -------
    As `read_site_features`.

    Raises
    ------
    InputError
        If there are no coordinates, or those of a row are missing or implausible.
    """
    file = table.file
    columns = {name.strip().lower(): name for name in reversed(table.header)}
    pairs = [pair for pair in (*_LONLAT, *_METRES) if set(pair) <= set(columns)]
    if not pairs:
        raise InputError(
            f"{file} has no coordinates; give it the columns longitude and latitude, or easting "
            f"and northing. It has: {', '.join(table.header)[:200]}"
        )
    x, y = (table.numbers(columns[name]) for name in pairs[0])
    source = LONLAT if pairs[0] in _LONLAT else projection.crs
    reasons = implausible(x, y, source=source, projection=projection)
    missing = np.isnan(x) | np.isnan(y)
    for row in np.flatnonzero(missing | (reasons != ""))[:1]:
        reason = "there is no position" if missing[row] else reasons[row]
        raise InputError(f"{file}, line {table.lines[row]}: {reason}")
    points = gpd.points_from_xy(*projection.to_metres(x, y, source=source))
    texts = pd.DataFrame({name: table.text(name) for name in table.header})
    return _sites(texts, list(points), projection.crs)


def read_site_features(content: bytes, *, file: str, projection: Projection) -> gpd.GeoDataFrame:
    """Read a GeoJSON FeatureCollection of points or polygons as sites.

    Parameters
    ----------
    content
        The file's bytes, in CRS84 or in the CRS of its `crs` member.
    file
        The file's name, for messages.
    projection
        To the working CRS.

    Returns
    -------
    As a layer: points or polygons in metres, indexed by `area_code` (the row's number where the
    file has no code), with `area_name` (the code where it has no name).

    Raises
    ------
    InputError
        If the file cannot be read; the message names the first feature at fault.
    """
    collection = feature_collection(content, file)
    crs, features = collection_crs(collection, file), collection["features"]
    shapes = np.array(
        [
            read_geometry(feature, f"{file}, feature {number}", kinds=(*POINTS, *POLYGONS))
            for number, feature in enumerate(features, start=1)
        ],
        dtype=object,
    )
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons = implausible(corners[:, 0], corners[:, 1], source=crs, projection=projection)
    for first in np.flatnonzero(reasons != "")[:1]:
        raise InputError(f"{file}, feature {owner[first] + 1}: {reasons[first]}")
    metres = projection.geometries_to_metres(shapes, source=crs)
    properties = pd.DataFrame([feature.get("properties") or {} for feature in features])
    return _sites(properties, list(metres), projection.crs)


def _sites(
    properties: pd.DataFrame, shapes: Sequence[shapely.Geometry], crs: str
) -> gpd.GeoDataFrame:
    rows = [str(number) for number in range(1, len(shapes) + 1)]
    codes = _first_of(properties, _CODES, instead=rows)
    names = _first_of(properties, _NAMES, instead=codes)
    index = pd.Index(codes, name="area_code")
    return gpd.GeoDataFrame({"area_name": names}, index=index, geometry=list(shapes), crs=crs)


def _first_of(
    properties: pd.DataFrame, choices: Sequence[str], *, instead: Sequence[str]
) -> list[str]:
    """The texts of the first column that there is, with another text for rows that have none."""
    columns = {str(name).strip().lower(): name for name in reversed(properties.columns)}
    column = next((columns[name] for name in choices if name in columns), None)
    if column is None:
        return list(instead)
    values = properties[column].fillna("").astype(str).str.strip()
    return [value or other for value, other in zip(values, instead, strict=True)]
