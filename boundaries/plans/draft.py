"""A plan in use: created, opened and saved in a store, with everything measured on it.

The command line, the OGC collections and the planner page all work on plans through this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd

from boundaries.layers.blocks import BlockLayer
from boundaries.plans.comments import redact_comment
from boundaries.plans.figures import Figures, block_figures
from boundaries.plans.history import holds_text
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan, PlanMetadata, areas_of_layer, council_size_of
from boundaries.plans.serialization import next_version, read_plan, successor, write_plan
from boundaries.plans.state import Signed
from geo.areal.best_fit import assignment_from_table, best_fit
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError, NotFoundError
from geo.formats.csv_table import Table
from geo.properties import cached_property
from geo.question.model import Question
from geo.store.contract import Store, StoreReader

DEFAULT_QUESTION = Question()

NOT_STRADDLING = pd.DataFrame(
    {"area_code": [], "share": [], "elsewhere": [], "share_outside": []},
    index=pd.Index([], name="block_code", dtype="str"),
)
"""`BestFit.straddling` without rows."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A plan with its measures, and what it is compared with.

    Attributes
    ----------
    plan
        The plan.
    block_layer
        Its blocks.
    figures
        The figures of those blocks.
    base
        Name and plan to compare with; None for the plan's own starting point.
    """

    plan: Plan
    block_layer: BlockLayer
    figures: Figures
    base: tuple[str, Plan] | None = None
    # Measures of the base and of an earlier state of the plan, to measure only what changed.
    _earlier: tuple[PlanMeasures, PlanMeasures] | None = field(default=None, repr=False)

    @property
    def blocks(self) -> MeasuredBlocks:
        """The blocks with their summed and averaged columns."""
        return self.figures.blocks

    @property
    def hotspots(self) -> Overlaps:
        """On which blocks each ranked hotspot lies."""
        return self.figures.hotspots

    @property
    def compared_to(self) -> tuple[str, Plan]:
        """Name and plan that the draft is compared with; see `base`."""
        if self.base:
            return self.base
        start = replace(self.plan, now=self.plan.start, steps=())
        return self.plan.metadata.base_layer or "the start", start

    @cached_property
    def before(self) -> PlanMeasures:
        """The measures of what the draft is compared with."""
        if self._earlier:
            return self._earlier[0]
        return PlanMeasures.of(self.compared_to[1].now, self.blocks)

    @cached_property
    def measures(self) -> PlanMeasures:
        """The measures of the plan in its current state."""
        return (self._earlier[1] if self._earlier else self.before).after(self.plan.now)

    def follow(self, plan: Plan) -> Draft:
        """The draft after further steps; only areas that they changed are measured again."""
        return replace(self, plan=plan, _earlier=(self.before, self.measures))

    def against(self, name: str, base: Plan) -> Draft:
        """The same draft with another base.

        Parameters
        ----------
        name
            What to call the base.
        base
            A plan on the same blocks.

        Returns
        -------
        A new draft.
        """
        earlier = (PlanMeasures.of(base.now, self.blocks), self.measures)
        return replace(self, base=(name, base), _earlier=earlier)

    def cut_by(self, areas: gpd.GeoDataFrame) -> Overlaps:
        """On which blocks the areas of another layer lie, in square metres."""
        return Overlaps.of_layer(self.block_layer.areas, areas)


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
    """Create a plan by best fit to a layer, from another plan, or empty. It is not saved yet.

    Parameters
    ----------
    store
        Holds the layers and plans.
    plan_id
        The new plan's id.
    blocks_layer
        The layer of blocks; optional with `from_plan`, which has blocks already.
    from_layer, from_plan
        Where its areas come from; give at most one.
    title
        The plan's title; by default its id.
    by
        Who creates it.
    question
        Which incidents to count; None for none.

    Returns
    -------
    The draft, and the blocks that straddle the layer's areas (as `BestFit.straddling`).

    Raises
    ------
    InputError
        If the id is invalid, the blocks do not tile, or both a layer and a plan are given.
    NotFoundError
        If the layer or plan does not exist.
    """
    if from_layer and from_plan:
        raise InputError("start a plan from a layer or from another plan, not from both")
    with store.reading():
        straddling = NOT_STRADDLING
        if from_plan:
            record = store.plan(from_plan)
            blocks = BlockLayer.read(store, _same_blocks(record, blocks_layer))
            source = read_plan(record, blocks.graph)
            metadata = new_metadata(plan_id, title, blocks, base=source.metadata.base_layer, by=by)
            plan = Plan.begin(
                metadata,
                blocks.graph,
                assignment=source.assignment,
                areas=source.now.areas.values(),
                bridges=source.now.bridges,
                council_size=source.now.council_size,
                forecast=source.now.forecast,
            )
        else:
            blocks = BlockLayer.read(store, _required(blocks_layer))
            metadata = new_metadata(plan_id, title, blocks, base=from_layer, by=by)
            if from_layer:
                plan, straddling = fit_plan(metadata, blocks, store.layer(from_layer)[1])
            else:
                plan = Plan.begin(metadata, blocks.graph)
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
    """Create a plan from a table of block → area, or by best fit to polygons. It is not saved yet.

    Parameters
    ----------
    store, plan_id, blocks_layer, title, by, question
        As for `new_plan`.
    source
        The table, or polygons in metres indexed by code, with `area_name`.
    columns
        The table's columns of block codes and of area codes.

    Returns
    -------
    As for `new_plan`.

    Raises
    ------
    InputError
        As for `new_plan`, or if the table lacks a column, or names a block twice or one that
        does not exist.
    NotFoundError
        If the layer of blocks does not exist.
    """
    with store.reading():
        blocks = BlockLayer.read(store, _required(blocks_layer))
        metadata = new_metadata(plan_id, title, blocks, base="", by=by)
        if isinstance(source, Table):
            block, area = columns
            assignment = assignment_from_table(source, blocks.graph.codes, block=block, area=area)
            plan = Plan.begin(metadata, blocks.graph, assignment=assignment)
            straddling = NOT_STRADDLING
        else:
            plan, straddling = fit_plan(metadata, blocks, source)
        return _draft(store, plan, blocks, question), straddling


def fit_plan(
    metadata: PlanMetadata, blocks: BlockLayer, areas: gpd.GeoDataFrame
) -> tuple[Plan, pd.DataFrame]:
    """Make a plan of whole blocks that best fits some polygons.

    Parameters
    ----------
    metadata
        The new plan's.
    blocks
        What it is made of.
    areas
        Polygons in metres indexed by code, with `area_name` and, if known, `members`.

    Returns
    -------
    The plan, and the blocks that straddle the polygons (as `BestFit.straddling`).

    Raises
    ------
    InputError
        If blocks and areas are in different coordinate systems.
    """
    fit = best_fit(blocks.areas, areas)
    known = list(areas_of_layer(areas))
    plan = Plan.begin(
        metadata,
        blocks.graph,
        assignment=fit.assignment,
        areas=known,
        council_size=council_size_of(known),
    )
    return plan, fit.straddling


def open_plan(
    store: StoreReader,
    plan_id: str,
    *,
    question: Question | None = DEFAULT_QUESTION,
    blocks: BlockLayer | None = None,
    figures: Figures | None = None,
) -> Draft:
    """Open a saved plan.

    Parameters
    ----------
    store
        Holds the plan.
    plan_id
        The plan's id, without `plan-`.
    question
        Which incidents to count; None for none. Ignored if `figures` are given.
    blocks, figures
        The plan's blocks and their figures, if the caller has them cached.

    Returns
    -------
    The plan as a draft.

    Raises
    ------
    NotFoundError
        If the plan or its layer of blocks does not exist.
    InputError
        If the layer's blocks have changed since the plan was made.
    """
    with store.reading():
        record = store.plan(plan_id)
        blocks = blocks or BlockLayer.read(store, record["blocks_layer"])
        plan = read_plan(record, blocks.graph)
        return Draft(plan, blocks, figures) if figures else _draft(store, plan, blocks, question)


def save_plan(store: Store, plan: Plan) -> Plan:
    """Save a plan as its next version.

    Parameters
    ----------
    store
        Where to save it.
    plan
        The plan, with the version it was read as.

    Returns
    -------
    The plan with its new version.

    Raises
    ------
    PlanConflictError
        If someone else saved, created or deleted a plan with this id since this one was read.
    """
    with store.transaction():
        return put_plan(store, plan)


def put_plan(store: Store, plan: Plan) -> Plan:
    """Save a plan as its next version, as part of a transaction; see `save_plan`.

    Parameters
    ----------
    store
        Where to save it, in a transaction.
    plan
        The plan, with the version it was read as.

    Returns
    -------
    The plan with its new version.

    Raises
    ------
    PlanConflictError
        As for `save_plan`.
    """
    try:
        stored: Mapping[str, Any] | None = store.plan(plan.metadata.plan_id)
    except NotFoundError:
        stored = None
    saved = next_version(plan, stored)
    store.put_plan(write_plan(saved), based_on=plan.metadata.version)
    return saved


def put_current_plan(store: Store, plan: Plan) -> Plan:
    """Save a plan of which the caller knows that nobody has saved it since it was read.

    Quicker than `put_plan`, which reads the whole record of the plan to say who has.

    Parameters
    ----------
    store
        Where to save it, in the transaction in which the caller has made sure.
    plan
        The plan, with the version it was read as.

    Returns
    -------
    The plan with its new version.

    Raises
    ------
    ConflictError
        If the store has another version after all.
    """
    saved = successor(plan)
    store.put_plan(write_plan(saved), based_on=plan.metadata.version)
    return saved


class Redacted(NamedTuple):
    """The plans that a text was taken out of, by id; `unread` cannot be opened, by the reason.

    `comments` says by plan of how many comments it was the text.
    """

    saved: dict[str, Plan]
    unread: dict[str, str]
    comments: dict[str, int]


def redact_plans(store: Store, plan_id: str, number: int, *, signed: Signed) -> Redacted:
    """Take what was written with a step out of its plan, and of all others that hold the same.

    A plan that began from another has the texts of its areas. A comment with one of the texts loses
    its name and point too.

    Parameters
    ----------
    store
        Holds the plans.
    plan_id, number
        The step.
    signed
        Who takes the texts out.

    Returns
    -------
    The plans as they were saved, that of the step first.

    Raises
    ------
    NotFoundError
        If there is no such plan, or no such step.
    InputError
        If nothing was written with it, or the plan cannot be opened.
    PlanConflictError
        As for `save_plan`.
    """
    with store.transaction():
        plan = open_plan(store, plan_id, question=None).plan
        texts = plan.texts_written(number)
        saved = {plan_id: put_plan(store, plan.redact(texts, signed=signed, of=number))}
        unread: dict[str, str] = {}
        for other in [summary["plan_id"] for summary in store.plans()]:
            if other in saved or not holds_text(store.plan(other), texts):
                continue
            try:
                same = open_plan(store, other, question=None).plan
            except (NotFoundError, InputError) as refusal:
                unread[other] = str(refusal)
            else:
                saved[other] = put_plan(store, same.redact(texts, signed=signed))
        comments = _redact_comments(store, texts)
    return Redacted(saved, unread, comments)


def _redact_comments(store: Store, texts: frozenset[str]) -> dict[str, int]:
    """Take the words out of all comments that are one of some texts; how many, by plan."""
    redacted: dict[str, int] = {}
    for plan_id in [summary["plan_id"] for summary in store.plans()]:
        same = [comment for comment in store.plan_comments(plan_id) if comment.body in texts]
        if not same:
            continue
        draft = open_plan(store, plan_id, question=None)
        for comment in same:
            redact_comment(store, draft.block_layer, draft.plan.now, comment)
        redacted[plan_id] = len(same)
    return redacted


def _draft(store: StoreReader, plan: Plan, blocks: BlockLayer, question: Question | None) -> Draft:
    return Draft(plan, blocks, block_figures(store, blocks, question))


def new_metadata(
    plan_id: str, title: str, blocks: BlockLayer, *, base: str, by: str
) -> PlanMetadata:
    """The metadata of a plan that begins now.

    Parameters
    ----------
    plan_id, title
        The plan's id, and its title; the id where that is empty.
    blocks
        Its blocks.
    base
        The layer that its areas are fitted to; '' for none.
    by
        Who begins it.

    Returns
    -------
    The metadata, of no version yet.
    """
    # To the microsecond, because it tells apart plans that were created under one id in turn.
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return PlanMetadata(plan_id, title or plan_id, blocks.layer_id, base, begun_by=by, begun_at=now)


def _required(blocks_layer: str) -> str:
    if not blocks_layer:
        raise InputError("name the layer of blocks that the plan is made of")
    return blocks_layer


def _same_blocks(record: Mapping[str, Any], blocks_layer: str) -> str:
    own = str(record["blocks_layer"])
    if blocks_layer not in ("", own):
        raise InputError(
            f"plan {record['plan_id']} is made of the blocks of {own}, not of {blocks_layer}; "
            f"leave the blocks out or give {own}"
        )
    return own
