"""The one reader of features from users: any format of areas, lines or points, as GeoJSON.

GeoJSON in all its forms is known by its content (`geo.formats.geojson`), other formats by their
ending; a zip archive by what it holds.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from geo.errors import InputError
from geo.formats.bounded import LARGEST_WHOLE, check_input, read_input, unpack_entry
from geo.formats.gdal import FOREIGN_ENDINGS, SIBLINGS, read_foreign
from geo.formats.parquet_features import parquet_to_geojson
from geo.formats.topojson import to_geojson
from geo.formats.wkt_table import wkt_as_geojson
from geo.temporary import TemporaryFolder

GEOJSON_ENDINGS: Final = (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson")
PARQUET_ENDINGS: Final = (".parquet", ".geoparquet")
FEATURE_ENDINGS: Final = (*GEOJSON_ENDINGS, *FOREIGN_ENDINGS, *PARQUET_ENDINGS, ".kmz")
"""Endings of the files that `read_features` reads."""

_TOPOLOGY = re.compile(rb'^[\s\xef\xbb\xbf]*\{[^{}\[\]]*"type"\s*:\s*"Topology"')
_NOT_READ: Final = {
    ".dbf": "a table of a shapefile",
    ".dgn": "a MicroStation drawing",
    ".dwg": "an AutoCAD drawing",
    ".dxf": "an AutoCAD drawing",
    ".gpx": "a GPS track (GPX)",
    ".mdb": "an Access database",
    ".osm": "OpenStreetMap XML",
    ".pbf": "OpenStreetMap PBF",
    ".sqlite": "an SQLite database",
}
_LISTED = 8  # names listed in a message


def read_features(
    path: Path, *, layer: str = "", notify: Callable[[str], None] | None = None
) -> bytes:
    """Read the features of a file as GeoJSON.

    Parameters
    ----------
    path
        A file of one of `FEATURE_ENDINGS`, a CSV of areas, or GeoJSON of any name.
    layer
        Which layer, where the file has several; of an archive of several files, which file by its
        name without the ending.
    notify
        Called with each line that a reader should know, such as a guessed encoding.

    Returns
    -------
    content
        UTF-8 JSON for `geo.formats.geojson.feature_collection`.

    Raises
    ------
    InputError
        With one line that says what is wrong with the file.
    """
    ending = path.suffix.lower()
    if ending in (".zip", ".kmz"):
        return _read_archive(path, layer, notify)
    if ending in FOREIGN_ENDINGS:
        return read_foreign(path, layer=layer, notify=notify)
    if ending in PARQUET_ENDINGS:
        return parquet_to_geojson(path, notify=notify)
    content = read_input(path)
    if _TOPOLOGY.match(content[:100_000]):
        return to_geojson(content, file=path.name, layer=layer)
    if ending == ".csv" and not content.startswith(b"{"):
        return wkt_as_geojson(content, path.name)
    if ending not in GEOJSON_ENDINGS and not content.lstrip(b"\xef\xbb\xbf\x1e \t\r\n").startswith(
        b"{"
    ):
        what = _NOT_READ.get(ending, "of a format")
        raise InputError(
            f"{path.name} is {what} that is not read; save it as GeoJSON or GeoPackage "
            f"({', '.join(FEATURE_ENDINGS)})"
        )
    return content


def _read_archive(path: Path, layer: str, notify: Callable[[str], None] | None) -> bytes:
    """The only readable file of an archive, or the one that `layer` names."""
    files = _readable(path)
    if not files or any(_ending(name) == ".shp" for name in files):
        return read_foreign(path, layer=layer, notify=notify)
    named = [name for name in files if _base(name).stem == layer] or files
    if len(named) > 1:
        listed = ", ".join(_base(name).stem[:60] for name in files[:_LISTED])
        raise InputError(f"{path.name}: it has {len(files)} files; name one of them: {listed}")
    with TemporaryFolder() as folder:
        # The name of the entry is only for messages: what is not a plain name is replaced.
        stem = re.sub(r"[^\w ().-]", "_", _base(named[0]).stem)[:100].lstrip(".") or "layer"
        copy = Path(folder) / f"{stem}{_ending(named[0])}"
        for name in (named[0], *_siblings(path, named[0])):
            with copy.with_suffix(_ending(name)).open("wb") as target:
                unpack_entry(path, name, target, most=LARGEST_WHOLE)
        return read_features(
            copy, layer="" if layer == _base(named[0]).stem else layer, notify=notify
        )


def _siblings(path: Path, name: str) -> list[str]:
    """The entries beside one that its format keeps in files of their own."""
    stem = name.removesuffix(_base(name).suffix)
    endings = SIBLINGS.get(_ending(name), ())
    beside = {
        _ending(one): one
        for one in _names(path)
        if _ending(one) in endings and one.removesuffix(_base(one).suffix) == stem
    }
    return list(beside.values())


def _names(path: Path) -> list[str]:
    check_input(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise InputError(f"{path.name}: it is a damaged zip archive: {error}") from error


def _readable(path: Path) -> list[str]:
    names = _names(path)
    wanted = set(FEATURE_ENDINGS) - {".zip", ".kmz"}
    # macOS puts a `._name` that is no layer beside each file.
    return [
        name for name in names if _ending(name) in wanted and not _base(name).name.startswith("._")
    ]


def _base(name: str) -> PurePosixPath:
    """The last part of an entry's name; archives made on Windows can have backslashes in it."""
    return PurePosixPath(name.replace("\\", "/").rpartition("/")[2])


def _ending(name: str) -> str:
    return _base(name).suffix.lower()
