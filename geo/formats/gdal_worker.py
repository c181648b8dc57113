"""The sandboxed program that reads one file with GDAL; only `geo.formats.gdal` starts it.

It runs in a folder of its own (`geo.formats.sandbox`) and imports nothing of Patchmap. The request
comes as JSON on standard input. The answer goes to standard output: a line of JSON with the
coordinate reference system and what to say of the file, then a JSON array of features; or, with the
exit code `REFUSED`, one line with the reason.
"""

from __future__ import annotations

import math
import os
import re
import resource
import sqlite3
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, NoReturn

import orjson

REFUSED: Final = 3

_SIBLINGS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NEEDED: Final = (".shp", ".shx", ".dbf")
_MAPINFO: Final = {"tab": ((".dat", ".dbf"), (".map",)), "mif": ((".mid",),)}
_LISTED = 8  # layers named in a message
_MOST_LAYERS = 200  # listed with their number of features
_LONGEST_REASON = 300
_HAS_HEIGHTS: Final = re.compile(r" (Z|M|ZM)$|^(2\.5D|3D|Measured)")
# Fields that GDAL's KML driver adds to every layer, about how a viewer should draw it.
_KML_STYLE_FIELDS: Final = frozenset(
    {"altitudeMode", "drawOrder", "extrude", "icon", "tessellate", "visibility"}
)
# Of the elements that every feature of GML has: its place in the file, and its extent.
_GML_FIELDS: Final = frozenset({"gml_id", "lowerCorner", "upperCorner"})


class RefusalError(Exception):
    """The reason why the file is not read, as one line."""


def main() -> int:
    """Answer the request on standard input."""
    request = orjson.loads(sys.stdin.buffer.read())
    out = sys.stdout.buffer
    if request.get("list_drivers"):
        out.write(orjson.dumps(_drivers()))
        return 0
    try:
        for part in _answer(request):
            out.write(part)
        out.flush()
    except RefusalError as refusal:
        _refuse(str(refusal))
    except (ImportError, MemoryError):  # a library that finds no room cannot be imported
        _refuse("it needs too much memory; simplify it")
    except OSError:  # writing beyond RLIMIT_FSIZE
        _refuse("it is larger than a layer may be; simplify it")
    return 0


def _refuse(reason: str) -> NoReturn:
    printable = "".join(letter if letter.isprintable() else " " for letter in reason)
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    os.write(1, " ".join(printable.split())[:_LONGEST_REASON].encode("utf-8", "replace"))
    os._exit(REFUSED)  # skips flushing: features still in a buffer must not follow the reason


def _answer(request: dict[str, Any]) -> Iterator[bytes]:
    kind, layer = request["kind"], request["layer"]
    if request.get("list_layers"):
        yield orjson.dumps(list(_described_layers(kind, request["driver"])))
        return
    if kind == "zip":
        layer = _unzip(layer, request["file_bytes"])
    if kind in ("shp", "zip"):
        _check_shapefile()
        file, name = "layer.shp", "layer"
    elif kind == "gpkg":
        file, name = "layer.gpkg", _pick(_plain_tables(layer), layer)
    else:
        file = f"layer.{kind}"
        _check_mapinfo(kind)
        # A MapInfo table is one layer, called as its file, which is a copy here.
        wanted = "" if kind in ("tab", "mif") else layer
        name = _pick(_layers(file, request["driver"]), wanted)
    yield from _features(file, name, request["driver"])


def _described_layers(kind: str, driver: str) -> Iterator[dict[str, Any]]:
    """The name, kind of geometry and number of features of each layer."""
    if kind == "zip":
        yield from _zipped_layers()
        return
    names = ["layer"]
    if kind == "gpkg":
        names = _plain_tables("")
    elif kind != "shp":
        names = _layers(f"layer.{kind}", driver)
    _only(driver)
    import pyogrio  # noqa: PLC0415 - after the limits

    for name in names[:_MOST_LAYERS]:
        with _one_line_errors():
            facts = pyogrio.read_info(f"layer.{kind}", layer=name, force_feature_count=True)
        yield {"name": name, "geometry": facts["geometry_type"], "features": facts["features"]}


def _zipped_layers() -> Iterator[dict[str, Any]]:
    try:
        with zipfile.ZipFile("layer.zip") as archive:
            sets = _shapefiles(archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise RefusalError(f"it is a damaged zip archive: {error}") from error
    for name, parts in sorted(sets.items())[:_MOST_LAYERS]:
        size = parts[".shx"].file_size if ".shx" in parts else None
        # As in `_check_shapefile`: 8 bytes for each shape.
        yield {"name": name, "geometry": None, "features": size and (size - 100) // 8}


def _pick(names: list[str], layer: str) -> str:
    listed = ", ".join(name[:60] for name in names[:_LISTED])
    if not names:
        raise RefusalError("it holds no layer of areas")
    if layer and layer not in names:
        raise RefusalError(f"it has no layer {layer[:60]!r}; it has: {listed}")
    if not layer and len(names) > 1:
        raise RefusalError(f"it has {len(names)} layers; name one of them: {listed}")
    return layer or names[0]


# Shapefiles


def _unzip(layer: str, budget: int) -> str:
    """Unpack one shapefile under fixed names; names from the archive are never used as paths."""
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
        # macOS puts a `._name.shp` that is not a shapefile beside each file.
        if suffix not in _SIBLINGS or path.name.startswith("._"):
            continue
        parts = sets.setdefault(path.stem, {})
        if suffix in parts:
            raise RefusalError(f"it holds two files named {path.name[:60]}")
        parts[suffix] = entry
    return {name: parts for name, parts in sets.items() if ".shp" in parts}


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budget: int) -> int:
    if entry.flag_bits & 0x1:
        raise RefusalError("it is encrypted; unpack it first")
    size = 0
    with _opened(archive, entry) as source, path.open("wb") as target:
        # Counted while unpacking, because the sizes that an archive states can be false.
        while part := source.read(2**20):
            size += len(part)
            if size > budget:
                raise RefusalError("unpacked, it is larger than a layer may be; simplify it")
            target.write(part)
    return size


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(entry)
    except OSError as error:
        # The place that a damaged archive states can lie before the file begins.
        raise RefusalError(f"it is a damaged zip archive: {error}") from error


def _check_mapinfo(kind: str) -> None:
    """Refuse a MapInfo table without its other files: GDAL would read it without its texts."""
    for suffixes in _MAPINFO.get(kind, ()):
        if not any(Path(f"layer{suffix}").exists() for suffix in suffixes):
            raise RefusalError(f"the {suffixes[0]} file that belongs to the .{kind} is missing")


def _check_shapefile() -> None:
    """Refuse a shapefile that is cut short: GDAL would read it as areas without a shape."""
    missing = [suffix for suffix in _NEEDED if not Path(f"layer{suffix}").exists()]
    if missing:
        raise RefusalError(f"the {' and '.join(missing)} file that belongs to the .shp is missing")
    for suffix in (".shp", ".shx"):
        with Path(f"layer{suffix}").open("rb") as stream:
            head = stream.read(28)
        # The header gives the length in 16-bit words.
        stated, size = 2 * int.from_bytes(head[24:28], "big"), _size(suffix)
        if head[:4] != b"\x00\x00\x27\x0a":
            raise RefusalError(f"its {suffix} file is not part of a shapefile")
        if size < stated:
            raise RefusalError(f"its {suffix} file is cut short: {size:,} of {stated:,} bytes")
    with Path("layer.dbf").open("rb") as stream:
        head = stream.read(12)
    rows, header, width = (
        int.from_bytes(head[at : at + size], "little") for at, size in ((4, 4), (8, 2), (10, 2))
    )
    if _size(".dbf") < header + rows * width:
        raise RefusalError(f"its .dbf file is cut short: it states {rows:,} rows")
    shapes = (_size(".shx") - 100) // 8  # after a header of 100 bytes, 8 for each shape
    if shapes != rows:
        raise RefusalError(f"its .dbf file has {rows:,} rows and its .shx file {shapes:,} shapes")


def _dbf_encoding() -> tuple[str | None, list[str]]:
    """The encoding of a shapefile's texts, None where GDAL knows it, and what to say of it."""
    content = Path("layer.dbf").read_bytes()
    texts = content[int.from_bytes(content[8:10], "little") :]
    if Path("layer.cpg").exists() or texts.isascii():
        return None, []
    with suppress(UnicodeDecodeError):
        texts.decode()
        return "UTF-8", []
    with suppress(UnicodeDecodeError):
        texts.decode("CP1252")
        notice = "no .cpg file names the encoding of its texts, which are read as Windows-1252; "
        return "CP1252", [f"{notice}if they look wrong, put a .cpg file beside the .shp"]
    raise RefusalError("the encoding of its texts is unknown; put its .cpg file beside it")


def _size(suffix: str) -> int:
    return Path(f"layer{suffix}").stat().st_size


# GeoPackages


def _plain_tables(wanted: str) -> list[str]:
    """Names of the tables of features.

    Views, virtual tables and computed columns are never opened: they run SQL that the file brings.
    They are refused where they are asked for, or there is nothing else.
    """
    with sqlite3.connect("file:layer.gpkg?mode=ro&immutable=1", uri=True) as file:
        try:
            rows = file.execute(
                "SELECT c.table_name, m.type, m.sql FROM gpkg_contents c LEFT JOIN sqlite_master m "
                "ON lower(m.name) = lower(c.table_name) AND m.type IN ('table', 'view') "
                "WHERE c.data_type = 'features' ORDER BY 1"
            ).fetchall()
            plain = [
                str(name)
                for name, kind, sql in rows
                if kind == "table"
                and "VIRTUAL" not in sql[:200].upper()
                and not _computes(file, name)
            ]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise RefusalError(f"it is damaged: {error}") from error
    odd = [str(name) for name, _, _ in rows if str(name) not in plain]
    if odd and (wanted in odd or not plain):
        name = wanted if wanted in odd else odd[0]
        raise RefusalError(
            f"its layer {name[:60]!r} is not a plain table; save the layer in a new GeoPackage"
        )
    return plain


def _computes(file: sqlite3.Connection, table: str) -> bool:
    columns = file.execute("SELECT max(hidden) FROM pragma_table_xinfo(?)", [table])
    return bool(columns.fetchone()[0])


# What GDAL reads


def _drivers() -> list[str]:
    """Names of the drivers that GDAL has in this process: those that OGR_SKIP does not name."""
    # pyogrio imports these to offer data frames; without them it starts in a third of the time.
    for name in ("pandas", "geopandas", "pyarrow", "pyproj"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how an import is ruled out
    import pyogrio  # noqa: PLC0415 - after the limits, and only where it is needed

    return sorted(pyogrio.list_drivers())


def _layers(file: str, driver: str) -> list[str]:
    _only(driver)
    import pyogrio  # noqa: PLC0415 - after the limits

    with _one_line_errors():
        return [str(name) for name, _ in pyogrio.list_layers(file)]


@contextmanager
def _one_line_errors() -> Iterator[None]:
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
        # If GDAL ignored OGR_SKIP, a file could make it read other files.
        raise RefusalError(f"GDAL has {len(names)} drivers instead of {driver} alone")


def _features(file: str, layer: str, driver: str) -> Iterator[bytes]:
    _only(driver)
    import numpy as np  # noqa: PLC0415 - after the limits
    import pyogrio.raw  # noqa: PLC0415 - after the limits
    import shapely  # noqa: PLC0415 - after the limits

    # Neither a program nor a thread can be started from here on.
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    warnings.simplefilter("ignore")
    encoding, notices = _dbf_encoding() if file == "layer.shp" else (None, [])
    with _one_line_errors():
        meta, _, wkb, columns = pyogrio.raw.read(
            file,
            layer=layer,
            force_2d=driver != "LIBKML",
            datetime_as_string=True,
            encoding=encoding,
        )
        shapes = shapely.from_wkb(wkb)
    # Every KML has heights, of which most are zero and say nothing.
    if driver == "LIBKML":
        heights = shapely.get_coordinates(shapes, include_z=True)[:, 2]
        has_heights = bool((np.isfinite(heights) & (heights != 0)).any())
        shapes = shapely.force_2d(shapes)
    else:
        has_heights = bool(_HAS_HEIGHTS.search(str(meta["geometry_type"])))
    if has_heights:
        notices.append("its heights (Z) and measures (M) are left out")
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise RefusalError("it has coordinates that are not finite numbers")
    fields = [
        (name, values)
        for name, values in _fields(meta, columns)
        if not (driver == "LIBKML" and (name in _KML_STYLE_FIELDS or not any(values)))
        and not (driver == "GML" and name in _GML_FIELDS)
    ]
    yield orjson.dumps([meta["crs"], *notices]) + b"\n["
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
    """The name and the JSON scalars of each attribute; binary ones are left out."""
    for name, ogr_type, column in zip(meta["fields"], meta["ogr_types"], columns, strict=True):
        values = [_scalar(value, whole="Integer" in ogr_type) for value in column.tolist()]
        if ogr_type != "OFTBinary":
            yield str(name), values


def _scalar(value: object, *, whole: bool) -> str | int | float | None:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if whole else value  # whole numbers with gaps come as floats
    return value if value is None or isinstance(value, str | int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
