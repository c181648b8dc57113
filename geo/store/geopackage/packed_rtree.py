"""The spatial index of a GeoPackage, written whole.

SQLite keeps an R-tree in three tables of its own: nodes as blobs, the node of each row, the
parent of each node. Filling them with a tree that was packed from sorted boxes is many times
faster than inserting row by row, and the tree is tighter.

Source: SQLite's R*Tree module, section 7 (shadow tables); sort-tile-recursive packing by
Leutenegger, Lopez & Edgington 1997.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.store.geopackage.sqlite_file import SqliteFile

_CELL = np.dtype(
    [("id", ">i8"), ("minx", ">f4"), ("maxx", ">f4"), ("miny", ">f4"), ("maxy", ">f4")]
)
_ROOT = 1


@dataclass(frozen=True)
class _Level:
    """All nodes of one depth: cell i is in node `first + node[i]`."""

    first: int
    cells: NDArray[np.void]
    node: NDArray[np.int64]

    def places(self) -> Iterator[tuple[int, int]]:
        """The id of each cell with the number of its node, by id."""
        order = np.argsort(self.cells["id"])
        # Some at a time: as Python's numbers they take five times the memory.
        for some in np.array_split(order, 1 + len(order) // 50_000):
            ids, nodes = self.cells["id"][some], self.first + self.node[some]
            yield from zip(ids.tolist(), nodes.tolist(), strict=True)

    def blobs(self, size: int, *, depth: int) -> list[bytes]:
        """Each node as SQLite stores it: depth (of the root), number of cells, cells, padding."""
        counts = np.bincount(self.node)
        data, end, made = self.cells.tobytes(), 0, []
        for count in counts.tolist():
            start, end = end, end + count * _CELL.itemsize
            made.append((struct.pack(">HH", depth, count) + data[start:end]).ljust(size, b"\0"))
        return made


def write_index(
    file: SqliteFile, index: str, boxes: Iterable[tuple[Sequence[int], NDArray[np.float64]]] = ()
) -> None:
    """Replace the whole content of an R-tree table.

    Parameters
    ----------
    index
        Name of the virtual table, with one box of 32-bit floats a row.
    boxes
        Some rows at a time: n ids, which are different, and n × 4 bounds as west, south, east,
        north.
    """
    (size,) = file.rows(f'SELECT length(data) FROM "{index}_node" WHERE nodeno = ?', _ROOT)[0]
    # The type is said again: by itself numpy would turn the bytes round.
    some = [np.empty(0, dtype=_CELL), *(_cells(*part) for part in boxes)]
    cells = np.concatenate(some, dtype=_CELL)
    levels = _pack(cells, capacity=(size - 4) // _CELL.itemsize)
    for table in ("node", "rowid", "parent"):
        file.execute(f'DELETE FROM "{index}_{table}"')
    for height, level in enumerate(levels):
        numbers = level.first + np.arange(level.node[-1] + 1 if len(level.node) else 1)
        depth = height if level is levels[-1] else 0
        blobs = level.blobs(size, depth=depth) or [bytes(size)]
        nodes = zip(numbers.tolist(), blobs, strict=True)
        file.insert(f'"{index}_node"', ("nodeno", "data"), nodes)
        if height:
            file.insert(f'"{index}_parent"', ("nodeno", "parentnode"), level.places())
        else:
            file.insert(f'"{index}_rowid"', ("rowid", "nodeno"), level.places())


def _cells(ids: Sequence[int], bounds: NDArray[np.float64]) -> NDArray[np.void]:
    """Boxes in 32 bits, rounded outwards so that each still holds its geometry."""
    cells = np.empty(len(ids), dtype=_CELL)
    cells["id"] = ids
    for name, side in zip(("minx", "miny", "maxx", "maxy"), bounds.T, strict=True):
        rounded = side.astype(np.float32)
        outwards = np.float32(-np.inf if name.startswith("min") else np.inf)
        short = rounded > side if name.startswith("min") else rounded < side
        cells[name] = np.where(short, np.nextafter(rounded, outwards), rounded)
    return cells


def _pack(cells: NDArray[np.void], *, capacity: int) -> list[_Level]:
    """The tree's levels, from the leaves to the root."""
    levels: list[_Level] = []
    first = _ROOT + 1
    while len(cells) > capacity:
        order, node = _tile(cells, capacity)
        level = _Level(first, cells[order], node)
        levels.append(level)
        cells = _around(level)
        first += len(cells)
    levels.append(_Level(_ROOT, cells, np.zeros(len(cells), dtype=np.int64)))
    return levels


def _tile(cells: NDArray[np.void], capacity: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """An order of the cells in which neighbours are near, and the node of each in that order."""
    nodes = -(-len(cells) // capacity)
    node = np.arange(len(cells)) * nodes // len(cells)
    # As many slices from west to east as there are nodes in each slice from south to north.
    in_slice = node // max(1, round(np.sqrt(nodes)))
    x = cells["minx"].astype(float) + cells["maxx"]
    y = cells["miny"].astype(float) + cells["maxy"]
    order = np.argsort(x, kind="stable")
    return order[np.lexsort((y[order], in_slice))], node


def _around(level: _Level) -> NDArray[np.void]:
    """The box around each node of a level, as cells of the level above."""
    starts = np.flatnonzero(np.diff(level.node, prepend=-1))
    cells = np.empty(len(starts), dtype=_CELL)
    cells["id"] = level.first + np.arange(len(starts))
    for name in ("minx", "miny"):
        cells[name] = np.minimum.reduceat(level.cells[name].astype(np.float32), starts)
    for name in ("maxx", "maxy"):
        cells[name] = np.maximum.reduceat(level.cells[name].astype(np.float32), starts)
    return cells
