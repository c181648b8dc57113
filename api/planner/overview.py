"""Plans at a glance: how equal the areas of each are, for the list of plans, and small maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from api.formats.registry import Format
from api.load.memory import MemoryBudget
from api.load.turns import Turns
from api.pages.templating import templates
from api.planner.plan_data import PlanData, RecentCache
from api.planner.plan_map import plan_map
from boundaries.layers.electorates import CURRENT, electorates
from boundaries.plans.draft import Draft, open_plan
from boundaries.plans.electoral import review_triggers, whole_percent
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError, NotFoundError
from geo.store.contract import PlanSummary, Store

SVG: Final = Format("svg", "image/svg+xml", "SVG", ".svg")

PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture runs nothing and loads nothing, also where it is opened by itself."""


MOST_PLANS: Final = 200
"""Plans whose overviews and pictures are cached: each takes some kilobytes."""


@dataclass(frozen=True)
class PlanOverview:
    """How far a plan is, and how equal its areas are by the electors of today.

    Attributes
    ----------
    areas
        Areas with blocks.
    unassigned
        Blocks without an area.
    beyond_10
        Areas further than 10 per cent from the average; None where no variance is known.
    largest_percent
        The variance furthest from zero in whole per cent, with its sign; None likewise.
    refusal
        Why the plan cannot be opened; '' if it can.
    """

    areas: int
    unassigned: int
    beyond_10: int | None = None
    largest_percent: int | None = None
    refusal: str = ""


def plan_overview(draft: Draft) -> PlanOverview:
    """Look a plan over without dissolving the shape of any area."""
    now = draft.plan.now
    areas = sum(1 for code in now.areas if now.blocks(code))
    unassigned = len(now.blocks(UNASSIGNED))
    columns = electorates(draft.blocks.sums)
    if not columns or not now.areas:
        return PlanOverview(areas, unassigned)
    electors = CURRENT if CURRENT in columns else next(iter(columns))
    variances = draft.measures.variances(electors)
    known = variances[np.isfinite(variances)]
    if not len(known):
        return PlanOverview(areas, unassigned)
    largest = known[np.argmax(np.abs(known))]
    return PlanOverview(
        areas, unassigned, review_triggers(known).notable, int(whole_percent(largest))
    )


def plan_picture(draft: Draft) -> bytes:
    """The map of a plan as an SVG file, without names: they are too small to read on it."""
    drawing = plan_map(draft, draft.measures, draft.plan.metadata.title)
    return templates.get_template("plan_picture.svg").render(map=drawing).encode()


class PlanGallery:
    """The overviews and pictures of the plans of a store, each made once for a version."""

    def __init__(self, store: Store, data: PlanData, *, turns: Turns, memory: MemoryBudget) -> None:
        self._store, self._data, self._turns = store, data, turns
        self._overviews: RecentCache[PlanOverview] = RecentCache(memory, MOST_PLANS)
        self._pictures: RecentCache[bytes] = RecentCache(memory, MOST_PLANS)

    def overview(self, plan: PlanSummary) -> PlanOverview:
        """A plan at a glance; where it cannot be opened, with the reason."""
        return self._overviews.get_or_build(self._version(plan), lambda: self._looked_over(plan))

    def picture(self, plan_id: str) -> bytes:
        """The map of a plan; see `plan_picture`.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        InputError
            If its blocks have changed since it was made.
        """
        plan = next((plan for plan in self._store.plans() if plan["plan_id"] == plan_id), None)
        if plan is None:
            raise NotFoundError(f"there is no plan {plan_id!r}")
        return self._pictures.get_or_build(
            self._version(plan), lambda: plan_picture(self._opened(plan))
        )

    def _version(self, plan: PlanSummary) -> tuple[object, ...]:
        version = (plan["plan_id"], plan["version"], plan["updated_at"])
        return (*version, *self._data.version("layers"))

    def _looked_over(self, plan: PlanSummary) -> PlanOverview:
        try:
            return plan_overview(self._opened(plan))
        except InputError as refusal:
            return PlanOverview(0, 0, refusal=str(refusal))

    def _opened(self, plan: PlanSummary) -> Draft:
        with self._turns.turn():
            blocks = self._data.blocks(plan["blocks_layer"])
            figures = self._data.plain_figures(blocks)
            return open_plan(self._store, plan["plan_id"], blocks=blocks, figures=figures)
