"""Features as files: text is streamed, the other formats are written to a temporary file.

Whatever the number of features, only some thousands of them are in memory as objects; and where
they come in parts, only one part of them is in memory at all.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import shapely
from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse
from numpy.typing import NDArray
from starlette.background import BackgroundTask

from api.calls import extend
from api.formats.encoding import collection_head, to_json
from api.formats.registry import (
    CSV,
    FLATGEOBUF,
    GEOJSON,
    GEOPACKAGE,
    GEOPACKAGE_VERSION,
    PARQUET,
    SHAPEFILE,
    Format,
    members_text,
)
from api.load.turns import Turns
from api.ogc.selection import FeatureSelection
from api.ogc.short_names import TEXT_BYTES, field_table, short_names
from api.ogc.styles.geopackage import add_style
from geo.crs import WGS84, projjson
from geo.errors import DiskFullError
from geo.formats.csv_text import to_csv
from geo.output import has_room, is_out_of_room
from geo.temporary import TemporaryFolder

MAX_INDEXED = 500_000
"""Larger GeoPackages and FlatGeobufs have no spatial index: GDAL builds it in memory."""

"""A disk with less room than this counts as full."""

_ARROW: Mapping[str, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date-time": pa.timestamp("ms", tz="UTC"),
    "date": pa.date32(),
    "string": pa.string(),
}


CsvGeometry = Literal["none", "xy", "wkt"]


@dataclass(frozen=True)
class CsvForm:
    """How a CSV is written.

    Attributes
    ----------
    geometry
        No geometry, coordinates of points (of areas, of a point inside), or well-known text.
    mark
        Whether a byte order mark says that it is UTF-8, as Excel wants to know.
    """

    geometry: CsvGeometry
    mark: bool = False


@dataclass(frozen=True)
class Download:
    """The features of a file.

    Attributes
    ----------
    head
        Has the properties of all features, and may be a part itself.
    parts
        All features, one part after another; read once.
    most
        The most features that there can be.
    csv
        How it is written as CSV; without it points as coordinates, others as well-known text.
    """

    head: FeatureSelection
    parts: Iterable[FeatureSelection]
    most: int
    csv: CsvForm | None = None

    @classmethod
    def of(cls, selection: FeatureSelection, csv: CsvForm | None = None) -> Download:
        """Return a download of features that are in memory."""
        return cls(selection, [selection], len(selection.positions), csv)

    def chunks(self) -> Iterator[FeatureSelection]:
        """Yield all features, some thousands at a time; at least one chunk."""
        is_empty = True
        for part in self.parts:
            for chunk in part.chunks():
                is_empty = False
                extend()  # a file of many millions takes long, but it grows
                yield chunk
        if is_empty:
            # A file needs its header, or its schema, also where it has no feature.
            yield replace(self.head, positions=range(0))


def file_response(download: Download, form: Format, name: str, *, turns: Turns) -> Response:
    """Return a file of features.

    Parameters
    ----------
    name
        Of the file, without its ending.
    turns
        Those in which files are made.

    Raises
    ------
    DiskFullError
        If there is no room for a file that cannot be streamed.
    """
    if form in (GEOJSON, CSV):
        lines: Iterator[str | bytes] = _geojson(download) if form is GEOJSON else _csv(download)
        parts = turns.paced(lines)
        # The first part now: once the answer has begun, it can no longer be refused.
        sent = chain([next(parts)], parts)
        return StreamingResponse(sent, media_type=form.content_type, headers=form.attachment(name))
    return written_file(form, name, lambda path: _WRITERS[form](download, path), turns=turns)


def write_features(download: Download, form: Format, path: Path) -> None:
    """Write a file of features in one of `FEATURE_FILES`.

    Parameters
    ----------
    path
        A new file; its name without the ending names the layer in it.
    """
    if form is GEOJSON:
        with path.open("wb") as file:
            file.writelines(_geojson(download))
    elif form is CSV:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(_csv(download))
    else:
        _WRITERS[form](download, path)


def written_file(
    form: Format, name: str, write: Callable[[Path], None], *, turns: Turns
) -> Response:
    """Return a file that is written to a temporary folder first.

    Parameters
    ----------
    name
        Of the file, without its ending.
    write
        Fills the file at the path that it is given.
    turns
        Those in which files are made.

    Raises
    ------
    DiskFullError
        If there is no room for it.
    """
    folder = TemporaryFolder()
    path = Path(folder.name) / f"{name}{form.ending}"
    try:
        with turns.turn(), _room_on_disk(path.parent):
            write(path)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path,
        media_type=form.media_type,
        headers=form.attachment(name),
        background=BackgroundTask(folder.cleanup),
    )


@contextmanager
def _room_on_disk(folder: Path) -> Iterator[None]:
    """Refuse with the reason where a file could not be finished because its disk is full."""
    try:
        yield
    except Exception as error:
        # Each library reports a full disk in its own way, and GDAL only as text.
        if is_out_of_room(error) or not has_room(folder):
            raise DiskFullError(
                f"there is no room for this file in {folder.parent}; free some space, ask for "
                "fewer features, or use csv or geojson, which need none"
            ) from error
        raise


def _geojson(download: Download) -> Iterator[bytes]:
    axes = download.head.axes.in_file
    yield collection_head(axes.members)
    written = 0
    for part in download.chunks():
        chunk = replace(part, axes=axes)
        yield (b",\n" if written else b"\n") + b",\n".join(chunk.features())
        written += len(chunk.positions)
    members = to_json({"numberReturned": written, **download.head.items.members})
    yield b"\n]," + members[1:]


def _csv(download: Download) -> Iterator[str]:
    points = download.head.items.geometries.kind == "Point"
    form = download.csv or CsvForm("xy" if points else "wkt")
    for number, chunk in enumerate(download.chunks()):
        table = chunk.rows().reset_index(drop=True)
        for name in table.columns:
            if isinstance(table[name].dtype, pd.DatetimeTZDtype):
                table[name] = table[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        if chunk.with_geometry and form.geometry != "none":
            for name, values in _geometry_columns(chunk, form.geometry).items():
                table[name] = values
        mark = "\ufeff" if form.mark and number == 0 else ""
        yield mark + to_csv(table, header=number == 0)


def _geometry_columns(chunk: FeatureSelection, geometry: CsvGeometry) -> dict[str, NDArray[Any]]:
    """Return the geometry as columns, easting first whatever the axes.

    The name of well-known text in metres says of which system: no other part of a CSV could.
    """
    axes, written = chunk.axes, _geometries(chunk)
    if geometry == "wkt":
        system = "" if axes.in_degrees else f"_{axes.name.lower().replace(':', '_')}"
        return {f"wkt{system}": shapely.to_wkt(written, rounding_precision=axes.decimals)}
    if chunk.items.geometries.kind != "Point":
        written = np.asarray(shapely.point_on_surface(written), dtype=object)
    names = ("longitude", "latitude") if axes.in_degrees else ("easting", "northing")
    coordinates = (shapely.get_x(written), shapely.get_y(written))
    return {
        name: np.round(values, axes.decimals)
        for name, values in zip(names, coordinates, strict=True)
    }


def _geometries(chunk: FeatureSelection) -> NDArray[np.object_]:
    """Return the geometries in the requested system, easting first: files have no axis order."""
    geometries = chunk.items.geometries.take(chunk.positions)
    return chunk.axes.write(geometries, chunk.items.projection, ordered=False)


def _schema(selection: FeatureSelection) -> pa.Schema:
    fields = [
        pa.field(one.name, _ARROW[one.form if one.form in _ARROW else one.kind])
        for one in selection.items.properties
        if selection.names is None or one.name in selection.names
    ]
    return pa.schema([*fields, *([pa.field("geometry", pa.binary())] * selection.with_geometry)])


def _batches(download: Download, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for chunk in download.chunks():
        rows = chunk.rows()
        columns = [
            _arrow(rows[field.name], field.type) for field in schema if field.name != "geometry"
        ]
        if chunk.with_geometry:
            columns.append(pa.array(shapely.to_wkb(_geometries(chunk)), pa.binary()))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _arrow(column: pd.Series, kind: pa.DataType) -> pa.Array:
    values = column.astype(object).where(column.notna(), None).tolist()
    if pa.types.is_date32(kind):
        values = [None if text is None else date.fromisoformat(text) for text in values]
    return pa.array(values, type=kind)


def _with_gdal(
    download: Download, path: Path, driver: str, *, names: Mapping[str, str] | None = None
) -> None:
    """Write with GDAL, which holds the boxes of all features in memory to index them.

    Parameters
    ----------
    names
        Of the fields in the file, by those of the properties; the same where omitted.
    """
    head = download.head
    schema = _schema(head)
    written = schema
    if names is not None:
        written = pa.schema([_dbf_field(field, names) for field in schema])
    batches = (
        pa.RecordBatch.from_arrays(
            [_dbf_array(column, field.type) for column, field in zip(batch, written, strict=True)]
            if names is not None
            else batch.columns,
            schema=written,
        )
        for batch in _batches(download, schema)
    )
    reader = pa.RecordBatchReader.from_batches(written, batches)
    geometry = {
        "geometry_name": "geometry",
        "geometry_type": head.items.geometries.kind,
        "crs": WGS84 if head.axes.in_degrees else head.axes.name,
    }
    pyogrio.write_arrow(
        reader,
        path,
        driver=driver,
        layer=path.stem,
        layer_metadata=members_text(head.items.members) if driver == "GPKG" else None,
        **_creation(download, driver),
        **(geometry if head.with_geometry else {}),
    )


def _creation(download: Download, driver: str) -> dict[str, str]:
    """Return the options with which GDAL creates a file."""
    indexed = {"SPATIAL_INDEX": "YES" if _indexed(download, driver) else "NO"}
    return {
        "GPKG": {**indexed, "VERSION": GEOPACKAGE_VERSION},
        "FlatGeobuf": indexed,
        "ESRI Shapefile": {"ENCODING": "UTF-8"},
    }[driver]


def _indexed(download: Download, driver: str) -> bool:
    # FlatGeobuf cannot index a feature without geometry, and refuses the file.
    unplaced = driver == "FlatGeobuf" and _has_unplaced(download.head)
    return download.most <= MAX_INDEXED and not unplaced


def _dbf_field(field: pa.Field, names: Mapping[str, str]) -> pa.Field:
    """Return a field as a shapefile has it: without times of day and without truth values."""
    text = pa.types.is_timestamp(field.type) or pa.types.is_boolean(field.type)
    return pa.field(names.get(field.name, field.name), pa.string() if text else field.type)


def _dbf_array(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s", "UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    return pc.cast(column, kind)


def _has_unplaced(selection: FeatureSelection) -> bool:
    geometries = selection.items.geometries.take(selection.positions)
    return bool((shapely.is_missing(geometries) | shapely.is_empty(geometries)).any())


def _write_geopackage(download: Download, path: Path) -> None:
    _with_gdal(download, path, "GPKG")
    add_style(path, path.stem, download.head.items)


def _write_flatgeobuf(download: Download, path: Path) -> None:
    _with_gdal(download, path, "FlatGeobuf")


def _write_shapefile(download: Download, path: Path) -> None:
    """Write a zip of a shapefile, with a table of what its short names stand for."""
    schema = _schema(download.head)
    names = short_names([field.name for field in schema if field.name != "geometry"])
    with TemporaryFolder() as folder:
        shapefile = Path(folder) / f"{path.stem}.shp"
        cut: Counter[str] = Counter()
        _with_gdal(_counting(download, cut), shapefile, "ESRI Shapefile", names=names)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(shapefile.parent.iterdir()):
                archive.write(file, file.name)
            table = to_csv(field_table(names, schema, cut))
            archive.writestr(f"{path.stem}-fields.csv", table.encode())


def _counting(download: Download, cut: Counter[str]) -> Download:
    """Return a download that counts the texts which a shapefile cuts, by property."""

    def parts() -> Iterator[FeatureSelection]:
        for part in download.parts:
            for name, values in part.rows().items():
                if not pd.api.types.is_numeric_dtype(values):
                    texts = values.dropna().astype(str)
                    cut[str(name)] += sum(len(text.encode()) > TEXT_BYTES for text in texts)
            yield part

    return replace(download, parts=parts())


def _write_parquet(download: Download, path: Path) -> None:
    head = download.head
    schema = _schema(head)
    column: dict[str, object] = {"encoding": "WKB", "geometry_types": []}
    if not head.axes.in_degrees:
        # Without `crs` GeoParquet means longitude and latitude (OGC:CRS84).
        column["crs"] = projjson(head.axes.name)
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    metadata = {name: to_json(value) for name, value in head.items.members.items()}
    if head.with_geometry:
        metadata["geo"] = to_json(geo)
    with pq.ParquetWriter(path, schema.with_metadata(metadata), compression="zstd") as writer:
        for batch in _batches(download, schema):
            writer.write_batch(batch)


_WRITERS: Mapping[Format, Callable[[Download, Path], None]] = {
    GEOPACKAGE: _write_geopackage,
    FLATGEOBUF: _write_flatgeobuf,
    PARQUET: _write_parquet,
    SHAPEFILE: _write_shapefile,
}
