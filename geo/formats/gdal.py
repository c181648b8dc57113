"""Layers in the formats of GIS programs, read as GeoJSON in a sandbox.

GDAL decides by a file's content what it is, and some of what it reads names other files, addresses
or SQL to run. So it never runs in this process: a child process reads one copy of the file, under a
fixed name in a folder of its own (`geo.formats.sandbox`), with one driver.
TopoJSON needs no GDAL (`geo.formats.topojson` says why).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from xml.parsers import expat

import orjson

from geo.crs import crs_name, is_lonlat
from geo.errors import InputError
from geo.formats import sandbox
from geo.formats.bounded import open_input, read_input
from geo.formats.topojson import to_geojson
from geo.temporary import TemporaryFolder

FOREIGN_ENDINGS: Final = (
    ".shp",
    ".zip",
    ".kml",
    ".gpkg",
    ".fgb",
    ".gml",
    ".tab",
    ".mif",
    ".topojson",
)
"""Endings of the files that `read_foreign` reads; a .zip holds a shapefile."""

_WORKER: Final = Path(__file__).with_name("gdal_worker.py")
_REFUSED: Final = 3  # the child's exit code when its answer is a refusal
_DRIVERS: Final = {
    ".shp": "ESRI Shapefile",
    ".zip": "ESRI Shapefile",
    ".kml": "LIBKML",
    ".gpkg": "GPKG",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".tab": "MapInfo File",
    ".mif": "MapInfo File",
}
SIBLINGS: Final = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg"),
    ".tab": (".dat", ".map", ".id", ".ind", ".dbf"),
    ".mif": (".mid",),
    ".gml": (".xsd",),
}
"""Endings of the files that belong to one with the same name."""

_PROLOG_BYTES: Final = 2**20  # of XML, searched for its root element
_ONE_LAYER: Final = (".shp", ".tab", ".mif")
_XML: Final = {".kml": "KML", ".gml": "GML"}
_ROOTS: Final = {"KML": ("kml",), "GML": ("FeatureCollection", "Dataset")}
_LONGEST_REFUSAL: Final = 1_200  # bytes: 300 letters of up to four


@dataclass(frozen=True)
class ReadLimits:
    """Limits on reading one file.

    Attributes
    ----------
    input_bytes, topojson_bytes, output_bytes
        Most bytes of the file, of a TopoJSON file, and of the GeoJSON made of it.
    memory_bytes, cpu_seconds, wall_seconds
        Most memory, processor time and clock time of the child process.
    """

    input_bytes: int = 512 * 2**20
    topojson_bytes: int = 64 * 2**20  # parsed in this process, where each takes some 20 bytes
    output_bytes: int = 512 * 2**20
    memory_bytes: int = 4 * 2**30
    cpu_seconds: int = 120
    wall_seconds: float = 180.0

    @property
    def file_bytes(self) -> int:
        """Most bytes of any file of the child process."""
        return max(self.input_bytes, self.output_bytes)


LIMITS: Final = ReadLimits()


@dataclass(frozen=True)
class ForeignLayer:
    """A layer of a file, not yet read.

    Attributes
    ----------
    geometry
        The kind of its features in GDAL's words; '' where the file does not say it.
    features
        How many it holds; None where the file does not say it.
    """

    name: str
    geometry: str
    features: int | None


def read_foreign(
    path: Path,
    *,
    layer: str = "",
    notify: Callable[[str], None] | None = None,
    limits: ReadLimits = LIMITS,
) -> bytes:
    """Read a layer of areas as a GeoJSON FeatureCollection.

    Parameters
    ----------
    path
        A file with one of `FOREIGN_ENDINGS`. It is read with its siblings of the same name, where
        its format has some.
    layer
        Which layer, where the file has several: that of a GeoPackage or KML, the name of a
        shapefile in a .zip, the object of a TopoJSON.
    notify
        Called with each line that a reader should know, such as a guessed encoding.
    limits
        Limits on size, memory and time.

    Returns
    -------
    content
        UTF-8 JSON. Coordinates stay in the file's own CRS, which a `crs` member names unless it
        is CRS84; heights are left out. Properties are JSON scalars, dates are ISO text.

    Raises
    ------
    InputError
        With one line that says what is wrong with the file.
    """
    ending = path.suffix.lower()
    if ending == ".topojson":
        content = read_input(path, most=limits.topojson_bytes)
        return to_geojson(content, file=path.name, layer=layer)
    if ending not in _DRIVERS:
        raise InputError(
            f"{path.name} is of an unknown format; its name must end in "
            + ", ".join(FOREIGN_ENDINGS)
        )
    _check_content(path, ending)
    if ending in _ONE_LAYER and layer not in ("", path.stem):
        raise InputError(f"{path.name} has no layer {layer!r}; it has: {path.stem}")
    try:
        with TemporaryFolder() as folder:
            _copy(path, Path(folder), limits.input_bytes)
            _run(path.name, ending, layer, folder=Path(folder), limits=limits)
            answer = Path(folder) / "answer"
            return _collection(path.name, ending, answer, limits=limits, notify=notify)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error


def list_layers(path: Path, *, limits: ReadLimits = LIMITS) -> list[ForeignLayer]:
    """List the layers of a file without reading their features.

    Parameters
    ----------
    path, limits
        As for `read_foreign`; not a TopoJSON.

    Returns
    -------
    layers
        In the order of the file, the first 200.

    Raises
    ------
    InputError
        With one line that says what is wrong with the file.
    """
    ending = path.suffix.lower()
    _check_content(path, ending)
    try:
        with TemporaryFolder() as folder:
            _copy(path, Path(folder), limits.input_bytes)
            _run(path.name, ending, "", folder=Path(folder), limits=limits, list_only=True)
            rows = orjson.loads((Path(folder) / "answer").read_bytes())
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    return [
        ForeignLayer(
            path.stem if ending in _ONE_LAYER else str(row["name"]),
            row["geometry"] or "",
            row["features"],
        )
        for row in rows
    ]


# What the file is


def _check_content(path: Path, ending: str) -> None:
    """Refuse a file whose first bytes are not those of its ending."""
    if ending in _XML:
        _check_xml(path, _XML[ending])
        return
    with open_input(path) as stream:
        head = stream.read(100)
    signatures = {
        ".shp": (head[:4] == b"\x00\x00\x27\x0a", "shapefile"),
        ".zip": (head[:4] == b"PK\x03\x04", "zip archive"),
        ".gpkg": (
            head[:16] == b"SQLite format 3\0" and head[68:72] in (b"GPKG", b"GP10", b"GP11"),
            "GeoPackage",
        ),
        ".fgb": (head[:3] == b"fgb", "FlatGeobuf"),
        ".tab": (head.lstrip().lower().startswith(b"!table"), "MapInfo table"),
        ".mif": (head.lstrip().lower().startswith(b"version"), "MapInfo interchange file"),
    }
    matches, name = signatures[ending]
    if not matches:
        raise InputError(f"{path.name} is not a {name}")
    journal = path.with_name(path.name + "-wal")
    if ending == ".gpkg" and journal.exists() and journal.stat().st_size:
        raise InputError(f"{path.name} is open in another program; close it there first")


def _check_xml(path: Path, kind: str) -> None:
    """Read XML up to its root element: entities can only be declared before it, in a DOCTYPE."""
    roots: list[str] = []

    def doctype(*_: object) -> None:
        if not roots:
            raise InputError(
                f"{path.name} has a DOCTYPE, which is not allowed in {kind}; remove it"
            )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = lambda name, _: roots.append(name) if not roots else None
    try:
        with open_input(path) as stream:
            while not roots and stream.tell() < _PROLOG_BYTES and (part := stream.read(2**14)):
                parser.Parse(part, False)  # noqa: FBT003 - expat takes no names
    except (expat.ExpatError, LookupError, ValueError) as error:
        if not roots:
            raise InputError(f"{path.name} is not {kind}: {error}") from error
    if not roots or roots[0].rpartition(":")[2] not in _ROOTS[kind]:
        raise InputError(
            f"{path.name} is not {kind}: its first element is {(roots or ['none'])[0][:40]}"
        )


# The worker


def _copy(path: Path, folder: Path, budget: int) -> None:
    """Copy the files to be read under fixed names, so that no user's text is a path for GDAL."""
    ending = path.suffix.lower()
    files = {ending: path}
    siblings = SIBLINGS.get(ending, ())
    for beside in path.parent.iterdir() if siblings else ():
        if beside.stem == path.stem and beside.suffix.lower() in siblings and beside.is_file():
            files.setdefault(beside.suffix.lower(), beside)
    for suffix, source in files.items():
        with open_input(source) as stream, (folder / f"layer{suffix}").open("wb") as copy:
            while part := stream.read(2**20):
                budget -= len(part)
                if budget < 0:
                    raise InputError(f"{path.name} is larger than a layer may be; simplify it")
                copy.write(part)


def _run(
    file: str, ending: str, layer: str, *, folder: Path, limits: ReadLimits, list_only: bool = False
) -> None:
    driver = _DRIVERS[ending]
    skipped = [name for name in _all_drivers() if name != driver]
    request = {
        "kind": ending[1:],
        "layer": layer.encode("utf-8", "replace").decode(),
        "driver": driver,
        "file_bytes": limits.file_bytes,
        "list_layers": list_only,
    }
    try:
        code = _worker(request, folder, skipped, limits)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{file}: reading it takes too long; simplify it") from error
    if code == _REFUSED:
        with (folder / "answer").open("rb") as answer:
            reason = answer.read(_LONGEST_REFUSAL).decode("utf-8", "replace")
        raise InputError(f"{file}: {reason}")
    if code < 0:
        # By the signal of a limit, or GDAL's own abort when memory ran out.
        raise InputError(f"{file}: reading it takes too much time or memory; simplify it")
    if code:
        raise InputError(f"{file}: reading it failed")


def _worker(
    request: dict[str, object], folder: Path, skipped: list[str], limits: ReadLimits
) -> int:
    return sandbox.run_sandboxed(
        _WORKER,
        orjson.dumps(request),
        folder,
        limits=sandbox.ProcessLimits(
            memory_bytes=limits.memory_bytes,
            cpu_seconds=limits.cpu_seconds,
            wall_seconds=limits.wall_seconds,
            file_bytes=limits.file_bytes,
        ),
        environment=_environment(skipped),
    )


def _environment(skipped: list[str]) -> dict[str, str]:
    """The worker's environment; GDAL reads it once, when it is loaded."""
    # Separated by commas: at spaces GDAL would cut the names that hold one.
    drivers = ",".join(skipped)
    return {
        "OGR_SKIP": drivers,
        "GDAL_SKIP": drivers,
        "GDAL_DRIVER_PATH": "disable",  # no plugins
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
        "LIBKML_EXTERNAL_STYLE": "NO",
        "GML_DOWNLOAD_WFS_SCHEMA": "NO",
        "GML_SKIP_RESOLVE_ELEMS": "ALL",  # else links to other files are followed
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "GDAL_HTTP_PROXY": "127.0.0.1:9",  # the discard port: nothing answers
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "PROJ_NETWORK": "OFF",
        "OPENBLAS_NUM_THREADS": "1",
    }


@cache
def _all_drivers() -> tuple[str, ...]:
    """Names of all drivers of the installed GDAL, from a child that reads no file."""
    with TemporaryFolder() as folder:
        if _worker({"list_drivers": True}, Path(folder), [], LIMITS):
            raise InputError("GDAL cannot be started; install the pyogrio package again")
        return tuple(orjson.loads((Path(folder) / "answer").read_bytes()))


# The answer


def _collection(
    file: str,
    ending: str,
    answer: Path,
    *,
    limits: ReadLimits,
    notify: Callable[[str], None] | None,
) -> bytes:
    if answer.stat().st_size > limits.output_bytes:
        raise InputError(f"{file} is larger than a layer may be; simplify it")
    with answer.open("rb") as stream:
        spelling, *notices = orjson.loads(stream.readline())
        features = stream.read()
    if notify:
        for notice in notices:
            notify(f"{file}: {notice}")
    return b'{"type":"FeatureCollection",%s"features":%s}' % (
        _crs_member(file, ending, spelling),
        features,
    )


def _crs_member(file: str, ending: str, spelling: str | None) -> bytes:
    if not spelling:
        advice = "; put its .prj file beside it" if ending in (".shp", ".zip") else ""
        raise InputError(f"{file} names no coordinate reference system{advice}")
    try:
        name = crs_name(spelling)
    except InputError as error:
        # Of WKT, the first quoted text is the name.
        title = spelling.partition('"')[2].partition('"')[0] or spelling
        raise InputError(
            f"{file}: its coordinate reference system {title[:60]!r} has no EPSG code; "
            "save the file in a known one"
        ) from error
    if is_lonlat(name):
        return b""
    authority, _, code = name.partition(":")
    member = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{authority}::{code}"}}
    return b'"crs":%s,' % orjson.dumps(member)
