"""Measures of a plan: figures, shapes and pieces of each of its areas.

Measures follow a plan from step to step: only areas whose blocks changed are computed again, each
from its blocks. So errors do not add up: after any sequence of steps the measures equal those
computed from scratch, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas.array import from_shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from boundaries.layers.electorates import electorates
from boundaries.plans.electoral import council_average, electoral_variance
from boundaries.plans.state import State
from geo.areal.best_fit import UNASSIGNED
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AreaMeasures:
    """One area, or everything unassigned; each measure is computed when first read.

    Attributes
    ----------
    members
        Positions of its blocks.
    source
        All blocks with their figures.
    pieces
        How many connected parts it has; bridges connect.
    """

    members: Ints
    source: MeasuredBlocks = field(repr=False)
    pieces: int

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.members)

    @cached_property
    def totals(self) -> Floats:
        """The sum of each of `MeasuredBlocks.columns`."""
        totals: Floats = self.source.columns[self.members].sum(axis=0)
        return totals

    @cached_property
    def geometry(self) -> BaseGeometry:
        """Its blocks dissolved; an empty polygon if it has none."""
        if not self.blocks:
            return shapely.Polygon()
        return shapely.coverage_union_all(self.source.geometry[self.members])

    @cached_property
    def polsby_popper(self) -> float:
        """Polsby–Popper compactness 4πA/P², from 0 to 1 for a circle; NaN without blocks.

        References
        ----------
        Polsby and Popper (1991), "The third criterion: compactness as a procedural safeguard
        against partisan gerrymandering", Yale Law & Policy Review 9.
        """
        perimeter = self.geometry.length
        return float(4 * np.pi * self.geometry.area / perimeter**2) if perimeter else np.nan

    @cached_property
    def reock(self) -> float:
        """Reock compactness: share of its smallest enclosing circle that it fills; NaN if none.

        References
        ----------
        Reock (1961), "A note: measuring compactness as a requirement of legislative
        apportionment", Midwest Journal of Political Science 5.
        """
        radius = shapely.minimum_bounding_radius(self.geometry)
        return float(self.geometry.area / (np.pi * radius**2)) if radius else np.nan


@dataclass(frozen=True, eq=False)
class PlanMeasures:
    """The measures of a plan in one state.

    Attributes
    ----------
    state
        The state.
    blocks
        The blocks with their figures.
    by_area
        The measures of each area by code, and of `UNASSIGNED`.
    cut_edges
        How many pairs of neighbouring blocks, by land, are in different areas (unassigned counts
        as one): the redistricting measure of how jagged the boundaries are.
    """

    state: State
    blocks: MeasuredBlocks
    by_area: Mapping[str, AreaMeasures] = field(repr=False)
    cut_edges: int

    @classmethod
    def of(cls, state: State, blocks: MeasuredBlocks) -> PlanMeasures:
        """Measure a plan from scratch.

        Parameters
        ----------
        state
            The plan's state.
        blocks
            Its blocks with their figures, in the order of the state's graph.

        Returns
        -------
        The measures; those of single areas are computed when first read.

        Raises
        ------
        InputError
            If the blocks are not those of the plan.
        """
        if tuple(map(str, blocks.sums.index)) != state.graph.codes:
            raise InputError(
                "these are not the blocks of the plan, or not in its order; sort them by code"
            )
        one, other = state.graph.edges.T
        cut = np.count_nonzero(state.assigned[one] != state.assigned[other])
        codes = (*state.areas, UNASSIGNED)
        return cls(state, blocks, {code: _measure(state, blocks, code) for code in codes}, int(cut))

    def after(self, state: State) -> PlanMeasures:
        """The measures of another state of the same plan, computed only for areas that differ."""
        # Bridges may change any area's pieces, and make a new graph.
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
        """One row per area, by `area_code`.

        `area_name`, `members`, `locked`, `blocks`, `pieces`; every summed and averaged column;
        for each electorate the columns of `electoral_variance`; `area_km2`, `polsby_popper`,
        `reock`.
        """
        areas = self.state.areas
        measured = [self.by_area[code] for code in areas]
        values: dict[str, object] = {
            "area_name": [area.name for area in areas.values()],
            "members": [np.nan if a.members is None else float(a.members) for a in areas.values()],
            "locked": [area.locked for area in areas.values()],
            "blocks": [area.blocks for area in measured],
            "pieces": [area.pieces for area in measured],
        }
        values |= self.totals
        for electors, ending in self.electorates.items():
            values |= self._equality(electors, ending)
        values["area_km2"] = shapely.area([area.geometry for area in measured]) / 1e6
        values["polsby_popper"] = [area.polsby_popper for area in measured]
        values["reock"] = [area.reock for area in measured]
        return pd.DataFrame(values, index=pd.Index(list(areas), name="area_code", dtype="str"))

    @property
    def electorates(self) -> dict[str, str]:
        """The columns of electors → the suffix of the measures computed from each."""
        return electorates(self.blocks.sums)

    @property
    def layer(self) -> gpd.GeoDataFrame:
        """The areas that have blocks, as a layer: `frame` with geometries."""
        empty = [code for code in self.state.areas if not self.by_area[code].blocks]
        frame = self.frame.drop(index=empty) if empty else self.frame.copy()
        shapes = [self.by_area[code].geometry for code in frame.index]
        # As a column, because the constructor would copy the shapes three times.
        frame["geometry"] = from_shapely(shapes, crs=self.blocks.crs)
        return gpd.GeoDataFrame(frame, geometry="geometry", copy=False)

    @property
    def unassigned(self) -> pd.Series:
        """How many blocks have no area, and the sum of each column over them."""
        rest = self.by_area[UNASSIGNED]
        sums = dict(zip(self.blocks.sums, rest.totals, strict=False))
        return pd.Series({"blocks": rest.blocks} | sums)

    def average(self, electors: str = "electors") -> float:
        """The council's electors per member, including electors in unassigned blocks.

        With a council size, all electors by that number, also those of areas whose members are
        open: so no area that is added, removed or left open moves the others' variance.
        """
        rest = self.by_area[UNASSIGNED].totals[self.blocks.names.index(electors)]
        if self.state.council_size:
            return float((self.totals[electors].sum() + rest) / self.state.council_size)
        members = [area.members or 0 for area in self.state.areas.values()]
        return council_average(self.totals[electors], members, unassigned=rest)

    @cached_property
    def totals(self) -> dict[str, Floats]:
        """The sum or mean of each column: one value per area, in the order of the areas."""
        names, means = self.blocks.names, len(self.blocks.weights)
        rows = np.array([self.by_area[code].totals for code in self.state.areas])
        columns = rows.reshape(len(rows), self.blocks.columns.shape[1]).T
        if means:
            with np.errstate(invalid="ignore", divide="ignore"):
                columns[-2 * means : -means] /= columns[-means:]
        return dict(zip(names, columns, strict=False))

    def variances(self, electors: str = "electors") -> Floats:
        """The variance of each area, in the order of the areas: quicker than all of `frame`.

        No shape is dissolved for it. NaN for an area without members.
        """
        return self._equality(electors, "")["variance"]

    def _equality(self, electors: str, ending: str) -> dict[str, Floats]:
        members = [area.members or 0 for area in self.state.areas.values()]
        columns = electoral_variance(self.totals[electors], members, average=self.average(electors))
        per_member = columns.pop("per_member")
        return {f"{electors}_per_member": per_member} | {
            f"{name}{ending}": values for name, values in columns.items()
        }


def _measure(state: State, blocks: MeasuredBlocks, code: str) -> AreaMeasures:
    return AreaMeasures(state.members(code), blocks, len(state.pieces(code)))


def _newly_cut(before: State, after: State, moved: set[int]) -> int:
    """The change in `cut_edges` after some blocks moved."""
    old, new = before.assigned, after.assigned
    # A pair of which both moved would come twice.
    pairs = (
        (one, other)
        for one in moved
        for other in after.graph.land[one]
        if one < other or other not in moved
    )
    return sum((new[i] != new[j]) - (old[i] != old[j]) for i, j in pairs)
