"""Converts files of points to CSV, so that a mapping reads them as it reads a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from geo.crs import LONLAT
from geo.errors import InputError
from geo.formats.bounded import read_input
from geo.formats.csv_text import CsvRows
from geo.formats.gdal import FOREIGN_ENDINGS, read_foreign
from geo.formats.geojson import collection_crs, feature_collection
from geo.output import naming

POINT_ENDINGS = (".geojson", ".json", *FOREIGN_ENDINGS)


def as_spreadsheets(files: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Yield each file, or a CSV of it in `folder` if it is a format of points.

    The CSV has the points' properties as columns, and `longitude` and `latitude`, or `easting`
    and `northing` where the file is in metres.

    Parameters
    ----------
    files
        Any files; their ending decides.
    folder
        An empty folder for the CSV files.

    Raises
    ------
    InputError
        If a file has a feature that is not a point.
    """
    for number, file in enumerate(files):
        if file.suffix.lower() not in POINT_ENDINGS:
            yield file
            continue
        foreign = file.suffix.lower() in FOREIGN_ENDINGS
        content = read_foreign(file) if foreign else read_input(file)
        below = folder / str(number)
        below.mkdir()
        made = below / f"{file.name}.csv"
        with naming(made), made.open("w", encoding="utf-8", newline="") as text:
            _write(feature_collection(content, file.name), CsvRows(text), file.name)
        yield made


def _write(collection: dict[str, Any], rows: CsvRows, file: str) -> None:
    features = collection["features"]
    metres = collection_crs(collection, file) != LONLAT
    place = ["easting", "northing"] if metres else ["longitude", "latitude"]
    names = list(dict.fromkeys(name for one in features for name in one.get("properties") or {}))
    names = [name for name in names if name not in place]
    rows.add([*names, *place])
    for number, feature in enumerate(features, start=1):
        values = feature.get("properties") or {}
        rows.add([*(_cell(values.get(name)) for name in names), *_point(feature, number, file)])


def _point(feature: dict[str, Any], number: int, file: str) -> list[object]:
    geometry = feature.get("geometry")
    if geometry is None:
        return ["", ""]
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(coordinates, list) or geometry.get("type") != "Point":
        raise InputError(f"{file}, feature {number} is not a point")
    return [*coordinates[:2], "", ""][:2]


def _cell(value: object) -> object:
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else orjson.dumps(value).decode()
