"""The circles of one size that contain the most incidents, with a minimum distance between them.

Centres lie on a lattice whose step is a fifteenth of the radius and whose origin is (0, 0) of the
working CRS. So a place depends neither on how a grid of cells happens to cut it nor on the study
area. A finer lattice catches hardly any more incidents.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.checkpoints import checkpoint
from geo.properties import cached_property

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Site = tuple[int, int]
Candidate = tuple[float, bool, float, int, int]
"""A site as it is compared: −value, True, spread, row, column; the lowest is chosen first."""
Wanted = Callable[[Floats, Floats], Bools]
"""Which of n centres, by their x and y in metres, count."""

STEPS = 15
"""Steps of the lattice to a radius; a block of the search has as many to a side."""

_AT_ONCE = 250_000
"""Numbers that are worked on at once: arrays that fit the processor's cache."""


def best_circles(
    x: ArrayLike,
    y: ArrayLike,
    *,
    weights: ArrayLike,
    radius: float,
    apart: float,
    most: int,
    wanted: Wanted | None = None,
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
    wanted
        Which centres count, such as those in one ward; all where not given. Circles elsewhere keep
        their distance all the same, so that a ward has the circles that it has in the whole city.

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
    search = _Search(index, reach=apart / index.step)
    blocks = index.bounds
    if wanted is not None:
        blocks = index.blocks_with(wanted, blocks)
    # (−value, exact, spread, row, column, block): a bound sorts before an equal exact value, so
    # that a block which may hold an equal and tighter circle is searched first.
    queue = [(-bound, False, 0.0, 0, 0, block) for block, bound in blocks.items()]
    heapq.heapify(queue)
    returned: list[Site] = []
    while queue and len(returned) < most:
        checkpoint()
        *candidate, block = heapq.heappop(queue)
        best = search.best(block)
        if best is None:
            continue
        if tuple(candidate) != best:
            heapq.heappush(queue, (*best, block))
            continue
        if search.choose_around(block) and (wanted is None or _is_wanted(best, index, wanted)):
            returned.append((best[4], best[3]))
        heapq.heappush(queue, (*best, block))
    return returned


def _is_wanted(best: Candidate, index: _BlockIndex, wanted: Wanted) -> bool:
    x, y = (np.array([place * index.step]) for place in (best[4], best[3]))
    return bool(wanted(x, y)[0])


class _Search:
    """The circles chosen so far, and the best that each block still has.

    A circle that none near it exceeds is chosen by the greedy search whatever happens elsewhere. So
    a circle can be decided from its neighbours alone, and theirs, without the rest of the land.
    """

    def __init__(self, index: _BlockIndex, *, reach: float) -> None:
        self._index, self._reach = index, reach
        self._bounds = dict(index.bounds)
        self._chosen: dict[int, list[Site]] = {}
        self._best: dict[int, Candidate | None] = {}
        wide = int(np.ceil(reach / STEPS))
        steps = range(-wide, wide + 1)
        self._offsets = [i * index.tall + j for i in steps for j in steps]
        self._near: dict[int, list[int]] = {}

    def best(self, block: int) -> Candidate | None:
        """The best site of a block that is far enough from the chosen ones."""
        if block not in self._best:
            chosen = self._chosen.keys() & self._around(block)
            near = [site for other in chosen for site in self._chosen[other]]
            self._best[block] = self._index.best_of(block, near, reach=self._reach)
        return self._best[block]

    def choose_around(self, block: int) -> bool:
        """Choose the best site of a block, or else a better one on which it depends."""
        at, best = block, self.best(block)
        while best is not None and (better := self._better(at, best)) is not None:
            at, best = better, self.best(better)
        if best is None:
            return False
        self._chosen.setdefault(at, []).append((best[4], best[3]))
        for other in self._around(at):
            self._forget(other)
        return at == block

    def _forget(self, block: int) -> None:
        """Let the best site of a block be looked for again, as a circle was chosen near it.

        It will not be better than it was, and a block without a site stays without.
        """
        best = self._best.get(block)
        if best is not None:
            self._bounds[block] = -best[0]
            del self._best[block]

    def _better(self, block: int, best: Candidate) -> int | None:
        """A block near another whose best site is chosen before the other's."""
        nearest = None
        for other in self._around(block):
            # The bound is cheap, the best site is not.
            if other == block or -self._bounds[other] > best[0]:
                continue
            candidate = self.best(other)
            if candidate is not None and candidate < best:
                nearest, best = other, candidate
        return nearest

    def _around(self, block: int) -> list[int]:
        """The blocks, itself among them, with sites that are too near to one of a block's."""
        near = self._near.get(block)
        if near is None:
            blocks = [block + offset for offset in self._offsets]
            near = self._near[block] = [other for other in blocks if other in self._bounds]
        return near


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

    @cached_property
    def bounds(self) -> dict[int, float]:
        """The blocks in which a circle can contain a point, each with an upper bound of its sum."""
        own = _distinct(self.blocks)
        around = [own + i * self.tall + j for i in (-1, 0, 1) for j in (-1, 0, 1)]
        blocks = _distinct(np.sort(np.concatenate(around)))
        total = np.concatenate([[0.0], np.cumsum(self.value)])
        bound = sum(total[last] - total[first] for first, last in self._runs(blocks))
        # Rounding must not put a bound below a value that it bounds.
        return dict(zip(blocks.tolist(), (bound * (1 + 1e-9) + 1e-6).tolist(), strict=True))

    def blocks_with(self, wanted: Wanted, blocks: dict[int, float]) -> dict[int, float]:
        """Those of some blocks that have a wanted site."""
        first = np.array([self._first_site(block) for block in blocks])
        across, up = np.meshgrid(np.arange(STEPS), np.arange(STEPS))
        sites = first[:, None] + np.column_stack([across.ravel(), up.ravel()])
        x, y = sites.reshape(-1, 2).T * self.step
        some = wanted(x, y).reshape(len(first), -1).any(axis=1)
        return {block: blocks[block] for block in np.array(list(blocks))[some].tolist()}

    def best_of(self, block: int, chosen: list[Site], *, reach: float) -> Candidate | None:
        """The best site of a block that is far enough from the chosen ones, as the queue has it."""
        (west, south), sites = self._first_site(block), np.arange(STEPS)
        allowed = _allowed(chosen, west + sites, south + sites, reach=reach)
        if not allowed.any():
            return None
        x, y, value = self._around(block)
        across = (x - (west + sites[:, None]) * self.step) ** 2
        up = (y - (south + sites[:, None]) * self.step) ** 2
        limit = self.radius**2
        # Rounded, so that the same weights have the same sum in whatever order they are added.
        sums = np.concatenate(
            [((across + up[rows, None]) <= limit) @ value for rows in _parts(STEPS, across.size)]
        ).round(6)
        sums[~allowed] = 0.0
        most = float(sums.max())
        if most <= 0:
            return None
        equal = np.argwhere(sums == most)
        squared = (
            across[equal[some, 1]] + up[equal[some, 0]] for some in _parts(len(equal), len(value))
        )
        spreads = np.concatenate([np.where(d <= limit, d, 0.0) @ value for d in squared]).round(3)
        row, column = (int(site) for site in equal[np.argmin(spreads)])
        return -most, True, float(spreads.min()), south + row, west + column

    def _first_site(self, block: int) -> Site:
        column, row = divmod(block, self.tall)
        return (column + int(self.corner[0])) * STEPS, (row + int(self.corner[1])) * STEPS

    def _around(self, block: int) -> tuple[Floats, Floats, Floats]:
        runs = [slice(int(first), int(last)) for first, last in self._runs(np.array(block))]
        x, y, value = (
            np.concatenate([values[run] for run in runs]) for values in (self.x, self.y, self.value)
        )
        return x, y, value

    def _runs(self, blocks: Integers) -> Iterator[tuple[Integers, Integers]]:
        """First and last + 1 of the points in each block and the eight around it, by column."""
        columns = np.add.outer([-self.tall, 0, self.tall], blocks)
        first = np.searchsorted(self.blocks, columns - 1, side="left")
        last = np.searchsorted(self.blocks, columns + 1, side="right")
        return zip(first, last, strict=True)


def _parts(n: int, size: int) -> Iterator[slice]:
    """Parts of n things of one size each: of at most `_AT_ONCE` numbers, or one by one."""
    most = max(1, _AT_ONCE // max(1, size))
    return (slice(first, first + most) for first in range(0, n, most))


def _distinct(ascending: Integers) -> Integers:
    # `np.unique` hashes first, which takes ten times as long for the blocks of a country.
    distinct: Integers = ascending[np.append(True, ascending[1:] != ascending[:-1])]
    return distinct


def _allowed(
    chosen: list[Site], columns: Integers, rows: Integers, *, reach: float
) -> NDArray[np.bool_]:
    """Which sites, rows by columns, are at least `reach` steps from all chosen ones."""
    allowed = np.ones((len(rows), len(columns)), dtype=bool)
    for column, row in chosen:
        allowed &= (rows - row)[:, None] ** 2 + (columns - column) ** 2 >= reach**2 * (1 - 1e-12)
    return allowed
