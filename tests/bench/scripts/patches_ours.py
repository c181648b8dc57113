"""Ours: areas grouped into contiguous patches, with the proof."""

from __future__ import annotations

import sys
from time import perf_counter

import geopandas as gpd
import numpy as np
from result_file import save

from geo.allocation.adjacency import contiguity
from geo.allocation.patches.annealing import warm_up
from geo.allocation.patches.grouping import plan_patches
from geo.allocation.patches.problem import PatchRules


def main(areas: str, low: str, high: str, groups: str, answer: str) -> None:
    """`groups` 0 asks for every number of patches."""
    warm_up()
    table = gpd.read_parquet(areas)
    rules = PatchRules(size=(int(low), int(high)), groups=int(groups) or None)
    start = perf_counter()
    result = plan_patches(table, contiguity(table), rules=rules).plans
    took = perf_counter() - start
    best = result.loc[result["optimal"]]
    if set(best["groups"]) != set(result["groups"]):
        raise SystemExit("a balance is not proven best")
    save(
        answer,
        {"s": took, "plans": float(result.groupby("groups")["examined"].first().sum())},
        worst=np.array(best.groupby("groups")["worst_imbalance"].min()),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
