"""The rival: one step of a GerryChain with the same tallies, cut edges and contiguity."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas as gpd
import networkx
import pandas as pd
from gerrychain import Graph, Partition
from gerrychain.constraints import single_flip_contiguous
from gerrychain.updaters import Tally, cut_edges
from plan_inputs import SUMS, Move, read_blocks, read_moves, read_points, timed_moves


class Chain:
    def __init__(self, folder: Path) -> None:
        blocks = read_blocks(folder)
        xy = read_points(folder)
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T, crs=blocks.crs))
        joined = gpd.sjoin(points, blocks[["geometry"]], predicate="within")
        blocks["incidents"] = joined.groupby("area_code").size().reindex(blocks.index, fill_value=0)
        graph = networkx.Graph()
        codes = blocks.index.tolist()
        for code, row in blocks[[*SUMS, "ward_code"]].iterrows():
            graph.add_node(code, **{name: row[name] for name in (*SUMS, "ward_code")})
        edges = json.loads((folder / "edges.json").read_text("utf-8"))
        graph.add_edges_from((codes[one], codes[other]) for one, other in edges)
        updaters = {name: Tally(name, alias=name) for name in SUMS} | {"cut_edges": cut_edges}
        self.updaters = list(updaters)
        self.plan = Partition(Graph.from_networkx(graph), "ward_code", updaters)
        self.node = self.plan.graph.internal_node_id_for_original_nx_node_id
        for name in self.updaters:
            assert self.plan[name]

    def move(self, move: Move) -> None:
        block, to = move
        self.plan = self.plan.flip({self.node(block): to})
        assert single_flip_contiguous(self.plan)
        for name in self.updaters:
            assert self.plan[name]
        # As a chain does: the step before the last is let go.
        if self.plan.parent is not None:
            self.plan.parent.parent = None

    def table(self) -> pd.DataFrame:
        return pd.DataFrame({name: dict(self.plan[name]) for name in SUMS}).rename_axis("area_code")


def main(folder: str, answer: str) -> None:
    chain = Chain(Path(folder))
    timed_moves(read_moves(Path(folder)), chain.move, chain.table, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
