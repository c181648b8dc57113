"""Tiles of a PMTiles archive, version 3, from an untrusted source.

Source: PMTiles version 3 specification (protomaps/PMTiles, spec/v3/spec.md). A directory lists
tiles by their place on a Hilbert curve through the tiles of each zoom.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from geo.errors import InputError
from geo.formats.bounded import open_input
from geo.tiles.curve import curve_number, numbers_within, quarters
from geo.tiles.grid import Box, tiles_of
from geo.tiles.packing import Ints, unpacked
from geo.tiles.tile_file import (
    DEEPEST,
    LARGEST_TILE,
    StoredTile,
    TileKind,
    TileMetadata,
    layer_names,
    media_type_of,
    plain_text,
    title_of,
)

MAGIC: Final = b"PMTiles"
_HEADER: Final = struct.Struct("<7sB11QBBBBBB4i")
_NONE, _GZIP = 1, 2
_COMPRESSIONS: Final = {3: "brotli", 4: "zstd"}
_KINDS: Final[Mapping[int, TileKind]] = {1: "vector", 2: "pictures", 3: "pictures", 4: "pictures"}
_LARGEST_DIRECTORY: Final = 64_000_000
"""Most bytes of a directory or of the metadata, packed or unpacked."""

_DIRECTORIES: Final = 64
"""Leaf directories that are kept in memory."""

_DEPTH: Final = 3
"""How deep directories may lie: the specification has two floors, real archives at most three."""


class _Header(NamedTuple):
    magic: bytes
    version: int
    root_at: int
    root_bytes: int
    metadata_at: int
    metadata_bytes: int
    leaves_at: int
    leaves_bytes: int
    tiles_at: int
    tiles_bytes: int
    addressed: int
    entries: int
    contents: int
    clustered: int
    internal_compression: int
    tile_compression: int
    tile_type: int
    first_zoom: int
    last_zoom: int
    west: int
    south: int
    east: int
    north: int


class _Directory(NamedTuple):
    """Entries by tile: where each begins on the curve, how many tiles it is, and its bytes."""

    first: Ints
    run: Ints
    size: Ints
    offset: Ints


class PMTiles:
    """The tiles of one archive, which is only read.

    Attributes
    ----------
    path
        The file.
    metadata
        What the archive says of itself.

    Raises
    ------
    InputError
        If it is not an archive of version 3, is damaged, or is compressed in a way that is not
        read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._header = self._read_header()
        self._leaves: dict[int, _Directory] = {}
        self._root = self._directory(self._header.root_at, self._header.root_bytes)
        self.metadata = self._read_metadata()

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""

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
        if not (0 <= zoom <= DEEPEST and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
            return None
        data = self._find(zoom, column, row)
        return data if data and media_type_of(data, self.metadata.kind) else None

    def _find(self, zoom: int, column: int, row: int) -> bytes | None:
        """The content of a tile; empty where it is damaged, None where there is none."""
        number, directory = curve_number(zoom, column, row), self._root
        for _ in range(_DEPTH):
            place = int(np.searchsorted(directory.first, number, side="right")) - 1
            if place < 0:
                return None
            run, size = int(directory.run[place]), int(directory.size[place])
            offset = int(directory.offset[place])
            if run:
                if number >= directory.first[place] + run:
                    return None
                return self._content(offset, size)
            directory = self._leaf(offset, size)
        return None

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
        wanted = box or self.metadata.box
        if wanted is None:
            raise InputError(f"{self.path} does not say what area it covers")
        around = tiles_of(wanted, zoom)
        # Squares of tiles, each divided where it touches the box and the file has any of it: what
        # a file says to cover may be the world, most of which it does not have.
        squares = [(0, 0, 0)]
        while squares:
            square = squares.pop()
            if not (around.touches(*square) and self._has_any(zoom, *square)):
                continue
            if square[0] < zoom:
                squares += quarters(*square)
            elif (data := self._find(*square)) is not None:
                yield StoredTile(*square, data)

    def _has_any(self, zoom: int, level: int, column: int, row: int) -> bool:
        """Whether there may be a tile of a zoom within a tile of a level that is no deeper."""
        low, high = numbers_within(zoom, level, column, row)
        directory = self._root
        for _ in range(_DEPTH):
            place = int(np.searchsorted(directory.first, high)) - 1
            if place < 0:
                return False
            begin, run = int(directory.first[place]), int(directory.run[place])
            if begin > low or run:
                return begin + run > low
            directory = self._leaf(int(directory.offset[place]), int(directory.size[place]))
        return False

    def _content(self, offset: int, size: int) -> bytes:
        if size > LARGEST_TILE or not 0 <= offset <= self._header.tiles_bytes - size:
            return b""
        return self._read(self._header.tiles_at + offset, size)

    def _leaf(self, offset: int, size: int) -> _Directory:
        if not 0 <= offset <= self._header.leaves_bytes - size:
            raise InputError(f"{self.path}: a directory of the archive is damaged")
        # Not read from the cache again: another thread may have cleared it.
        directory = self._leaves.get(offset)
        if directory is None:
            directory = self._directory(self._header.leaves_at + offset, size)
            if len(self._leaves) >= _DIRECTORIES:
                self._leaves.clear()
            self._leaves[offset] = directory
        return directory

    def _directory(self, at: int, size: int) -> _Directory:
        try:
            numbers = unpacked(self._unpack(at, size))
            count = int(numbers[0])
            steps, run, sizes, offsets = numbers[1:].reshape(4, count)
        except (ValueError, IndexError) as error:
            raise InputError(f"{self.path}: a directory of the archive is damaged") from error
        if (numbers < 0).any():
            raise InputError(f"{self.path}: a directory of the archive is damaged")
        # An offset of 0 stands for the end of the entry before it.
        ends = np.cumsum(sizes)
        follows = offsets == 0
        follows[:1] = False
        anchor = np.maximum.accumulate(np.where(follows, -1, np.arange(count)))
        begin = (ends - sizes) - (ends - sizes)[anchor] + offsets[anchor] - 1
        return _Directory(np.cumsum(steps), run, sizes, begin)

    def _unpack(self, at: int, size: int) -> bytes:
        if size > _LARGEST_DIRECTORY:
            raise InputError(f"{self.path}: a directory of {size:,} bytes is too large")
        data = self._read(at, size)
        if self._header.internal_compression == _NONE:
            return data
        reader = zlib.decompressobj(wbits=31)
        try:
            content = reader.decompress(data, _LARGEST_DIRECTORY)
        except zlib.error as error:
            raise InputError(f"{self.path} is damaged: {error}") from error
        if not reader.eof:
            raise InputError(f"{self.path} is cut off, or a directory is too large")
        return content

    def _refuse_beyond(self, at: int, size: int) -> None:
        """Refuse bytes that lie beyond the end of the file."""
        if at + size > self._bytes:
            raise InputError(f"{self.path} is cut off: it ends before byte {at + size:,}")

    def _read(self, at: int, size: int) -> bytes:
        self._refuse_beyond(at, size)
        with open_input(self.path) as stream:
            stream.seek(at)
            data = stream.read(size)
        if len(data) < size:
            raise InputError(f"{self.path} is cut off: it ends before byte {at + size:,}")
        return data

    def _read_header(self) -> _Header:
        with open_input(self.path) as stream:
            data = stream.read(_HEADER.size)
            self._bytes = stream.seek(0, os.SEEK_END)
        if not data.startswith(MAGIC):
            raise InputError(f"{self.path} is not a PMTiles archive")
        if len(data) < _HEADER.size or data[len(MAGIC)] != 3:
            raise InputError(f"{self.path} is not a PMTiles archive of version 3")
        header = _Header(*_HEADER.unpack(data))
        for compression in (header.internal_compression, header.tile_compression):
            if compression not in (_NONE, _GZIP):
                name = _COMPRESSIONS.get(compression, f"in a way ({compression})")
                raise InputError(
                    f"{self.path} is compressed by {name}, which is not read; write it with gzip"
                )
        if header.tile_type not in _KINDS:
            raise InputError(
                f"{self.path} has tiles of the type {header.tile_type}; a basemap needs vector "
                "tiles (1) or pictures (2, 3 or 4)"
            )
        # Directory and metadata are read at once, and so checked; these two are not.
        self._refuse_beyond(header.leaves_at, header.leaves_bytes)
        self._refuse_beyond(header.tiles_at, header.tiles_bytes)
        return header

    def _read_metadata(self) -> TileMetadata:
        header = self._header
        try:
            details = json.loads(self._unpack(header.metadata_at, header.metadata_bytes))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.path}: its metadata is damaged") from error
        details = details if isinstance(details, dict) else {}
        if not header.first_zoom <= header.last_zoom <= DEEPEST:
            raise InputError(f"{self.path}: it has no zoom levels from 0 to {DEEPEST}")
        return TileMetadata(
            kind=_KINDS[header.tile_type],
            title=title_of(details.get("name"), self.path),
            attribution=plain_text(details.get("attribution")),
            first=header.first_zoom,
            last=header.last_zoom,
            box=self._box(),
            layers=layer_names(details.get("vector_layers")),
        )

    def _box(self) -> Box | None:
        header = self._header
        box = Box(*(side / 1e7 for side in (header.west, header.south, header.east, header.north)))
        inside = -180 <= box.west < box.east <= 180 and -90 <= box.south < box.north <= 90
        return box if inside else None
