"""Unbiased controlled rounding: entries and their sums become adjacent multiples of a base.

Rounding each small count by itself keeps no total: 3,456 cells of mean 0.5 to the nearest 5 lose
1,479 of 1,727. Here entries and sums over two nested groupings are the flows of a network. As in
the procedure of Cox (1987, "A constructive procedure for unbiased controlled rounding", Journal of
the American Statistical Association 82, 520-524), flow is moved along circles of arcs that are not
yet rounded, one way or the other at random so that no arc's mean moves, until all are. Networks of
two nested groupings always have such a rounding (Causey, Cox and Ernst 1985, same journal 80,
903-909); those of three need not, which is why there is no third. Entries that are multiples stay
what they are ("zero-restricted"): a zero stays zero, and a 5 is 1 to 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.checkpoints import checkpoint

BASE: Final = 5
_UNIT: Final = 1 << 24
"""Amounts are whole numbers of such parts: sums are exact, so margins are."""

_MOST: Final = 10**9
_CIRCLES_BETWEEN_CHECKPOINTS: Final = 1_000

Labels = NDArray[np.int64]


def controlled_rounding(
    amounts: ArrayLike,
    rows: Sequence[ArrayLike],
    columns: Sequence[ArrayLike],
    *,
    seed: int,
    base: int = BASE,
) -> NDArray[np.int64]:
    """Round amounts so that each, and each controlled sum, is one of its adjacent multiples.

    Parameters
    ----------
    amounts
        n amounts of at least 0, together at most 10⁹.
    rows, columns
        Two nested groupings, each from its finest level to its coarsest: n labels from 0 at each
        level, −1 for entries that are of no group at this level and coarser ones. Entries of one
        group are of one group, or of none, at the next level.
    seed
        Of the random choices.
    base
        What the results are multiples of.

    Returns
    -------
    n multiples of the base, each the amount's next lower or higher one, the mean of each over all
    seeds being its amount. So are the sums of each group; a level of one group controls the sum of
    all.

    Raises
    ------
    ValueError
        If an amount is negative, not finite or too large, or a grouping is not nested.
    """
    left = [np.asarray(level, np.int64) for level in rows]
    right = [np.asarray(level, np.int64) for level in columns]
    exact = _exact(np.asarray(amounts, float), left[0])
    network = _Network(exact, base * _UNIT)
    network.add_tree(left, into=network.tails, out_of=network.heads)
    network.add_tree(right, into=network.heads, out_of=network.tails)
    network.round(np.random.default_rng(seed))
    return np.array(network.flows[: len(exact)], np.int64) // _UNIT


def scaled_to(amounts: ArrayLike, pieces: ArrayLike, totals: ArrayLike) -> NDArray[np.float64]:
    """Scale the amounts of each piece to a total that was fixed before.

    If the total is an unbiased rounding of the piece's sum, the results are unbiased too.

    Parameters
    ----------
    amounts
        n amounts of at least 0.
    pieces
        The piece of each; −1 for amounts that stay.
    totals
        The total of each piece.

    Returns
    -------
    n amounts.
    """
    n, piece = np.asarray(amounts, float), np.asarray(pieces, np.int64)
    total = np.asarray(totals, float)
    inside = piece >= 0
    sums = np.bincount(piece[inside], n[inside], minlength=len(total))
    factor = np.divide(total, sums, out=np.zeros(len(total)), where=sums > 0)
    scaled: NDArray[np.float64] = n * np.append(factor, 1.0)[piece]
    return scaled


def _exact(amounts: NDArray[np.float64], groups: Labels) -> list[int]:
    """Amounts in whole parts, of which the sum of each group is as near as parts allow."""
    # Also refuses what is not a number.
    if not ((amounts >= 0).all() and amounts.sum() <= _MOST):
        raise ValueError("amounts must be at least 0, and together at most 10⁹")
    exact = [0] * len(amounts)
    sums: dict[int, tuple[float, int]] = {}
    for entry in np.argsort(groups, kind="stable").tolist():
        amount, before = sums.get(int(groups[entry]), (0.0, 0))
        amount += float(amounts[entry])
        parts = round(amount * _UNIT)
        exact[entry] = parts - before
        sums[int(groups[entry])] = amount, parts
    return exact


class _Network:
    """A circulation: from the root down the groups of rows, through the entries, up the columns."""

    def __init__(self, amounts: list[int], multiple: int) -> None:
        self.flows = list(amounts)
        self.tails = [0] * len(amounts)
        self.heads = [0] * len(amounts)
        self._entries, self._multiple, self._nodes = len(amounts), multiple, 1

    def add_tree(self, levels: Sequence[Labels], *, into: list[int], out_of: list[int]) -> None:
        """Hang the entries on the groups of a grouping: `into` holds the ends that hang."""
        hanging = np.arange(self._entries)
        active = np.ones(self._entries, dtype=bool)
        for level in levels:
            active &= level >= 0
            labels, group = np.unique(level[active], return_inverse=True)
            where = np.where(active, -1, -2)
            where[active] = group
            self._check_nested(hanging, where)
            sums = np.zeros(len(labels), np.int64)
            np.add.at(sums, group, np.array(self.flows[: self._entries], np.int64)[active])
            for arc, node in {*zip(hanging[active].tolist(), group.tolist(), strict=True)}:
                into[arc] = self._nodes + node
            hanging[active] = len(self.flows) + group
            self.flows.extend(sums.tolist())
            out_of.extend(range(self._nodes, self._nodes + len(labels)))
            into.extend([0] * len(labels))
            self._nodes += len(labels)

    @staticmethod
    def _check_nested(hanging: Labels, where: Labels) -> None:
        pairs = np.unique(np.column_stack([hanging, where]), axis=0)
        if len(pairs) > len(np.unique(hanging)):
            raise ValueError("each group must lie within one group of the next level")

    def round(self, random: np.random.Generator) -> None:
        """Move flow along circles until every arc's flow is a multiple."""
        arcs_at: list[list[int]] = [[] for _ in range(self._nodes)]
        for arc in range(len(self.flows)):
            if self._is_open(arc):
                arcs_at[self.tails[arc]].append(arc)
                arcs_at[self.heads[arc]].append(arc)
        circles = 0
        for start in range(self._nodes):
            nodes, arcs = [start], list[int]()
            while (arc := self._next(arcs_at[nodes[-1]], arcs[-1] if arcs else -1)) >= 0:
                here = nodes[-1]
                other = self.heads[arc] if self.tails[arc] == here else self.tails[arc]
                arcs.append(arc)
                if other not in nodes:
                    nodes.append(other)
                    continue
                # Flow is conserved, so a way along open arcs always comes back to itself.
                first = nodes.index(other)
                self._move(nodes[first:], arcs[first:], random.random())
                del nodes[first + 1 :], arcs[first:]
                circles += 1
                if circles % _CIRCLES_BETWEEN_CHECKPOINTS == 0:
                    checkpoint()

    def _is_open(self, arc: int) -> bool:
        return self.flows[arc] % self._multiple != 0

    def _next(self, arcs: list[int], last: int) -> int:
        """An open arc other than the last; −1 where there is none. Drops those that are closed."""
        position = len(arcs) - 1
        while position >= 0:
            arc = arcs[position]
            if not self._is_open(arc):
                arcs[position] = arcs[-1]
                arcs.pop()
            elif arc != last or self.tails[arc] == self.heads[arc]:
                return arc
            position -= 1
        return -1

    def _move(self, nodes: list[int], arcs: list[int], chance: float) -> None:
        """Move flow along a circle, as far as the first arc that is a multiple then."""
        forward = [self.tails[arc] == node for arc, node in zip(arcs, nodes, strict=True)]
        below = [self.flows[arc] % self._multiple for arc in arcs]
        above = [self._multiple - part for part in below]
        along = min(a if way else b for a, b, way in zip(above, below, forward, strict=True))
        back = min(b if way else a for a, b, way in zip(above, below, forward, strict=True))
        # The mean of the move is zero: along·back − back·along.
        step = along if chance * (along + back) < back else -back
        for arc, way in zip(arcs, forward, strict=True):
            self.flows[arc] += step if way else -step
