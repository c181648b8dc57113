"""A plan carried over to a layer in which some of its blocks are replaced by smaller ones."""

from __future__ import annotations

import pandas as pd
import shapely

from boundaries.layers.blocks import BlockGraph, BlockLayer, Bridge
from boundaries.layers.refining import RefinedBlocks
from boundaries.plans.draft import new_metadata
from boundaries.plans.plan import Plan


def carry_to_smaller(
    plan: Plan,
    refined: RefinedBlocks,
    layer_id: str,
    *,
    plan_id: str,
    title: str = "",
    by: str = "",
) -> Plan:
    """Begin a plan like another on refined blocks: each part is in the area of its old block.

    Parameters
    ----------
    plan
        The plan to carry over; its history stays with it.
    refined
        Its blocks, some replaced.
    layer_id
        The id of their layer.
    plan_id, title
        The new plan's id and title.
    by
        Who does it.

    Returns
    -------
    The new plan, not saved. A bridge that ended in a replaced block ends in the nearest part.

    Raises
    ------
    InputError
        If the id is invalid.
    """
    areas = refined.areas
    blocks = BlockLayer.of(layer_id, areas)
    parent = refined.parent[list(blocks.graph.codes)]
    assigned = pd.Series(plan.assignment[parent].to_numpy(), index=parent.index)
    parts = {str(code): list(group.index) for code, group in parent.groupby(parent)}
    metadata = new_metadata(plan_id, title, blocks, base=plan.metadata.base_layer, by=by)
    return Plan.begin(
        metadata,
        blocks.graph,
        assignment=assigned,
        areas=plan.now.areas.values(),
        bridges={
            name: _nearest(ends, parts, blocks.graph) for name, ends in plan.now.bridges.items()
        },
        council_size=plan.now.council_size,
        forecast=plan.now.forecast,
    )


def _nearest(ends: Bridge, parts: dict[str, list[str]], graph: BlockGraph) -> Bridge:
    """The parts of two blocks that lie closest to each other."""
    pairs = [(one, other) for one in parts[ends[0]] for other in parts[ends[1]]]
    shapes = {code: graph.shapes[graph.positions[code]] for pair in pairs for code in pair}
    return min(pairs, key=lambda pair: (shapely.distance(shapes[pair[0]], shapes[pair[1]]), pair))
