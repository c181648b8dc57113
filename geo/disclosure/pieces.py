"""Rounding table after table so that all published numbers are sums of one table of multiples.

A *piece* is a set of incidents that no published number tells apart: of one cell in each published
table. Each piece has a protected value, a multiple of 5. A further table, on other boundaries or
over another period, cuts pieces into smaller ones, whose values add up to those that the pieces
had; so nothing that was published before changes, and no difference between two tables is
anything but a sum of protected values.

Why no small count can be recovered: let the true counts be the protected values with up to 4 more
in any one piece. The procedure publishes the same numbers of them with positive probability. So for
each piece at least five counts are consistent with everything published, 0 among them or all 5 or
more apart from it. `geo.disclosure.attack` checks this on what was published, and not on this
reasoning.
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
) -> tuple[Pieces, Ints]:
    """Protect a further table.

    Area totals of each group, area totals and the grand total are controlled; so are months and
    their groups, as far as no earlier table covers them. An earlier piece with other incidents than
    it had keeps its value while that is still adjacent to its count, and is else rounded anew.

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

    Returns
    -------
    pieces
        Of all k + 1 tables.
    counts
        The true count of each piece; for checks, and never for publication.
    """
    inside = (cells >= 0).any(axis=1)
    signatures, which = np.unique(cells[inside], axis=0, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which, minlength=len(signatures))
    own_keys = cell_keys(keys[inside], which, size=len(signatures))
    piece, totals = _fixed(earlier, signatures[:, :-1], counts, own_keys)
    amounts = scaled_to(counts, piece, totals)
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


def _fixed(earlier: Pieces, signatures: Ints, counts: Ints, keys: Keys) -> tuple[Ints, Ints]:
    """For each new piece the earlier one that it is cut from, and the values that these keep.

    −1 where there is none, or its incidents have changed too much.
    """
    known = {tuple(cells): at for at, cells in enumerate(earlier.cells.tolist())}
    whole, member = np.unique(signatures, axis=0, return_inverse=True)
    member = member.reshape(-1)
    sizes = np.bincount(member, counts, minlength=len(whole)).astype(np.int64)
    sums = cell_keys(keys, member, size=len(whole))
    number = np.full(len(whole), -1)
    totals: list[int] = []
    for at, cells in enumerate(whole.tolist()):
        before = known.get(tuple(cells), -1)
        if before < 0:
            continue
        value = int(earlier.values[before])
        if sums[at] == earlier.keys[before] or abs(value - int(sizes[at])) < BASE:
            number[at] = len(totals)
            totals.append(value)
    return number[member], np.array(totals, np.int64)
