"""What a plan does: the numbers, the shapes and the pieces of each of its areas.

Measures follow a plan from step to step: only the areas whose blocks changed are reckoned and
drawn anew, each from its blocks. So nothing drifts, and the measures after any sequence of
steps are those reckoned from nothing, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.best_fit import UNASSIGNED
from boundaries.layers.measured_blocks import MeasuredBlocks
from boundaries.plans.electoral import council_average, variance_columns
from boundaries.plans.state import State
from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ELECTORATES = {"electors": "", "electors_forecast": "_forecast"}
"""Columns of electors, and the ending of the measures made of each."""


@dataclass(frozen=True, eq=False)
class AreaMeasures:
    """One area, or all that is unassigned; each measure is reckoned when it is first asked for.

    Attributes
    ----------
    members
        The positions of its blocks.
    source
        What is known of the blocks.
    pieces
        In how many parts it lies; bridges join.
    """

    members: Ints
    source: MeasuredBlocks = field(repr=False)
    pieces: int

    @property
    def blocks(self) -> int:
        """How many blocks it has."""
        return len(self.members)

    @cached_property
    def totals(self) -> Floats:
        """The sum of each of `MeasuredBlocks.columns`."""
        return np.asarray(self.source.columns[self.members].sum(axis=0))

    @cached_property
    def geometry(self) -> shapely.Geometry:
        """Its blocks dissolved; an empty polygon where it has none."""
        if not self.blocks:
            return shapely.Polygon()
        return shapely.coverage_union_all(self.source.geometry[self.members])

    @cached_property
    def polsby_popper(self) -> float:
        """4πA/P²: 1 for a circle; NaN for nothing. Source: Polsby & Popper 1991."""
        around = self.geometry.length
        return float(4 * np.pi * self.geometry.area / around**2) if around else np.nan

    @cached_property
    def reock(self) -> float:
        """The share that it fills of its smallest enclosing circle. Source: Reock 1961."""
        radius = shapely.minimum_bounding_radius(self.geometry)
        return float(self.geometry.area / (np.pi * radius**2)) if radius else np.nan


@dataclass(frozen=True, eq=False)
class PlanMeasures:
    """The measures of a plan as it stands.

    Attributes
    ----------
    state
        The plan.
    blocks
        What is measured.
    by_area
        The measures of each area by code, and of `UNASSIGNED`.
    cut_edges
        How many pairs of neighbours, by land, lie in different areas or one in none.
    """

    state: State
    blocks: MeasuredBlocks
    by_area: Mapping[str, AreaMeasures] = field(repr=False)
    cut_edges: int

    @classmethod
    def of(cls, state: State, blocks: MeasuredBlocks) -> PlanMeasures:
        """Measure a plan from nothing.

        Raises
        ------
        InputError
            If the blocks are not those of the plan.
        """
        if tuple(map(str, blocks.sums.index)) != state.graph.codes:
            raise InputError("these are not the blocks of the plan, or not in its order")
        one, other = state.graph.edges.T
        cut = np.count_nonzero(state.assigned[one] != state.assigned[other])
        codes = (*state.areas, UNASSIGNED)
        return cls(state, blocks, {code: _measure(state, blocks, code) for code in codes}, int(cut))

    def after(self, state: State) -> PlanMeasures:
        """The measures of another state of the same plan, reckoned only where it differs."""
        if state.graph is not self.state.graph:
            return PlanMeasures.of(state, self.blocks)
        by_area = {}
        moved: set[int] = set()
        for code in (*state.areas, UNASSIGNED):
            old, new = self.state.blocks(code), state.blocks(code)
            if old is new and code in self.by_area:
                by_area[code] = self.by_area[code]
            else:
                by_area[code] = _measure(state, self.blocks, code)
                moved |= old ^ new
        cut = self.cut_edges + _newly_cut(self.state, state, moved)
        return PlanMeasures(state, self.blocks, by_area, cut)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row an area, by `area_code`.

        `area_name`, `members`, `locked`, `blocks`, `pieces`; every summed and averaged column;
        for `electors` and `electors_forecast` the electors a member, the variance, its whole
        per cent and `beyond` of `electoral_variance`; `area_km2`, `polsby_popper`, `reock`.
        """
        areas = self.state.areas
        measured = [self.by_area[code] for code in areas]
        values: dict[str, object] = {
            "area_name": [area.name for area in areas.values()],
            "members": [np.nan if a.members is None else float(a.members) for a in areas.values()],
            "locked": [area.locked for area in areas.values()],
            "blocks": [each.blocks for each in measured],
            "pieces": [each.pieces for each in measured],
        }
        values |= self.totals
        for electors, ending in ELECTORATES.items():
            if electors in self.blocks.sums:
                values |= self._equality(electors, ending)
        values["area_km2"] = shapely.area([each.geometry for each in measured]) / 1e6
        values["polsby_popper"] = [each.polsby_popper for each in measured]
        values["reock"] = [each.reock for each in measured]
        return pd.DataFrame(values, index=pd.Index(list(areas), name="area_code", dtype="str"))

    @property
    def layer(self) -> gpd.GeoDataFrame:
        """The areas that have blocks, as a layer: `frame` with each area's shape."""
        empty = [code for code in self.state.areas if not self.by_area[code].blocks]
        frame = self.frame.drop(index=empty) if empty else self.frame.copy()
        shapes = [self.by_area[code].geometry for code in frame.index]
        # Set as a column: handed to the constructor the shapes are copied three times.
        frame["geometry"] = gpd.GeoSeries(shapes, index=frame.index, crs=self.blocks.crs)
        return gpd.GeoDataFrame(frame, geometry="geometry")

    @property
    def unassigned(self) -> pd.Series:
        """How many blocks have no area, and the sums of each column over them."""
        rest = self.by_area[UNASSIGNED]
        sums = dict(zip(self.blocks.sums, rest.totals, strict=False))
        return pd.Series({"blocks": rest.blocks} | sums)

    def average(self, electors: str = "electors") -> float:
        """The council's electors a member, those in unassigned blocks included."""
        members = [area.members or 0 for area in self.state.areas.values()]
        rest = self.by_area[UNASSIGNED].totals[self.blocks.names.index(electors)]
        return council_average(self.totals[electors], members, unassigned=rest)

    @cached_property
    def totals(self) -> dict[str, Floats]:
        """The sum or mean of each column, an area each, in the order of the areas."""
        names, means = self.blocks.names, len(self.blocks.weights)
        rows = np.array([self.by_area[code].totals for code in self.state.areas])
        columns = rows.reshape(len(rows), self.blocks.columns.shape[1]).T
        if means:
            with np.errstate(invalid="ignore", divide="ignore"):
                columns[-2 * means : -means] /= columns[-means:]
        return dict(zip(names, columns, strict=False))

    def _equality(self, electors: str, ending: str) -> dict[str, Floats]:
        members = [area.members or 0 for area in self.state.areas.values()]
        columns = variance_columns(self.totals[electors], members, average=self.average(electors))
        per_member = columns.pop("per_member")
        return {f"{electors}_per_member": per_member} | {
            f"{name}{ending}": values for name, values in columns.items()
        }


def _measure(state: State, blocks: MeasuredBlocks, code: str) -> AreaMeasures:
    return AreaMeasures(state.members(code), blocks, len(state.pieces(code)))


def _newly_cut(before: State, after: State, moved: set[int]) -> int:
    """How many more pairs of neighbours are parted after some blocks moved."""
    old, new = before.assigned, after.assigned
    pairs = (
        (one, other)
        for one in moved
        for other in after.graph.land[one]
        if one < other or other not in moved
    )
    return sum((new[i] != new[j]) - (old[i] != old[j]) for i, j in pairs)
