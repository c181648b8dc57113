"""Every output format, declared once for the command line, the OGC API, downloads and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import pandas as pd

from api.formats.encoding import (
    encode_features,
    feature_collection,
    feature_ids,
    to_json,
    to_table,
)
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_text import to_csv
from geo.output import Output
from geo.output.reasons import library_errors

FrameWriter = Callable[[pd.DataFrame, Path, Projection, Mapping[str, object]], None]
"""Writes a frame, with the members of its answer, to a file."""


def _refuse_frame(
    _frame: pd.DataFrame, path: Path, _projection: Projection, _members: Mapping[str, object]
) -> None:
    raise InputError(f"{path.name}: this format cannot hold an answer")


@dataclass(frozen=True)
class Format:
    """An output format.

    Attributes
    ----------
    name
        As the parameter `f` names it.
    media_type
        As the header Accept names it.
    label
        For people.
    ending
        Of a file, such as `.csv`; '' where it is never a file.
    whole
        Whether an answer holds every feature; else it comes in pages.
    write
        Writes a frame; refuses where the format cannot hold one.
    """

    name: str
    media_type: str
    label: str
    ending: str = ""
    whole: bool = True
    write: FrameWriter = _refuse_frame

    @property
    def content_type(self) -> str:
        """The media type as the header of an answer has it."""
        charset = "; charset=utf-8" if self.media_type.startswith("text/") else ""
        return f"{self.media_type}{charset}"

    def attachment(self, name: str) -> dict[str, str]:
        """Return the header that makes browsers save an answer as a file of this name."""
        return {"content-disposition": f'attachment; filename="{name}{self.ending}"'}


GEOPACKAGE_VERSION: Final = "1.3"
"""The version that the store has too: GDAL 3.6 and QGIS 3.22 open it without a warning."""


def _write_geojson(
    frame: pd.DataFrame, path: Path, projection: Projection, members: Mapping[str, object]
) -> None:
    features = encode_features(gpd.GeoDataFrame(frame), feature_ids(frame), projection=projection)
    path.write_bytes(feature_collection(features, members))


def _write_csv(
    frame: pd.DataFrame, path: Path, _projection: Projection, _members: Mapping[str, object]
) -> None:
    path.write_text(to_csv(frame), encoding="utf-8")


def _write_json(
    frame: pd.DataFrame, path: Path, _projection: Projection, members: Mapping[str, object]
) -> None:
    path.write_bytes(to_table(frame, members))


def _write_geopackage(
    frame: pd.DataFrame, path: Path, _projection: Projection, members: Mapping[str, object]
) -> None:
    write_geopackage(frame, path, layer=path.stem, members=members)


def write_geopackage(
    frame: pd.DataFrame,
    path: Path,
    *,
    layer: str,
    members: Mapping[str, object] = MappingProxyType({}),
    append: bool = False,
) -> None:
    """Write a layer of a GeoPackage with GDAL.

    Parameters
    ----------
    layer
        Its name.
    members
        The members of an answer, stored as the layer's metadata.
    append
        Add the layer to a file that there is.

    Raises
    ------
    OSError
        If GDAL cannot write it.
    """
    with library_errors(path, RuntimeError):
        import pyogrio  # noqa: PLC0415 - GDAL takes a moment to load, and CSV needs none

        pyogrio.write_dataframe(
            frame,
            path,
            driver="GPKG",
            layer=layer,
            layer_metadata=members_text(members),
            append=append,
            **({} if append else {"VERSION": GEOPACKAGE_VERSION}),
        )


def _write_parquet(
    frame: pd.DataFrame, path: Path, _projection: Projection, members: Mapping[str, object]
) -> None:
    written = frame.copy(deep=False)
    written.attrs |= members_text(members)
    written.to_parquet(path, index=False)


def members_text(members: Mapping[str, object]) -> dict[str, str]:
    """Return the members of an answer as the text metadata of a file."""
    return {name: to_json(value).decode() for name, value in members.items()}


JSON = Format("json", "application/json", "JSON", ".json", write=_write_json)
HTML = Format("html", "text/html", "HTML", ".html")
OPENAPI = Format("json", "application/vnd.oai.openapi+json;version=3.0", "OpenAPI 3.0")
SCHEMA = Format("json", "application/schema+json", "JSON Schema")
GEOJSON_PAGE = Format("json", "application/geo+json", "GeoJSON, in pages", whole=False)
GEOJSON = Format("geojson", "application/geo+json", "GeoJSON", ".geojson", write=_write_geojson)
CSV = Format("csv", "text/csv", "CSV", ".csv", write=_write_csv)
GEOPACKAGE = Format(
    "gpkg", "application/geopackage+sqlite3", "GeoPackage", ".gpkg", write=_write_geopackage
)
FLATGEOBUF = Format("fgb", "application/flatgeobuf", "FlatGeobuf", ".fgb")
PARQUET = Format(
    "parquet", "application/vnd.apache.parquet", "GeoParquet", ".parquet", write=_write_parquet
)
XLSX = Format(
    "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX", ".xlsx"
)
SHAPEFILE = Format("shp", "application/zip", "Shapefile, zipped", ".zip")
TILEJSON = Format("tilejson", "application/vnd.mapbox.tilejson+json", "TileJSON 3.0")
MAPBOX_STYLE = Format("mapbox", "application/vnd.mapbox.style+json", "Mapbox GL style", ".json")
SLD = Format("sld", "application/vnd.ogc.sld+xml;version=1.0", "SLD 1.0", ".sld")
QML = Format("qml", "application/vnd.qgis.qml", "QGIS style (QML)", ".qml")
QGIS_PROJECT = Format("qgs", "application/x-qgis-project", "QGIS project", ".qgs")
MVT = Format("mvt", "application/vnd.mapbox-vector-tile", "Mapbox Vector Tile", whole=False)

# What each door offers; where a caller names none, it gets the first.
DOCUMENTS = (JSON, HTML)
FEATURE_FILES = (GEOJSON, CSV, GEOPACKAGE, FLATGEOBUF, PARQUET, SHAPEFILE)
ITEMS = (GEOJSON_PAGE, HTML, *FEATURE_FILES)
FEATURE = (GEOJSON_PAGE, HTML)
TILESET = (JSON, TILEJSON, HTML)
STYLESHEETS = (MAPBOX_STYLE, SLD, QML)
LAYER_FILES = (GEOJSON, CSV, GEOPACKAGE, PARQUET)
TABLE_FILES = (CSV, JSON, GEOPACKAGE, PARQUET)
LAYER_DOWNLOADS = (GEOJSON, GEOPACKAGE, CSV)
TABLE_DOWNLOADS = (JSON, GEOPACKAGE, CSV)
COUNT_DOWNLOADS = (CSV, JSON)
PLAN_FILES = (GEOJSON, GEOPACKAGE, SHAPEFILE, PARQUET, CSV, XLSX, HTML)


def download_formats(*, layer: bool) -> tuple[Format, ...]:
    """Return the formats in which a whole answer can be downloaded, the richest first.

    Parameters
    ----------
    layer
        Whether the answer has geometry; else it is a table.
    """
    return LAYER_DOWNLOADS if layer else TABLE_DOWNLOADS


def format_of_file(path: Path, formats: Sequence[Format], *, why: str = "") -> Format:
    """Return the format that a file's ending names.

    Parameters
    ----------
    formats
        Those that the file can have.
    why
        Added to the message of a refusal.

    Raises
    ------
    InputError
        If the ending names none of them.
    """
    ending = path.suffix.lower()
    for form in formats:
        if form.ending == ending:
            return form
    endings = ", ".join(form.ending for form in formats)
    raise InputError(f"{path.name}: the ending must be one of {endings}{why}")


def frame_format(path: Path, *, layer: bool, besides: Sequence[Format] = ()) -> Format:
    """Return the format of a file that a frame is to be written to.

    Parameters
    ----------
    layer
        Whether the frame has geometry; else it is a table.
    besides
        Formats that the caller writes itself, which a refusal names too.

    Raises
    ------
    InputError
        If its ending names no format of a layer, or of a table.
    """
    if layer:
        return format_of_file(path, (*LAYER_FILES, *besides))
    return format_of_file(
        path, (*TABLE_FILES, *besides), why=" (this answer is a table, not a layer)"
    )


def write_frame(
    frame: pd.DataFrame, path: Path, *, projection: Projection, members: Mapping[str, object]
) -> None:
    """Write a frame in the format that the file's ending names, whole or not at all.

    Raises
    ------
    InputError
        If the ending names no format that the frame can have.
    """
    with complete_frame(frame, path, projection=projection, members=members):
        pass


@contextmanager
def complete_frame(
    frame: pd.DataFrame,
    path: Path,
    *,
    projection: Projection,
    members: Mapping[str, object],
    besides: Sequence[Format] = (),
) -> Iterator[None]:
    """Write a frame whose file appears at the end, unless what is done inside fails.

    Parameters
    ----------
    frame, path, projection, members
        As `write_frame` takes them.
    besides
        As `frame_format` takes them.

    Raises
    ------
    InputError
        As `write_frame`.
    """
    form = frame_format(path, layer=isinstance(frame, gpd.GeoDataFrame), besides=besides)
    output = Output(path)
    with output as part:
        form.write(frame, part, projection, members)
        output.complete()
        yield
