"""Editing sessions: open plans, cached in memory so that a step costs only what it changes.

The store decides: a session is opened anew whenever the store has another version of its plan,
blocks or incidents.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace

import pandas as pd

from api.formats.encoding import records
from api.identity.view import DataView
from api.load.memory import MemoryBudget
from api.load.turns import Turns
from api.planner.comments import (
    NewComment,
    NewComments,
    add_comment,
    check_file,
    comment_table,
    read_sent_file,
)
from api.planner.council import OptionsPayload, compare_sizes, options_payload, read_sizes
from api.planner.facts import Row
from api.planner.overview import PlanGallery
from api.planner.payload import (
    AreaRows,
    ChangePayload,
    PlanPayload,
    SplitCounter,
    SuggestionsPayload,
    area_rows,
    change_payload,
    changes_payload,
    plan_payload,
)
from api.planner.plan_data import PlanData, RecentCache
from api.planner.refining import RefinedPlan, Refining, refine_plan
from api.planner.steps import Beginning, PlanStep
from boundaries.plans.comment_files import CommentFile
from boundaries.plans.comments import CheckedComments
from boundaries.plans.communities import Communities
from boundaries.plans.comparison import posts_and_money
from boundaries.plans.draft import (
    Draft,
    new_plan,
    open_plan,
    put_current_plan,
    put_plan,
    save_plan,
)
from boundaries.plans.figures import Figures
from boundaries.plans.plan import Plan
from boundaries.plans.rebasing import rebase, unseen_steps
from boundaries.plans.serialization import PlanConflictError, read_on
from boundaries.plans.suggestions import suggest_moves
from boundaries.plans.units import Units
from geo.properties import cached_property
from geo.question.answer import Visible
from geo.question.concealed import limited
from geo.question.model import Question
from geo.store.comment_contract import PlanComment
from geo.store.contract import PlanSummary, Store
from geo.store.plan_rows import unknown_plan

_MOST_TRIES = 20
"""How often a step is tried anew because another process saved just before it."""

_PLAN, _DATA = slice(2), slice(2, None)
"""Where in the stamp of a session the version of the plan stands, and that of the data."""


def _replaced(plan_id: str) -> PlanConflictError:
    return PlanConflictError(
        f"plan {plan_id} was deleted since you opened it, and another created with its id; reload "
        "the page"
    )


def _nameless(figures: Figures) -> Figures:
    """The same figures without the street names of incidents."""
    if figures.answer is None:
        return figures
    return replace(figures, answer=limited(figures.answer, Visible(locations=False), caveats=()))


@dataclass(frozen=True, eq=False)
class EditingSession:
    """An open plan for one Question.

    Attributes
    ----------
    draft
        The plan with its measures.
    question
        Which incidents the measures count.
    counters
        What the plan's boundaries may split, by kind.
    stamp
        The version of the plan and of the data that the session was opened on.
    """

    draft: Draft
    question: Question
    counters: Mapping[str, SplitCounter]
    stamp: tuple[object, ...]

    @cached_property
    def rows(self) -> AreaRows:
        """The measures of the areas as the plan stands."""
        return area_rows(self.draft.measures, self.question)

    def payload(self) -> PlanPayload:
        """Everything that the page of a plan starts with.

        Raises
        ------
        QuestionError
            If there are not enough posts for the areas, or not enough money.
        """
        if self.question.posts.shares_anything:
            posts_and_money(self.draft.measures, self.question)
        before = area_rows(self.draft.before, self.question)
        return plan_payload(self.draft, self.counters, before=before, now=self.rows)

    def council(self, terms: Mapping[str, str]) -> OptionsPayload:
        """Council sizes beside each other.

        Parameters
        ----------
        terms
            `sizes`, `pattern` and `electorate` as texts; each may be missing.
        """
        measures, sizes = self.draft.measures, read_sizes(terms.get("sizes", ""))
        chosen = {name: terms.get(name, "") for name in ("pattern", "electorate")}
        options = compare_sizes(measures, sizes, **chosen)
        return options_payload(measures, options, **chosen)

    def suggestions(self) -> SuggestionsPayload:
        """Moves that improve the balance of electors, else of the first column that adds up."""
        blocks = self.draft.blocks
        columns = [str(name) for name in blocks.sums]
        if not columns:
            return {"column": "", "moves": []}
        column = "electors" if "electors" in columns else columns[0]
        moves = suggest_moves(
            self.draft.plan.now, blocks, column=column, hotspots=self.draft.hotspots
        )
        return {"column": column, "moves": records(moves)}


class PlanSessions:
    """The editing sessions of one store, shared by all who call its service.

    `gallery` shows its plans at a glance.
    """

    def __init__(
        self, store: Store, turns: Turns, memory: MemoryBudget, *, locations: bool = True
    ) -> None:
        self._store = store
        self._turns = turns
        self._data = PlanData(store, memory)
        self.gallery = PlanGallery(store, self._data, turns=turns, memory=memory)
        self._cache: RecentCache[EditingSession] = RecentCache(memory)
        self._listing = threading.Lock()
        self._turns_of: dict[str, Turns] = {}
        self._locations = locations

    def of(self, view: DataView) -> PlanSessions:
        """The sessions for somebody who has a view of the data.

        Plans and what is measured are the same; without locations hotspots have no street names.
        """
        if view.locations:
            return self
        nameless = copy(self)
        nameless._locations = False
        return nameless

    def get(self, plan_id: str, question: Question) -> EditingSession:
        """The session of a plan as it stands in the store.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """
        stamp = self._stamp(plan_id, question)
        with self._turns_at(plan_id).turn():
            key = self._key(plan_id, question)
            session = self._cache.get(key)
            if session is None or session.stamp != stamp:
                with self._turns.turn():
                    session = self._read_on(plan_id, session, stamp) or self._open(
                        plan_id, question, stamp
                    )
                self._cache.put(key, session)
            return session

    def step(self, plan_id: str, step: PlanStep, question: Question) -> ChangePayload:
        """Take a step, save it, and return what it changed.

        Where the step says what its author had seen, it is taken after the steps of others since;
        the answer then holds what those changed, too.

        Raises
        ------
        PlanConflictError
            If the plan in the store is not of the version that the step is from, and the step does
            not say what was seen; or if it is another plan of the same id.
        OverlapError
            If others have changed the same part of the plan unseen.
        PatchmapError
            If the plan refuses the step.
        """
        self._stamp(plan_id, question)  # refuses an unknown plan before there are turns at it
        with self._turns_at(plan_id).turn():
            for _ in range(_MOST_TRIES - 1):
                try:
                    return self._step(plan_id, step, question)
                except PlanConflictError:
                    # Another process saved the plan between reading and saving it here.
                    if step.basis is None or not self._goes_on(plan_id, step.basis.begun_at):
                        raise
            return self._step(plan_id, step, question)

    def changes(
        self, plan_id: str, question: Question, *, steps: int, begun_at: str
    ) -> ChangePayload:
        """What was changed in a plan since it had so many steps.

        Raises
        ------
        PlanConflictError
            If it is another plan of the same id.
        """
        session = self.get(plan_id, question)
        plan = session.draft.plan
        if begun_at != plan.metadata.begun_at or not 0 <= steps <= len(plan.steps):
            raise _replaced(plan_id)
        return changes_payload(session.draft, session.counters, since=steps, now=session.rows)

    def _step(self, plan_id: str, step: PlanStep, question: Question) -> ChangePayload:
        session = self.get(plan_id, question)
        old = session.draft.plan
        plan = self._save(session, self._taken(old, step))
        draft = session.draft.follow(plan)
        stamp = self._stamp(plan_id, question)
        after = replace(session, draft=draft, stamp=stamp)
        # Another process may have saved the plan again already: then the next call reads it.
        if stamp[0] == plan.metadata.version:
            self._cache.put(self._key(plan_id, question), after)
        if step.basis and unseen_steps(old, step.basis.as_basis()):
            return changes_payload(draft, session.counters, since=step.basis.steps, now=after.rows)
        return change_payload(
            session.draft, draft, session.counters, before=session.rows, now=after.rows
        )

    def _save(self, session: EditingSession, plan: Plan) -> Plan:
        """Save a plan after a step; its record is read only where somebody else has saved it."""
        with self._store.transaction():
            stored = self._summary(plan.metadata.plan_id)
            if stored and (stored["version"], stored["updated_at"]) == session.stamp[_PLAN]:
                return put_current_plan(self._store, plan)
            return put_plan(self._store, plan)

    def _summary(self, plan_id: str) -> PlanSummary | None:
        """What the store lists of a plan; None where there is none of the id."""
        return next((plan for plan in self._store.plans() if plan["plan_id"] == plan_id), None)

    def _taken(self, plan: Plan, step: PlanStep) -> Plan:
        """A plan after a step, taken after what its author had not seen."""
        metadata = plan.metadata
        if step.basis is not None:
            if step.basis.begun_at != metadata.begun_at:
                raise _replaced(metadata.plan_id)
            return rebase(plan, step.take, step.basis.as_basis())
        if step.version != metadata.version:
            raise PlanConflictError(
                f"{self._last_editor(metadata.plan_id)} changed plan {metadata.plan_id} since you "
                f"opened it (version {metadata.version}, yours is {step.version}); reload it and "
                "repeat your step"
            )
        return step.take(plan)

    def _goes_on(self, plan_id: str, begun_at: str) -> bool:
        """Whether the plan that began then is still the one of its id."""
        return str(self._store.plan(plan_id)["begun_at"]) == begun_at

    def units(self, session: EditingSession, layer_id: str) -> Units:
        """The areas of a layer on the blocks of an open plan; see `PlanData.units`."""
        return self._data.units(session.draft.block_layer, layer_id)

    def begin(self, beginning: Beginning) -> tuple[Draft, list[Row]]:
        """Start a plan and save it.

        Returns
        -------
        The draft, and the blocks that straddle the areas that it was started from.
        """
        draft, straddling = new_plan(self._store, **beginning.model_dump())
        plan = save_plan(self._store, draft.plan)
        return replace(draft, plan=plan), records(straddling.reset_index())

    def refine(self, plan_id: str, refining: Refining) -> RefinedPlan:
        """Store a plan like another on smaller blocks; see `refining.refine_plan`."""
        return refine_plan(self._store, plan_id, refining)

    def comments(self, plan_id: str, question: Question) -> pd.DataFrame:
        """The comments on a plan, with the block and area of each; see `comments_frame`."""
        return comment_table(self._store, self.get(plan_id, question).draft)

    def add_comment(
        self, plan_id: str, new: NewComment, question: Question, *, by: str
    ) -> PlanComment:
        """Add a comment to a plan; see `comments.add_comment`."""
        return add_comment(self._store, self.get(plan_id, question).draft, new, by=by)

    def import_comments(
        self, plan_id: str, new: NewComments, question: Question, *, by: str
    ) -> tuple[CommentFile, CheckedComments]:
        """Add the comments of a file to a plan.

        Returns
        -------
        The rows of the file, and what was done with each.

        Raises
        ------
        InputError
            As `read_sent_file` and `check_file`.
        """
        draft = self.get(plan_id, question).draft
        rows = read_sent_file(new, self._store.projection)
        with self._store.transaction():
            checked = check_file(self._store, draft, rows, by=by, confirmed=new.confirmed)
            self._store.add_plan_comments(checked.new)
        return rows, checked

    def communities(self, session: EditingSession, layer_id: str) -> Communities:
        """Which areas of a layer the blocks of a plan belong to; see `PlanData.communities`."""
        return self._data.communities(session.draft.block_layer, layer_id)

    def drawn_blocks(self, layer_id: str) -> bytes:
        """The blocks of a layer as the page draws them; see `drawn_blocks.drawn_blocks`.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        """
        return self._data.drawn_blocks(layer_id)

    def _read_on(
        self, plan_id: str, session: EditingSession | None, stamp: tuple[object, ...]
    ) -> EditingSession | None:
        """A session with what was saved since; None where it has to be opened anew."""
        if session is None or session.stamp[_DATA] != stamp[_DATA]:
            return None
        plan = read_on(session.draft.plan, self._store.plan(plan_id))
        if plan is None:
            return None
        return replace(session, draft=session.draft.follow(plan), stamp=stamp)

    def _open(self, plan_id: str, question: Question, stamp: tuple[object, ...]) -> EditingSession:
        blocks = self._data.blocks(str(self._store.plan(plan_id)["blocks_layer"]))
        figures = self._data.figures(blocks, question)
        if not self._locations:
            figures = _nameless(figures)
        draft = open_plan(self._store, plan_id, blocks=blocks, figures=figures)
        counters = {
            kind: SplitCounter.of(overlaps, draft.plan, exact=kind == "hotspots")
            for kind, overlaps in self._data.overlaps(blocks, figures).items()
        }
        return EditingSession(draft, question, counters, stamp)

    def _key(self, plan_id: str, question: Question) -> tuple[str, str, bool]:
        return plan_id, question.query(), self._locations

    def _stamp(self, plan_id: str, question: Question) -> tuple[object, ...]:
        """The version of a plan and of all the data that it is measured on."""
        with self._store.reading():
            plan = self._summary(plan_id)
            if plan is None:
                raise unknown_plan(plan_id, [plan["plan_id"] for plan in self._store.plans()])
            version = self._data.state(question)
        return (plan["version"], plan["updated_at"], *version)

    def _last_editor(self, plan_id: str) -> str:
        plan = self._summary(plan_id)
        return (plan and str(plan["updated_by"])) or "somebody else"

    def _turns_at(self, plan_id: str) -> Turns:
        """Turns at one plan: one caller after another reads it or takes a step."""
        with self._listing:
            if plan_id not in self._turns_of:
                self._turns_of[plan_id] = Turns(1, self._turns.room)
            return self._turns_of[plan_id]
