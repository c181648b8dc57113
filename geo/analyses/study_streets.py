"""The streets of a study area, and the areas that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import QuestionError
from geo.hotspots.street_counts import join_segments
from geo.locate.nearest import LineLocator, NearestLines
from geo.prepared import prepared
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.question.street_layer import OPTION, StreetLayer

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Lines = NDArray[np.object_]

AREA_STEP_M: Final = 100.0
"""A street lies in the areas that hold the middle of a stretch of at most so many metres of it."""


@dataclass(frozen=True)
class StreetAreas:
    """Pairs of streets and the areas that they lie in: a street may be in several, or in none.

    Attributes
    ----------
    streets
        How many streets there are.
    street, area
        Positions, in their order.
    """

    streets: int
    street: Ints
    area: Ints

    def all_of(self, of_areas: Bools) -> Bools:
        """Whether all areas of each street are among some."""
        among = np.ones(self.streets, dtype=bool)
        among[self.street[~of_areas[self.area]]] = False
        return among

    def any_of(self, of_areas: Bools) -> Bools:
        """Whether some area of each street is among these."""
        among = np.zeros(self.streets, dtype=bool)
        among[self.street[of_areas[self.area]]] = True
        return among

    def joined(self, texts: Sequence[str], separator: str) -> NDArray[np.object_]:
        """Join texts of the areas of each street.

        Parameters
        ----------
        texts
            One for each area of the layer.
        separator
            What stands between two of them.

        Returns
        -------
        A text for each street, in the order of its areas; '' where it lies in none.
        """
        own: list[list[str]] = [[] for _ in range(self.streets)]
        for street, area in zip(self.street.tolist(), self.area.tolist(), strict=True):
            own[street].append(texts[area])
        joined = np.empty(self.streets, dtype=object)
        joined[:] = [separator.join(one) for one in own]
        return joined


@dataclass(frozen=True)
class StudyStreets:
    """The streets of a study area that incidents are counted on.

    Attributes
    ----------
    layer
        Where they come from.
    unit
        What each of them is: a whole street, or a segment.
    ids, names
        m ids, in their order: that of the first segment of each; and names, '' where there is none.
    lines
        m multilines in metres: the segments that reach the study area, whole.
    length_m
        The length of each in the study area, and up to the tolerance beyond its edge.
    segments
        How many segments each is made of.
    tolerance_m
        The farthest that an incident may be from its street.
    """

    layer: StreetLayer
    unit: Literal["street", "segment"]
    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    lines: Lines
    length_m: Floats
    segments: Ints
    tolerance_m: int

    @classmethod
    def of(cls, answer: Answer) -> StudyStreets:
        """The streets of an Answer's study area, made once for all Answers about both.

        Raises
        ------
        QuestionError
            If there is no layer of streets, or it has none here.
        """
        layer = answer.facts.streets()
        if not layer.version:
            return cls._made(answer, layer)
        terms = answer.question.streets
        key = (layer.version, layer.layer_id, terms.unit, terms.tolerance)
        index = answer.indexes.of(answer.study_areas)
        return index.of_lines(key, lambda: cls._made(answer, layer))

    @classmethod
    def _made(cls, answer: Answer, layer: StreetLayer) -> StudyStreets:
        terms = answer.question.streets
        rows = layer.segments.sort_index()
        lines = rows.geometry.to_numpy()
        length = _length_near(lines, answer, terms.tolerance)
        here = length > 0
        if not here.any():
            raise QuestionError(OPTION, f"no line of {layer.title} lies in {answer.study_title}")
        rows, lines, length = rows[here], lines[here], length[here]
        names = rows["name"].fillna("").astype(str).to_numpy(dtype=object)
        unit = terms.unit or ("street" if (names != "").any() else "segment")
        street = np.arange(len(rows))
        if unit == "street":
            street = join_segments(names.tolist(), lines)
        first = np.unique(street, return_index=True)[1]
        parts, segment = shapely.get_parts(lines, return_index=True)
        order = np.argsort(street[segment], kind="stable")
        return cls(
            layer,
            unit,
            rows.index.to_numpy(dtype=object)[first],
            names[first],
            np.asarray(shapely.multilinestrings(parts[order], indices=street[segment][order])),
            np.asarray(np.bincount(street, length), np.float64),
            np.bincount(street),
            terms.tolerance,
        )

    @cached_property
    def locator(self) -> LineLocator:
        """Finds the street of a point."""
        return LineLocator(self.lines, within_m=self.tolerance_m)

    def nearest(self, incidents: pd.DataFrame) -> NearestLines:
        """The street of each incident: the nearest one; of equally near ones the lowest id."""
        return self.locator.nearest(incidents["x"], incidents["y"])

    def count(self, incidents: pd.DataFrame) -> Ints:
        """How many incidents are on each street."""
        street = self.nearest(incidents).positions
        return np.bincount(street[street >= 0], minlength=len(self.ids))

    def areas(self, answer: Answer) -> StreetAreas:
        """The areas that each street lies in."""
        parts, street = shapely.get_parts(self.lines, return_index=True)
        xy, part = shapely.get_coordinates(
            shapely.segmentize(parts, AREA_STEP_M), return_index=True
        )
        starts = np.flatnonzero(np.diff(part) == 0)
        x, y = ((xy[starts] + xy[starts + 1]) / 2).T
        points = pd.DataFrame({"x": x, "y": y, "area": answer.areas_at(x, y)})
        point, area = answer.membership.of(points)
        pairs = pd.DataFrame({"street": street[part[starts]][point], "area": area})
        pairs = pairs.drop_duplicates().sort_values(["street", "area"])
        return StreetAreas(len(self.ids), pairs["street"].to_numpy(), pairs["area"].to_numpy())


def _length_near(lines: Lines, answer: Answer, tolerance: int) -> Floats:
    """Metres of each line in the study area, and up to the tolerance beyond its edge.

    Boundaries of areas run along streets, and incidents on one side of such a street are inside.
    """
    whole = answer.indexes.of(answer.study_areas).outline
    reach = prepared(shapely.buffer(whole, tolerance, quad_segs=4))
    length: Floats = np.where(shapely.intersects(reach, lines), shapely.length(lines), 0.0)
    crossing = np.flatnonzero((length > 0) & ~shapely.covers(reach, lines))
    length[crossing] = shapely.length(shapely.intersection(lines[crossing], reach))
    return length
