"""Sets of areas under one rate, and how often any of them is called worse, or anything at all.

`python -m tests.geo.measures.nulls` draws 4,000 of each and prints what `COUNTED` records. The
tests draw a few, and bound what is found by the binomial of the recorded rate.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from geo import judging
from geo.analyses.measure_figures import Spreads
from geo.measures import comparison
from geo.measures.comparison import FIGURES, Method

DRAWN: Final = 4_000
PROMISED: Final = 0.05
"""At most this share of sets may have any area that is called worse."""

WARDS: Final = 18
"""As Derby has."""


class Null(NamedTuple):
    """Areas that do not differ: draws a set, and returns the table of verdicts on it."""

    name: str
    judges: Callable[[np.random.Generator], pd.DataFrame]


COUNTED: Final[Mapping[str, tuple[int, int, int]]] = {
    "4 areas, 1 per 1,000": (131, 150, 4000),
    "4 areas, 20 per 1,000": (109, 169, 4000),
    "18 areas, 1 per 1,000": (126, 156, 4000),
    "18 areas, 20 per 1,000": (100, 189, 4000),
    "400 areas, 1 per 1,000": (118, 134, 4000),
    "400 areas, 20 per 1,000": (94, 169, 4000),
    "30 measures of 18 wards": (89, 143, 4000),
    "3 sources of 4 areas": (87, 142, 4000),
    "10% of those asked": (88, 132, 4000),
    "80% of those asked": (86, 163, 4000),
    "means with limits": (116, 221, 4000),
    "18 areas, 12 months of 2 times the variance": (108, 186, 4000),
    "4 areas, 3 months of 2 times the variance": (56, 72, 4000),
    "half-years of 2 times the variance": (71, 135, 4000),
}
"""Of how many sets some area was worse, of how many anything was said, and how many were drawn."""


def most(name: str, drawn: int) -> tuple[int, int]:
    """The most finds among so many that the recorded rates give in 999 of 1,000 cases."""
    worse, said, of = COUNTED[name]
    one, other = (int(stats.binom.ppf(0.999, drawn, found / of)) for found in (worse, said))
    return one, other


def finds(null: Null, drawn: int, *, seed: int = 0) -> tuple[int, int]:
    """On how many of so many sets an area is worse, and on how many anything is said."""
    rng = np.random.default_rng([seed, *null.name.encode()])
    verdicts = [set(null.judges(rng)["verdict"]) for _ in range(drawn)]
    said = [bool(one & {"worse", "better"}) for one in verdicts]
    return sum("worse" in one for one in verdicts), sum(said)


def people(rng: np.random.Generator, areas: int) -> np.ndarray:
    """Residents of areas, from hamlets to large wards."""
    return np.rint(rng.lognormal(9.4, 0.7, areas))


def figures(numerator: object, denominator: object, **columns: object) -> pd.DataFrame:
    """A table of figures; what is not given is not known."""
    table = pd.DataFrame({"numerator": numerator, "denominator": denominator} | columns)
    return table.reindex(columns=list(FIGURES)).astype(float)


def judged(table: pd.DataFrame, method: Method, **options: float) -> pd.DataFrame:
    return judging.judged(comparison.against_rest(method, table, **options), "down")


def rates(areas: int, rate: float) -> Null:
    """Incidents that fall on residents at random."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        size = people(rng, areas)
        return judged(figures(rng.poisson(rate * size / 1000), size), "rate")

    return Null(f"{areas} areas, {rate:g} per 1,000", draw)


def measures_of_wards(measures: int) -> Null:
    """Several measures of the wards of one city, corrected together."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        size = people(rng, WARDS)
        tables = [
            comparison.against_rest("rate", figures(rng.poisson(rate * size / 1000), size))
            for rate in rng.lognormal(1, 1, measures)
        ]
        return judging.judged(pd.concat(tables), "down")

    return Null(f"{measures} measures of {WARDS} wards", draw)


def sources_of_areas(sources: int, areas: int) -> Null:
    """What several sources record of areas, each alone and all together, as a report has them."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        size = people(rng, areas)
        counts = [rng.poisson(rate * size / 1000) for rate in rng.lognormal(2, 1, sources).tolist()]
        tables = [comparison.against_rest("rate", figures(n, size)) for n in (*counts, sum(counts))]
        return judging.judged(pd.concat(tables), "down")

    return Null(f"{sources} sources of {areas} areas", draw)


def shares(share: float) -> Null:
    """Answers of a few hundred people in each ward."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        asked = rng.integers(40, 400, WARDS)
        return judged(figures(rng.binomial(asked, share), asked), "share")

    return Null(f"{share:.0%} of those asked", draw)


def means() -> Null:
    """Means of a survey of each ward, with their published limits."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        asked = rng.integers(60, 600, WARDS)
        se = 2 / np.sqrt(asked)
        value = rng.normal(7, se)
        table = figures(
            np.nan, asked, value=value, lower=value - 1.96 * se, upper=value + 1.96 * se
        )
        return judged(table, "mean")

    return Null("means with limits", draw)


def monthly(rng: np.random.Generator, size: np.ndarray, *, months: int, over: float) -> np.ndarray:
    """Counts of areas by month with a variance of `over` times their mean."""
    mean = np.outer(4 * size / 1000, np.ones(months))
    return rng.negative_binomial(mean / (over - 1), 1 / over)


def series(over: float, *, areas: int = WARDS, months: int = 12) -> Null:
    """Months that vary more than chance, because incidents come in series."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        size = people(rng, areas)
        table = monthly(rng, size, months=months, over=over)
        spreads = Spreads.of(table)
        return judged(
            figures(table.sum(axis=1), size),
            "rate",
            dispersion=spreads.among,
            freedom=spreads.among_freedom,
        )

    return Null(f"{areas} areas, {months} months of {over:g} times the variance", draw)


def years(over: float) -> Null:
    """Half a year against the same half a year before, by the months of both."""

    def draw(rng: np.random.Generator) -> pd.DataFrame:
        size = people(rng, WARDS)
        table = monthly(rng, size, months=12, over=over)
        now, before = (figures(half.sum(axis=1), size) for half in (table[:, 6:], table[:, :6]))
        spreads = Spreads.of(table)
        changed = comparison.against_before(
            "rate",
            now,
            before,
            dispersion=spreads.over_time,
            freedom=spreads.over_time_freedom,
        )
        return judging.judged(changed, "down")

    return Null(f"half-years of {over:g} times the variance", draw)


NULLS: Final = (
    *(rates(areas, rate) for areas in (4, WARDS, 400) for rate in (1.0, 20.0)),
    measures_of_wards(30),
    sources_of_areas(3, 4),
    *(shares(share) for share in (0.1, 0.8)),
    means(),
    series(2.0),
    series(2.0, areas=4, months=3),
    years(2.0),
)


def main(drawn: int) -> None:
    for null in NULLS:
        worse, said = finds(null, drawn, seed=1)
        sys.stdout.write(f'    "{null.name}": ({worse}, {said}, {drawn}),\n')
        sys.stdout.flush()


if __name__ == "__main__":
    main(int((sys.argv[1:] or [DRAWN])[0]))
