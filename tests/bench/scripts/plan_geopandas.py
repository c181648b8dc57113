"""The rival: after each move dissolve the blocks, join the incidents, and reckon again."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from plan_inputs import (
    COMPARED,
    Move,
    read_blocks,
    read_members,
    read_moves,
    read_points,
    timed_moves,
)

ADDED = ["electors", "electors_forecast", "residents"]


class Recomputing:
    def __init__(self, folder: Path) -> None:
        self.blocks = read_blocks(folder)
        self.members = read_members(folder)
        xy = read_points(folder)
        self.points = gpd.GeoDataFrame(
            geometry=gpd.points_from_xy(*xy.T, crs=self.blocks.crs), crs=self.blocks.crs
        )
        self.wards = gpd.GeoDataFrame()

    def move(self, move: Move) -> None:
        block, to = move
        self.blocks.loc[block, "ward_code"] = to
        wards = self.blocks.dissolve("ward_code", aggfunc=dict.fromkeys(ADDED, "sum"))
        joined = gpd.sjoin(self.points, wards[["geometry"]], predicate="within")
        wards["incidents"] = joined.groupby("ward_code").size().reindex(wards.index, fill_value=0)
        for electors in ADDED[:2]:
            per_member = wards[electors] / self.members
            average = wards[electors].sum() / self.members.sum()
            wards[f"{electors}_variance"] = per_member / average - 1
        wards["polsby_popper"] = 4 * np.pi * wards.area / wards.length**2
        wards["reock"] = wards.area / (np.pi * wards.minimum_bounding_radius() ** 2)
        self.wards = wards

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.wards).rename_axis("area_code")


def main(folder: str, answer: str) -> None:
    recomputing = Recomputing(Path(folder))
    moves = read_moves(Path(folder))[: COMPARED + 3]
    timed_moves(moves, recomputing.move, recomputing.table, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
