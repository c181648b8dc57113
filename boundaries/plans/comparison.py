"""What changes from one plan or layer to another: blocks, people, incidents, hotspots, officers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from boundaries.plans.block_layers import PlanBlocks
from boundaries.plans.draft import Draft
from boundaries.plans.figures import Figures, count_incidents, figure_blocks
from boundaries.plans.flows import FLOW, carried, flow_table, moved_blocks, successors
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan_layers import plan_of
from boundaries.plans.posts import shared_out
from boundaries.plans.sides import Side, read_side, side_id
from boundaries.plans.state import UNASSIGNED
from geo.analyses.deployment import need_of
from geo.errors import InputError, QuestionError
from geo.question.model import Question
from geo.question.parsers import read_mix
from geo.store.contract import StoreReader
from geo.store.layer_ids import PLAN_PREFIX

_WEIGHS = ("electors", "residents")
"""What tells which new area carries an old one on: the first that is known, else blocks.

Output areas hold about as many people each; incidents crowd in a town's middle.
"""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two sets of boundaries on the same blocks.

    Attributes
    ----------
    before, after
        The two.
    ground, figures
        The blocks and what is known of them.
    question
        Which incidents are counted, and how officers are shared out.
    """

    before: Side
    after: Side
    ground: PlanBlocks
    figures: Figures
    question: Question

    @property
    def weighed_by(self) -> str:
        """The column that tells which new area carries an old one on."""
        return next((name for name in _WEIGHS if name in self.figures.blocks.sums), "blocks")

    @cached_property
    def flow(self) -> pd.DataFrame:
        """`flow_table` of everything that is summed, what stays included.

        With `hotspots` (by the area that holds most of each) where incidents are known, and
        `officers` where the Question shares any out: those of the old area, by how much of its
        need goes where.
        """
        sums = self.figures.blocks.sums.set_axis(self.before.assignment.index)
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
        """The new area that carries each old one on, by old code."""
        return successors(self.flow, by=self.weighed_by)

    @property
    def changes(self) -> pd.DataFrame:
        """The rows of the flow in which something does not follow its area."""
        expected = carried(self.flow["from_area"], self.carried_on)
        return self.flow[expected.to_numpy() != self.flow["to_area"].to_numpy(object)]

    @cached_property
    def wholes(self) -> dict[str, float]:
        """How much there is in all of what `totals` says moves."""
        sums = self.figures.blocks.sums
        wholes = {"blocks": float(len(sums))} | {name: float(sums[name].sum()) for name in sums}
        wholes |= {"hotspots": float(len(self.hotspots))} if len(self.hotspots) else {}
        if self._shares_officers:
            wholes["officers"] = float(self.officers["posts_after"].sum())
        return wholes

    @cached_property
    def origins(self) -> dict[str, str]:
        """The old area of each new one: that of the same code, else the one it carries on."""
        carried = {new: old for old, new in self.carried_on.items()}
        old = self.before.plan.now.areas
        same = {code: code for code in self.after.plan.now.areas if code in old}
        return {new: was for new, was in carried.items() if was not in same} | same

    @cached_property
    def moved(self) -> pd.DataFrame:
        """The blocks that do not follow their area, with what they hold, by block code."""
        moved = moved_blocks(
            self.before.assignment, self.after.assignment, carried_on=self.carried_on
        )
        sums = self.figures.blocks.sums.set_axis(self.before.assignment.index)
        return moved.join(sums)

    @cached_property
    def hotspots(self) -> pd.DataFrame:
        """Where each ranked hotspot goes.

        `hotspot_id`, `n`, `from_area`, `to_area` (of most of its incidents), `split_before`,
        `split_after` (in how many areas it lies), `moved` (it does not follow its area).
        """
        found = self.figures.hotspots
        old, new = (_main(found, side.assignment) for side in (self.before, self.after))
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
        """Posts before and after, by new area; empty where the Question shares out none.

        `area_code`, `from_area` (the old area that it carries on, '' for none), `posts_before`,
        `posts_after`, `change`; areas that nothing carries on stand last, with no posts after.
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
    def totals(self) -> dict[str, float]:
        """How much moves: blocks, each summed column, hotspots and officers."""
        columns = [name for name in self.moved if name not in FLOW]
        totals = {"blocks": float(len(self.moved))}
        totals |= {name: float(self.moved[name].sum()) for name in columns}
        if len(self.hotspots):
            totals["hotspots"] = float(self.hotspots["moved"].sum())
        if self._shares_officers:
            totals["officers"] = float(self.officers["change"].clip(lower=0).sum())
        return totals

    @property
    def _shares_officers(self) -> bool:
        return bool(self.question.posts)

    def _posts(self, side: Side) -> pd.Series:
        measures = PlanMeasures.of(side.plan.now, self.figures.blocks)
        return shared_out(measures, self.question)["posts"]

    @cached_property
    def _block_need(self) -> pd.Series:
        sums = self.figures.blocks.sums
        strange = [name for name in read_mix(self.question.need) if name not in sums]
        if strange or self.question.low:
            there = ", ".join(sums)
            raise QuestionError(
                "need", f"officers follow what adds up over blocks, and that is: {there}"
            )
        return need_of(sums.set_axis(self.before.assignment.index), self.question)

    def _with_hotspots(self, flow: pd.DataFrame) -> pd.DataFrame:
        found = self.figures.hotspots
        if not found.names:
            return flow
        old, new = (_main(found, side.assignment)["area"] for side in (self.before, self.after))
        counts = pd.DataFrame({"from_area": old, "to_area": new}).value_counts().rename("hotspots")
        joined = flow.merge(counts.reset_index(), on=FLOW, how="outer").sort_values(FLOW)
        numbers = [name for name in joined.columns if name not in FLOW and "_share_" not in name]
        return joined.fillna(dict.fromkeys(numbers, 0.0)).reset_index(drop=True)


_NEED = "need"
_POSTS = ["posts_before", "posts_after", "change"]


def compare(
    store: StoreReader, before: str, after: str, *, question: Question, blocks_layer: str = ""
) -> Comparison:
    """Compare two plans, two layers, or one with the other, block by block.

    Parameters
    ----------
    before, after
        A layer's id, a plan's id, or `plan-ID`; where a layer and a plan bear one id, it is the
        layer.
    question
        Which incidents are counted, and how officers are shared out.
    blocks_layer
        The layer of blocks; else that of the first of the two that is a plan. What is not made
        of its blocks is fitted to them.

    Raises
    ------
    NotFoundError
        If one of them is not there.
    InputError
        If no layer of blocks is known.
    """
    with store.reading():
        ids = [side_id(store, name) for name in (before, after)]
        plans = {told["plan_id"]: told["blocks_layer"] for told in store.plans()}
        own = [plans[plan_of(name)] for name in ids if plan_of(name)]
        if not (blocks_layer or own):
            raise InputError("both are layers: name the blocks to compare them by, --blocks LAYER")
        ground = PlanBlocks.read(store, blocks_layer or own[0])
        one, other = (read_side(store, name, ground) for name in ids)
        answer = count_incidents(store, ground.layer_id, question)
        return Comparison(one, other, ground, figure_blocks(ground, answer), question)


def comparison_of(draft: Draft, question: Question) -> Comparison:
    """A draft against what it is held against; officers are not shared out."""
    name, begun = draft.begun
    after = Side(f"{PLAN_PREFIX}{draft.plan.metadata.plan_id}", draft.plan)
    asked = replace(question, posts=0)
    return Comparison(Side(name, begun), after, draft.ground, draft.figures, asked)


def before_by_area(draft: Draft, found: Comparison) -> pd.DataFrame:
    """What a draft is held against, by the areas of the draft: NaN where one is new.

    The columns are those of `PlanMeasures.frame`.
    """
    now = draft.measures.frame.index
    before = draft.before.frame.reindex([found.origins.get(code, "") for code in now])
    return before.set_axis(now)


def _main(found: Overlaps, assignment: pd.Series) -> pd.DataFrame:
    """The area that holds most of each thing, in how many it lies, and how much of it there is."""
    sides = found.sides(assignment.to_numpy(object))
    sides["inside"] = sides["area_code"] != UNASSIGNED
    of = sides.groupby("name", sort=True)
    return pd.DataFrame(
        {"area": of["area_code"].first(), "areas": of["inside"].sum(), "n": of["amount"].sum()}
    )
