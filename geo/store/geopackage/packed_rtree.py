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
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from geo.store.geopackage.sqlite_connection import Boxes
from geo.store.geopackage.sqlite_file import SqliteFile

Ints = NDArray[np.int64]
Rows = NDArray[np.integer]

_SIDES = ("minx", "miny", "maxx", "maxy")
_CELL = np.dtype(
    [("id", ">i8"), ("minx", ">f4"), ("maxx", ">f4"), ("miny", ">f4"), ("maxy", ">f4")]
)
# SQLite looks for the root in node 1.
_ROOT = 1
_NODE_HEADER_BYTES = 4
_MOST_SORTED = 1_000_000
"""Boxes that are sorted at a time, in some 40 bytes each: of more, each million is packed for
itself, and a window looks into a few leaves of every million instead of into a few."""

_ROWS_AT_ONCE = 50_000
"""Ids that are Python's numbers at a time: these take five times the memory."""


@dataclass(frozen=True)
class _Cells:
    """Boxes of one level of the tree, in 20 bytes each: a million are held at once.

    Attributes
    ----------
    first
        The lowest id.
    offsets
        The n ids, each less the first.
    bounds
        Their n × 4 bounds as `_SIDES`.
    """

    first: int
    offsets: NDArray[np.unsignedinteger]
    bounds: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets)

    def ids(self, rows: Rows) -> Ints:
        """The ids of some cells."""
        return self.first + self.offsets[rows].astype(np.int64)

    def packed(self, rows: Rows) -> NDArray[np.void]:
        """Some cells as they stand in a node."""
        ids = self.ids(rows)
        cells = np.empty(len(ids), dtype=_CELL)
        cells["id"] = ids
        for name, side in zip(_SIDES, self.bounds.T, strict=True):
            cells[name] = side[rows]
        return cells

    def centres(self, axis: int, rows: Rows | slice) -> NDArray[np.float32]:
        """Twice the centres of some cells from west to east (0) or south to north (1)."""
        doubled: NDArray[np.float32] = self.bounds[rows, axis] + self.bounds[rows, axis + 2]
        return doubled


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
    pieces = _pieces(boxes)
    cells = next(pieces)
    writer = _TreeWriter(file, index)
    while len(cells) > writer.capacity:
        # There are pieces of the lowest level only.
        cells = writer.write_level(chain([cells], pieces))
    writer.write_root(cells)


def outward(bounds: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bounds in 32 bits, rounded outwards so each box still covers its geometry.

    Parameters
    ----------
    bounds
        n × 4: west, south, east, north; what has 32 bits already is left as it is.

    Returns
    -------
    Bounds of the same order.
    """
    if bounds.dtype == np.float32:
        return bounds.astype(np.float32, copy=False)
    rounded = bounds.astype(np.float32)
    short = np.hstack([rounded[:, :2] > bounds[:, :2], rounded[:, 2:] < bounds[:, 2:]])
    ends = np.array([-np.inf, -np.inf, np.inf, np.inf], dtype=np.float32)
    return np.where(short, np.nextafter(rounded, ends), rounded)


class _TreeWriter:
    """Writes the levels of a tree one after the other, the leaves first."""

    def __init__(self, file: SqliteFile, index: str) -> None:
        self._file, self._index = file, index
        # The size of a node depends on the file's page size, so it is read from the root.
        sql = f'SELECT length(data) FROM "{index}_node" WHERE nodeno = ?'
        self._size = int(file.rows(sql, _ROOT)[0][0])
        self.capacity = (self._size - _NODE_HEADER_BYTES) // _CELL.itemsize
        self._height = 0
        self._next = _ROOT + 1
        for table in ("node", "rowid", "parent"):
            file.execute(f'DELETE FROM "{index}_{table}"')

    def write_level(self, pieces: Iterable[_Cells]) -> _Cells:
        """Write the nodes of a level; returns the box around each as the level above."""
        first = self._next
        around = np.concatenate([self._write_piece(cells) for cells in pieces])
        self._height += 1
        return _Cells(first, np.arange(len(around), dtype=np.uint32), around)

    def write_root(self, cells: _Cells) -> None:
        """Write the last node, which says how high the tree is."""
        everything = cells.packed(np.arange(len(cells)))
        self._write_nodes(np.array([_ROOT]), [everything], depth=self._height)
        self._write_places(cells, np.zeros(len(cells), dtype=np.uint32), first=_ROOT)

    def _write_piece(self, cells: _Cells) -> NDArray[np.float32]:
        """Write the nodes of some cells of a level; returns the box around each node."""
        nodes = -(-len(cells) // self.capacity)
        node_of, around = np.empty(len(cells), dtype=np.uint32), []
        for rows, node in _slices(cells, nodes):
            starts = np.flatnonzero(np.diff(node, prepend=-1))
            packed = np.split(cells.packed(rows), starts[1:])
            self._write_nodes(self._next + node[starts], packed)
            node_of[rows] = node
            bounds = cells.bounds[rows]
            low = np.minimum.reduceat(bounds[:, :2], starts)
            around.append(np.hstack([low, np.maximum.reduceat(bounds[:, 2:], starts)]))
        self._write_places(cells, node_of, first=self._next)
        self._next += nodes
        return np.concatenate(around)

    def _write_nodes(self, numbers: Ints, nodes: list[NDArray[np.void]], *, depth: int = 0) -> None:
        # As SQLite stores a node: depth of the tree in the root, number of cells, cells, padding.
        blobs = (
            (struct.pack(">HH", depth, len(cells)) + cells.tobytes()).ljust(self._size, b"\0")
            for cells in nodes
        )
        rows = zip(numbers.tolist(), blobs, strict=True)
        self._file.insert(f'"{self._index}_node"', ("nodeno", "data"), rows)

    def _write_places(self, cells: _Cells, node_of: NDArray[np.uint32], *, first: int) -> None:
        """Write in which node each cell is, by its id."""
        table, *names = (
            ("parent", "nodeno", "parentnode") if self._height else ("rowid", "rowid", "nodeno")
        )
        # New rows come in the order of their ids.
        sorted_already = bool((cells.offsets[:-1] <= cells.offsets[1:]).all())
        order = None if sorted_already else np.argsort(cells.offsets, kind="stable")
        for start in range(0, len(cells), _ROWS_AT_ONCE):
            piece = np.arange(start, min(start + _ROWS_AT_ONCE, len(cells)))
            rows = piece if order is None else order[piece]
            nodes = first + node_of[rows].astype(np.int64)
            pairs = zip(cells.ids(rows).tolist(), nodes.tolist(), strict=True)
            self._file.insert(f'"{self._index}_{table}"', names, pairs)


def _pieces(boxes: Iterable[Boxes]) -> Iterator[_Cells]:
    """All boxes as cells of the lowest level, about `_MOST_SORTED` at a time; at least one piece.

    Of the parts none is held once it is copied, as there are millions of boxes.
    """
    parts: list[Boxes] = []
    count, is_first = 0, True
    for ids, bounds in boxes:
        parts.append((ids, outward(bounds)))
        count += len(ids)
        if count >= _MOST_SORTED:
            yield _gathered(parts)
            count, is_first = 0, False
    if count or is_first:
        yield _gathered(parts)


def _gathered(parts: list[Boxes]) -> _Cells:
    """Parts as one piece; each goes from the list once it is copied."""
    count = sum(len(ids) for ids, _ in parts)
    first = min((int(np.min(_numbers(ids))) for ids, _ in parts if len(ids)), default=0)
    last = max((int(np.max(_numbers(ids))) for ids, _ in parts if len(ids)), default=0)
    offsets = np.empty(count, dtype=np.min_scalar_type(last - first))
    bounds = np.empty((count, len(_SIDES)), dtype=np.float32)
    end = count
    while parts:
        ids, own = parts.pop()
        piece = slice(end - len(ids), end)
        offsets[piece], bounds[piece] = _numbers(ids) - first, own
        end -= len(ids)
    return _Cells(first, offsets, bounds)


def _numbers(ids: Sequence[int]) -> Ints:
    """Ids as an array: those of a range without a Python number for each."""
    if isinstance(ids, range):
        return np.arange(ids.start, ids.stop, ids.step)
    return np.asarray(ids, dtype=np.int64)


def _slices(cells: _Cells, nodes: int) -> Iterator[tuple[Rows, Ints]]:
    """The rows of each slice from west to east, from south to north in it, with their nodes.

    There are as many slices as nodes in each of them. Nodes count on from slice to slice.
    """
    # Neither a stable sort nor 64 bits: both would take memory for every row.
    order = np.argsort(cells.centres(0, slice(None)), kind="stable").astype(np.uint32)
    per_slice = max(1, round(np.sqrt(nodes)))
    for node in range(0, nodes, per_slice):
        # Row i goes to node i × nodes // rows, so that all are about equally full.
        start, end = (-(-min(at, nodes) * len(cells) // nodes) for at in (node, node + per_slice))
        rows = order[start:end]
        yield (
            rows[np.argsort(cells.centres(1, rows), kind="stable")],
            np.arange(start, end) * nodes // len(cells),
        )
