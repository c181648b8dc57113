"""Hotspots planted in the demo city, so that analyses can be checked against a known truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from boundaries.demo.events.clock import LAST_DAY, Times, draw_moments, month_days
from boundaries.demo.events.streams import ASB
from boundaries.demo.town.addresses import Addresses
from boundaries.demo.town.lines import CENTRE, Bools, Floats, Ints
from boundaries.demo.town.streets import Streets
from geo.incidents import months_between

LAST_MONTH: Final = str(LAST_DAY)[:7]
RADIUS_M: Final = 120.0
CALM_M: Final = 260.0
"""Within this distance of a planted hotspot no street is riskier than others by chance."""

PLANTED_COLUMNS: Final = ("kind", "name", "x", "y", "radius_m", "from", "to")


@dataclass(frozen=True)
class PlantedHotspot:
    """A hotspot to plant: about where, and its mean number of incidents in each month."""

    kind: str
    bearing_deg: float
    distance_m: float
    first_month: str
    monthly: tuple[int, ...]


_FADING: Final = tuple(int(n) for n in np.linspace(34, 2, 48).round())

PLANTED: Final = (
    PlantedHotspot("emerging", 82, 2_900, "2025-08", (5, 9, 13, 18, 22, 27, 31, 36)),
    PlantedHotspot("fading", 352, 1_900, "2022-04", _FADING),
    PlantedHotspot("cleared", 178, 1_900, "2022-04", (24,) * 34),
)
"""The cleared one ends with January 2025, because an intervention began on 2025-02-01."""


def choose_spots(addresses: Addresses, avoid: Floats) -> Ints:
    """The address in the middle of each planted hotspot.

    Parameters
    ----------
    avoid
        Points, shape (n, 2), that must be farther away than 700 metres.
    """
    spots = []
    far = np.hypot(*(addresses.points[:, None] - avoid).transpose(2, 0, 1)).min(axis=1) > 700
    for planted in PLANTED:
        bearing = np.radians(planted.bearing_deg)
        ideal = CENTRE + planted.distance_m * np.array([np.cos(bearing), np.sin(bearing)])
        gap = np.hypot(*(addresses.points - ideal).T)
        spots.append(int(np.where(far, gap, np.inf).argmin()))
    return np.array(spots)


def calm_around(addresses: Addresses, spots: Ints) -> Bools:
    """Addresses so close to a planted hotspot that they get no luck of their own; see `CALM_M`."""
    gap = np.hypot(*(addresses.points[:, None] - addresses.points[spots]).transpose(2, 0, 1))
    return np.asarray((gap < CALM_M).any(axis=1))


def planted_frame(addresses: Addresses, streets: Streets, *, spots: Ints) -> pd.DataFrame:
    """What was planted: `PLANTED_COLUMNS`, metres, and London dates, both inclusive."""
    months = [_months(planted) for planted in PLANTED]
    x, y = addresses.points[spots].T
    names = streets.named["street_name"].to_numpy()[addresses.street[spots]]
    values = (
        [planted.kind for planted in PLANTED],
        names,
        x,
        y,
        RADIUS_M,
        [f"{span[0]}-01" for span in months],
        [str(month_days(span[-1])[-1]) for span in months],
    )
    return pd.DataFrame(dict(zip(PLANTED_COLUMNS, values, strict=True)))


def planted_events(addresses: Addresses, spots: Ints, *, rng: np.random.Generator) -> pd.DataFrame:
    """Anti-social behaviour at the planted hotspots: `local` time and `address`."""
    parts = []
    for planted, spot in zip(PLANTED, spots, strict=True):
        gap = np.hypot(*(addresses.points - addresses.points[spot]).T)
        near = np.flatnonzero(gap < RADIUS_M)
        weight = np.exp(-((gap[near] / 70) ** 2) + rng.standard_normal(len(near)))
        local = _moments(planted, rng)
        address = rng.choice(near, len(local), p=weight / weight.sum())
        parts.append(pd.DataFrame({"local": local, "address": address}))
    return pd.concat(parts, ignore_index=True).assign(category=ASB)


def _months(planted: PlantedHotspot) -> list[str]:
    return months_between(planted.first_month, LAST_MONTH)[: len(planted.monthly)]


def _moments(planted: PlantedHotspot, rng: np.random.Generator) -> Times:
    # Months differ, but not so much that what was planted could drown in chance.
    counts = np.rint(planted.monthly * rng.uniform(0.8, 1.2, len(planted.monthly))).astype(int)
    moments = [
        draw_moments(month_days(month), count, profile="evening", swing=0.0, rng=rng)
        for month, count in zip(_months(planted), counts, strict=True)
    ]
    return np.concatenate(moments)
