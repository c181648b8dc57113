"""The problem of grouping areas into patches, and the connected groups that may be a patch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from geo.allocation.adjacency import Contiguity
from geo.errors import InputError
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CANDIDATES = 100_000  # connected groups that are listed: about a second
MOST_NEAR = 400_000  # connected groups that are examined for those near a fair share
_ROUNDING = 1e-6
_NAMED = 6  # areas that a message names


@dataclass(frozen=True)
class PatchRules:
    """Limits that every patch keeps.

    Attributes
    ----------
    size
        The fewest and the most areas in a patch; None for no limit.
    members
        The most members (councillors) that one patch may have; None for no limit.
    groups
        The number of patches; None where the limits decide.
    """

    size: tuple[int, int] | None = None
    members: int | None = None
    groups: int | None = None

    def __post_init__(self) -> None:
        if self.size is None and self.members is None and self.groups is None:
            raise InputError("say how many areas or members a patch may have, or how many patches")
        if self.size is not None and not 1 <= self.size[0] <= self.size[1]:
            raise InputError(f"a patch cannot have {self.size[0]} to {self.size[1]} areas")
        if self.members is not None and self.members < 1:
            raise InputError("a patch must be allowed at least one member")
        if self.groups is not None and self.groups < 1:
            raise InputError("there must be at least one patch")

    def __str__(self) -> str:
        parts = []
        if self.size is not None:
            low, high = self.size
            parts.append(f"{low} areas each" if low == high else f"{low} to {high} areas each")
        if self.members is not None:
            parts.append(f"at most {self.members} members each")
        return " and ".join(parts) or "any number of areas each"


@dataclass(frozen=True)
class PatchProblem:
    """Areas in the order of their codes, their work, and the rules for grouping them.

    Attributes
    ----------
    contiguity
        The n areas and which are neighbours.
    workload
        n numbers of at least 0, together above it.
    members
        n whole numbers; all 0 where there is no limit on them.
    rules
        The limits of a patch.
    today
        n numbers of today's patches, None where there are none.
    names
        The areas' names in messages; their codes where there are none.
    """

    contiguity: Contiguity
    workload: Floats
    members: Ints
    rules: PatchRules
    today: Ints | None = None
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.contiguity)

    def named(self, areas: Iterable[int], *, between: str = ", ") -> str:
        """The names of areas, the first few of many.

        Parameters
        ----------
        areas
            Positions.
        between
            Separates the names.

        Returns
        -------
        A text for a message.
        """
        names = [(self.names or self.contiguity.codes)[at] for at in areas]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return between.join(names[:_NAMED]) + more

    @property
    def smallest(self) -> int:
        """The fewest areas in a patch."""
        return self.rules.size[0] if self.rules.size else 1

    @property
    def largest(self) -> int:
        """The most areas in a patch, as far as the sizes limit it."""
        if self.rules.size:
            return self.rules.size[1]
        others = (self.rules.groups or 1) - 1
        return len(self) - others * self.smallest

    @property
    def most_members(self) -> int:
        """The most members in a patch."""
        total = int(self.members.sum())
        return total if self.rules.members is None else self.rules.members

    def group_counts(self) -> range:
        """The numbers of patches that the limits allow, connected or not."""
        if self.rules.groups is not None:
            return range(self.rules.groups, self.rules.groups + 1)
        by_size = -(-len(self) // self.largest) if self.largest else 1
        by_members = -(-int(self.members.sum()) // self.most_members) if self.most_members else 1
        return range(max(by_size, by_members, 1), len(self) // self.smallest + 1)

    @cached_property
    def candidates(self) -> list[int] | None:
        """Every connected group that keeps the limits, as a mask; None if there are too many.

        Groups come in the order of their lowest area.
        """
        groups = list(islice(self._connected(np.inf), MOST_CANDIDATES + 1))
        return None if len(groups) > MOST_CANDIDATES else [mask for mask, _ in groups]

    def candidates_near(self, *, groups: int, within: float) -> list[int] | None:
        """The candidates whose work is near a fair share.

        Parameters
        ----------
        groups
            The number of fair shares.
        within
            The most that |W / W̄ − 1| may be.

        Returns
        -------
        Masks; None if too many groups would have to be examined.
        """
        fair = self.workload.sum() / groups
        most, least = (1 + within) * fair + _ROUNDING, (1 - within) * fair - _ROUNDING
        near = list(islice(self._connected(most), MOST_NEAR + 1))
        return None if len(near) > MOST_NEAR else [mask for mask, work in near if work >= least]

    def _connected(self, most_work: float) -> Iterator[tuple[int, float]]:
        """Each connected set and its work, once.

        Source: Wernicke 2006 (ESU): an area that was passed over is barred from then on.
        """
        neighbours, members = self.contiguity.neighbour_masks, self.members.tolist()
        low, high, most = self.smallest, self.largest, self.most_members
        workload = self.workload.tolist()

        def grow(
            mask: int, fringe: int, barred: int, load: tuple[int, float]
        ) -> Iterator[tuple[int, float]]:
            size, (count, work) = mask.bit_count(), load
            if size >= low:
                yield mask, work
            while fringe and size < high:
                bit = fringe & -fringe
                fringe ^= bit
                at = bit.bit_length() - 1
                more = count + members[at], work + workload[at]
                if more[0] <= most and more[1] <= most_work:
                    new = neighbours[at] & ~barred
                    yield from grow(mask | bit, fringe | new, barred | new, more)

        for root in range(len(self)):
            barred = (2 << root) - 1
            fringe = neighbours[root] & ~barred
            if members[root] <= most and workload[root] <= most_work:
                yield from grow(1 << root, fringe, barred | fringe, (members[root], workload[root]))
