"""Converts files of points to CSV, so that a mapping reads them as it reads a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from geo.crs import LONLAT, is_geographic, to_lonlat_from
from geo.errors import InputError
from geo.formats.csv_text import CsvRows
from geo.formats.features import FEATURE_ENDINGS, read_features
from geo.formats.geojson import collection_crs, feature_collection, one_point
from geo.output import naming

_DEGREES: Final = ("longitude", "latitude")
_METRES: Final = ("easting", "northing")


@dataclass(frozen=True)
class PointFile:
    """A file that a mapping can read.

    Attributes
    ----------
    path
        A CSV or a workbook.
    crs
        The CRS of its columns `easting` and `northing`, '' where the file does not know it.
    """

    path: Path
    crs: str = ""


def as_spreadsheets(
    files: Iterable[Path],
    folder: Path,
    place: Sequence[str] = (),
    *,
    layer: str = "",
    notify: Callable[[str], None] | None = None,
) -> Iterator[PointFile]:
    """Yield each file, or a CSV of it in `folder` if it is a format of points.

    The CSV has the points' properties as columns, and `longitude` and `latitude`, or `easting`
    and `northing` where the file is in metres and the mapping does not ask for degrees.

    Parameters
    ----------
    files
        Any files; their ending decides.
    folder
        An empty folder for the CSV files.
    place
        The columns of coordinates that the mapping names.
    layer
        Which layer, where a file has several.
    notify
        Called with each line that a reader should know of a file.

    Raises
    ------
    InputError
        If a file has a feature that is not a point.
    """
    for number, file in enumerate(files):
        if file.suffix.lower() not in FEATURE_ENDINGS:
            yield PointFile(file)
            continue
        content = read_features(file, layer=layer, notify=notify)
        collection = feature_collection(content, file.name)
        crs = collection_crs(collection, file.name)
        degrees = is_geographic(crs) or tuple(place) == _DEGREES
        below = folder / str(number)
        below.mkdir()
        made = below / f"{file.name}.csv"
        with naming(made), made.open("w", encoding="utf-8", newline="") as text:
            _write(collection, CsvRows(text), file.name, crs=crs, degrees=degrees)
        yield PointFile(made, "" if degrees else crs)


def _write(
    collection: dict[str, Any], rows: CsvRows, file: str, *, crs: str, degrees: bool
) -> None:
    features = collection["features"]
    place = _DEGREES if degrees else _METRES
    names = list(dict.fromkeys(name for one in features for name in one.get("properties") or {}))
    names = [name for name in names if name not in place]
    rows.add([*names, *place])
    points = [_point(one, f"{file}, feature {number}") for number, one in enumerate(features, 1)]
    if degrees and crs != LONLAT:
        points = _in_degrees(points, crs)
    for feature, point in zip(features, points, strict=True):
        values = feature.get("properties") or {}
        rows.add([*(_cell(values.get(name)) for name in names), *map(_cell, point)])


def _point(feature: dict[str, Any], where: str) -> list[object]:
    """X and y of a feature as the file gives them; what is not a number is rejected by its row."""
    geometry = one_point(feature.get("geometry"))
    if geometry is None:
        return [None, None]
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(coordinates, list) or geometry.get("type") != "Point":
        raise InputError(f"{where} is not a point")
    return [*coordinates[:2], None, None][:2]


def _in_degrees(points: list[list[object]], crs: str) -> list[list[object]]:
    numbers = [_numbers(pair) for pair in points]
    transformed = np.column_stack(to_lonlat_from(crs, *np.array(numbers, dtype=float).T))
    return [[float(x), float(y)] if np.isfinite(x + y) else [None, None] for x, y in transformed]


def _numbers(pair: list[object]) -> list[float]:
    return [value if isinstance(value, int | float) else np.nan for value in pair]


def _cell(value: object) -> object:
    if value is None:
        return ""
    return value if isinstance(value, str | int | float) else orjson.dumps(value).decode()
