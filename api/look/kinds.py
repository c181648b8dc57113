"""What kind of file a path names, by its content; files of no known kind are refused by name."""

from __future__ import annotations

import re
import zipfile
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from geo.errors import InputError
from geo.formats.bounded import open_input
from geo.formats.features import FEATURE_ENDINGS, GEOJSON_ENDINGS, PARQUET_ENDINGS
from geo.store.geopackage import is_store

_HEAD: Final = 2**16  # bytes
_MOST_ENTRIES: Final = 100_000  # of a folder, which can be that of a whole disk
STREET_NAME: Final = re.compile(
    r"\d{4}-\d{2}-[a-z0-9-]+-street( - Copy)?( ?\(\d+\))?\.csv", re.IGNORECASE
)
"""Names of street-level files, and of their copies."""
_TOPOLOGY = re.compile(rb'"type"\s*:\s*"Topology"')
_ROOT = re.compile(rb"<([A-Za-z_][\w:.-]*)")
_SQLITE = b"SQLite format 3\0"
_GEOPACKAGE = (b"GPKG", b"GP10", b"GP11")


class Kind(StrEnum):
    """Kinds of files that Patchmap reads, as people call them."""

    STREET_FILES = "data.police.uk files"
    WORKBOOK = "XLSX workbook"
    TABLE = "CSV table"
    GEOJSON = "GeoJSON"
    TOPOJSON = "TopoJSON"
    SHAPEFILE = "ESRI Shapefile"
    ZIPPED_SHAPEFILE = "zipped ESRI Shapefile"
    KML = "KML"
    GML = "GML"
    MAPINFO = "MapInfo table"
    GEOPACKAGE = "GeoPackage"
    FLATGEOBUF = "FlatGeobuf"
    ZIPPED = "zip archive of features"
    PARQUET = "Parquet file"
    TOML = "TOML file"
    MBTILES = "MBTiles file"
    PMTILES = "PMTiles archive"
    STORE = "Patchmap store"


ENDINGS: Final = {
    Kind.GEOJSON: GEOJSON_ENDINGS,
    Kind.TOPOJSON: (".topojson", *GEOJSON_ENDINGS),
    Kind.SHAPEFILE: (".shp",),
    Kind.ZIPPED_SHAPEFILE: (".zip",),
    Kind.KML: (".kml",),
    Kind.GML: (".gml",),
    Kind.MAPINFO: (".tab", ".mif"),
    Kind.GEOPACKAGE: (".gpkg",),
    Kind.FLATGEOBUF: (".fgb",),
    Kind.ZIPPED: (".zip", ".kmz"),
    Kind.PARQUET: PARQUET_ENDINGS,
    Kind.WORKBOOK: (".xlsx", ".xlsm"),
}
"""Endings by which commands know the kinds that they do not know by content."""

# The first bytes of files that people try, which no command reads.
_FOREIGN: Final = (
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook or has a password; save it as .xlsx without one"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"%PDF", "a PDF; ask for the data as a table or a layer"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"II*\0", "a TIFF picture"),
)
_BINARY: Final = (
    (b"\x00\x00\x27\x0a", Kind.SHAPEFILE),
    (b"PAR1", Kind.PARQUET),
    (b"fgb", Kind.FLATGEOBUF),
    (b"PMTiles", Kind.PMTILES),
)
_BESIDE_SHP: Final = (".dbf", ".shx", ".prj", ".cpg")
_MAPINFO = re.compile(rb"!table|version\s+\d+\s", re.IGNORECASE)


def kind_of(path: Path) -> Kind:
    """Tell the kind of a file or a folder.

    Raises
    ------
    InputError
        With one sentence that says what it is, where Patchmap does not read it.
    """
    if path.is_dir():
        entries = islice(path.rglob("*"), _MOST_ENTRIES)
        if any(STREET_NAME.fullmatch(entry.name) for entry in entries):
            return Kind.STREET_FILES
        raise InputError(
            f"{path.name or path} is a folder without street-level files "
            "(YYYY-MM-FORCE-street.csv); name a file in it"
        )
    with open_input(path) as stream:
        head = stream.read(_HEAD)
    kind = _by_head(path, head)
    expected = ENDINGS.get(kind, ())
    if expected and path.suffix.lower() not in expected:
        raise InputError(
            f"{path.name} holds {kind}, but is not named so; rename it to end in "
            + " or ".join(expected)
        )
    return kind


def _by_head(path: Path, head: bytes) -> Kind:
    if not head:
        raise InputError(f"{path.name} is empty")
    for start, what in _FOREIGN:
        if head.startswith(start):
            raise InputError(f"{path.name} is {what}")
    if head.startswith(b"PK"):
        return _zipped(path)
    if head.startswith(_SQLITE):
        return _database(path, head)
    kind = next((kind for start, kind in _BINARY if head.startswith(start)), None)
    return kind or _text(path, head)


def _zipped(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error
    inside = [PurePosixPath(name.replace("\\", "/")) for name in names if not name.endswith("/")]
    if any(STREET_NAME.fullmatch(entry.name) for entry in inside):
        return Kind.STREET_FILES
    if "[Content_Types].xml" in names:
        return Kind.WORKBOOK
    endings = {entry.suffix.lower() for entry in inside if not entry.name.startswith("._")}
    if ".shp" in endings:
        return Kind.ZIPPED_SHAPEFILE
    if endings & set(FEATURE_ENDINGS):
        return Kind.ZIPPED
    listed = ", ".join(_printable(str(entry)) for entry in inside[:3])
    raise InputError(
        f"{path.name} is a zip archive without features or street-level files"
        + (f"; it holds {listed}: unpack it and name a file" if listed else "; it is empty")
    )


def _database(path: Path, head: bytes) -> Kind:
    if is_store(path):
        return Kind.STORE
    if head[68:72] in _GEOPACKAGE:
        return Kind.GEOPACKAGE
    if path.suffix.lower() == ".mbtiles" or head[68:72] == b"MPBX":
        return Kind.MBTILES
    raise InputError(f"{path.name} is an SQLite database, but neither GeoPackage nor MBTiles")


def _text(path: Path, head: bytes) -> Kind:
    ending = path.suffix.lower()
    if ending in _BESIDE_SHP:
        raise InputError(f"{path.name} is a part of a shapefile; name the .shp file beside it")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x1e \t\r\n")
    if start.startswith(b"<"):
        return _xml(path, start)
    if ending in ENDINGS[Kind.MAPINFO] and _MAPINFO.match(start):
        return Kind.MAPINFO
    if start.startswith((b"{", b"[")) and b'"service_request_id"' in start:
        command = f"patchmap ingest {path.name} --source open311"
        raise InputError(f"{path.name} holds requests of Open311; '{command}' imports them")
    if start.startswith(b"{"):
        return Kind.TOPOJSON if _TOPOLOGY.search(start) else Kind.GEOJSON
    if start.startswith(b"["):
        if ending in (".json", ".geojson"):
            raise InputError(f"{path.name} is a list in JSON, not a GeoJSON FeatureCollection")
        return Kind.TOML if ending == ".toml" else Kind.TABLE
    return Kind.TOML if ending == ".toml" else Kind.TABLE


def _xml(path: Path, start: bytes) -> Kind:
    roots = (match[1].decode("ascii") for match in _ROOT.finditer(start))
    root = next(roots, "")
    if root.rpartition(":")[2] == "kml" or path.suffix.lower() == ".kml":
        return Kind.KML
    if root.rpartition(":")[2] == "FeatureCollection" or path.suffix.lower() == ".gml":
        return Kind.GML
    if root.lower() == "html":
        raise InputError(f"{path.name} is a web page, not data; download the file itself")
    what = f"XML ({root[:40]})" if root else "XML"
    raise InputError(f"{path.name} is {what}, which Patchmap does not read")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:60]
