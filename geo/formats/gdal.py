"""Layers in the formats of GIS programs, read as GeoJSON without trusting them.

GDAL decides by a file's content what it is, and some of what it reads names other files, addresses
or SQL to run. So it never runs in this process: a child reads one copy of the file, under a fixed
name in a folder of its own, with one driver, bounded memory and time, and no network.
TopoJSON needs no GDAL.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from xml.parsers import expat

import orjson

from geo.crs import crs_name, is_lonlat
from geo.errors import InputError
from geo.formats.topojson import to_geojson

FOREIGN_ENDINGS: Final = (".shp", ".zip", ".kml", ".gpkg", ".topojson")
"""Endings of the files that `read_foreign` reads; a .zip holds a shapefile."""

_CHILD: Final = Path(__file__).with_name("gdal_worker.py")
_REFUSED: Final = 3
_DRIVERS: Final = {
    ".shp": "ESRI Shapefile",
    ".zip": "ESRI Shapefile",
    ".kml": "LIBKML",
    ".gpkg": "GPKG",
}
_SIBLINGS: Final = (".shx", ".dbf", ".prj", ".cpg")
_PROLOG_BYTES: Final = 2**20


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost: its bytes, those of the answer, and the child's share."""

    input_bytes: int = 512 * 2**20
    topojson_bytes: int = 64 * 2**20  # parsed in this process, at some 20 bytes for each
    output_bytes: int = 512 * 2**20
    memory_bytes: int = 4 * 2**30
    cpu_seconds: int = 120
    wall_seconds: float = 180.0


LIMITS: Final = Limits()


def read_foreign(path: Path, *, layer: str = "", limits: Limits = LIMITS) -> bytes:
    """Read a layer of areas as a GeoJSON FeatureCollection.

    Coordinates stay in the file's own CRS, which a `crs` member names unless it is CRS84;
    heights are left out. Properties are JSON scalars, dates are ISO text.

    Parameters
    ----------
    path
        A file with one of `FOREIGN_ENDINGS`. A .shp is read with its siblings of the same name.
    layer
        Which layer, where the file has several: that of a GeoPackage or KML, the name of a
        shapefile in a .zip, the object of a TopoJSON.
    limits
        What reading it may cost.

    Raises
    ------
    InputError
        With one line that says what is wrong with the file.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"no file {path.name}")
    try:
        if ending == ".topojson":
            return to_geojson(_whole(path, limits.topojson_bytes), file=path.name, layer=layer)
        if ending not in _DRIVERS:
            raise InputError(f"{path.name} has none of the endings {', '.join(FOREIGN_ENDINGS)}")
        _check_content(path, ending)
        if ending == ".shp" and layer not in ("", path.stem):
            raise InputError(f"{path.name} has no layer {layer!r}; it has: {path.stem}")
        with TemporaryDirectory(prefix="patchmap-") as folder:
            _copy(path, Path(folder), limits.input_bytes)
            _run(path.name, ending, layer, folder=Path(folder), limits=limits)
            return _collection(path.name, ending, Path(folder) / "answer", limits)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error


def _whole(path: Path, most: int) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path.name} holds more than {most:,} bytes")
    return content


# What the file is


def _check_content(path: Path, ending: str) -> None:
    """Refuse a file whose first bytes are not those of its ending."""
    if ending == ".kml":
        _check_kml(path)
        return
    with path.open("rb") as stream:
        head = stream.read(100)
    told = {
        ".shp": (head[:4] == b"\x00\x00\x27\x0a", "shapefile"),
        ".zip": (head[:4] == b"PK\x03\x04", "zip archive"),
        ".gpkg": (
            head[:16] == b"SQLite format 3\0" and head[68:72] in (b"GPKG", b"GP10", b"GP11"),
            "GeoPackage",
        ),
    }
    right, name = told[ending]
    if not right:
        raise InputError(f"{path.name} is no {name}")
    journal = path.with_name(path.name + "-wal")
    if ending == ".gpkg" and journal.exists() and journal.stat().st_size:
        raise InputError(f"{path.name} is open in another program, close it there first")


def _check_kml(path: Path) -> None:
    """Read XML up to the root element. Entities can only be declared before it, in a DOCTYPE."""
    roots: list[str] = []

    def doctype(*_: object) -> None:
        if not roots:
            raise InputError(f"{path.name} has a DOCTYPE, which a KML may not; remove it")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = lambda name, _: roots.append(name) if not roots else None
    try:
        with path.open("rb") as stream:
            while not roots and stream.tell() < _PROLOG_BYTES and (part := stream.read(2**14)):
                parser.Parse(part, False)  # noqa: FBT003 - expat takes no names
    except (expat.ExpatError, LookupError, ValueError) as error:
        if not roots:
            raise InputError(f"{path.name} is no KML: {error}") from error
    if not roots or roots[0].rpartition(":")[2] != "kml":
        raise InputError(
            f"{path.name} is no KML: its first element is {(roots or ['none'])[0][:40]}"
        )


# The child


def _copy(path: Path, folder: Path, budget: int) -> None:
    """Copy what is read under fixed names, so that no user's text is ever a path for GDAL."""
    wanted = (".shp", *_SIBLINGS) if path.suffix.lower() == ".shp" else (path.suffix.lower(),)
    files = {path.suffix.lower(): path}
    for beside in path.parent.iterdir() if len(wanted) > 1 else ():
        if beside.stem == path.stem and beside.suffix.lower() in wanted and beside.is_file():
            files.setdefault(beside.suffix.lower(), beside)
    for suffix, source in files.items():
        with source.open("rb") as stream, (folder / f"layer{suffix}").open("wb") as copy:
            while part := stream.read(2**20):
                budget -= len(part)
                if budget < 0:
                    raise InputError(f"{path.name} holds more bytes than a layer may")
                copy.write(part)


def _run(file: str, ending: str, layer: str, *, folder: Path, limits: Limits) -> None:
    driver = _DRIVERS[ending]
    skipped = [name for name in _all_drivers() if name != driver]
    request = {
        "kind": ending[1:],
        "layer": layer.encode("utf-8", "replace").decode(),
        "driver": driver,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": max(limits.input_bytes, limits.output_bytes),
    }
    try:
        code = _child(request, folder, skipped, limits.wall_seconds)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{file}: reading it takes longer than a layer may") from error
    if code == _REFUSED:
        with (folder / "answer").open("rb") as answer:
            raise InputError(f"{file}: {answer.read(1200).decode('utf-8', 'replace')}")
    if code < 0:
        # By a limit's signal, or GDAL's own where it found no memory.
        raise InputError(f"{file}: reading it was stopped, it costs too much time or memory")
    if code:
        raise InputError(f"{file}: reading it failed")


def _child(request: dict[str, Any], folder: Path, skipped: list[str], seconds: float) -> int:
    with (folder / "answer").open("wb") as answer:
        done = subprocess.run(  # noqa: S603 - this Python and a file of this package
            [sys.executable, "-I", str(_CHILD)],
            input=orjson.dumps(request),
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=_environment(folder, skipped),
            timeout=seconds,
            check=False,
        )
    return done.returncode


def _environment(folder: Path, skipped: list[str]) -> dict[str, str]:
    """All that the child's environment holds; GDAL reads it when it is loaded, never again."""
    # Separated by commas: at spaces GDAL would cut the names that hold one.
    drivers = ",".join(skipped)
    return {
        "OGR_SKIP": drivers,
        "GDAL_SKIP": drivers,
        "GDAL_DRIVER_PATH": "disable",  # no plugins
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
        "LIBKML_EXTERNAL_STYLE": "NO",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "GDAL_HTTP_PROXY": "127.0.0.1:9",  # the discard port: nothing answers
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }


@cache
def _all_drivers() -> tuple[str, ...]:
    """Names of all drivers of the installed GDAL, asked once of a child that reads no file."""
    with TemporaryDirectory(prefix="patchmap-") as folder:
        if _child({"list_drivers": True}, Path(folder), [], LIMITS.wall_seconds):
            raise InputError("GDAL cannot be started; install the pyogrio package again")
        return tuple(orjson.loads((Path(folder) / "answer").read_bytes()))


# The answer


def _collection(file: str, ending: str, answer: Path, limits: Limits) -> bytes:
    if answer.stat().st_size > limits.output_bytes:
        raise InputError(f"{file} holds more than a layer may")
    with answer.open("rb") as stream:
        spelling = orjson.loads(stream.readline())
        features = stream.read()
    return b'{"type":"FeatureCollection",%s"features":%s}' % (
        _crs_member(file, ending, spelling),
        features,
    )


def _crs_member(file: str, ending: str, spelling: str | None) -> bytes:
    if not spelling:
        beside = "; put its .prj file beside it" if ending in (".shp", ".zip") else ""
        raise InputError(f"{file} names no coordinate reference system{beside}")
    try:
        name = crs_name(spelling)
    except InputError as error:
        shown = spelling.partition('"')[2].partition('"')[0] or spelling
        raise InputError(
            f"{file}: its coordinate reference system {shown[:60]!r} has no known code"
        ) from error
    if is_lonlat(name):
        return b""
    authority, _, code = name.partition(":")
    member = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{authority}::{code}"}}
    return b'"crs":%s,' % orjson.dumps(member)
