"""The spatial index of a GeoPackage, written as a whole.

SQLite stores an R-tree in three tables: nodes as blobs, the node of each row, and the parent of
each node. Filling them with a tree packed from sorted boxes is many times faster than inserting
row by row, and the tree is tighter.

Source: SQLite's R*Tree module, section 7 (shadow tables); sort-tile-recursive packing by
Leutenegger, Lopez & Edgington 1997.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.store.geopackage.sqlite_connection import Boxes
from geo.store.geopackage.sqlite_file import SqliteFile

_CELL = np.dtype(
    [("id", ">i8"), ("minx", ">f4"), ("maxx", ">f4"), ("miny", ">f4"), ("maxy", ">f4")]
)
# SQLite looks for the root in node 1.
_ROOT = 1
_NODE_HEADER_BYTES = 4


@dataclass(frozen=True)
class _Level:
    """All nodes at one height of the tree: cell i is in node number `first + node[i]`."""

    first: int
    cells: NDArray[np.void]
    node: NDArray[np.int64]

    def nodes_by_id(self) -> Iterator[tuple[int, int]]:
        """The id of each cell with the number of its node, by id."""
        order = np.argsort(self.cells["id"])
        # Some at a time: Python's numbers take five times the memory.
        for piece in np.array_split(order, 1 + len(order) // 50_000):
            ids, nodes = self.cells["id"][piece], self.first + self.node[piece]
            yield from zip(ids.tolist(), nodes.tolist(), strict=True)

    def blobs(self, size: int, *, depth: int) -> list[bytes]:
        """Each node as SQLite stores it: depth of the tree, number of cells, cells, padding.

        Parameters
        ----------
        size
            Length of a blob in bytes.
        depth
            Height of the tree in the root's node, 0 in every other.

        Returns
        -------
        list of bytes
            A blob for each node, in the order of their numbers.
        """
        counts = np.bincount(self.node)
        data, end, blobs = self.cells.tobytes(), 0, []
        for count in counts.tolist():
            start, end = end, end + count * _CELL.itemsize
            blobs.append((struct.pack(">HH", depth, count) + data[start:end]).ljust(size, b"\0"))
        return blobs


def write_index(file: SqliteFile, index: str, boxes: Iterable[Boxes] = ()) -> None:
    """Replace the whole content of an R-tree table.

    Parameters
    ----------
    file
        The GeoPackage, inside a transaction.
    index
        Name of the virtual table, which has a box of 32-bit floats for each row.
    boxes
        The new content, some rows at a time; no id may occur twice.
    """
    # The size of a node depends on the file's page size, so it is read from the root.
    (size,) = file.rows(f'SELECT length(data) FROM "{index}_node" WHERE nodeno = ?', _ROOT)[0]
    parts = [np.empty(0, dtype=_CELL), *(_cells(*part) for part in boxes)]
    # With its dtype, because by itself numpy would swap the bytes to the machine's order.
    cells = np.concatenate(parts, dtype=_CELL)
    levels = _pack(cells, capacity=(size - _NODE_HEADER_BYTES) // _CELL.itemsize)
    for table in ("node", "rowid", "parent"):
        file.execute(f'DELETE FROM "{index}_{table}"')
    for height, level in enumerate(levels):
        numbers = level.first + np.arange(level.node[-1] + 1 if len(level.node) else 1)
        depth = height if level is levels[-1] else 0
        blobs = level.blobs(size, depth=depth) or [bytes(size)]
        nodes = zip(numbers.tolist(), blobs, strict=True)
        file.insert(f'"{index}_node"', ("nodeno", "data"), nodes)
        if height:
            file.insert(f'"{index}_parent"', ("nodeno", "parentnode"), level.nodes_by_id())
        else:
            file.insert(f'"{index}_rowid"', ("rowid", "nodeno"), level.nodes_by_id())


def _cells(ids: Sequence[int], bounds: NDArray[np.float64]) -> NDArray[np.void]:
    """Boxes in 32 bits, rounded outwards so each still covers its geometry."""
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
    """An order in which cells near each other share a node, and the node of each in that order."""
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
