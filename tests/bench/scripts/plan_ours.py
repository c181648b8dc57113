"""Ours: a move with all its measures, and the redrawn wards as a layer (`drawn`) or not."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from plan_inputs import (
    SUMS,
    Move,
    read_blocks,
    read_members,
    read_moves,
    read_points,
    timed_moves,
)

from boundaries.layers.blocks import block_graph
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.state import Area, Signed
from geo.areal.measured_blocks import MeasuredBlocks, tally_blocks
from geo.locate import AreaLocator

SIGNED = Signed("bench", datetime(2025, 5, 1, tzinfo=UTC))


class Drawing:
    """A planner's screen: the plan and its measures."""

    def __init__(self, folder: Path) -> None:
        blocks = read_blocks(folder)
        placed = AreaLocator(blocks).locate(*read_points(folder).T)
        blocks = blocks.assign(incidents=tally_blocks(placed, len(blocks)))
        areas = [Area(code, code, int(n)) for code, n in read_members(folder).items()]
        self.plan = Plan.begin(
            PlanMetadata("bench"), block_graph(blocks), assignment=blocks["ward_code"], areas=areas
        )
        self.measures = PlanMeasures.of(self.plan.now, MeasuredBlocks.of(blocks, sums=SUMS))

    def move(self, move: Move) -> None:
        """The whole of what a planner sees: numbers, variance, compactness, shapes."""
        self.tally(move)
        assert len(self.measures.layer) == len(self.plan.now.areas)

    def tally(self, move: Move) -> None:
        """What a step of a redistricting chain does too: check, add up, count the cut edges."""
        block, to = move
        self.plan = self.plan.move([block], to, signed=SIGNED)
        self.measures = self.measures.after(self.plan.now)
        assert self.measures.cut_edges
        assert self.measures.totals


def main(folder: str, answer: str, what: str) -> None:
    drawing = Drawing(Path(folder))
    step = drawing.move if what == "drawn" else drawing.tally
    timed_moves(read_moves(Path(folder)), step, lambda: drawing.measures.frame, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
