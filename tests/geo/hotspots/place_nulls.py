"""Cities in which nothing works: places chosen at their worst, to be found without effect.

Run all of it with `python -m tests.geo.hotspots.place_nulls`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError
from geo.hotspots.place_effect import PlaceEffect, Windows, place_effect
from geo.hotspots.treatment import CLEAR_FALL, CLEAR_RISE

BEFORE, WAIT, AFTER, HISTORY = 12, 1, 6, 24
MONTHS = HISTORY + WAIT + AFTER
CANDIDATES = 60
"""Untreated places, the busiest of the year before: as many as are drawn on a map."""

WINDOWS = Windows(
    matched=np.arange(HISTORY),
    before=np.arange(HISTORY - BEFORE, HISTORY),
    after=np.arange(HISTORY + WAIT, MONTHS),
)


@dataclass(frozen=True)
class City:
    """How the counts of places vary by themselves.

    Attributes
    ----------
    mean
        Incidents of a place in a month, on average over places of very different size.
    dispersion
        Variance over mean of a month's count of a place: 1 of Poisson counts.
    drift
        Standard deviation of the logarithm of what a place's rate does from month to month.
    """

    mean: float
    dispersion: float
    drift: float

    def counts(self, rng: np.random.Generator, *, places: int = 150) -> NDArray[np.int64]:
        """Monthly counts with seasons and a trend of the city: places × months."""
        return self._drawn(self._rates(rng, places), rng)

    def treated(
        self, rng: np.random.Generator, share: float, *, places: int = 150
    ) -> tuple[NDArray[np.int64], int]:
        """Counts of which one place, the worst in the last month, falls to a share of its rate."""
        rates = self._rates(rng, places)
        counts = self._drawn(rates, rng)
        worst = worst_of(counts)
        counts[worst, HISTORY:] = self._drawn(rates[worst, HISTORY:] * share, rng)
        return counts, worst

    def _rates(self, rng: np.random.Generator, places: int) -> NDArray[np.float64]:
        month = np.arange(MONTHS)
        city = np.exp(0.15 * np.sin(2 * np.pi * (month + rng.integers(12)) / 12) - 0.004 * month)
        drift = np.cumsum(rng.normal(0, self.drift, (places, MONTHS)), axis=1)
        return rng.gamma(1.5, self.mean / 1.5, (places, 1)) * city * np.exp(drift)

    def _drawn(self, rates: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
        if self.dispersion == 1:
            return rng.poisson(rates)
        excess = self.dispersion - 1
        return rng.negative_binomial(np.maximum(rates / excess, 1e-9), 1 / self.dispersion)


CITIES = (
    City(mean=12, dispersion=1.0, drift=0.0),
    City(mean=12, dispersion=1.5, drift=0.03),
    City(mean=12, dispersion=2.5, drift=0.03),
    City(mean=4, dispersion=2.5, drift=0.03),
    City(mean=12, dispersion=2.0, drift=0.06),
)


def worst_of(counts: NDArray[np.int64]) -> int:
    """The busiest place of the month before the choice."""
    return int(np.argmax(counts[:, HISTORY - 1]))


def worst_against_itself(counts: NDArray[np.int64]) -> int:
    """The place that rose most in that month, of those with five or more in a usual one."""
    usual = counts[:, : HISTORY - 1].mean(axis=1)
    return int(np.argmax(np.where(usual >= 5, counts[:, HISTORY - 1] / np.maximum(usual, 1), 0)))


def judged(counts: NDArray[np.int64], worst: int) -> PlaceEffect | None:
    """The effect at a place, against the untreated ones; None where nobody can tell."""
    others = np.delete(counts, worst, axis=0)
    busiest = np.argsort(-others[:, HISTORY - 12 : HISTORY].sum(axis=1), kind="stable")
    try:
        return place_effect(counts[worst], others[busiest[:CANDIDATES]], WINDOWS)
    except InputError:
        return None


def shares(effects: list[PlaceEffect | None]) -> tuple[float, float, float]:
    """Which share of all fell clearly, rose clearly, and nobody can tell of."""
    verdicts = [effect and effect.verdict for effect in effects]
    return tuple(verdicts.count(one) / len(verdicts) for one in (CLEAR_FALL, CLEAR_RISE, None))


def main(draws: int = 1000) -> None:
    """Write the shares of nulls, chosen in two ways, and of places whose rate is halved."""
    for city in CITIES:
        rng = np.random.default_rng(7)
        cities = [city.counts(rng) for _ in range(draws)]
        rows = {
            "busiest": shares([judged(one, worst_of(one)) for one in cities]),
            "risen": shares([judged(one, worst_against_itself(one)) for one in cities]),
            "halved": shares([judged(*city.treated(rng, 0.5)) for _ in range(draws)]),
        }
        sys.stdout.write(f"{city}\n")
        for name, row in rows.items():
            sys.stdout.write(f"  {name:8} {' '.join(f'{part:.1%}' for part in row)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
