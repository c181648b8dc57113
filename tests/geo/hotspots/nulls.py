"""Maps and streets on which there is nothing to find, and how often something is found on them.

`python -m tests.geo.hotspots.nulls` draws many of each and prints what `COUNTED` records, in about
ten minutes; with a number it draws so many of each. The tests draw a few, and bound what is
found on them by the binomial of the recorded rate.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy import stats

from geo.cells import Cells, Grid
from geo.hotspots.baselines import Baseline, hotspots
from geo.hotspots.dispersion import begins_series, dispersion
from geo.hotspots.street_concentration import (
    beyond_chance,
    concentration_on_length,
    is_concentrated,
)

MEANS: Final = (0.05, 0.2, 1.0, 5.0)
"""Incidents a cell."""

STREETS: Final = ((60, 400), (600, 400), (6_000, 400), (2_000, 40))
"""Incidents, and the streets that they are dealt along."""

DRAWN: Final = 3_000

PROMISED: Final = 0.05
"""At most this share of maps of nothing may show anything."""


class Null(NamedTuple):
    """Something on which there is nothing to find: draws one, and says whether it is found."""

    name: str
    finds: Callable[[np.random.Generator], bool]


COUNTED: Final[Mapping[str, tuple[int, int]]] = {
    "even, 0.05 a cell": (21, 3_000),
    "even, 0.2 a cell": (18, 3_000),
    "even, 1 a cell": (37, 3_000),
    "even, 5 a cell": (93, 3_000),
    "points, 0.05 a cell": (10, 3_000),
    "points, 0.2 a cell": (17, 3_000),
    "points, 1 a cell": (25, 3_000),
    "points, 5 a cell": (78, 3_000),
    "residents, 0.05 a cell": (6, 3_000),
    "residents, 0.2 a cell": (23, 3_000),
    "residents, 1 a cell": (56, 3_000),
    "residents, 5 a cell": (87, 3_000),
    "two sources": (39, 3_000),
    "timed pairs, 0.5 a cell": (26, 3_000),
    "60 incidents on 400 streets": (145, 3_000),
    "600 incidents on 400 streets": (135, 3_000),
    "6,000 incidents on 400 streets": (106, 3_000),
    "2,000 incidents on 40 streets": (91, 3_000),
    "points of Derby, 0.05 a cell": (8, 3_000),
    "points of Derby, 0.2 a cell": (18, 3_000),
    "points of Derby, 1 a cell": (34, 3_000),
    "points of Derby, 5 a cell": (50, 3_000),
    "months of pairs, 0.3 a cell": (2, 3_000),
    "months of pairs, 2 a cell": (15, 3_000),
}
"""On how many, of how many that were drawn, something was found."""


def most(name: str, drawn: int) -> int:
    """The most finds among so many that the recorded rate gives in 999 of 1,000 cases."""
    found, of = COUNTED[name]
    return int(stats.binom.ppf(0.999, drawn, found / of))


def finds(null: Null, drawn: int, *, seed: int = 0) -> int:
    """On how many of so many something is found."""
    rng = np.random.default_rng([seed, *null.name.encode()])
    return sum(null.finds(rng) for _ in range(drawn))


def called(counts, cells: Cells, baseline: Baseline, **options) -> pd.DataFrame:
    return hotspots(counts, cells.neighbours, baseline, ids=cells.ids, **options)


def shows(classes: pd.Series) -> bool:
    """Whether a map has a hot or a cold cell."""
    return bool(classes.str.startswith(("hot", "cold")).any())


@cache
def city() -> Cells:
    """1,600 squares of 100 m."""
    return Cells.over(shapely.box(0, 0, 4_000, 4_000), Grid(100, "square"))


def clumpy(cells: Cells, seed: int = 4) -> Baseline:
    """As snap points are: none on many cells, many on some."""
    rng = np.random.default_rng(seed)
    return Baseline(rng.poisson(rng.gamma(0.4, 3.0, len(cells))).astype(float))


def residents(cells: Cells, seed: int = 4) -> Baseline:
    """As residents are: spread evenly over each of 64 areas, of which some are nearly empty."""
    x, y = cells.grid.centres(cells.positions)
    area = (x // 500).astype(int) * 8 + (y // 500).astype(int)
    people = np.random.default_rng(seed).gamma(0.7, 1_500, 64)
    return Baseline((people / np.bincount(area, cells.inside_area))[area] * cells.inside_area)


def derby(real_data: Path) -> tuple[Cells, Baseline]:
    """The cells of Derby, with the distinct points of four months of 2024 inside the city."""
    wards = gpd.read_file(real_data / "derby/wards-2022-bng.geojson")
    cells = Cells.over(shapely.union_all(wards.geometry.to_numpy()), Grid(300))
    # The archive's rows as published, read without the project's own reader.
    with zipfile.ZipFile(real_data / "derby/police-uk-derbyshire.zip") as archive:
        tables = [
            pd.read_csv(io.BytesIO(archive.read(name)), usecols=["Longitude", "Latitude"])
            for name in archive.namelist()
            if "2024" in name and name.endswith("-street.csv")
        ]
    degrees = pd.concat(tables).dropna().drop_duplicates()
    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
    x, y = to_metres.transform(degrees["Longitude"].to_numpy(), degrees["Latitude"].to_numpy())
    inside = shapely.contains_xy(shapely.union_all(cells.geometry), x, y)
    assert inside.sum() > 2_000
    return cells, Baseline(cells.count(x[inside], y[inside]).astype(float))


def maps_of(name: str, cells: Cells, baseline: Baseline) -> Iterator[Null]:
    """Incidents dealt over their own baseline."""
    for mean in MEANS:

        def draw(rng: np.random.Generator, mean: float = mean) -> bool:
            counts = rng.multinomial(rng.poisson(mean * len(cells)), baseline.shares)
            return shows(called(counts, cells, baseline)["class"])

        yield Null(f"{name}, {mean:g} a cell", draw)


def maps_of_two_sources() -> Iterator[Null]:
    """Incidents of two sources, each dealt over a baseline of its own."""
    cells = city()
    even, clumps = Baseline(cells.inside_area), clumpy(cells)
    mixed = Baseline.mixed([(even, 300.0), (clumps, 700.0)])

    def draw(rng: np.random.Generator) -> bool:
        counts = rng.multinomial(300, even.shares) + rng.multinomial(700, clumps.shares)
        return shows(called(counts, cells, mixed)["class"])

    yield Null("two sources", draw)


def timed(moments: list[str], **columns: object) -> pd.DataFrame:
    begin = pd.to_datetime(pd.Series(moments), utc=True).astype("datetime64[s, UTC]")
    values = {"source": "log", "category": "noise", "precision": "instant", "x": 5.0, "y": 5.0}
    return pd.DataFrame({"occurred_from": begin, **values, **columns})


def pairs(rng: np.random.Generator, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts of incidents that come in twos within six hours, and those that begin a series."""
    cells = city()
    n = rng.poisson(mean / 2 * len(cells))
    place, hour = rng.uniform(0, 4_000, (n, 2)), rng.uniform(0, 90 * 24, n)
    hours = np.concatenate([hour, hour + rng.uniform(0, 6, n)])
    rows = timed([]).reindex(range(2 * n)).assign(
        source="log", category="noise", precision="instant",
        x=np.tile(place[:, 0], 2), y=np.tile(place[:, 1], 2),
        occurred_from=pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(hours, unit="h"),
    )  # fmt: skip
    cell = cells.assign(rows["x"], rows["y"])
    counts = np.bincount(cell, minlength=len(cells))
    return counts, np.bincount(cell[begins_series(rows)], minlength=len(cells))


def maps_of_pairs() -> Iterator[Null]:
    """Incidents that come in twos: with a time of day, and with a month alone."""
    cells = city()
    even = Baseline(cells.inside_area)

    def timed_pairs(rng: np.random.Generator) -> bool:
        counts, tested = pairs(rng, 0.5)
        return shows(called(counts, cells, even, tested=tested)["class"])

    yield Null("timed pairs, 0.5 a cell", timed_pairs)
    for mean in (0.3, 2.0):

        def months(rng: np.random.Generator, mean: float = mean) -> bool:
            table = 2 * rng.poisson(mean / 2, (len(cells), 6))
            spread = dispersion(cells.neighbours @ table[:, :-1], table[:, :-1].sum(axis=0))
            return shows(called(table[:, -1], cells, even, dispersion=spread)["class"])

        yield Null(f"months of pairs, {mean:g} a cell", months)


def street_nulls() -> Iterator[Null]:
    """Incidents dealt at random along the length of streets."""
    for n, streets in STREETS:
        length = np.random.default_rng([n, streets]).lognormal(4.5, 0.9, streets)

        def draw(rng: np.random.Generator, n: int = n, length: np.ndarray = length) -> bool:
            counts = rng.multinomial(n, length / length.sum())
            (half,) = concentration_on_length(counts, length, length, [0.5])
            return is_concentrated(half, beyond_chance(counts, length))

        yield Null(f"{n:,} incidents on {streets} streets", draw)


def synthetic_maps() -> Iterator[Null]:
    """All maps that need no real data."""
    cells = city()
    yield from maps_of("even", cells, Baseline(cells.inside_area))
    yield from maps_of("points", cells, clumpy(cells))
    yield from maps_of("residents", cells, residents(cells))
    yield from maps_of_two_sources()
    yield from maps_of_pairs()


def main(drawn: int) -> None:
    nulls = [*synthetic_maps(), *street_nulls()]
    if folder := os.environ.get("PATCHMAP_REAL_DATA"):
        nulls += maps_of("points of Derby", *derby(Path(folder)))
    for null in nulls:
        found = finds(null, drawn, seed=1)
        low, high = stats.binomtest(found, drawn).proportion_ci()
        sys.stdout.write(f'    "{null.name}": ({found}, {drawn}),')
        sys.stdout.write(f"  # {found / drawn:.1%} ({low:.1%} to {high:.1%})\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int((sys.argv[1:] or [DRAWN])[0]))
