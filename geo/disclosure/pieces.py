"""Rounding table after table so that all published numbers are sums of one table of multiples.

A *piece* is a set of incidents that no published number tells apart: of one cell in each published
table. Each piece has a protected value, a multiple of 5. A further table, on other boundaries or
over another period, cuts pieces into smaller ones, whose values add up to those that the pieces
had; so nothing that was published before changes, and no difference between two tables is
anything but a sum of protected values.

Why no small count can be recovered: let the true counts be the protected values with up to 4 more
in any one piece. The procedure publishes the same numbers of them with positive probability. So for
each piece of value 0 the counts 0 to 4 are consistent with everything published, and each other
piece may have 5 or more.

Data is revised, undone and imported again, so a piece outlives its incidents: its value and key are
carried on, and a value never goes from 0 to 5 or from 5 to 0. Whoever took both for one count would
read 1 to 4, and whoever knows when values change would read 0 where a 5 became 0. So a value of 0
or 5 stays until the count is 10 or more; a larger one, as long as it is adjacent to its count.
`geo.disclosure.attack` checks what was published, and not this reasoning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.disclosure.cell_keys import Keys, cell_keys, seed_of
from geo.disclosure.controlled_rounding import BASE, controlled_rounding, scaled_to

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class TableShape:
    """A table of areas × months × category groups; its cells are numbered in this order.

    Attributes
    ----------
    areas, months, groups
        How many there are.
    """

    areas: int
    months: int
    groups: int

    @property
    def size(self) -> int:
        """How many cells it has."""
        return self.areas * self.months * self.groups

    def split(self, cells: Ints) -> tuple[Ints, Ints, Ints]:
        """Return area, month and group of each cell; −1 for −1."""
        rest, group = np.divmod(cells, self.groups)
        area, month = np.divmod(rest, self.months)
        inside = cells >= 0
        return (
            np.where(inside, area, -1),
            np.where(inside, month, -1),
            np.where(inside, group, -1),
        )


@dataclass(frozen=True)
class Pieces:
    """Sets of incidents, and what is published of them.

    Attributes
    ----------
    cells
        n × k: the cell of each piece in each published table, or −1.
    values
        n protected counts: multiples of 5.
    keys
        n cell keys, of the incidents that they were rounded from.
    """

    cells: Ints
    values: Ints
    keys: Keys

    @classmethod
    def none(cls) -> Pieces:
        """Before anything is published."""
        return cls(np.zeros((0, 0), np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint64))

    def table(self, number: int, size: int) -> Ints:
        """Return the protected counts of the cells of a table.

        Parameters
        ----------
        number
            The position of the table among the k.
        size
            How many cells it has.

        Returns
        -------
        A multiple of 5 for each cell.
        """
        cells = self.cells[:, number]
        inside = cells >= 0
        sums = np.zeros(size, np.int64)
        np.add.at(sums, cells[inside], self.values[inside])
        return sums


def protected(
    earlier: Pieces,
    cells: Ints,
    shape: TableShape,
    keys: Keys,
    *,
    secret: bytes,
    places: Ints | None = None,
) -> tuple[Pieces, Ints]:
    """Protect a further table.

    Area totals of each group, area totals and the grand total are controlled; so are months and
    their groups, as far as no earlier table covers them. An earlier piece with other incidents than
    it had, or none, keeps its value while that is still adjacent to its count, if it is 0 or 5 and
    the count is under 10, and if this table does not count it; it is else rounded anew. Where
    earlier tables count incidents that were none, the earlier value is 0.

    Parameters
    ----------
    earlier
        What was published, in k tables.
    cells
        n × (k + 1): the cell of each incident in each earlier table and in this one, or −1.
    shape
        Of this table.
    keys
        The record key of each incident.
    secret
        As for `record_keys`.
    places
        The cell in this table of each earlier piece, used for those without incidents; −1, as by
        default for all, for those that it does not count.

    Returns
    -------
    pieces
        Of all k + 1 tables.
    counts
        The true count of each piece; for checks, and never for publication.
    """
    inside = (cells >= 0).any(axis=1)
    carried = _carried(earlier, cells, places)
    signatures, which = np.unique(
        np.concatenate([cells[inside], carried]), axis=0, return_inverse=True
    )
    which = which.reshape(-1)[: inside.sum()]
    counts = np.bincount(which, minlength=len(signatures))
    own_keys = cell_keys(keys[inside], which, size=len(signatures))
    piece, totals, own_keys = _fixed(earlier, signatures, counts, own_keys)
    # What is carried without incidents has its whole value, for want of a share.
    amounts = scaled_to(np.where(_empty(piece, counts), 1, counts), piece, totals)
    area, month, group = shape.split(signatures[:, -1])
    month_group = np.where(month < 0, -1, month * shape.groups + group)
    free = piece < 0
    values = controlled_rounding(
        amounts,
        [
            np.where(free, np.where(month < 0, -1, len(totals) + month_group), piece),
            np.where(free, month, -1),
        ],
        [
            signatures[:, -1],
            np.where(area < 0, -1, area * shape.groups + group),
            area,
            np.where(area < 0, -1, 0),
        ],
        seed=seed_of(own_keys, secret),
    )
    return Pieces(signatures, values, own_keys), counts


def without_incidents(earlier: Pieces, cells: Ints) -> NDArray[np.bool_]:
    """Tell which earlier pieces have no incident.

    Parameters
    ----------
    earlier
        n pieces of k tables.
    cells
        m × k: the cell of each incident in each of these tables, or −1.

    Returns
    -------
    n truth values.
    """
    present = {*map(tuple, np.unique(cells, axis=0).tolist())}
    return np.array([tuple(one) not in present for one in earlier.cells.tolist()], dtype=bool)


def _carried(earlier: Pieces, cells: Ints, places: Ints | None) -> Ints:
    """The signatures of earlier pieces without incidents."""
    if places is None:
        places = np.full(len(earlier.values), -1)
    empty = without_incidents(earlier, cells[:, :-1])
    return np.column_stack([earlier.cells, places])[empty]


def _empty(piece: Ints, counts: Ints) -> NDArray[np.bool_]:
    """Tell which signatures are of a piece that keeps its value and has no incident."""
    inside = piece >= 0
    sizes = np.bincount(piece[inside], counts[inside], minlength=piece.max(initial=-1) + 1)
    empty: NDArray[np.bool_] = inside & (np.append(sizes, 1)[piece] == 0)
    return empty


def _fixed(earlier: Pieces, signatures: Ints, counts: Ints, keys: Keys) -> tuple[Ints, Ints, Keys]:
    """For each new piece the earlier one that it is cut from, the values that these keep, and keys.

    −1 where there is none, or its incidents have changed too much.
    """
    known = {tuple(cells): at for at, cells in enumerate(earlier.cells.tolist())}
    whole, member = np.unique(signatures[:, :-1], axis=0, return_inverse=True)
    member = member.reshape(-1)
    sizes = np.bincount(member, counts, minlength=len(whole)).astype(np.int64)
    sums = cell_keys(keys, member, size=len(whole))
    counted = np.bincount(member, signatures[:, -1] >= 0, minlength=len(whole)) > 0
    number, kept_keys = np.full(len(whole), -1), keys.copy()
    totals: list[int] = []
    for at, cells in enumerate(whole.tolist()):
        before = known.get(tuple(cells), -1)
        if before < 0 and max(cells, default=-1) < 0:
            continue  # no earlier table counts it
        value = int(earlier.values[before]) if before >= 0 else 0
        same = before >= 0 and (sums[at] == earlier.keys[before] or not counted[at])
        if same or _keeps(value, int(sizes[at])):
            number[at] = len(totals)
            totals.append(value)
        if before >= 0 and not counted[at]:
            kept_keys[member == at] = earlier.keys[before]
    return number[member], np.array(totals, np.int64), kept_keys


def _keeps(value: int, count: int) -> bool:
    """Whether a value still stands for a count, or would tell a small one if it changed."""
    return abs(value - count) < BASE or (value <= BASE and count < 2 * BASE)
