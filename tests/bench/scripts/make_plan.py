"""What the plan benchmark works on: the demo city, its incidents, and a walk of legal moves."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from boundaries.demo import build_city
from boundaries.layers.blocks import BlockGraph, block_graph
from boundaries.plans.plan import Plan, PlanMetadata, areas_of_layer
from boundaries.plans.state import Signed
from geo.errors import ConflictError

MOVES, SEED = 200, 1
SIGNED = Signed("bench", datetime(2025, 5, 1, tzinfo=UTC))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    city = build_city()
    graph = block_graph(city.blocks)
    plan = Plan.begin(
        PlanMetadata("bench"),
        graph,
        assignment=city.blocks["ward_code"],
        areas=areas_of_layer(city.wards),
    )
    columns = ["ward_code", "electors", "electors_forecast", "residents", "geometry"]
    city.blocks[columns].reset_index().to_file(folder / "blocks.gpkg", driver="GPKG")
    city.wards[["area_name", "members"]].to_csv(folder / "wards.csv")
    np.save(folder / "points.npy", city.incidents[["x", "y"]].to_numpy())
    (folder / "edges.json").write_text(json.dumps(graph.edges.tolist()), encoding="utf-8")
    moves = walk(plan, graph)
    (folder / "moves.json").write_text(json.dumps(moves), encoding="utf-8")


def walk(plan: Plan, graph: BlockGraph) -> list[tuple[str, str]]:
    """Moves of one block into a neighbouring ward, each legal after those before it."""
    rng, moves = np.random.default_rng(SEED), []
    while len(moves) < MOVES:
        block, beside = rng.permutation(graph.edges[rng.integers(len(graph.edges))])
        to = plan.now.assigned[beside]
        if to != plan.now.assigned[block]:
            try:
                plan = plan.move([graph.codes[block]], to, signed=SIGNED)
            except ConflictError:
                continue
            moves.append((graph.codes[block], to))
    return moves


if __name__ == "__main__":
    main(Path(sys.argv[1]))
