"""Files of tiles from outside, whatever their format: what they say of themselves, and tiles."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

from geo.errors import InputError
from geo.tiles.grid import Box

TileKind = Literal["vector", "pictures"]

DEEPEST: Final = 24
"""The deepest zoom that is read."""

LARGEST_TILE: Final = 8_000_000
"""Most bytes of a vector tile once it is unpacked; published tiles have 500,000 at most."""

PICTURES: Final = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
"""The media type of each kind of picture, by its first bytes."""

VECTOR_TILE: Final = "application/vnd.mapbox-vector-tile"

_GZIP: Final = b"\x1f\x8b"
_CREDIT_LETTERS, _TITLE_LETTERS, _MOST_LAYERS = 300, 80, 100


@dataclass(frozen=True)
class TileMetadata:
    """What a file of tiles says of itself.

    Attributes
    ----------
    kind
        Vector tiles, or pictures.
    title, attribution
        Its name and the credit that it asks for, as plain text; '' where it has none.
    first, last
        Its first and last zoom level.
    box
        What it covers, in degrees; None where it does not say.
    layers
        Names of the layers of its vector tiles, where it says.
    """

    kind: TileKind
    title: str
    attribution: str
    first: int
    last: int
    box: Box | None = None
    layers: tuple[str, ...] = ()


class StoredTile(NamedTuple):
    """A tile with its content; its row counts from the north."""

    zoom: int
    column: int
    row: int
    data: bytes


class TileFile(Protocol):
    """A file of tiles, which is only read."""

    path: Path
    metadata: TileMetadata

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """The content of a tile.

        Parameters
        ----------
        zoom, column, row
            The tile; rows count from the north, as in addresses.

        Returns
        -------
        Its bytes; None if the file has no such tile.
        """

    def tiles(self, zoom: int, box: Box | None) -> Iterator[StoredTile]:
        """The tiles of a zoom that touch a box in degrees, with whatever they hold.

        Parameters
        ----------
        zoom
            From `first` to `last` of the metadata.
        box
            None stands for all that the file covers.

        Yields
        ------
        Each tile once; empty where its content is of no use.

        Raises
        ------
        InputError
            If the file is damaged.
        """

    def close(self) -> None:
        """Close the file."""


def plain_text(text: object, *, most: int = _CREDIT_LETTERS) -> str:
    """Text of a file without its tags and line ends.

    Parameters
    ----------
    text
        Whatever the file holds in its place.
    most
        Most letters; the rest is cut off.

    Returns
    -------
    The text; '' where it is none.
    """
    plain = html.unescape(re.sub(r"<[^>]*>", "", text if isinstance(text, str) else ""))
    return " ".join(plain.split())[:most]


def title_of(text: object, path: Path) -> str:
    """The title of a file of tiles.

    Parameters
    ----------
    text
        What the file holds in its place.
    path
        The file.

    Returns
    -------
    The title; the name of the file where it has none.
    """
    return plain_text(text, most=_TITLE_LETTERS) or path.stem[:_TITLE_LETTERS]


def layer_names(vector_layers: object) -> tuple[str, ...]:
    """The names in the `vector_layers` of a file's metadata; none where it is something else."""
    layers = vector_layers if isinstance(vector_layers, list) else []
    names = (layer.get("id") for layer in layers[:_MOST_LAYERS] if isinstance(layer, dict))
    return tuple(plain_text(name, most=_TITLE_LETTERS) for name in names if name)


def media_type_of(data: bytes, kind: TileKind) -> str | None:
    """The media type of a tile.

    Parameters
    ----------
    data
        The tile.
    kind
        What it should be.

    Returns
    -------
    Its media type; None where a tile that should be a picture is none.
    """
    if kind == "vector":
        return VECTOR_TILE
    return next((kind for magic, kind in PICTURES.items() if data.startswith(magic)), None)


def is_packed(data: bytes) -> bool:
    """Whether a vector tile is compressed by gzip."""
    return data.startswith(_GZIP)


def unpacked_tile(data: bytes, *, most: int = LARGEST_TILE) -> bytes:
    """A vector tile without its compression.

    Parameters
    ----------
    data
        The tile, compressed by gzip or not at all.
    most
        Most bytes that it may have.

    Returns
    -------
    The bytes of the tile.

    Raises
    ------
    InputError
        If it is damaged, or larger.
    """
    if not is_packed(data):
        return data
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(data, most)
    except zlib.error as error:
        raise InputError(f"a tile is damaged: {error}") from error
    if not reader.eof:
        fault = f"larger than {most:,} bytes" if len(content) >= most else "cut off"
        raise InputError(f"a tile is {fault}")
    return content
