"""Monthly counts by which a task is judged: at its place, around it, and at places like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.tasking.assessment import MATCHED, REST, Assessment
from geo.coverage import SMALL_AREA_M2, span_words
from geo.errors import InputError
from geo.hotspots import controls, ranking
from geo.hotspots.place_effect import MOST_MATCHED_MONTHS
from geo.incidents import london_months, months_between
from geo.period import Period, month_title
from geo.properties import cached_property
from geo.question.alike import crossed
from geo.question.answer import Answer
from geo.question.quality import published_twice

Counts = NDArray[np.int64]
Shapes = NDArray[np.object_]

SAME_AREA: Final = 0.9
"""A place that shares so much of its land with an area of the layer is that area."""

MOST_TIMES: Final = 4.0
"""A task for so many times the land, or more, is no treatment of a single place in it."""

QUARTER_SEGMENTS: Final = 16  # of a circle's outline

_CHOSEN_MONTHS: Final = 12
"""Untreated circles are the busiest of so many months, as ranked places are chosen."""

_LAST_DAYS: Final = 3
"""With so many days at its end without any incident, a month is not yet recorded in full."""


class NotYetError(InputError):
    """The months of an assessment are not all known yet; the message says which are missing."""


@dataclass(frozen=True)
class JudgedCounts:
    """Counts of the months of an assessment, of the incidents that are known alike in all of them.

    Attributes
    ----------
    assessment
        What was fixed when the task was decided.
    answer
        The Answer whose areas, and whose land, the place is compared within.
    rows
        The incidents: `x`, `y` in metres, `occurred_from` in UTC.
    months
        k months, `YYYY-MM`, in order.
    matched
        Those of them on which other places are chosen and matched.
    alike
        Which of the areas of the Answer the same is known of as of the place.
    elsewhere
        Places of other tasks, which are not untreated.
    """

    assessment: Assessment
    answer: Answer
    rows: pd.DataFrame
    months: tuple[str, ...]
    matched: tuple[str, ...]
    alike: NDArray[np.bool_]
    elsewhere: tuple[shapely.Geometry, ...] = ()

    @property
    def place(self) -> Counts:
        """Incidents at the place, by month."""
        counts: Counts = self._own[0]
        return counts

    @property
    def beside(self) -> Counts | None:
        """Incidents in the ring around it; None where none is looked at."""
        if not self.assessment.buffer_m:
            return None
        ring: Counts = self._own[1] - self._own[0]
        return ring

    @cached_property
    def others(self) -> Counts:
        """Incidents at the untreated places, a row each."""
        return self._counts(self._others[1])

    @property
    def names(self) -> list[str]:
        """Codes of the areas, or ids of the circles, that the untreated places are."""
        return self._others[0]

    @cached_property
    def control(self) -> Counts | None:
        """Incidents in the control that was fixed; None where it is matched.

        Raises
        ------
        InputError
            If an area of it is not in the layer.
        """
        named = self.assessment.control
        if named == MATCHED:
            return None
        if named == REST:
            everything = np.bincount(self._month[self._month >= 0], minlength=len(self.months))
            elsewhere: Counts = everything - self._own[1]
            return elsewhere
        codes = [code.strip() for code in named.split(",")]
        areas = self.answer.areas
        if missing := [code for code in codes if code not in areas.index]:
            raise InputError(
                f"area {missing[0]} of the control is not in layer {self.answer.question.layer}"
            )
        land = shapely.union_all(
            areas.geometry.to_numpy()[areas.index.get_indexer(pd.Index(codes))]
        )
        beyond = np.array([shapely.difference(land, self._around)], dtype=object)
        counts: Counts = self._counts(beyond)[0]
        return counts

    @cached_property
    def _own(self) -> Counts:
        """Incidents at the place, and at it or around it."""
        return self._counts(np.array([self.assessment.geometry, self._around], dtype=object))

    @cached_property
    def _around(self) -> shapely.Geometry:
        place = self.assessment.geometry
        return (
            shapely.buffer(place, self.assessment.buffer_m) if self.assessment.buffer_m else place
        )

    @cached_property
    def _others(self) -> tuple[list[str], Shapes]:
        """Areas of the layer where the place is one of them, else circles of its size."""
        areas, place = self.answer.areas, self.assessment.geometry
        land = areas.geometry.to_numpy()
        shared = shapely.area(shapely.intersection(land, place))
        if (shared >= SAME_AREA * np.maximum(shapely.area(land), shapely.area(place))).any():
            away = shapely.distance(land, self._treated) > self.assessment.buffer_m
            chosen = away & self.alike
            return list(areas.index[chosen].astype(str)), land[chosen]
        return self._circles()

    @cached_property
    def _treated(self) -> shapely.Geometry:
        """Its land and that of the other tasks of like size: nothing in it is untreated."""
        place = self.assessment.geometry
        like = [
            one for one in self.elsewhere if shapely.area(one) <= MOST_TIMES * shapely.area(place)
        ]
        return shapely.union_all([place, *like])

    def _circles(self) -> tuple[list[str], Shapes]:
        place = self.assessment.geometry
        # Ids of circles have whole metres.
        radius = max(round(float(np.sqrt(shapely.area(place) / np.pi))), 1)
        recent = np.isin(
            self._month, [self.months.index(one) for one in self.matched[-_CHOSEN_MONTHS:]]
        )
        centres = controls.untreated_circles(
            self.rows["x"][recent],
            self.rows["y"][recent],
            treated=self._treated,
            radius=radius,
            apart=2 * radius,
            gap=self.assessment.buffer_m,
        )
        names = [ranking.place_id(x, y, radius) for x, y in centres]
        middle = np.array(shapely.points(centres)).ravel()
        return names, np.asarray(shapely.buffer(middle, radius, quad_segs=QUARTER_SEGMENTS))

    @cached_property
    def _month(self) -> Counts:
        """The number of each incident's month, −1 of another one."""
        own = london_months(self.rows["occurred_from"])
        known = np.array(self.months, dtype="datetime64[M]")
        at = np.minimum(np.searchsorted(known, own), len(known) - 1)
        return np.asarray(np.where(known[at] == own, at, -1), dtype=np.int64)

    def _counts(self, places: Shapes) -> Counts:
        if not len(places):  # they would have no bounds
            return np.zeros((0, len(self.months)), dtype=np.int64)
        x, y = self.rows["x"].to_numpy(), self.rows["y"].to_numpy()
        west, south, east, north = shapely.total_bounds(places)
        # Making points of all the city's incidents takes longer than counting those of a place.
        near = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        return controls.counts_of_places(
            x[near], y[near], self._month[near], places=places, months=len(self.months)
        )


def matched_months(assessment: Assessment) -> list[str]:
    """The months up to the choice on which other places are matched, as `YYYY-MM`.

    Parameters
    ----------
    assessment
        As it was fixed.
    """
    first, last = (np.datetime64(month, "M") for month in assessment.before)
    return months_between(str(min(first, last - MOST_MATCHED_MONTHS + 1)), str(last))


def judged_counts(
    assessment: Assessment,
    answer: Answer,
    after: Period,
    *,
    elsewhere: Sequence[shapely.Geometry] = (),
) -> JudgedCounts:
    """Count what an assessment compares.

    Parameters
    ----------
    assessment
        As it was fixed.
    answer
        The incidents of its categories, from the first month that is matched to the last after.
    after
        The months after the work.
    elsewhere
        Places of other tasks; controls keep away from those of like size.

    Returns
    -------
    The counts, of the sources and categories that are known of all months before at the place.

    Raises
    ------
    NotYetError
        If one of them is not known of a month after, or a month looks incomplete or published
        twice.
    InputError
        If nobody will ever be able to tell: the place lies outside the layer, nothing is known of
        the months before, or the source has other anonymous points since.
    """
    at = _area_of(assessment, answer)
    before = months_between(*assessment.before)
    part = int(answer.known.of_area[at])
    strata = answer.known.strata(part)
    basis = {one: months for one, months in strata.items() if months.issuperset(before)}
    if not basis:
        raise InputError(f"not all of {span_words(before)} is known at the place")
    common = frozenset.intersection(*basis.values())
    alike = answer.known.of_area == part
    # Incidents in no area of the layer count with the place's own.
    here = np.append(alike, True)[answer.counted["area"].to_numpy()]
    rows = answer.counted[here & _is_of(answer.counted, set(basis))]
    _refuse_unknown(
        answer, rows, [*before, *after.months], common - answer.known.short_months(part)
    )
    _refuse_unfinished(rows, after, common)
    since = _one_list(assessment, answer, before, after)
    matched = [month for month in matched_months(assessment) if month in common and month >= since]
    months = tuple(sorted({*matched, *before, *after.months}))
    return JudgedCounts(assessment, answer, rows, months, tuple(matched), alike, tuple(elsewhere))


def _area_of(assessment: Assessment, answer: Answer) -> int:
    """The position of the area in which the place lies."""
    place = assessment.geometry
    if not shapely.area(place):
        raise InputError("the place has no land; it must be an area or a circle")
    x, y = shapely.get_coordinates(shapely.point_on_surface(place)).T
    at = int(answer.areas_at(x, y)[0])
    if at < 0:
        raise InputError(f"the place lies outside layer {answer.question.layer}")
    return at


def _is_of(rows: pd.DataFrame, strata: set[tuple[str, str]]) -> NDArray[np.bool_]:
    chosen = np.zeros(len(rows), dtype=bool)
    for source in {name for name, _ in strata}:
        categories = [category for name, category in strata if name == source]
        chosen |= (rows["source"].eq(source) & rows["category"].isin(categories)).to_numpy(bool)
    return chosen


def _refuse_unknown(
    answer: Answer, rows: pd.DataFrame, months: list[str], known: frozenset[str]
) -> None:
    wanted = set(months)
    if unknown := sorted(wanted - known):
        short = sorted(wanted & answer.short)
        words = "looks incomplete" if unknown == short else "is not published in full"
        raise NotYetError(f"{span_words(unknown)} {words}")
    twice = published_twice(rows[rows["precision"] == "month"])
    if doubled := sorted({one.month for one in twice} & wanted):
        raise NotYetError(f"{span_words(doubled)} looks published twice")


def _refuse_unfinished(rows: pd.DataFrame, after: Period, known: frozenset[str]) -> None:
    """Refuse the last month of all where its dated incidents stop before its end."""
    if max(known) > after.months[-1] or not len(rows) or (rows["precision"] == "month").any():
        return
    if rows["occurred_from"].max() < after.end - pd.Timedelta(days=_LAST_DAYS):
        raise NotYetError(f"{month_title(after.months[-1])} is not recorded to its end")


def _one_list(assessment: Assessment, answer: Answer, before: list[str], after: Period) -> str:
    """The month from which the source has the points that all windows share; '' for ever."""
    if shapely.area(assessment.geometry) >= SMALL_AREA_M2:
        return ""
    if month := crossed(answer.point_lists, Period.of_months(before[0], after.months[-1]), None):
        raise InputError(
            f"from {month_title(month)} the source uses other anonymous points, and small places "
            "cannot be compared across that"
        )
    return max((month for month in answer.point_lists if month <= before[0]), default="")
