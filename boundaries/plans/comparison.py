"""What changes from one plan or layer to another: blocks, people, incidents, hotspots, officers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockLayer
from boundaries.plans.draft import Draft
from boundaries.plans.figures import Figures, block_figures
from boundaries.plans.flows import FLOW, carried, flow_table, moved_blocks, successors
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan_layers import Side, plan_of, read_side, side_id
from geo.analyses.deployment import need_of, share_out
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError, QuestionError
from geo.properties import cached_property
from geo.question.model import Question
from geo.store.contract import StoreReader
from geo.store.layer_ids import PLAN_PREFIX

# Which new area succeeds an old one follows the first of these that is known, else the number of
# blocks. People come first: output areas hold about as many each, while incidents crowd in a
# town's centre and would let one busy street decide.
_SUCCESSION = ("electors", "residents")
_NEED = "need"
_POSTS = ["posts_before", "posts_after", "change"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two sets of boundaries on the same blocks.

    Attributes
    ----------
    before, after
        The two sides.
    block_layer, figures
        The blocks of both, and their figures.
    question
        Which incidents are counted, and how officers are shared out.
    """

    before: Side
    after: Side
    block_layer: BlockLayer
    figures: Figures
    question: Question

    @property
    def weighed_by(self) -> str:
        """The column that decides which new area succeeds an old one."""
        return next((name for name in _SUCCESSION if name in self._sums), "blocks")

    @cached_property
    def flow(self) -> pd.DataFrame:
        """How much goes from each old area to each new one: `flow_table` of every summed column.

        With ranked hotspots there is also `hotspots` (each counted where most of its incidents
        lie). If the Question shares out posts, there is also `officers`: the old area's posts,
        split by where its need goes.
        """
        sums = self._sums
        if self._shares_officers:
            sums = sums.assign(**{_NEED: self._block_need})
        flow = flow_table(self.before.assignment, self.after.assignment, sums)
        if self._shares_officers:
            posts = self._posts(self.before)
            share = flow.pop(f"{_NEED}_share_from").fillna(0.0)
            flow["officers"] = share * flow["from_area"].map(posts).fillna(0)
            flow = flow.drop(columns=[_NEED, f"{_NEED}_share_to"])
        return self._with_hotspots(flow)

    @cached_property
    def carried_on(self) -> pd.Series:
        """The new area that succeeds each old one, by old code."""
        return successors(self.flow, by=self.weighed_by)

    @property
    def changes(self) -> pd.DataFrame:
        """The rows of the flow in which something leaves its area."""
        expected = carried(self.flow["from_area"], self.carried_on)
        stays: NDArray[np.bool_] = expected.to_numpy(object) == self.flow["to_area"].to_numpy(
            object
        )
        return self.flow.loc[~stays]

    @cached_property
    def grand_totals(self) -> dict[str, float]:
        """How much there is altogether of everything in `totals`."""
        totals = {"blocks": float(len(self._sums))} | _totals(self._sums)
        if len(self.hotspots):
            totals["hotspots"] = float(len(self.hotspots))
        if self._shares_officers:
            totals["officers"] = float(self.officers["posts_after"].sum())
        return totals

    @cached_property
    def origins(self) -> dict[str, str]:
        """The old area of each new one: the one with the same code, else the one it succeeds."""
        predecessors = {str(new): str(old) for old, new in self.carried_on.items()}
        old = self.before.plan.now.areas
        same = {code: code for code in self.after.plan.now.areas if code in old}
        # A code that stays wins, and its old area is then not the origin of a second new one.
        return {new: was for new, was in predecessors.items() if was not in same} | same

    @cached_property
    def moved(self) -> pd.DataFrame:
        """The blocks that leave their area, with their sums, by block code."""
        moved = moved_blocks(
            self.before.assignment, self.after.assignment, carried_on=self.carried_on
        )
        return moved.join(self._sums)

    @cached_property
    def hotspots(self) -> pd.DataFrame:
        """Where each ranked hotspot goes.

        `hotspot_id`, `n`, `from_area` and `to_area` (of most of its incidents), `split_before`
        and `split_after` (how many areas it lies in), `moved` (it leaves its area).
        """
        overlaps = self.figures.hotspots
        old, new = (_main_area(overlaps, side.assignment) for side in (self.before, self.after))
        frame = pd.DataFrame(
            {
                "n": old["n"], "from_area": old["area"], "to_area": new["area"],
                "split_before": old["areas"], "split_after": new["areas"],
            }
        )  # fmt: skip
        expected = carried(frame["from_area"], self.carried_on)
        frame["moved"] = expected.to_numpy() != frame["to_area"].to_numpy(object)
        return frame.rename_axis("hotspot_id").reset_index()

    @cached_property
    def officers(self) -> pd.DataFrame:
        """Posts before and after, by new area; empty if the Question shares out none.

        `area_code`, `from_area` (the old area that it succeeds, '' for none), `posts_before`,
        `posts_after`, `change`. Old areas without a successor come last, with no posts after.
        """
        if not self._shares_officers:
            return pd.DataFrame(columns=["area_code", "from_area", *_POSTS])
        before, after = self._posts(self.before), self._posts(self.after)
        origin = pd.Series(self.carried_on.index, index=self.carried_on.to_numpy(), dtype="str")
        rows = [
            (code, origin.get(code, ""), int(before.get(origin.get(code, ""), 0)), int(posts))
            for code, posts in after.items()
        ]
        gone = [code for code in before.index if code not in self.carried_on.index]
        rows += [("", code, int(before[code]), 0) for code in gone]
        frame = pd.DataFrame(rows, columns=["area_code", "from_area", *_POSTS[:2]])
        return frame.assign(change=frame["posts_after"] - frame["posts_before"])

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The measures that were asked for, before and after, by new area; empty without any.

        `area_code`, `from_area` (its old area, '' for none), `measure` (its column), `before` (of
        the old area, NaN where unknown) and `after`.
        """
        names = list(self.figures.titles)
        old, new = (
            PlanMeasures.of(side.plan.now, self.figures.blocks).frame
            for side in (self.before, self.after)
        )
        origin = [self.origins.get(str(code), "") for code in new.index]
        tables = [
            pd.DataFrame(
                {
                    "area_code": new.index,
                    "from_area": origin,
                    "measure": name,
                    "before": old[name].reindex(origin).to_numpy(float),
                    "after": new[name].to_numpy(float),
                }
            )
            for name in names
        ]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    @cached_property
    def totals(self) -> dict[str, float]:
        """How much moves: blocks, each summed column, hotspots and officers."""
        totals = {"blocks": float(len(self.moved))} | _totals(self.moved.drop(columns=FLOW))
        if len(self.hotspots):
            totals["hotspots"] = float(self.hotspots["moved"].sum())
        if self._shares_officers:
            totals["officers"] = float(self.officers["change"].clip(lower=0).sum())
        return totals

    @cached_property
    def _sums(self) -> pd.DataFrame:
        return self.figures.blocks.sums.set_axis(self.before.assignment.index)

    @property
    def _shares_officers(self) -> bool:
        return bool(self.question.posts.officers)

    def _posts(self, side: Side) -> pd.Series:
        measures = PlanMeasures.of(side.plan.now, self.figures.blocks)
        return posts_and_money(measures, self.question)["posts"]

    @cached_property
    def _block_need(self) -> pd.Series:
        unusable = [name for name, _ in self.question.need.mix if name not in self._sums]
        if unusable or self.question.need.low:
            raise QuestionError(
                "need",
                "to follow officers from area to area, need must be made of columns that add up "
                f"over blocks; choose from: {', '.join(map(str, self._sums))}",
            )
        return need_of(self._sums, self.question)

    def _with_hotspots(self, flow: pd.DataFrame) -> pd.DataFrame:
        overlaps = self.figures.hotspots
        if not overlaps.names:
            return flow
        old, new = (
            _main_area(overlaps, side.assignment)["area"] for side in (self.before, self.after)
        )
        counts = pd.DataFrame({"from_area": old, "to_area": new}).value_counts().rename("hotspots")
        joined = flow.merge(counts.reset_index(), on=FLOW, how="outer")
        joined = joined.sort_values(FLOW, kind="stable")
        numbers = [name for name in joined.columns if name not in FLOW and "_share_" not in name]
        return joined.fillna(dict.fromkeys(numbers, 0.0)).reset_index(drop=True)


def compare(
    store: StoreReader, before: str, after: str, *, question: Question, blocks_layer: str = ""
) -> Comparison:
    """Compare two plans, two layers, or one with the other, block by block.

    Parameters
    ----------
    store
        Holds the layers, plans and incidents.
    before, after
        A layer's id, a plan's id, or `plan-ID`; a layer takes precedence over a plan.
    question
        Which incidents are counted, and how officers are shared out.
    blocks_layer
        The layer of blocks; by default that of the first of the two that is a plan. Anything
        not made of its blocks is fitted to them.

    Returns
    -------
    The comparison; nothing is computed until it is read.

    Raises
    ------
    NotFoundError
        If one of the two does not exist.
    InputError
        If both are layers and no layer of blocks is given.
    """
    with store.reading():
        ids = [side_id(store, name) for name in (before, after)]
        plans = {summary["plan_id"]: summary["blocks_layer"] for summary in store.plans()}
        own = [plans[plan_of(name)] for name in ids if plan_of(name)]
        if not (blocks_layer or own):
            raise InputError("both are layers; name the blocks to compare them by: --blocks LAYER")
        blocks = BlockLayer.read(store, blocks_layer or own[0])
        one, other = (read_side(store, name, blocks) for name in ids)
        return Comparison(one, other, blocks, block_figures(store, blocks, question), question)


def compare_draft(draft: Draft, question: Question) -> Comparison:
    """Compare a draft with its base.

    Parameters
    ----------
    draft
        The draft; its own figures are used.
    question
        Which incidents `draft.figures` counted. Posts are not shared out.

    Returns
    -------
    The comparison, with the base before and the draft after.
    """
    name, base = draft.compared_to
    after = Side(f"{PLAN_PREFIX}{draft.plan.metadata.plan_id}", draft.plan)
    without_posts = replace(question, posts=replace(question.posts, officers=None))
    return Comparison(Side(name, base), after, draft.block_layer, draft.figures, without_posts)


def before_by_area(draft: Draft, comparison: Comparison) -> pd.DataFrame:
    """The measures of a draft's base, in the rows of the draft's areas.

    Parameters
    ----------
    draft
        The draft.
    comparison
        As `compare_draft` returns it: it knows the old area of each new one.

    Returns
    -------
    The columns of `PlanMeasures.frame`, indexed by the draft's area codes; NaN where an area is
    new.
    """
    now = draft.measures.frame.index
    before = draft.before.frame.reindex([comparison.origins.get(code, "") for code in now])
    return before.set_axis(now)


def posts_and_money(measures: PlanMeasures, question: Question) -> pd.DataFrame:
    """Share out the Question's posts and money over the areas of a plan by need.

    Parameters
    ----------
    measures
        The plan's areas with the columns that `need` is made of.
    question
        `posts`, `money` or both; `need` mixes columns of the measures, such as `incidents`,
        `harm` or `residents`. If both are shared out, `floor` applies to posts only.

    Returns
    -------
    Indexed by `area_code`, without excluded areas: `need` (adds up to 1); `posts` if there are
    posts; `pounds` by need and `pounds_flat` (the same for every area) if there is money.

    Raises
    ------
    QuestionError
        If there is nothing to share out or to share it by, or the floors exceed what there is.
    """
    terms = question.posts
    if not terms.shares_anything:
        raise QuestionError(
            "posts", "say how many officers there are (--posts), or how much money (--money)"
        )
    areas = measures.frame.drop(index=list(question.need.exclude), errors="ignore")
    if areas.empty:
        raise QuestionError("posts", "the plan has no area to share them over; add one first")
    table = areas.assign(need=need_of(areas, question))
    shares = table[["need"]].copy()
    if terms.officers:
        officers_only = replace(question, posts=replace(terms, money=None))
        posts = share_out(table, officers_only).set_index("area_code")
        shares["posts"] = posts["posts"]
    if terms.money is not None:
        floor = 0 if terms.officers else terms.floor
        money_only = replace(question, posts=replace(terms, officers=None, floor=floor))
        money = share_out(table, money_only).set_index("area_code")
        shares["pounds"] = money["need_pence"] / 100
        shares["pounds_flat"] = money["flat_pence"] / 100
    return shares


def _totals(columns: pd.DataFrame) -> dict[str, float]:
    # Column by column: a sum over the whole frame adds in another order and rounds differently.
    return {str(name): float(columns[name].sum()) for name in columns}


def _main_area(overlaps: Overlaps, assignment: pd.Series) -> pd.DataFrame:
    """By thing: the area with most of it, in how many areas it lies, and how much there is."""
    sides = overlaps.by_area(assignment.to_numpy(object))
    sides["inside"] = sides["area_code"] != UNASSIGNED
    things = sides.groupby("name", sort=True)
    return pd.DataFrame(
        {
            "area": things["area_code"].first(),  # the largest share comes first
            "areas": things["inside"].sum(),
            "n": things["amount"].sum(),
        }
    )
