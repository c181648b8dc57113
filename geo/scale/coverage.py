"""What is known of each unit by which files were counted: the months of its own police force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.coverage import Coverage, ImportCoverage, Knowledge, Publisher
from geo.incidents import IncidentSummary

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SOURCE = "police.uk"
"""The only source whose files name their force and month."""


@dataclass(frozen=True)
class FileCoverage:
    """What files cover, by force and month, and whose each unit is.

    Attributes
    ----------
    forces
        Their names.
    months
        For each file the position of its force, its month as `YYYY-MM`, and the number of its
        accepted rows by category, whether they were counted or not.
    of_unit
        The position of the force that publishes each of n units.
    """

    forces: tuple[str, ...]
    months: tuple[tuple[int, str, Mapping[str, int]], ...]
    of_unit: Ints

    def knowledge(self, categories: Sequence[str] = ()) -> Knowledge:
        """What is known of each unit of some categories; without any, of all.

        Parameters
        ----------
        categories
            Slugs; empty for all.

        Returns
        -------
        What is known of each of n units.
        """
        parts = [
            ImportCoverage(
                SOURCE,
                self.forces[force],
                IncidentSummary(dict(n), ("month",), None, None, {}),
                (month,),
                force=self.forces[force],
            )
            for force, month, n in self.months
        ]
        publishers = [(Publisher(SOURCE, self.forces[force]),) for force in self.of_unit.tolist()]
        return Knowledge.of_areas(Coverage(parts), tuple(categories), publishers)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON."""
        categories = sorted({slug for _, _, n in self.months for slug in n})
        return {
            "forces": list(self.forces),
            "categories": categories,
            "months": [
                [force, month, [n.get(slug, 0) for slug in categories]]
                for force, month, n in self.months
            ],
            "of_unit": self.of_unit.tolist(),
        }

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> FileCoverage:
        """Read what `as_dict` wrote.

        Parameters
        ----------
        members
            The JSON.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        categories = [str(slug) for slug in members["categories"]]
        months = tuple(
            (int(force), str(month), {slug: int(k) for slug, k in zip(categories, n, strict=True)})
            for force, month, n in members["months"]
        )
        forces = tuple(str(name) for name in members["forces"])
        of_unit = np.array(members["of_unit"], dtype=np.int64)
        if len(of_unit) and not 0 <= of_unit.min() <= of_unit.max() < len(forces):
            raise ValueError("a unit is of no force")
        return cls(forces, months, of_unit)


def busiest_force(place: Ints, force: Ints, n: Ints, *, at: tuple[Floats, Floats]) -> Ints:
    """The force of most rows in each of p places; of a place without any, that of the nearest.

    Parameters
    ----------
    place, force, n
        Numbers of rows by place and force, each pair once.
    at
        X and y of the p places, in metres.

    Returns
    -------
    p positions of forces; all 0 where no place has a row.
    """
    # Ascending by rows, so that the busiest is written last; of as many, the first by name.
    order = np.lexsort((-force, n))
    owner = np.full(len(at[0]), -1, dtype=np.int64)
    owner[place[order]] = force[order]
    busy, quiet = np.flatnonzero(owner >= 0), np.flatnonzero(owner < 0)
    if not len(busy):
        return np.zeros(len(owner), dtype=np.int64)
    points = np.column_stack(at)
    owner[quiet] = owner[busy][scipy.spatial.cKDTree(points[busy]).query(points[quiet])[1]]
    return owner
