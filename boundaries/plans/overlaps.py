"""What a plan's boundaries cut: hotspots, beats, parishes, estates, old wards.

Where each thing lies on the blocks is found once; after that every plan on those blocks only
adds up which of its areas hold how much of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.layers.best_fit import UNASSIGNED, overlap_shares
from boundaries.plans.state import Codes
from geo.errors import InputError
from geo.locate import OUTSIDE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How much of each of some things lies on each block.

    Attributes
    ----------
    names
        The things, sorted.
    thing, block
        Positions of k pairs of a thing and a block that holds some of it.
    amount
        How much: incidents of a hotspot, or square metres of an area.
    """

    names: tuple[str, ...]
    thing: Ints
    block: Ints
    amount: Floats

    @classmethod
    def of_points(cls, things: Sequence[str], placed: Ints) -> Overlaps:
        """The overlaps of things made of points, as a hotspot is of its cells' incidents.

        Parameters
        ----------
        things
            The thing that each point belongs to, '' for none.
        placed
            The position of the block that holds each point, −1 outside all.

        Raises
        ------
        InputError
            If there are not as many of one as of the other.
        """
        labels = np.asarray(things, dtype=object)
        if len(labels) != len(placed):
            raise InputError(f"{len(labels)} points have names, and {len(placed)} have blocks")
        kept = (labels != "") & (placed != OUTSIDE)
        names, thing = np.unique(labels[kept].astype(str), return_inverse=True)
        pairs = pd.DataFrame({"thing": thing, "block": placed[kept]})
        counts = pairs.value_counts(sort=False).sort_index()
        one, other = (counts.index.get_level_values(level).to_numpy() for level in (0, 1))
        return cls(tuple(names.tolist()), one, other, counts.to_numpy(float))

    @classmethod
    def of_layer(cls, blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Overlaps:
        """The overlaps of the areas of another layer, in square metres."""
        overlap = overlap_shares(blocks, areas)
        names = np.unique(overlap["area_code"].astype(str))
        thing = np.searchsorted(names, overlap["area_code"].to_numpy(str))
        block = blocks.index.get_indexer(overlap["block_code"])
        return cls(tuple(names.tolist()), thing, block, overlap["area_m2"].to_numpy())

    def by_area(self, assigned: Codes) -> pd.DataFrame:
        """How much of each thing lies in each area of a plan.

        Returns
        -------
        `name`, `area_code` (`UNASSIGNED` for blocks that have none), `amount` and `share` of the
        thing; by name, the largest share first, equal ones by area code.
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
        """The sides of those things that lie in two areas or more; unassigned is no area.

        Parameters
        ----------
        least_share
            A smaller share of a thing is none: layers that were drawn apart overlap by slivers.
        """
        sides = self.by_area(assigned)
        counted = sides[(sides["area_code"] != UNASSIGNED) & (sides["share"] >= least_share)]
        areas = counted.groupby("name").size()
        return sides[sides["name"].isin(areas.index[areas > 1])].reset_index(drop=True)

    def count_split(self, assigned: Codes) -> int:
        """How many things lie in two areas or more."""
        return int(self.split(assigned)["name"].nunique())
