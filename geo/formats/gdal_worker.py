"""Read one foreign file with GDAL: run as a program of its own, by `geo.formats.gdal` alone.

It lies in a folder of its own with little memory, little time and no network, and imports nothing
of Patchmap. The request comes as JSON on standard input. The answer goes to standard output: a
line with the coordinate system as JSON, then a JSON array of features; or, with the exit code
`REFUSED`, one line that says why not.
"""

from __future__ import annotations

import math
import os
import resource
import sqlite3
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, NoReturn

import orjson

REFUSED: Final = 3

_SIBLINGS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NEEDED: Final = (".shp", ".shx", ".dbf")
_NAMED = 8
# Fields that GDAL's KML driver adds to every layer, of how a viewer should draw it.
_KML_FURNITURE: Final = frozenset(
    {"altitudeMode", "drawOrder", "extrude", "icon", "tessellate", "visibility"}
)


class RefusalError(Exception):
    """Why the file is not read, as one line."""


def main() -> int:
    """Answer the request on standard input."""
    request = orjson.loads(sys.stdin.buffer.read())
    out = sys.stdout.buffer
    if request.get("list_drivers"):
        out.write(orjson.dumps(_drivers()))
        return 0
    _limit(request)
    try:
        for part in _answer(request):
            out.write(part)
        out.flush()
    except RefusalError as refusal:
        _refuse(str(refusal))
    except (ImportError, MemoryError):  # a library that finds no room cannot be imported
        _refuse("it needs more memory than a layer may")
    except OSError:  # writing beyond RLIMIT_FSIZE
        _refuse("it gives more than a layer may hold")
    return 0


def _limit(request: dict[str, Any]) -> None:
    """Hard limits, so that nothing in this process can lift them again."""
    for limit, value in (
        (resource.RLIMIT_AS, request["memory_bytes"]),
        (resource.RLIMIT_CPU, request["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, request["file_bytes"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _refuse(reason: str) -> NoReturn:
    printable = "".join(letter if letter.isprintable() else " " for letter in reason)
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    os.write(1, " ".join(printable.split())[:300].encode("utf-8", "replace"))
    os._exit(REFUSED)  # what is still buffered is not to follow


def _answer(request: dict[str, Any]) -> Iterator[bytes]:
    kind, layer = request["kind"], request["layer"]
    if kind == "zip":
        layer = _unzip(layer, request["file_bytes"])
    if kind in ("shp", "zip"):
        _check_shapefile()
        file, name = "layer.shp", "layer"
    elif kind == "gpkg":
        file, name = "layer.gpkg", _pick(_plain_tables(), layer)
    else:
        file, name = "layer.kml", _pick(_kml_layers(request["driver"]), layer)
    yield from _features(file, name, request["driver"])


def _pick(names: list[str], wanted: str) -> str:
    listed = ", ".join(name[:60] for name in names[:_NAMED])
    if not names:
        raise RefusalError("it holds no layer of areas")
    if wanted and wanted not in names:
        raise RefusalError(f"it has no layer {wanted[:60]!r}; it has: {listed}")
    if not wanted and len(names) > 1:
        raise RefusalError(f"it has {len(names)} layers, name one of them: {listed}")
    return wanted or names[0]


# Shapefiles


def _unzip(layer: str, budget: int) -> str:
    """Inflate one shapefile under fixed names; the names in the archive are only compared."""
    try:
        with zipfile.ZipFile("layer.zip") as archive:
            sets = _shapefiles(archive.infolist())
            name = _pick(sorted(sets), layer)
            for suffix, entry in sets[name].items():
                budget -= _inflate(archive, entry, Path(f"layer{suffix}"), budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise RefusalError(f"it is a damaged zip archive: {error}") from error
    return name


def _shapefiles(entries: Iterable[zipfile.ZipInfo]) -> dict[str, dict[str, zipfile.ZipInfo]]:
    sets: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for entry in entries:
        path = PurePosixPath(entry.filename)
        suffix = path.suffix.lower()
        # macOS puts a twin `._name.shp` that is no shapefile beside each file.
        if suffix not in _SIBLINGS or path.name.startswith("._"):
            continue
        parts = sets.setdefault(path.stem, {})
        if suffix in parts:
            raise RefusalError(f"it holds two files named {path.name[:60]}")
        parts[suffix] = entry
    return {name: parts for name, parts in sets.items() if ".shp" in parts}


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budget: int) -> int:
    if entry.flag_bits & 0x1:
        raise RefusalError("it is encrypted")
    size = 0
    with archive.open(entry) as source, path.open("wb") as target:
        # Counted while inflating: the sizes that an archive states are not to be believed.
        while part := source.read(2**20):
            size += len(part)
            if size > budget:
                raise RefusalError("it inflates to more than a layer may hold")
            target.write(part)
    return size


def _check_shapefile() -> None:
    """Refuse what is cut short: GDAL would read it as areas without a shape."""
    missing = [suffix for suffix in _NEEDED if not Path(f"layer{suffix}").exists()]
    if missing:
        raise RefusalError(f"the {' and '.join(missing)} file that belongs to the .shp is missing")
    for suffix in (".shp", ".shx"):
        with Path(f"layer{suffix}").open("rb") as stream:
            head = stream.read(28)
            stated, held = 2 * int.from_bytes(head[24:28], "big"), _size(stream)
        if head[:4] != b"\x00\x00\x27\x0a":
            raise RefusalError(f"its {suffix} file is no part of a shapefile")
        if held < stated:
            raise RefusalError(f"its {suffix} file is cut short: {held:,} of {stated:,} bytes")
    with Path("layer.dbf").open("rb") as stream:
        head = stream.read(12)
        rows, header, width = (
            int.from_bytes(head[at : at + size], "little") for at, size in ((4, 4), (8, 2), (10, 2))
        )
        held = _size(stream)
    if held < header + rows * width:
        raise RefusalError(f"its .dbf file is cut short: it states {rows:,} rows")
    shapes = (Path("layer.shx").stat().st_size - 100) // 8
    if shapes != rows:
        raise RefusalError(f"its .dbf file has {rows:,} rows and its .shx file {shapes:,} shapes")


def _size(stream: IO[bytes]) -> int:
    return stream.seek(0, 2)


# GeoPackages


def _plain_tables() -> list[str]:
    """Feature tables. Views, virtual tables and computed columns run SQL that the file brings."""
    with sqlite3.connect("file:layer.gpkg?mode=ro&immutable=1", uri=True) as file:
        try:
            rows = file.execute(
                "SELECT c.table_name, m.type, m.sql FROM gpkg_contents c LEFT JOIN sqlite_master m "
                "ON lower(m.name) = lower(c.table_name) AND m.type IN ('table', 'view') "
                "WHERE c.data_type = 'features' ORDER BY 1"
            ).fetchall()
            for name, kind, sql in rows:
                if kind != "table" or "VIRTUAL" in sql[:200].upper() or _computes(file, name):
                    raise RefusalError(f"its layer {str(name)[:60]!r} is no plain table")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise RefusalError(f"it is damaged: {error}") from error
    return [str(name) for name, _, _ in rows]


def _computes(file: sqlite3.Connection, table: str) -> bool:
    columns = file.execute("SELECT max(hidden) FROM pragma_table_xinfo(?)", [table])
    return bool(columns.fetchone()[0])


# What GDAL reads


def _drivers() -> list[str]:
    """Names of the drivers of this process's GDAL: those that OGR_SKIP does not name."""
    # pyogrio looks for these to offer data frames; without them it starts in a third of the time.
    for name in ("pandas", "geopandas", "pyarrow", "pyproj"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how an import is ruled out
    import pyogrio  # noqa: PLC0415 - after the limits, and only where it is needed

    return sorted(pyogrio.list_drivers())


def _kml_layers(driver: str) -> list[str]:
    _only(driver)
    import pyogrio  # noqa: PLC0415 - after the limits

    with _told_in_one_line():
        return [str(name) for name, _ in pyogrio.list_layers("layer.kml")]


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        # What follows the semicolon is pyogrio's advice to programmers.
        raise RefusalError(f"GDAL cannot read it: {str(error).partition(';')[0]}") from error


def _only(driver: str) -> None:
    names = _drivers()
    if names != [driver]:
        # OGR_SKIP that GDAL did not heed would let a file name other files to be read.
        raise RefusalError(f"GDAL is not confined to {driver} but has {len(names)} drivers")


def _features(file: str, layer: str, driver: str) -> Iterator[bytes]:
    _only(driver)
    import numpy as np  # noqa: PLC0415 - after the limits
    import pyogrio.raw  # noqa: PLC0415 - after the limits
    import shapely  # noqa: PLC0415 - after the limits

    # Neither a program nor a thread can be started from here on.
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    warnings.simplefilter("ignore")
    with _told_in_one_line():
        meta, _, wkb, columns = pyogrio.raw.read(
            file, layer=layer, force_2d=True, datetime_as_string=True
        )
        shapes = shapely.from_wkb(wkb)
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise RefusalError("it has coordinates that are not numbers")
    fields = [
        (name, values)
        for name, values in _fields(meta, columns)
        if driver != "LIBKML" or (name not in _KML_FURNITURE and any(values))
    ]
    yield orjson.dumps(meta["crs"]) + b"\n["
    for row, geometry in enumerate(shapely.to_geojson(shapes)):
        yield b"," * bool(row) + _feature(geometry, {name: values[row] for name, values in fields})
    yield b"]"


def _feature(geometry: str | None, properties: dict[str, Any]) -> bytes:
    shape = None if geometry is None else orjson.Fragment(geometry)
    try:
        return orjson.dumps({"type": "Feature", "properties": properties, "geometry": shape})
    except orjson.JSONEncodeError as error:
        raise RefusalError(f"its attributes cannot be read as text: {error}") from error


def _fields(meta: dict[str, Any], columns: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Each attribute as JSON scalars; binary ones are left out."""
    for name, ogr_type, column in zip(meta["fields"], meta["ogr_types"], columns, strict=True):
        values = [_scalar(value, whole="Integer" in ogr_type) for value in column.tolist()]
        if ogr_type != "OFTBinary":
            yield str(name), values


def _scalar(value: Any, *, whole: bool) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if whole else value  # a column with gaps comes as floats
    return value if value is None or isinstance(value, str | int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
