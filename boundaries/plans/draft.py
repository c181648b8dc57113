"""A plan at work: begun, opened and saved in a store, with everything that is measured of it.

The command line, the collections and the planner's page all work on plans through this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from boundaries.layers.best_fit import assignment_from_table, best_fit, plan_areas
from boundaries.plans.block_layers import PlanBlocks
from boundaries.plans.figures import Figures, count_incidents, figure_blocks
from boundaries.plans.measured_blocks import MeasuredBlocks
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.serialization import next_version, read_plan, write_plan
from geo.errors import InputError, NotFoundError
from geo.formats.csv_table import Table
from geo.question.model import Question
from geo.store.contract import Store, StoreReader

DEFAULT_QUESTION = Question()

NOT_STRADDLING = pd.DataFrame(
    {"area_code": [], "share": [], "elsewhere": [], "share_outside": []},
    index=pd.Index([], name="block_code", dtype="str"),
)


@dataclass(frozen=True, eq=False)
class Draft:
    """A plan with its measures, as it was begun and as it stands.

    Attributes
    ----------
    plan
        The plan.
    ground
        Its blocks.
    figures
        What is known of them.
    base
        What it is held against, with its name; else the plan as it was begun.
    """

    plan: Plan
    ground: PlanBlocks
    figures: Figures
    base: tuple[str, Plan] | None = None
    _known: tuple[PlanMeasures, PlanMeasures] | None = field(default=None, repr=False)

    @property
    def blocks(self) -> MeasuredBlocks:
        """What is measured of the blocks."""
        return self.figures.blocks

    @property
    def hotspots(self) -> Overlaps:
        """On which blocks each ranked hotspot lies."""
        return self.figures.hotspots

    @cached_property
    def before(self) -> PlanMeasures:
        """The measures of what the plan is held against."""
        return self._known[0] if self._known else PlanMeasures.of(self.begun[1].now, self.blocks)

    @property
    def begun(self) -> tuple[str, Plan]:
        """What the plan is held against, with its name: without a base, how it was begun."""
        if self.base:
            return self.base
        begun = replace(self.plan, now=self.plan.start, steps=(), done=0)
        return self.plan.metadata.base_layer or "the start", begun

    @cached_property
    def measures(self) -> PlanMeasures:
        """The measures of the plan as it stands."""
        return (self._known[1] if self._known else self.before).after(self.plan.now)

    def follow(self, plan: Plan) -> Draft:
        """The draft after some steps: only what they changed is measured anew."""
        return replace(self, plan=plan, _known=(self.before, self.measures))

    def against(self, name: str, base: Plan) -> Draft:
        """The same draft held against another plan on its blocks."""
        known = (PlanMeasures.of(base.now, self.blocks), self.measures)
        return replace(self, base=(name, base), _known=known)

    def cut_by(self, areas: gpd.GeoDataFrame) -> Overlaps:
        """On which blocks the areas of another layer lie, in square metres."""
        return Overlaps.of_layer(self.ground.areas, areas)


def new_plan(
    store: StoreReader,
    plan_id: str,
    *,
    blocks_layer: str = "",
    from_layer: str = "",
    from_plan: str = "",
    title: str = "",
    by: str = "",
    question: Question | None = None,
) -> tuple[Draft, pd.DataFrame]:
    """Begin a plan by best fit to a layer, from another plan, or else empty; it is not saved.

    Parameters
    ----------
    blocks_layer
        The layer of blocks; that of the other plan where it is begun from one.
    from_layer, from_plan
        Where its areas come from.
    by
        Who begins it.
    question
        Which incidents are counted; none where it is None.

    Returns
    -------
    The draft, and the blocks that straddle the layer's areas (`best_fit.BestFit`).

    Raises
    ------
    InputError
        If the id cannot be one, the blocks do not tile, or it is begun from two things.
    NotFoundError
        If the layer or the plan is not there.
    """
    if from_layer and from_plan:
        raise InputError("a plan is begun from a layer or from a plan, not from both")
    with store.reading():
        if from_plan:
            other = store.plan(from_plan)
            blocks = PlanBlocks.read(store, _same_blocks(other, blocks_layer))
            known = read_plan(other, blocks.graph)
            metadata = _metadata(plan_id, title, blocks, base=known.metadata.base_layer, by=by)
            plan = Plan.begin(
                metadata,
                blocks.graph,
                assignment=known.assignment,
                areas=known.now.areas.values(),
                bridges=known.now.bridges,
            )
            return _draft(store, plan, blocks, question), NOT_STRADDLING
        blocks = PlanBlocks.read(store, _named(blocks_layer))
        metadata = _metadata(plan_id, title, blocks, base=from_layer, by=by)
        if not from_layer:
            plan = Plan.begin(metadata, blocks.graph)
            return _draft(store, plan, blocks, question), NOT_STRADDLING
        plan, straddling = fit_plan(metadata, blocks, store.layer(from_layer)[1])
        return _draft(store, plan, blocks, question), straddling


def import_assignment(
    store: StoreReader,
    plan_id: str,
    source: Table | gpd.GeoDataFrame,
    *,
    blocks_layer: str,
    title: str = "",
    by: str = "",
    columns: tuple[str, str] = ("block_code", "area_code"),
    question: Question | None = None,
) -> tuple[Draft, pd.DataFrame]:
    """Begin a plan from a table of block → area, or by best fit to polygons; it is not saved.

    Parameters
    ----------
    source
        The table, or polygons by code with `area_name`, in metres.
    columns
        Where the table has the codes of blocks and of areas.

    Returns
    -------
    As `new_plan`.

    Raises
    ------
    InputError
        As `new_plan`, or if the table lacks a column, names a block twice or an unknown one.
    """
    with store.reading():
        blocks = PlanBlocks.read(store, _named(blocks_layer))
        metadata = _metadata(plan_id, title, blocks, base="", by=by)
        if isinstance(source, Table):
            block, area = columns
            assignment = assignment_from_table(source, blocks.graph.codes, block=block, area=area)
            plan = Plan.begin(metadata, blocks.graph, assignment=assignment)
            return _draft(store, plan, blocks, question), NOT_STRADDLING
        plan, straddling = fit_plan(metadata, blocks, source)
        return _draft(store, plan, blocks, question), straddling


def fit_plan(
    metadata: PlanMetadata, blocks: PlanBlocks, areas: gpd.GeoDataFrame
) -> tuple[Plan, pd.DataFrame]:
    """A plan of whole blocks that fits polygons best, and the blocks that straddle them."""
    fit = best_fit(blocks.areas, areas)
    plan = Plan.begin(metadata, blocks.graph, assignment=fit.assignment, areas=plan_areas(areas))
    return plan, fit.straddling


def open_plan(
    store: StoreReader,
    plan_id: str,
    *,
    question: Question | None = DEFAULT_QUESTION,
    blocks: PlanBlocks | None = None,
    figures: Figures | None = None,
) -> Draft:
    """Open a plan of the store.

    Parameters
    ----------
    question
        Which incidents are counted; none where it is None.
    blocks, figures
        The plan's blocks and their figures, where the caller has kept them.

    Raises
    ------
    NotFoundError
        If there is no such plan, or its layer of blocks is gone.
    InputError
        If its blocks are no longer those of the layer.
    """
    with store.reading():
        record = store.plan(plan_id)
        blocks = blocks or PlanBlocks.read(store, record["blocks_layer"])
        plan = read_plan(record, blocks.graph)
        if figures:
            return Draft(plan, blocks, figures)
        return _draft(store, plan, blocks, question)


def save_plan(store: Store, plan: Plan) -> Plan:
    """Save a plan as its next version, which is returned.

    Raises
    ------
    PlanConflictError
        If somebody else saved, began or removed a plan of that id since this one was read.
    """
    plan_id = plan.metadata.plan_id
    with store.transaction():
        try:
            stored: Mapping[str, Any] | None = store.plan(plan_id)
        except NotFoundError:
            stored = None
        saved = next_version(plan, stored)
        store.put_plan(write_plan(saved), based_on=plan.metadata.version)
    return saved


def _draft(store: StoreReader, plan: Plan, blocks: PlanBlocks, question: Question | None) -> Draft:
    answer = count_incidents(store, blocks.layer_id, question) if question else None
    return Draft(plan, blocks, figure_blocks(blocks, answer))


def _metadata(plan_id: str, title: str, blocks: PlanBlocks, *, base: str, by: str) -> PlanMetadata:
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return PlanMetadata(plan_id, title or plan_id, blocks.layer_id, base, begun_by=by, begun_at=now)


def _named(blocks_layer: str) -> str:
    if not blocks_layer:
        raise InputError("name the layer of blocks that the plan is made of")
    return blocks_layer


def _same_blocks(record: Mapping[str, Any], blocks_layer: str) -> str:
    own = str(record["blocks_layer"])
    if blocks_layer not in ("", own):
        raise InputError(
            f"plan {record['plan_id']} is made of the blocks of {own}, and not of {blocks_layer}"
        )
    return own
