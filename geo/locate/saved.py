"""A grid in a file: opened by memory map, so that a new process need not build it again.

The file is a chain of arrays as `numpy.save` writes them, those of wider numbers first so that
all stay aligned. The first is a digest of this layout's version and of the areas.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.locate.layout import Grid, Lattice
from geo.locate.touching import TouchingAreas

VERSION: Final = b"patchmap grid 1"
"""To be raised with every change of what a grid holds or how it is built."""


def write_grid(path: Path, grid: Grid | None, *, of: TouchingAreas) -> None:
    """Write a grid and what areas it is of.

    Raises
    ------
    InputError
        If the areas have no grid.
    """
    if grid is None:
        raise InputError("these areas have no index to save: their points are located without")
    corner = np.array(grid.lattice[:4])
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        for array in (_digest(of), corner, grid.lattice.lines, grid.lists, grid.cells):
            np.save(file, array)
    part.replace(path)


def read_grid(path: Path, *, of: TouchingAreas) -> Grid:
    """The grid that a file holds, read from disk as it is used.

    Raises
    ------
    InputError
        If the file is damaged, or of other areas, or written by another version.
    """
    with path.open("rb") as file:
        try:
            digest = _next(file)
            if not np.array_equal(digest, _digest(of)):
                raise InputError(f"{path.name} is an index of other areas; save it again")
            corner, lines, lists, cells = (_next(file) for _ in range(4))
        except ValueError as error:
            raise InputError(f"{path.name} is no saved index: {error}") from error
    west, south, columns_per_unit, rows_per_unit = corner.tolist()
    rows, columns = cells.shape
    lattice = Lattice(west, south, columns_per_unit, rows_per_unit, lines, columns, rows)
    return Grid(lattice, cells, lists)


def _next(file: BinaryIO) -> NDArray:
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    # "c" (changes stay in memory) because compiled code takes one type of array, a writable one.
    start = file.tell()
    mapped = np.memmap(file, dtype, "c", start, shape)
    file.seek(start + mapped.nbytes)
    return np.asarray(mapped)


def _digest(touching: TouchingAreas) -> NDArray[np.uint8]:
    """64 bytes that differ when a code, a geometry or their order does."""
    digest = hashlib.blake2b(VERSION)
    digest.update("\0".join(touching.codes).encode())
    for shape in shapely.to_wkb(touching.geometries):
        digest.update(shape or b"none")
    return np.frombuffer(digest.digest(), dtype=np.uint8)
