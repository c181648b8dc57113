"""What the land of each cell is used for, who lives there, and how deprived they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from boundaries.demo.town.fabric import Fabric
from boundaries.demo.town.lines import (
    CENTRE,
    RADIUS_M,
    Bools,
    Floats,
    Ints,
    Lines,
    distance_to,
    from_centre,
)

HOMES, WATER, PARK, WORKS = range(4)
POPULATION: Final = 250_000
PARKS: Final = 17


@dataclass(frozen=True)
class Land:
    """The land of each cell of a fabric of m cells.

    Attributes
    ----------
    use
        `HOMES`, `WATER`, `PARK` or `WORKS`, shape (m,).
    residents
        People who live in the cell, shape (m,).
    deprivation
        Score of deprivation, higher is worse, shape (m,).
    poorest
        The middles of the four most deprived neighbourhoods, shape (4, 2).
    """

    use: Ints
    residents: Ints
    deprivation: Floats
    poorest: Floats

    @property
    def built(self) -> Bools:
        """Whether people live or trade there."""
        return np.asarray((self.use == HOMES) | (self.use == WORKS))


def use_land(fabric: Fabric, lines: Lines, *, rng: np.random.Generator) -> Land:
    """Lay out parks and works and let people move in."""
    use = _uses(fabric, lines, rng)
    poorest = _poorest(fabric, lines, use=use, rng=rng)
    return Land(
        use=use,
        residents=_residents(fabric, use, rng=rng),
        deprivation=_deprivation(fabric.seeds, poorest, rng=rng),
        poorest=poorest,
    )


def _uses(fabric: Fabric, lines: Lines, rng: np.random.Generator) -> Ints:
    use = np.full(len(fabric.seeds), HOMES)
    river = distance_to(lines.river, fabric.seeds)
    east = fabric.seeds[:, 0] - CENTRE[0]
    use[(river < 330) & (east > 1_900)] = WORKS  # the docks, towards the sea
    for bearing in rng.uniform(0, 2 * np.pi) + np.array([0.0, 2.3]):
        estate = CENTRE + 3_700 * np.array([np.cos(bearing), np.sin(bearing)])
        use[np.hypot(*((fabric.seeds - estate) * [1, 1.5]).T) < 430] = WORKS
    angle = np.arange(PARKS) * np.pi * (3 - np.sqrt(5)) + rng.uniform(0, 2 * np.pi)
    distance = np.linspace(800, RADIUS_M * 0.95, PARKS) + rng.normal(0, 150, PARKS)
    size = rng.uniform(110, 290, PARKS) * np.linspace(0.8, 1.3, PARKS)
    for turn, away, radius in zip(angle, distance, size, strict=True):
        offset = fabric.seeds - CENTRE - away * np.array([np.cos(turn), np.sin(turn)])
        use[np.hypot(offset[:, 0], offset[:, 1] * rng.uniform(0.7, 1.5)) < radius] = PARK
    use[(river < 150) & (east < -2_400)] = PARK  # the meadows upstream
    use[fabric.water] = WATER
    return use


def _poorest(fabric: Fabric, lines: Lines, *, use: Ints, rng: np.random.Generator) -> Floats:
    """Four places amid homes, in four quarters of the city and away from the river."""
    bearing = np.radians([38, 128, 222, 318]) + rng.uniform(-0.15, 0.15, 4)
    distance = np.array([2_950, 1_750, 3_150, 2_350]) * rng.uniform(0.93, 1.07, 4)
    wanted = CENTRE + distance[:, None] * np.column_stack([np.cos(bearing), np.sin(bearing)])
    homes = fabric.seeds[(use == HOMES) & (distance_to(lines.river, fabric.seeds) > 320)]
    gap = np.hypot(*(homes[:, None] - wanted).transpose(2, 0, 1))
    return np.asarray(homes[gap.argmin(axis=0)])


def _residents(fabric: Fabric, use: Ints, *, rng: np.random.Generator) -> Ints:
    crowd = np.interp(
        from_centre(fabric.seeds),
        [0, 500, 1_400, 3_000, 4_300, 6_000],
        [0.55, 0.95, 1.3, 1.0, 0.62, 0.2],
    )
    per_cell = crowd * np.exp(rng.normal(0, 0.22, len(crowd))) * fabric.areas
    per_cell *= np.choose(use, [1.0, 0.0, 0.0, 0.04])
    return np.asarray(np.rint(per_cell * POPULATION / per_cell.sum()), dtype=np.int64)


def _deprivation(points: Floats, poorest: Floats, *, rng: np.random.Generator) -> Floats:
    """A smooth surface that rises at the four poorest places and, less, in the centre."""

    def bumps(middles: Floats, width: float) -> Floats:
        gap = np.hypot(*(points[:, None] - middles).transpose(2, 0, 1))
        return np.asarray(np.exp(-((gap / width) ** 2)))

    score = 13 + 38 * bumps(poorest, 430).max(axis=1) + 11 * bumps(CENTRE[None], 1_500)[:, 0]
    elsewhere = CENTRE + rng.uniform(-RADIUS_M, RADIUS_M, (18, 2))
    score += bumps(elsewhere, 950) @ rng.uniform(-12, 22, 18)
    return np.asarray(np.clip(score + rng.normal(0, 1.2, len(points)), 2.5, 78).round(1))
