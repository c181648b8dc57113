"""Storing a grid in a file, which other processes open by memory map instead of building it.

The file is a sequence of arrays as `numpy.save` writes them, wider numbers first so that all stay
aligned. The first is a digest of the version of this layout and of the areas.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.locate.layout import AreaGrid, Lattice
from geo.locate.touching import TouchingAreas
from geo.output import Output

VERSION: Final = b"patchmap grid 2"
"""Raise it whenever the content of a grid or the way it is built changes."""


def write_grid(path: Path, grid: AreaGrid | None, *, of: TouchingAreas) -> None:
    """Write a grid with a digest of its areas.

    Parameters
    ----------
    path
        The file; it is replaced only when the new one is complete.
    grid
        None if the areas have no grid.
    of
        The areas.

    Raises
    ------
    InputError
        If the areas have no grid.
    StoreError
        If the system does not let it be written.
    """
    if grid is None:
        raise InputError("these areas have no index to save; locate points without one")
    corner = np.array(grid.lattice[:4])
    with Output(path) as part, part.open("wb") as file:
        for array in (_digest(of), corner, grid.lattice.lines, grid.lists, grid.cells):
            np.save(file, array)


def read_grid(path: Path, *, of: TouchingAreas) -> AreaGrid:
    """Open a grid; its pages are read from disk as they are used.

    Parameters
    ----------
    path
        A file that `write_grid` wrote.
    of
        The areas, which must be the same.

    Returns
    -------
    grid
        Its arrays are memory maps.

    Raises
    ------
    InputError
        If the file is damaged, of other areas, or written by another version.
    """
    with path.open("rb") as file:
        try:
            digest = _next(file)
            if not np.array_equal(digest, _digest(of)):
                raise InputError(f"{path.name} is an index of other areas; save it again")
            corner, lines, lists, cells = (_next(file) for _ in range(4))
        except ValueError as error:
            raise InputError(f"{path.name} is not a saved index: {error}") from error
    west, south, columns_per_unit, rows_per_unit = corner.tolist()
    rows, columns = cells.shape
    lattice = Lattice(west, south, columns_per_unit, rows_per_unit, lines, columns, rows)
    return AreaGrid(lattice, cells, lists)


def _next(file: BinaryIO) -> NDArray:
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    # "c" (copy on write), because compiled code is typed for writable arrays.
    start = file.tell()
    mapped = np.memmap(file, dtype, "c", start, shape)
    file.seek(start + mapped.nbytes)
    return np.asarray(mapped)


def _digest(touching: TouchingAreas) -> NDArray[np.uint8]:
    """64 bytes that differ when the areas or the version of this layout do."""
    digest = hashlib.blake2b(VERSION)
    digest.update(touching.digest)
    return np.frombuffer(digest.digest(), dtype=np.uint8)
