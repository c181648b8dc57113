"""Recognises the files that a gazetteer is made of: OS Open Names, postcodes, layers with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from boundaries.gazetteer import layer_names, open_names, postcode_files
from boundaries.gazetteer.geopackage import names_table
from boundaries.gazetteer.names import NameBatch
from boundaries.gazetteer.parts import Part, first_row, layers_in, tables_in
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.bounded import LARGEST_WHOLE, open_input, sha256_of

OS_CREDIT: Final = "Contains OS data © Crown copyright and database right"
POSTCODE_CREDIT: Final = (
    f"{OS_CREDIT}; contains Royal Mail data © Royal Mail copyright and database right; contains "
    "National Statistics data © Crown copyright and database right"
)


OPEN_NAMES: Final = ("os-open-names", "OS Open Names")
"""Its id and title."""


@dataclass(frozen=True)
class Source:
    """A file that was recognised.

    Attributes
    ----------
    path
        The file, or a folder of files.
    id, title, licence
        As an index keeps them.
    sha256
        Of the file; '' for a folder.
    batches
        Reads it.
    parts
        How many parts it has, for progress.
    """

    path: Path
    id: str
    title: str
    licence: str
    sha256: str
    batches: Callable[[], Iterator[NameBatch]]
    parts: int = 1


def recognise(
    path: Path,
    *,
    projection: Projection,
    source_id: str = "",
    layer: str = "",
    name_field: str = "",
    notify: Callable[[str], None] | None = None,
) -> Source:
    """Recognise a file by what is in it.

    Parameters
    ----------
    path
        OS Open Names or Code-Point Open as downloaded (zip), unpacked (a folder) or one of their
        CSV files; OS Open Names as a GeoPackage; the ONS Postcode Directory; or a layer of areas,
        lines or points with names.
    projection
        To the working CRS.
    source_id
        The id that the index gets; by default that of its kind.
    layer, name_field
        Of a layer file: which layer, and which field holds the names.
    notify
        Called with each line that a reader should know.

    Returns
    -------
    The source; nothing but its beginning has been read.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}")
    parts = _parts(path)
    if parts and not (layer or name_field):
        header = first_row(parts[0])
        if open_names.is_open_names(header):
            batches = partial(
                open_names.read_open_names, partial(iter, parts), projection=projection
            )
            return Source(
                path, source_id or "os-open-names", "OS Open Names", OS_CREDIT, _sha256(path),
                batches, len(parts),
            )  # fmt: skip
        if own_id := postcode_files.postcode_source(header):
            batches = partial(
                postcode_files.read_postcode_files, partial(iter, parts), projection=projection
            )
            return Source(
                path, source_id or own_id, postcode_files.TITLES[own_id], POSTCODE_CREDIT,
                _sha256(path), batches, len(parts),
            )  # fmt: skip
    _refuse_too_large(path)
    if path.is_dir():
        raise InputError(
            f"{path.name} holds neither OS Open Names nor postcodes; name a file of a layer"
        )
    batches = partial(
        layer_names.read_layer_names,
        path,
        projection=projection,
        layer=layer,
        name_field=name_field,
        notify=notify,
    )
    own_id = source_id or layer_names.id_of(path)
    return Source(path, own_id, path.stem, "", _sha256(path), batches)


def published_source(path: Path) -> tuple[str, str] | None:
    """Which published file of names or postcodes a path is.

    Parameters
    ----------
    path
        A CSV, a folder, or an archive of them.

    Returns
    -------
    Its id and title; None where it is none.

    Raises
    ------
    InputError
        If an archive is damaged.
    """
    parts = _parts(path)
    header = first_row(parts[0]) if parts else []
    if open_names.is_open_names(header):
        return OPEN_NAMES
    own_id = postcode_files.postcode_source(header) if header else ""
    return (own_id, postcode_files.TITLES[own_id]) if own_id else None


def _parts(path: Path) -> list[Part]:
    """The tables of a file, folder or archive."""
    table = names_table(path, open_names.COLUMNS, needed=("NAME1", "LOCAL_TYPE"))
    return [table] if table else tables_in(path)


def _refuse_too_large(path: Path) -> None:
    """Say what to do with a layer that is too large to be read whole."""
    if not path.is_file():
        return
    if path.suffix.lower() == ".zip":
        large = [name for name, size in layers_in(path) if size > LARGEST_WHOLE]
        if large:
            raise InputError(f"{path.name}: unpack it and add the file {large[0]}")
    elif path.stat().st_size > LARGEST_WHOLE:
        raise InputError(
            f"{path.name} is larger than {LARGEST_WHOLE // 2**20} MB; save only its names and "
            "shapes in a new file and add that: ogr2ogr -select NAME names.gpkg "
            f"{path.name}, with the field of names for NAME"
        )


def _sha256(path: Path) -> str:
    if path.is_dir():
        return ""
    with open_input(path) as stream:
        return sha256_of(stream, file=path.name)
