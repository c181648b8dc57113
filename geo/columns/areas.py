"""In which area of a layer each incident of a partition lies: located once, then read.

A file beside that of the partition holds the position of each row's area, −1 outside all of them.
It is named by a digest of the layer, so that one of other areas is never read.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.columns.files import new_file
from geo.columns.piece import Piece

ENDING: Final = ".areas"

MOST_LAYERS: Final = 8
"""Layers whose areas are kept: at 2 or 4 bytes an incident each."""

_START: Final = struct.Struct("<4sI8x")
_MAGIC: Final = b"PMA1"
_NARROW: Final = np.dtype("<i2")
_WIDE: Final = np.dtype("<i4")


def read_areas(folder: Path, piece: Piece, layer: str) -> NDArray[np.signedinteger] | None:
    """Read the areas of a partition's incidents.

    Parameters
    ----------
    folder, piece
        The partition.
    layer
        A digest of the layer.

    Returns
    -------
    A position for each row; None where there is no sound file.
    """
    with suppress(OSError, struct.error):
        content = _path(folder, piece.file, layer).read_bytes()
        magic, checksum = _START.unpack_from(content)
        data = memoryview(content)[_START.size :]
        if magic == _MAGIC and zlib.crc32(data) == checksum and piece.rows:
            kinds = {kind.itemsize: kind for kind in (_NARROW, _WIDE)}
            kind = kinds.get(len(data) // piece.rows)
            if kind is not None and len(data) == kind.itemsize * piece.rows:
                return np.frombuffer(data, dtype=kind)
    return None


def write_areas(folder: Path, piece: Piece, layer: str, areas: NDArray[np.int32]) -> None:
    """Write them for the next reading; where that cannot be, they are located again.

    Nothing is written of a partition whose own file is gone: its incidents may be erased. So
    whoever calls this holds the lock of the folder.

    Parameters
    ----------
    folder, piece, layer
        As for `read_areas`.
    areas
        A position for each row.
    """
    if not (folder / piece.file).exists():
        return
    kind = _NARROW if areas.max(initial=0) <= np.iinfo(_NARROW).max else _WIDE
    data = areas.astype(kind).tobytes()
    # What a failing power supply leaves of it has another checksum.
    with suppress(OSError), new_file(_path(folder, piece.file, layer), durable=False) as file:
        file.write(_START.pack(_MAGIC, zlib.crc32(data)) + data)


def piece_of(file: str) -> str:
    """The name of the file of the partition that a file of areas is of."""
    return f"{file.partition('.')[0]}.piece"


def drop_oldest(folder: Path) -> None:
    """Delete the files of all layers but those that were located last."""
    with suppress(OSError):
        located: dict[str, float] = {}
        files = [
            (file, file.suffixes[-2], file.stat().st_mtime) for file in folder.glob(f"*{ENDING}")
        ]
        for _, layer, when in files:
            located[layer] = max(when, located.get(layer, 0.0))
        latest = sorted(located, key=located.__getitem__)[-MOST_LAYERS:]
        for file, layer, _ in files:
            if layer not in latest:
                file.unlink(missing_ok=True)


def _path(folder: Path, piece: str, layer: str) -> Path:
    return folder / f"{piece}.{layer}{ENDING}"
