"""Communities of interest: the areas of a layer that a plan should keep whole, and how far it does.

A community has the blocks of which most lies in it, so that it is kept or divided as a plan can
keep or divide it: in whole blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from boundaries.plans.overlaps import Overlaps, unique_names
from boundaries.plans.state import Codes
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError
from geo.store.contract import StoreReader
from geo.store.layer_ids import check_areas

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_OF_A_BLOCK = 0.5
"""A block belongs to a community that holds at least this share of it."""

NO_COMMUNITY = -1


@dataclass(frozen=True, eq=False)
class Communities:
    """Which community each block belongs to.

    Attributes
    ----------
    names
        The communities that have blocks, sorted.
    of_block
        Position in `names` of the community of each of n blocks, −1 for none, shape (n,).
    """

    names: tuple[str, ...]
    of_block: Ints

    @classmethod
    def of_layer(cls, blocks: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Communities:
        """Give each block to the community that holds most of it.

        Parameters
        ----------
        blocks, areas
            Valid polygons in the same CRS in metres; areas are indexed by the name that each
            community is to have.

        Returns
        -------
        The communities. Where they overlap, a block belongs to the one that holds most of it, the
        first by name of equals; a block of which no community holds half belongs to none.
        """
        overlaps = Overlaps.of_layer(blocks, areas)
        size = blocks.geometry.area.to_numpy(float)
        enough = overlaps.amount >= LEAST_OF_A_BLOCK * size[overlaps.block]
        thing, block = overlaps.thing[enough], overlaps.block[enough]
        # The last one written stays: the largest share, of equals the first by name.
        order = np.lexsort([-thing, overlaps.amount[enough]])
        member = np.full(len(blocks), NO_COMMUNITY, dtype=np.int64)
        member[block[order]] = thing[order]
        present = np.unique(member[member != NO_COMMUNITY])
        number = np.full(len(overlaps.names) + 1, NO_COMMUNITY, dtype=np.int64)
        number[present] = np.arange(len(present))
        return cls(tuple(overlaps.names[each] for each in present), number[member])

    def wholeness(self, assigned: Codes, people: ArrayLike | None = None) -> pd.DataFrame:
        """How far a plan keeps each community whole.

        Parameters
        ----------
        assigned
            The area code of each block, as `State.assigned`.
        people
            People in each block (residents, or electors), shape (n,); None if not known.

        Returns
        -------
        One row per community, by name: `blocks`; `areas` (of the plan, in how many it lies; blocks
        without an area count as none); `area_code` of the largest part, by people where they are
        known, of equals the first by code, `UNASSIGNED` where no block has an area;
        `blocks_in_largest`, and with people `people` and `people_in_largest`; `whole` (all blocks
        are in one area).

        Raises
        ------
        InputError
            If assignment or people are not of these blocks.
        """
        weight = None if people is None else np.asarray(people, float)
        if len(assigned) != len(self.of_block) or (
            weight is not None and len(weight) != len(assigned)
        ):
            raise InputError("communities, assignment and people are of different blocks")
        rows = [
            _part_of(name, np.flatnonzero(self.of_block == number), assigned, weight)
            for number, name in enumerate(self.names)
        ]
        columns = ["name", "blocks", "areas", "area_code", "blocks_in_largest", "whole"]
        columns += [] if weight is None else ["people", "people_in_largest"]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def count_whole(self, assigned: Codes) -> int:
        """How many communities lie in one area of a plan with all of their blocks."""
        return int(self.wholeness(assigned)["whole"].sum())


def community_areas(store: StoreReader, layer_id: str) -> gpd.GeoDataFrame:
    """The areas of a layer by the name that each community is to have.

    Parameters
    ----------
    store
        Holds the layer.
    layer_id
        The layer's id.

    Returns
    -------
    Polygons in metres.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    InputError
        If it is none of areas, or one of them is invalid.
    """
    metadata, areas = store.layer(layer_id)
    check_areas(store.layers(), metadata)
    faulty = areas.index[~shapely.is_valid(areas.geometry)]
    if len(faulty):
        raise InputError(
            f"area {faulty[0]} of layer {layer_id} is no valid polygon; "
            "see 'patchmap layers check', and add the layer again with --repair"
        )
    return areas.set_axis(unique_names(areas))


def _part_of(name: str, blocks: Ints, assigned: Codes, people: Floats | None) -> dict[str, object]:
    codes, side = np.unique(assigned[blocks].astype(str), return_inverse=True)
    numbers = np.bincount(side)
    weight = numbers if people is None else np.bincount(side, people[blocks])
    in_areas = codes != UNASSIGNED
    # Blocks break ties of people, and their absence; codes are sorted, so the first one wins.
    order = sorted(np.flatnonzero(in_areas), key=lambda at: (-weight[at], -numbers[at]))
    largest = order[0] if order else None
    row: dict[str, object] = {
        "name": name,
        "blocks": len(blocks),
        "areas": int(in_areas.sum()),
        "area_code": UNASSIGNED if largest is None else str(codes[largest]),
        "blocks_in_largest": 0 if largest is None else int(numbers[largest]),
        "whole": len(codes) == 1 and bool(in_areas.all()),
    }
    if people is not None:
        row["people"] = float(people[blocks].sum())
        row["people_in_largest"] = 0.0 if largest is None else float(weight[largest])
    return row
