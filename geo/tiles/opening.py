"""Opens a file of tiles, whatever its format."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from geo.formats.bounded import open_input
from geo.tiles.mbtiles import MBTiles
from geo.tiles.pmtiles import MAGIC, PMTiles
from geo.tiles.tile_file import TileFile

TILE_ENDINGS: Final = (".mbtiles", ".pmtiles")


def is_tile_file(path: Path) -> bool:
    """Whether a file's name or its first bytes are those of a file of tiles.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if path.suffix.lower() in TILE_ENDINGS:
        return True
    with open_input(path) as stream:
        return stream.read(len(MAGIC)) == MAGIC


def open_tiles(path: Path) -> TileFile:
    """Open a file of tiles.

    Parameters
    ----------
    path
        A PMTiles archive, or an MBTiles file.

    Raises
    ------
    InputError
        If it is neither, or damaged.
    """
    with open_input(path) as stream:
        magic = stream.read(len(MAGIC))
    if magic == MAGIC or path.suffix.lower() == ".pmtiles":
        return PMTiles(path)
    return MBTiles(path)
