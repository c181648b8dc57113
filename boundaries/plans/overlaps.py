"""What the boundaries of a plan cut: hotspots, beats, parishes, estates, old wards.

On which blocks each thing lies is computed once; every plan on those blocks then only adds up
how much of it is in which area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.plans.state import Codes
from geo.areal.best_fit import UNASSIGNED, overlap_shares
from geo.errors import InputError
from geo.locate import OUTSIDE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How much of each thing lies on each block.

    Attributes
    ----------
    names
        The things, sorted.
    thing, block
        Positions of k pairs of a thing and a block that it lies on, shape (k,).
    amount
        How much of it, shape (k,): incidents of a hotspot, or square metres of an area.
    """

    names: tuple[str, ...]
    thing: Ints
    block: Ints
    amount: Floats

    @classmethod
    def of_points(cls, things: Sequence[str], placed: Ints) -> Overlaps:
        """The overlaps of things that consist of points, such as a hotspot of incidents.

        Parameters
        ----------
        things
            The thing that each point belongs to, '' for none.
        placed
            Position of the block that contains each point, -1 outside all.

        Returns
        -------
        The overlaps, with counts of points.

        Raises
        ------
        InputError
            If `things` and `placed` differ in length.
        """
        labels = np.asarray(things, dtype=object)
        if len(labels) != len(placed):
            raise InputError(
                f"{len(labels)} points have names but {len(placed)} have blocks; give one for each"
            )
        counted = (labels != "") & (placed != OUTSIDE)
        names, thing = np.unique(labels[counted].astype(str), return_inverse=True)
        pairs = np.column_stack([thing, placed[counted]]).astype(np.int64)
        rows, counts = np.unique(pairs, axis=0, return_counts=True)
        return cls(tuple(names.tolist()), rows[:, 0], rows[:, 1], counts.astype(float))

    @classmethod
    def of_layer(cls, blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Overlaps:
        """The overlaps of the areas of another layer.

        Parameters
        ----------
        blocks, areas
            Valid polygons indexed by code, in the same CRS in metres.

        Returns
        -------
        The overlaps, in square metres; the things are area codes.
        """
        overlap = overlap_shares(blocks, areas)
        names, thing = np.unique(overlap["area_code"].to_numpy(str), return_inverse=True)
        block = blocks.index.get_indexer(pd.Index(overlap["block_code"])).astype(np.int64)
        return cls(tuple(names.tolist()), thing, block, overlap["area_m2"].to_numpy(float))

    def by_area(self, assigned: Codes) -> pd.DataFrame:
        """How much of each thing lies in each area of a plan.

        Parameters
        ----------
        assigned
            The area code of each block, as `State.assigned`.

        Returns
        -------
        `name`, `area_code` (`UNASSIGNED` for blocks without an area), `amount` and `share` of the
        thing (0 to 1); by name, then the largest share first, then by area code.
        """
        codes, area = np.unique(assigned[self.block].astype(str), return_inverse=True)
        amount = np.bincount(
            self.thing * len(codes) + area,
            weights=self.amount,
            minlength=len(self.names) * len(codes),
        )
        amount = amount.reshape(len(self.names), len(codes))
        thing, side = np.nonzero(amount)
        share = amount / amount.sum(axis=1, keepdims=True)
        order = np.lexsort([side, -amount[thing, side], thing])
        thing, side = thing[order], side[order]
        names = np.array(self.names, dtype=object)
        return pd.DataFrame(
            {
                "name": names[thing],
                "area_code": codes[side].astype(object),
                "amount": amount[thing, side],
                "share": share[thing, side],
            }
        )

    def split(self, assigned: Codes, *, least_share: float = 0.0) -> pd.DataFrame:
        """`by_area` for the things that lie in two or more areas; unassigned counts as none.

        Parameters
        ----------
        assigned
            The area code of each block, as `State.assigned`.
        least_share
            Smaller shares of a thing are ignored: layers drawn separately overlap by slivers.

        Returns
        -------
        As `by_area`; empty if nothing is split.
        """
        sides = self.by_area(assigned)
        counted = sides[(sides["area_code"] != UNASSIGNED) & (sides["share"] >= least_share)]
        areas = counted.groupby("name").size()
        return sides[sides["name"].isin(areas.index[areas > 1])].reset_index(drop=True)

    def count_split(self, assigned: Codes) -> int:
        """How many things lie in two or more areas."""
        return int(self.split(assigned)["name"].nunique())


def unique_names(areas: gpd.GeoDataFrame) -> list[str]:
    """A name for each area; names that several share get their code behind."""
    names = areas["area_name"].astype(str)
    is_shared = names.duplicated(keep=False)
    return [
        f"{name} ({code})" if shared else name
        for code, name, shared in zip(areas.index, names, is_shared, strict=True)
    ]
