"""The areas of another layer on the blocks of plans: parishes, polling districts, wards.

Blocks are never cut, so a unit is made of the blocks that lie in it for the most part; those that
straddle its line are marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockLayer, Ints
from boundaries.plans.state import Codes, State
from geo.areal.best_fit import DRAWN_APART, UNASSIGNED, best_fit
from geo.areal.measured_blocks import Floats
from geo.errors import InputError, NotFoundError

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Units:
    """The areas of another layer, as sets of whole blocks: each block is in the one it fits best.

    Attributes
    ----------
    layer_id
        The layer's id.
    names
        The name of each of its areas, by code.
    area
        The area that each of n blocks lies in for the most part, `UNASSIGNED` for none.
    share
        How much of each block's surface lies in that area, 0 to 1, shape (n,).
    across
        The area that a block straddles into, the one with most of its surface; '' for none.
    """

    layer_id: str
    names: Mapping[str, str]
    area: Codes
    share: Floats
    across: Codes

    @classmethod
    def of(cls, layer_id: str, areas: gpd.GeoDataFrame, blocks: BlockLayer) -> Units:
        """Fit the blocks of a plan to the areas of a layer.

        Parameters
        ----------
        layer_id
            The layer's id.
        areas
            Its polygons in metres indexed by code, with `area_name`.
        blocks
            The blocks, in the same CRS.

        Returns
        -------
        The units.

        Raises
        ------
        InputError
            If its areas overlap, or are the blocks themselves.
        """
        if layer_id == blocks.layer_id:
            raise InputError(f"{layer_id} are the blocks of this plan; choose another layer")
        fit = best_fit(blocks.areas, areas)
        overlap = fit.overlap
        elsewhere = overlap[
            (overlap["area_code"].to_numpy() != fit.assignment[overlap["block_code"]].to_numpy())
            & (overlap["share"] > DRAWN_APART)
        ]
        across = elsewhere.drop_duplicates("block_code").set_index("block_code")["area_code"]
        largest = overlap.drop_duplicates("block_code").set_index("block_code")["share"]
        index = fit.assignment.index
        return cls(
            layer_id,
            {str(code): str(name) for code, name in areas["area_name"].items()},
            fit.assignment.to_numpy(object),
            largest.reindex(index, fill_value=0.0).to_numpy(float),
            across.reindex(index, fill_value=UNASSIGNED).to_numpy(object),
        )

    def blocks(self, code: str) -> Ints:
        """The positions of the blocks of a unit, sorted.

        Raises
        ------
        NotFoundError
            If there is no such unit.
        InputError
            If no block lies in it for the most part.
        """
        if code not in self.names:
            raise NotFoundError(f"there is no area {code!r} in {self.layer_id}")
        positions = np.flatnonzero(self.area == code)
        if not len(positions):
            raise InputError(
                f"no block lies for the most part in {code} of {self.layer_id}; it is smaller than "
                "the blocks, or beyond them"
            )
        return positions

    def called(self, code: str) -> str:
        """The name of an unit."""
        return self.names.get(code, code)

    @property
    def straddles(self) -> Bools:
        """Whether each block lies across the edge of its area, shape (n,)."""
        inside = np.asarray(self.area != UNASSIGNED, dtype=bool)
        return inside & (self.share < 1.0 - DRAWN_APART)


def straddling_blocks(state: State, units: Units) -> pd.DataFrame:
    """The blocks of a plan that straddle a line of a layer, the worst first.

    Parameters
    ----------
    state
        The plan.
    units
        The areas of the layer on its blocks.

    Returns
    -------
    By block code: `area_code` (of the plan, `UNASSIGNED` for none), `unit_code` and `unit_name`
    (where the block lies for the most part), `share` (of its surface there, 0 to 1), `across` and
    `across_name` (the unit that most of the rest lies in; '' where that is outside the layer).
    """
    at = np.flatnonzero(units.straddles)
    at = at[np.argsort(units.share[at], kind="stable")]
    return pd.DataFrame(
        {
            "area_code": state.assigned[at],
            "unit_code": units.area[at],
            "unit_name": [units.called(code) for code in units.area[at]],
            "share": units.share[at],
            "across": units.across[at],
            "across_name": [units.called(code) for code in units.across[at]],
        },
        index=pd.Index([state.graph.codes[one] for one in at], name="block_code", dtype="str"),
    )


def parish_wards(state: State, units: Units, sums: pd.DataFrame) -> pd.DataFrame:
    """The parts that the areas of a plan divide parishes into: the parish wards that it implies.

    A parish that a ward boundary divides has to be divided into parish wards, each of them wholly
    in one ward (Local Democracy, Economic Development and Construction Act 2009, schedule 2).

    Parameters
    ----------
    state
        The plan.
    units
        The parishes on its blocks.
    sums
        Figures of the blocks that add up, in their order.

    Returns
    -------
    A row for each part of a divided parish: `unit_code`, `unit_name`, `area_code`, `area_name`,
    `blocks` and each column of `sums`; by parish, the part with most blocks first. Blocks without
    an area divide no parish.
    """
    counted = (units.area != UNASSIGNED) & (state.assigned != UNASSIGNED)
    keys = [units.area[counted], state.assigned[counted]]
    counts = sums.reset_index(drop=True)[counted].assign(blocks=1)
    parts = counts.groupby(keys, sort=True).sum().rename_axis(["unit_code", "area_code"])
    parts = parts.reset_index()
    parts = parts[parts.groupby("unit_code")["blocks"].transform("size") > 1]
    parts = parts.sort_values(
        ["unit_code", "blocks", "area_code"], ascending=[True, False, True], kind="stable"
    )
    parts.insert(1, "unit_name", [units.called(code) for code in parts["unit_code"]])
    parts.insert(3, "area_name", [state.areas[code].name for code in parts["area_code"]])
    first = ["unit_code", "unit_name", "area_code", "area_name", "blocks"]
    ordered: pd.DataFrame = parts[[*first, *sums.columns]].reset_index(drop=True)
    return ordered


def parish_ward_shapes(state: State, units: Units, parts: pd.DataFrame) -> list[shapely.Geometry]:
    """The land of each part of a divided parish.

    Parameters
    ----------
    state, units
        As for `parish_wards`.
    parts
        What it returned.

    Returns
    -------
    A polygon or multipolygon for each row.
    """
    return [
        shapely.coverage_union_all(
            state.graph.shapes[(units.area == unit) & (state.assigned == area)]
        )
        for unit, area in zip(parts["unit_code"], parts["area_code"], strict=True)
    ]
