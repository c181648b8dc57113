"""Placebos in real cities: tasks at places and dates where nothing is known to have been done.

Each is judged as the product judges a task: the assessment is proposed for its place, and
`assess` finds what came of it. Whatever "worked" is false. Run all of it with
`PATCHMAP_REAL_DATA=… python -m tests.boundaries.tasking.placebos`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy import stats

from boundaries.tasking.assessing import assess, question_of
from boundaries.tasking.assessment import MATCHED, Assessment
from boundaries.tasking.deciding import assessment_for, buffer_by_size
from boundaries.tasking.judged_counts import NotYetError
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.hotspots.circles import STEPS, best_circles
from geo.incidents import Batch, london_months, months_between
from geo.question.ask import answer
from geo.question.model import Question
from geo.sources.police_uk import read_police_uk

RADIUS: Final = 150
"""Of ranked places, unless a Question names another one."""

CANDIDATES: Final = 60
LAYER: Final = "squares"

Places = list[shapely.Geometry]
Chooser = Callable[[pd.DataFrame, str, int, np.random.Generator], Places]
"""Places to task: of incidents up to a month, that month, how many, and what is drawn at random."""


@dataclass(frozen=True)
class City:
    """A real city with its incidents.

    Attributes
    ----------
    name
        For people.
    incidents
        An incident frame, in metres.
    squares
        A layer of squares over it, as wide as a large ward.
    """

    name: str
    incidents: pd.DataFrame
    squares: gpd.GeoDataFrame

    @property
    def months(self) -> list[str]:
        """The months with incidents, in order."""
        return [str(month) for month in np.unique(london_months(self.incidents["occurred_from"]))]


@dataclass(frozen=True)
class Placebo:
    """What was found of a task by which nothing was done.

    Attributes
    ----------
    chosen_by
        How its place was chosen.
    category, shown
        What the map showed, and the last month that it showed.
    outcome
        What the assessment found.
    """

    chosen_by: str
    category: str
    shown: str
    outcome: str


def leicester(folder: Path) -> City:
    """Leicester and what is around it, in twenty months before its points were replaced."""
    path = folder / "melton/police-uk-leicestershire-2020-11--2022-10.zip"
    return _city("Leicester", path, (450_000, 295_000), 20_000, last="2022-06")


def derby(folder: Path, *, last: str) -> City:
    """Derby in the five months of 2018–19, or in all nine months to 2024-04."""
    path = folder / "derby/police-uk-derbyshire.zip"
    return _city("Derby", path, (428_000, 328_000), 16_000, last=last)


def _city(name: str, path: Path, corner: tuple[int, int], side: int, *, last: str) -> City:
    parts = [Batch.join(part.batches()).accepted for part in read_police_uk(path, PROJECTION)]
    rows = pd.concat(parts, ignore_index=True)
    west, south = corner
    inside = rows["x"].between(west, west + side) & rows["y"].between(south, south + side)
    rows = rows[inside & (london_months(rows["occurred_from"]) <= np.datetime64(last))]
    return City(name, rows.reset_index(drop=True), _squares(west, south, side))


def _squares(west: int, south: int, side: int, *, wide: int = 2_000) -> gpd.GeoDataFrame:
    corners = [
        (x, y) for x in range(west, west + side, wide) for y in range(south, south + side, wide)
    ]
    codes = [f"{x}-{y}" for x, y in corners]
    return gpd.GeoDataFrame(
        {"area_name": codes},
        index=pd.Index(codes, name="area_code"),
        geometry=[shapely.box(x, y, x + wide, y + wide) for x, y in corners],
        crs=BRITISH_NATIONAL_GRID,
    )


PROJECTION: Final = Projection.choose()


def busiest_of_the_month(
    incidents: pd.DataFrame, month: str, many: int, rng: np.random.Generator
) -> Places:
    """The worst places of the month that the map showed."""
    del rng
    return _circles(_of(incidents, [month]), many)


def busiest_of_the_year(
    incidents: pd.DataFrame, month: str, many: int, rng: np.random.Generator
) -> Places:
    """The ranked places, as the board lists them."""
    del rng
    return _circles(_of(incidents, _year(month)), many)


def risen_most(incidents: pd.DataFrame, month: str, many: int, rng: np.random.Generator) -> Places:
    """Of the busier places those that were furthest above their usual month: chosen at a peak."""
    del rng
    circles = _circles(_of(incidents, _year(month)), CANDIDATES)
    own, year = _counts(incidents, circles, [month]), _counts(incidents, circles, _year(month))
    usual = np.maximum((year - own) / (len(_known(incidents, _year(month))) - 1), 1)
    return [circles[at] for at in np.argsort(-own / usual, kind="stable")[:many]]


def at_random(incidents: pd.DataFrame, month: str, many: int, rng: np.random.Generator) -> Places:
    """Any of the busier places."""
    circles = _circles(_of(incidents, _year(month)), CANDIDATES)
    return [circles[at] for at in rng.permutation(len(circles))[:many]]


CHOICES: Final[dict[str, Chooser]] = {
    "at random": at_random,
    "busiest of the month": busiest_of_the_month,
    "busiest of the year": busiest_of_the_year,
    "risen most": risen_most,
}


def _year(month: str) -> list[str]:
    last = np.datetime64(month, "M")
    return months_between(str(last - 11), month)


def _known(incidents: pd.DataFrame, months: list[str]) -> set[str]:
    return {str(one) for one in np.unique(london_months(incidents["occurred_from"]))} & {*months}


def _of(incidents: pd.DataFrame, months: list[str]) -> pd.DataFrame:
    return incidents[np.isin(london_months(incidents["occurred_from"]).astype(str), months)]


def _circles(rows: pd.DataFrame, many: int) -> Places:
    sites = best_circles(
        rows["x"], rows["y"], weights=np.ones(len(rows)), radius=RADIUS, apart=500, most=many
    )
    return [shapely.Point(*(RADIUS / STEPS * one for one in site)).buffer(RADIUS) for site in sites]


def _counts(incidents: pd.DataFrame, places: Places, months: list[str]) -> np.ndarray:
    rows = _of(incidents, months)
    points = np.array(shapely.points(rows[["x", "y"]].to_numpy())).ravel()
    at, _ = shapely.STRtree(points).query(np.array(places), predicate="intersects")
    return np.bincount(at, minlength=len(places))


def placebos(
    city: City,
    category: str,
    shown: str,
    *,
    many: int,
    seed: int,
    lag: int = 0,
    propose: Callable[[shapely.Geometry, Question, date, list[str]], Assessment] | None = None,
) -> Iterator[Placebo]:
    """Task places by the map of a month, do nothing, and judge what came of it.

    Parameters
    ----------
    city
        A real one.
    category
        Of incidents; '' for all.
    shown
        The last month that the map showed.
    many
        Places of each way to choose.
    seed
        Of the random choice.
    lag
        Months between that month and the choice, as data is published late.
    propose
        Makes the assessment; as the product does without it.
    """
    rng = np.random.default_rng([seed, int(shown.replace("-", ""))])
    asked = Question.read({"layer": LAYER, "category": category} if category else {"layer": LAYER})
    own = city.incidents
    own = own[own["category"] == category] if category else own
    known = own[london_months(own["occurred_from"]) <= np.datetime64(shown)]
    chosen = (np.datetime64(shown, "M") + 1 + lag).astype(date).replace(day=1)
    done = chosen.replace(day=20)
    make = propose or _proposed
    published = [month for month in city.months if month <= shown]
    reply = None
    for name, choose in CHOICES.items():
        for place in choose(known, shown, many, rng):
            fixed = make(place, asked, chosen, published)
            reply = reply or answer(
                question_of(fixed, done, asked), own, city.squares, history=False
            )
            try:
                finding = assess(fixed, reply, done=done, day=date(2026, 1, 1))
            except NotYetError as error:
                yield Placebo(name, category, shown, f"not yet: {error}")
                continue
            yield Placebo(name, category, shown, finding.outcome)


def _proposed(
    place: shapely.Geometry, question: Question, chosen: date, published: list[str]
) -> Assessment:
    return assessment_for(question, place, chosen, published=published)


def few_months(before: int, after: int) -> Callable[..., Assessment]:
    """Propose an assessment of fewer months than the product takes, where a city has no more."""

    def propose(
        place: shapely.Geometry, question: Question, chosen: date, published: list[str]
    ) -> Assessment:
        del published
        month = np.datetime64(f"{chosen:%Y-%m}", "M")
        return Assessment(
            category=question.category,
            before=(str(month - before), str(month - 1)),
            wait_months=0,
            after_months=after,
            control=MATCHED,
            buffer_m=buffer_by_size(place),
            chosen=chosen,
            place=shapely.to_wkb(place),
        )

    return propose


def shares(every: list[Placebo]) -> str:
    """How many of them "worked", with the binomial interval, and what else was found."""
    counts = Counter(one.outcome.partition(":")[0] for one in every)
    judged = sum(counts[one] for one in ("worked", "no clear effect", "worse"))
    if not judged:
        return f"0 judged of {len(every)}"
    low, high = stats.binomtest(counts["worked"], judged).proportion_ci(method="exact")
    return (
        f"{counts['worked']:4} of {judged:5} worked = {counts['worked'] / judged:5.1%} "
        f"({low:.1%} to {high:.1%}); worse {counts['worse'] / judged:.1%}; "
        f"cannot tell {counts['cannot tell']}, not yet {counts['not yet']}"
    )


CATEGORIES: Final = (
    "anti-social-behaviour", "violence-and-sexual-offences", "public-order",
    "criminal-damage-and-arson", "shoplifting", "vehicle-crime", "other-theft", "drugs", "burglary",
)  # fmt: skip


def main(many: int = 5) -> None:
    """Judge placebos of each city by each way to choose, and write the shares."""
    folder = Path(os.environ["PATCHMAP_REAL_DATA"])
    own = leicester(folder)
    for lag in (0, 2):
        every = [
            one
            for shown in own.months[5 + lag // 2 : 13 - lag : 2]
            for category in CATEGORIES
            for one in placebos(own, category, shown, many=many, seed=1, lag=lag)
        ]
        _write(f"Leicester, chosen {lag} months after the last one shown", every)
    early, late = derby(folder, last="2019-02"), derby(folder, last="2024-04")
    every = [
        one
        for city, shown, propose in (
            (early, "2018-11", few_months(2, 2)),
            (early, "2018-12", few_months(3, 1)),
            (late, "2024-02", few_months(2, 1)),
        )
        for category in CATEGORIES
        for one in placebos(city, category, shown, many=many, seed=1, propose=propose)
    ]
    _write("Derby, by fewer months than are ever proposed", every)


def _write(title: str, every: list[Placebo]) -> None:
    sys.stdout.write(f"{title}\n")
    for group in ("chosen_by", "category"):
        for name in dict.fromkeys(getattr(one, group) for one in every):
            own = [one for one in every if getattr(one, group) == name]
            sys.stdout.write(f"  {name:30} {shares(own)}\n")
    sys.stdout.write(f"  {'all':30} {shares(every)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int((sys.argv[1:] or [5])[0]))
