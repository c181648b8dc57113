"""The circles of one size that contain the most incidents, with a minimum distance between them.

Centres lie on a lattice whose step is a fifteenth of the radius and whose origin is (0, 0) of the
working CRS. So a place depends neither on how a grid of cells happens to cut it nor on the study
area. A finer lattice catches hardly any more incidents.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Site = tuple[int, int]

STEPS = 15
"""Steps of the lattice to a radius; a block of the search has as many to a side."""


def best_circles(
    x: ArrayLike, y: ArrayLike, *, weights: ArrayLike, radius: float, apart: float, most: int
) -> list[Site]:
    """Choose circles greedily: the fullest one, then the next fullest that is far enough away.

    Of equal circles the one whose points lie closest around its centre (by the sum of squared
    distances) is taken, then the lowest lattice row and column.

    The lattice is searched in blocks, the most promising first: the points in a block and in the
    eight around it bound what a circle centred in the block can contain. So most blocks are never
    searched, and memory grows with the points and not with the land.

    Parameters
    ----------
    x, y, weights
        Of each point: metres, and its weight, 0 or more.
    radius
        Metres; a point at exactly this distance is inside.
    apart
        The least distance between two centres, in metres.
    most
        The largest number of circles; there are fewer where no point is left.

    Returns
    -------
    Lattice column and row of each centre, in the order of the choice. Multiply by
    `radius / STEPS` for metres.

    Source: a greedy search after Church & ReVelle 1974 (maximal covering); the equal circles with a
    minimum distance are those of Operation Savvy, West Midlands Police.
    """
    index = _BlockIndex.of(x, y, weights, radius)
    if index is None:
        return []
    # (−value, exact, spread, row, column, block): a bound sorts before an equal exact value, so
    # that a block which may hold an equal and tighter circle is searched first.
    queue = [(-bound, False, 0.0, 0, 0, block) for block, bound in index.bounds()]
    heapq.heapify(queue)
    chosen: list[Site] = []
    reach = apart / index.step
    while queue and len(chosen) < most:
        _, exact, _, row, column, block = heapq.heappop(queue)
        if exact and _allowed(chosen, np.array([column]), np.array([row]), reach=reach).all():
            chosen.append((column, row))
        best = index.best_of(block, chosen, reach=reach)
        if best is not None:
            heapq.heappush(queue, (*best, block))
    return chosen


@dataclass(frozen=True)
class _BlockIndex:
    """The distinct points, sorted by block.

    Blocks are numbered upward, `tall` to a column. `corner` is the column and row of block 0,
    chosen so that no block with a point lies on the edge.
    """

    x: Floats
    y: Floats
    value: Floats
    blocks: Integers
    radius: float
    corner: Integers
    tall: int

    @classmethod
    def of(
        cls, x: ArrayLike, y: ArrayLike, weights: ArrayLike, radius: float
    ) -> _BlockIndex | None:
        points = pd.DataFrame({"x": x, "y": y, "value": weights}, dtype=float)
        points = points[points["value"] > 0].groupby(["x", "y"], as_index=False).sum()
        if not len(points):
            return None
        # Blocks of one radius: a circle centred in a block reaches only the eight around it.
        at = np.floor(points[["x", "y"]].to_numpy() / radius).astype(np.int64)
        corner = at.min(axis=0) - 1
        column, row = (at - corner).T
        tall = int(row.max()) + 2
        blocks = column * tall + row
        order = np.argsort(blocks, kind="stable")
        own_x, own_y, value = points.to_numpy()[order].T
        return cls(own_x, own_y, value, blocks[order], radius, corner, tall)

    @property
    def step(self) -> float:
        """Metres between neighbouring sites."""
        return self.radius / STEPS

    def bounds(self) -> list[tuple[int, float]]:
        """The blocks in which a circle can contain a point, each with an upper bound of its sum."""
        own = np.unique(self.blocks)
        around = [own + i * self.tall + j for i in (-1, 0, 1) for j in (-1, 0, 1)]
        blocks = np.unique(np.concatenate(around))
        total = np.concatenate([[0.0], np.cumsum(self.value)])
        bound = sum(total[last] - total[first] for first, last in self._runs(blocks))
        # Rounding must not put a bound below a value that it bounds.
        return list(zip(blocks.tolist(), (bound * (1 + 1e-9) + 1e-6).tolist(), strict=True))

    def best_of(
        self, block: int, chosen: list[Site], *, reach: float
    ) -> tuple[float, bool, float, int, int] | None:
        """The best site of a block that is far enough from the chosen ones, as the queue has it."""
        (west, south), sites = self._first_site(block), np.arange(STEPS)
        x, y, value = self._around(block)
        across = (x - (west + sites[:, None]) * self.step) ** 2
        up = (y - (south + sites[:, None]) * self.step) ** 2
        limit = self.radius**2
        # Rounded, so that the same weights have the same sum in whatever order they are added.
        sums = np.stack([(across + row_up <= limit) @ value for row_up in up]).round(6)
        sums[~_allowed(chosen, west + sites, south + sites, reach=reach)] = 0.0
        if sums.max() <= 0:
            return None
        equal = np.argwhere(sums == sums.max())
        squared = (across[column] + up[row] for row, column in equal)
        spreads = np.array([value @ np.where(d <= limit, d, 0.0) for d in squared]).round(3)
        row, column = (int(site) for site in equal[np.argmin(spreads)])
        return -float(sums.max()), True, float(spreads.min()), south + row, west + column

    def _first_site(self, block: int) -> Site:
        column, row = divmod(block, self.tall)
        return (column + int(self.corner[0])) * STEPS, (row + int(self.corner[1])) * STEPS

    def _around(self, block: int) -> tuple[Floats, Floats, Floats]:
        runs = [slice(int(first), int(last)) for first, last in self._runs(np.array(block))]
        x, y, value = (
            np.concatenate([values[run] for run in runs]) for values in (self.x, self.y, self.value)
        )
        return x, y, value

    def _runs(self, blocks: Integers) -> list[tuple[Integers, Integers]]:
        """First and last + 1 of the points in each block and the eight around it."""
        columns = [blocks + i * self.tall for i in (-1, 0, 1)]
        return [
            (
                np.searchsorted(self.blocks, column - 1, side="left"),
                np.searchsorted(self.blocks, column + 1, side="right"),
            )
            for column in columns
        ]


def _allowed(
    chosen: list[Site], columns: Integers, rows: Integers, *, reach: float
) -> NDArray[np.bool_]:
    """Which sites, rows by columns, are at least `reach` steps from all chosen ones."""
    allowed = np.ones((len(rows), len(columns)), dtype=bool)
    for column, row in chosen:
        allowed &= (rows - row)[:, None] ** 2 + (columns - column) ** 2 >= reach**2 * (1 - 1e-12)
    return allowed
