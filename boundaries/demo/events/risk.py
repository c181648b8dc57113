"""Where things happen: the risk of each address, unequal as in real cities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boundaries.demo.events.streams import Stream
from boundaries.demo.town.addresses import Addresses
from boundaries.demo.town.land import HOMES, Land
from boundaries.demo.town.lines import Bools, Floats, from_centre
from boundaries.demo.town.streets import KINDS, RESIDENTIAL, Streets

CENTRE_WIDTH_M = 620.0
VENUES = 420
MOST_LUCK = 2.5
PLAIN_LUCK = 0.6
"""Luck of a street with the city's mean risk, which is above the median risk."""


@dataclass(frozen=True)
class Risks:
    """What makes addresses risky, each array of shape (addresses,).

    Attributes
    ----------
    centre
        From 1 in the middle of the town to 0 outside it.
    main_road
        Whether the address stands on a main or ring road.
    deprived
        Deprivation, with the city's mean as 1.
    street_luck, house_luck
        Roughly standard normal: what no map shows about a segment and an address.
    venue
        Whether it is a shop, a pub or the like.
    """

    centre: Floats
    main_road: Bools
    deprived: Floats
    street_luck: Floats
    house_luck: Floats
    venue: Bools

    def weights(self, stream: Stream) -> Floats:
        """Chance of each address to be the place of the stream's next incident."""
        risk = 1 + stream.centre * self.centre + stream.main_road * self.main_road
        risk = risk + stream.deprived * (self.deprived**2 - 0.5).clip(0)
        risk = risk * np.exp(stream.chronic * self.street_luck + stream.repeat * self.house_luck)
        if stream.venues:
            risk = np.where(self.venue, risk, 0.0)
        return np.asarray(risk / risk.sum())


def assess(
    addresses: Addresses, land: Land, *, streets: Streets, calm: Bools, rng: np.random.Generator
) -> Risks:
    """Weigh what makes each address risky.

    Parameters
    ----------
    calm
        Addresses whose streets must be neither risky nor safe by luck, shape (addresses,).
    """
    main_road = (streets.named["kind"] != KINDS[RESIDENTIAL]).to_numpy()[addresses.street]
    luck = _luck(len(streets.segments), rng)[addresses.segment]
    centre = np.exp(-((from_centre(addresses.points) / CENTRE_WIDTH_M) ** 2))
    score = land.deprivation[addresses.cell]
    return Risks(
        centre=centre,
        main_road=main_road,
        deprived=score / score.mean(),
        street_luck=np.where(calm, PLAIN_LUCK, luck),
        house_luck=_luck(len(luck), rng),
        venue=_venues(centre, main_road, homes=land.use[addresses.cell] == HOMES, rng=rng),
    )


def _luck(count: int, rng: np.random.Generator) -> Floats:
    # Without bounds one street in ten thousand would have a tenth of all incidents.
    return np.clip(rng.standard_normal(count), -3, MOST_LUCK)


def _venues(centre: Floats, main_road: Bools, *, homes: Bools, rng: np.random.Generator) -> Bools:
    """Shops and pubs: most in the centre, then parades on main roads, a few round corners."""
    chance = (0.004 + 0.6 * centre + 0.12 * main_road) * np.where(homes, 1.0, 0.5)
    venue = np.zeros(len(centre), dtype=bool)
    venue[rng.choice(len(centre), VENUES, replace=False, p=chance / chance.sum())] = True
    return venue
