"""Features as files: text is streamed, the other formats go through a temporary file.

Whatever the number of features, only some thousands of them are in memory as objects; and where
they come in parts, only one part of them is in memory at all.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse
from numpy.typing import NDArray
from starlette.background import BackgroundTask

from api.formats.encoding import to_csv, to_json
from api.formats.registry import CSV, FLATGEOBUF, GEOJSON, GEOPACKAGE, PARQUET, Format
from api.ogc.coordinates import Axes
from api.ogc.items import Items, Positions
from api.ogc.qgis_styles import add_style
from geo.crs import WGS84, projjson
from geo.errors import DiskFullError

CHUNK = 10_000
"""Features that are in memory as objects at once."""

MOST_INDEXED = 500_000
"""GeoPackages and FlatGeobufs of more features have no spatial index: GDAL holds it in memory."""

LITTLE = 2**20
"""Bytes: a disk with less room than that is full."""

_ARROW: Mapping[str, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date-time": pa.timestamp("ms", tz="UTC"),
    "string": pa.string(),
}


@dataclass(frozen=True)
class Wanted:
    """Some features, and what a caller wants of them: which properties, and where they are."""

    items: Items
    positions: Positions
    axes: Axes
    names: Sequence[str] | None = None
    with_geometry: bool = True

    def features(self) -> list[bytes]:
        """Each as GeoJSON."""
        if self.names is None and self.with_geometry:
            return self.items.features(self.positions, self.axes)
        return self.items.encode(
            self.positions, self.axes, names=self.names, with_geometry=self.with_geometry
        )

    def rows(self) -> pd.DataFrame:
        """The properties of each."""
        rows = self.items.rows(self.positions)
        return rows if self.names is None else rows[list(self.names)]

    def chunks(self) -> Iterator[Wanted]:
        """All of them, some thousands at a time."""
        for start in range(0, len(self.positions), CHUNK):
            yield replace(self, positions=self.positions[start : start + CHUNK])


@dataclass(frozen=True)
class Download:
    """What a file is made of.

    Attributes
    ----------
    head
        Says what all features look like, and may be a part itself.
    parts
        All features, one part after another; read once.
    most
        How many there may be.
    """

    head: Wanted
    parts: Iterable[Wanted]
    most: int

    @classmethod
    def of(cls, wanted: Wanted) -> Download:
        """Features that are in memory anyway."""
        return cls(wanted, [wanted], len(wanted.positions))

    def chunks(self) -> Iterator[Wanted]:
        """All of them, some thousands at a time; at least one chunk."""
        some = False
        for part in self.parts:
            for chunk in part.chunks():
                some = True
                yield chunk
        if not some:
            yield replace(self.head, positions=range(0))


def file_response(download: Download, form: Format, name: str) -> Response:
    """A file of features, called after its collection.

    Raises
    ------
    DiskFullError
        If there is no room for a file that cannot be streamed.
    """
    if form in (GEOJSON, CSV):
        lines = _geojson(download) if form is GEOJSON else _csv(download)
        return StreamingResponse(lines, media_type=form.content_type, headers=form.attachment(name))
    return written_file(form, name, lambda path: _WRITERS[form](download, path))


def written_file(form: Format, name: str, write: Callable[[Path], None]) -> Response:
    """Answer with a file that is written to a temporary folder first.

    Parameters
    ----------
    name
        Of the file, without its ending.
    write
        Fills the file at the path that it is given.

    Raises
    ------
    DiskFullError
        If there is no room for it.
    """
    folder = tempfile.TemporaryDirectory(prefix="patchmap-")
    path = Path(folder.name) / f"{name}{form.ending}"
    try:
        with _room_on_disk(path.parent):
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
    """Say so where a file was not finished because its disk is full."""
    try:
        yield
    except Exception as error:
        # Each library says it in its own way, and GDAL only in words.
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        if full or shutil.disk_usage(folder).free < LITTLE:
            raise DiskFullError(
                f"there is no room for this file in {folder.parent}; free some, ask for less, or "
                "take csv or geojson, which need none"
            ) from error
        raise


def _geojson(download: Download) -> Iterator[bytes]:
    yield b'{"type":"FeatureCollection","features":['
    written = 0
    for chunk in download.chunks():
        yield (b",\n" if written else b"\n") + b",\n".join(chunk.features())
        written += len(chunk.positions)
    members = to_json({"numberReturned": written, **download.head.items.members})
    yield b"\n]," + members[1:]


def _csv(download: Download) -> Iterator[str]:
    for number, chunk in enumerate(download.chunks()):
        table = chunk.rows().reset_index(drop=True)
        for name in table.columns:
            if isinstance(table[name].dtype, pd.DatetimeTZDtype):
                table[name] = table[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        if chunk.with_geometry:
            table = table.assign(**_places_as_text(chunk))
        yield to_csv(table, header=number == 0)


def _places_as_text(chunk: Wanted) -> dict[str, object]:
    """Coordinates of points, easting first whatever the axes; other places as WKT."""
    axes, places = chunk.axes, chunk.items.places.take(chunk.positions)
    written = axes.write(places, chunk.items.projection, ordered=False)
    if chunk.items.places.form != "Point":
        return {"wkt": shapely.to_wkt(written, rounding_precision=axes.decimals)}
    names = ("longitude", "latitude") if axes.in_degrees else ("easting", "northing")
    return {names[0]: shapely.get_x(written), names[1]: shapely.get_y(written)}


def _schema(wanted: Wanted) -> pa.Schema:
    fields = [
        pa.field(one.name, _ARROW[one.form if one.form in _ARROW else one.kind])
        for one in wanted.items.properties
        if wanted.names is None or one.name in wanted.names
    ]
    return pa.schema([*fields, *([pa.field("geometry", pa.binary())] * wanted.with_geometry)])


def _batches(download: Download, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for chunk in download.chunks():
        rows = chunk.rows()
        columns = [
            pa.array(rows[field.name].astype(object), type=field.type, from_pandas=True)
            for field in schema
            if field.name != "geometry"
        ]
        if chunk.with_geometry:
            places = chunk.items.places.take(chunk.positions)
            written = chunk.axes.write(places, chunk.items.projection, ordered=False)
            columns.append(pa.array(shapely.to_wkb(_alike(written)), type=pa.binary()))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _alike(places: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons as multipolygons: a table has one type of geometry. Points are alike already."""
    if (shapely.get_type_id(places) == shapely.GeometryType.POINT).all():
        return places
    parts, rows = shapely.get_parts(places, return_index=True)
    alike = np.full(len(places), None, dtype=object)
    shapely.multipolygons(parts, indices=rows, out=alike)
    return alike


def _with_gdal(download: Download, path: Path, driver: str) -> None:
    """Write with GDAL, which holds the boxes of all features in memory to index them."""
    wanted = download.head
    schema = _schema(wanted)
    reader = pa.RecordBatchReader.from_batches(schema, _batches(download, schema))
    members = {name: to_json(value).decode() for name, value in wanted.items.members.items()}
    told = {
        "geometry_name": "geometry",
        "geometry_type": wanted.items.places.form,
        "crs": WGS84 if wanted.axes.in_degrees else wanted.axes.name,
    }
    pyogrio.write_arrow(
        reader,
        path,
        driver=driver,
        layer=path.stem,
        layer_metadata=members if driver == "GPKG" else None,
        SPATIAL_INDEX="YES" if _indexed(download, driver) else "NO",
        **(told if wanted.with_geometry else {}),
    )


def _indexed(download: Download, driver: str) -> bool:
    # FlatGeobuf indexes no feature without a place, and refuses the file.
    placeless = driver == "FlatGeobuf" and _placeless(download.head)
    return download.most <= MOST_INDEXED and not placeless


def _placeless(wanted: Wanted) -> bool:
    places = wanted.items.places.take(wanted.positions)
    return bool((shapely.is_missing(places) | shapely.is_empty(places)).any())


def _write_geopackage(download: Download, path: Path) -> None:
    _with_gdal(download, path, "GPKG")
    add_style(path, path.stem, download.head.items.table)


def _write_flatgeobuf(download: Download, path: Path) -> None:
    _with_gdal(download, path, "FlatGeobuf")


def _write_parquet(download: Download, path: Path) -> None:
    wanted = download.head
    schema = _schema(wanted)
    told: dict[str, object] = {"encoding": "WKB", "geometry_types": []}
    if not wanted.axes.in_degrees:
        told["crs"] = projjson(wanted.axes.name)
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": told}}
    members = {name: to_json(value) for name, value in wanted.items.members.items()}
    metadata = members | ({"geo": to_json(geo)} if wanted.with_geometry else {})
    with pq.ParquetWriter(path, schema.with_metadata(metadata), compression="zstd") as writer:
        for batch in _batches(download, schema):
            writer.write_batch(batch)


_WRITERS: Mapping[Format, Callable[[Download, Path], None]] = {
    GEOPACKAGE: _write_geopackage,
    FLATGEOBUF: _write_flatgeobuf,
    PARQUET: _write_parquet,
}
