"""A CSV of geometries as well-known text, as Patchmap's own exports have them, read as GeoJSON."""

from __future__ import annotations

import re
from typing import Final

import orjson
import pandas as pd
import shapely
from shapely.errors import GEOSException

from geo.crs import LONLAT, crs_name, crs_urn
from geo.errors import InputError
from geo.formats.csv_table import read_table
from geo.formats.formulas import NUMBER

_LONGEST_WHOLE: Final = 18
"""Letters of a whole number that 64 bits hold, whatever its digits."""

_COLUMN: Final = re.compile(r"wkt(?:_([a-z]+)_(\d+))?", re.IGNORECASE)


def has_wkt(content: bytes, file: str) -> bool:
    """Whether a CSV has a column of well-known text.

    Parameters
    ----------
    content
        The file's bytes.
    file
        Its name, for messages.

    Returns
    -------
    True if `wkt_as_geojson` can read it.

    Raises
    ------
    InputError
        If it is no table.
    """
    return any(_COLUMN.fullmatch(name) for name in read_table(content, file=file).header)


def wkt_as_geojson(content: bytes, file: str) -> bytes:
    """Read a CSV with a column of well-known text as a GeoJSON FeatureCollection.

    Parameters
    ----------
    content
        The file's bytes. The column is `wkt`, in longitude and latitude, or names its system as
        `wkt_epsg_27700` does.
    file
        Its name, for messages.

    Returns
    -------
    content
        Numbers as numbers, other values as text, empty ones as null.

    Raises
    ------
    InputError
        If there is no such column, or a text in it cannot be read.
    """
    table = read_table(content, file=file)
    frame = table.frame()
    column = next((name for name in frame.columns if _COLUMN.fullmatch(str(name))), None)
    if column is None:
        raise InputError(
            f"{file} has no column wkt with areas; use a CSV that was exported with wkt, or GeoJSON"
        )
    features = [
        {"type": "Feature", "properties": row, "geometry": _geometry(wkt, f"{file}, line {line}")}
        for line, wkt, row in zip(
            table.lines, frame[column], typed_rows(frame.drop(columns=[column])), strict=True
        )
    ]
    return orjson.dumps({"type": "FeatureCollection", **_crs(str(column)), "features": features})


def typed_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of a table of text as the properties of features.

    Parameters
    ----------
    frame
        Columns of text.

    Returns
    -------
    A dictionary for each row: numbers as numbers in columns that hold nothing else, other values
    as text, empty ones as None. Digits that begin with a zero are a code, which is text.
    """
    numeric = {
        name
        for name in frame.columns
        if all(NUMBER.fullmatch(text) and not _is_code(text) for text in frame[name] if text)
    }
    return [
        {str(name): _value(text, name in numeric) for name, text in row.items()}
        for row in frame.to_dict("records")
    ]


def _is_code(text: str) -> bool:
    """Whether digits are a code: those of numbers do not begin with a zero."""
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()


def _value(text: str, numeric: bool) -> object:  # noqa: FBT001 - one of two readings
    if not text:
        return None
    if not numeric:
        return text
    # JSON's whole numbers have 64 bits.
    whole = text.lstrip("+-").isdigit() and len(text) <= _LONGEST_WHOLE
    return int(text) if whole else float(text)


def _geometry(text: str, where: str) -> orjson.Fragment | None:
    if not text:
        return None
    try:
        return orjson.Fragment(shapely.to_geojson(shapely.from_wkt(text)))
    except GEOSException as error:
        raise InputError(f"{where}: its well-known text cannot be read") from error
    except NotImplementedError as error:
        raise InputError(f"{where}: it has circular arcs; save it as GeoPackage") from error


def _crs(column: str) -> dict[str, object]:
    match = _COLUMN.fullmatch(column)
    if match is None or not match[1]:
        return {}
    name = crs_name(f"{match[1].upper()}:{match[2]}")
    if name == LONLAT:
        return {}
    return {"crs": {"type": "name", "properties": {"name": crs_urn(name)}}}
