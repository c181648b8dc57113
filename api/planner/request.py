"""What the planner's routes read from a request: the Question, the sessions, the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import pandas as pd
from fastapi import Depends, HTTPException, Request

from api.answers import Answers
from api.dependencies import AnswersDep
from api.identity.identity import identity_of
from api.identity.view import DataView
from api.pages.bar import folded
from api.planner.comments import NewComment, NewComments
from api.planner.improving import TERMS
from api.planner.payload import ChangePayload
from api.planner.sessions import EditingSession, PlanSessions
from api.planner.steps import PlanStep
from api.query import QUESTION_PARAMETERS, only
from boundaries.plans.comment_files import CommentFile
from boundaries.plans.comments import CheckedComments
from boundaries.plans.units import Units
from geo.errors import QuestionError
from geo.question.model import Question
from geo.store.comment_contract import PlanComment
from geo.text import refuse_control_escapes

JSON: Final = "application/json"
COUNCIL_PARAMETERS: Final = ("sizes", "pattern", "electorate")
"""Which council sizes are compared, over wards of how many members, by which electorate."""

FILE_PARAMETERS: Final = ("comments", "parishes")
"""Whether a report has the comments themselves, and of which layer the areas are parishes."""

COMMUNITIES_PARAMETERS: Final = ("communities",)
"""Of which layer the areas are communities."""

SCORES_PARAMETERS: Final = ("plan", "communities")
"""Which plans are compared, by ids with commas between them, and which layer they should keep."""

CHANGES_PARAMETERS: Final = ("begun_at", "steps")
"""When the plan that is looked at began, and how many of its steps are known."""

MAX_BODY_BYTES: Final = 4_000_000
"""Largest request body; a step that names 100,000 blocks fits."""


@dataclass(frozen=True, eq=False)
class PlannerRequest:
    """The answers and editing sessions of the service, for the Question of one request."""

    answers: Answers
    sessions: PlanSessions
    question: Question

    def session(self, plan_id: str) -> EditingSession:
        """The session of a plan as it stands in the store.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """
        return self._sessions.get(plan_id, self._narrowed)

    def units(self, session: EditingSession, layer_id: str) -> Units:
        """The areas of a layer on the blocks of an open plan; see `PlanData.units`."""
        return self._sessions.units(session, layer_id)

    def step(self, plan_id: str, step: PlanStep) -> ChangePayload:
        """Take a step of a plan; see `PlanSessions.step`."""
        return self._sessions.step(plan_id, step, self._narrowed)

    def comments(self, plan_id: str) -> pd.DataFrame:
        """The comments on a plan; see `PlanSessions.comments`."""
        return self._sessions.comments(plan_id, self._narrowed)

    def add_comment(self, plan_id: str, new: NewComment, *, by: str) -> PlanComment:
        """Add a comment to a plan; see `PlanSessions.add_comment`."""
        return self._sessions.add_comment(plan_id, new, self._narrowed, by=by)

    def import_comments(
        self, plan_id: str, new: NewComments, *, by: str
    ) -> tuple[CommentFile, CheckedComments]:
        """Add the comments of a file to a plan; see `PlanSessions.import_comments`."""
        return self._sessions.import_comments(plan_id, new, self._narrowed, by=by)

    def changes(self, plan_id: str, known: Mapping[str, str]) -> ChangePayload:
        """What was changed since some steps; see `PlanSessions.changes`.

        Raises
        ------
        QuestionError
            If `known` does not say how many.
        """
        steps = known.get("steps", "")
        if not re.fullmatch("[0-9]{1,9}", steps):
            raise QuestionError("steps", "give the number of steps that are known")
        return self._sessions.changes(
            plan_id, self._narrowed, steps=int(steps), begun_at=known.get("begun_at", "")
        )

    @property
    def _sessions(self) -> PlanSessions:
        return self.sessions.of(self.answers.snapshot().view)

    @property
    def _narrowed(self) -> Question:
        return self.answers.snapshot().narrowed(self.question)


@dataclass(frozen=True)
class LiveCaller:
    """An open page of a plan: what it calls itself, and who has it open, '' if not known."""

    page: str
    name: str


async def read_request(request: Request, answers: AnswersDep) -> PlannerRequest:
    """Read the Question of a request; unknown parameters are refused."""
    return _read(request, answers)[0]


async def read_council_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and which council sizes it compares."""
    return _read(request, answers, besides=COUNCIL_PARAMETERS)


async def read_file_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and `FILE_PARAMETERS`."""
    return _read(request, answers, besides=FILE_PARAMETERS)


async def read_changes_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and what of a plan is known already."""
    return _read(request, answers, besides=CHANGES_PARAMETERS)


async def read_live_request(request: Request) -> LiveCaller:
    """Read which page asks for news, and whose it is."""
    _refuse_without_plans(request)
    page = only(request, ("page",)).get("page", "")
    if not re.fullmatch("[a-z0-9]{8,40}", page):
        raise QuestionError("page", "name the page that asks, by 8 to 40 small letters and digits")
    identity = identity_of(request)
    return LiveCaller(page, "" if identity.way == "local" else identity.name)


async def read_communities_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and the layer of the communities that it looks at."""
    return _read(request, answers, besides=COMMUNITIES_PARAMETERS)


async def read_improving_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and what it says of a search for a better plan."""
    return _read(request, answers, besides=TERMS)


async def read_scores_request(
    request: Request, answers: AnswersDep
) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a request, and which plans it compares."""
    return _read(request, answers, besides=SCORES_PARAMETERS)


def read_comparison(request: Request, answers: Answers) -> tuple[PlannerRequest, dict[str, str]]:
    """Read the Question of a page that compares plans, and `SCORES_PARAMETERS`.

    A form sends each ticked plan as a parameter of its own.

    Raises
    ------
    QuestionError
        If a parameter is unknown or wrong.
    """
    _refuse_without_plans(request)
    fields = request.query_params.multi_items()
    plans = ",".join(text for name, text in fields if name == "plan")
    options = folded([field for field in fields if field[0] != "plan"])
    choice = {"plan": plans, "communities": options.pop("communities", "")}
    question = Question.read(options)
    return PlannerRequest(answers, request.app.state.plan_sessions, question), choice


async def read_fit_request(request: Request, answers: AnswersDep) -> tuple[PlannerRequest, str]:
    """Read the Question of a request, and the layer that a plan is to fit."""
    planner, terms = _read(request, answers, besides=("target",))
    if not terms.get("target"):
        raise QuestionError("target", "name the layer that the plan is to fit")
    return planner, terms["target"]


async def read_units_request(request: Request, answers: AnswersDep) -> tuple[PlannerRequest, str]:
    """Read the Question of a request, and the layer whose areas are sets of blocks."""
    planner, terms = _read(request, answers, besides=("of",))
    if not terms.get("of"):
        raise QuestionError("of", "name a layer")
    return planner, terms["of"]


def _read(
    request: Request, answers: AnswersDep, *, besides: tuple[str, ...] = ()
) -> tuple[PlannerRequest, dict[str, str]]:
    """The request, and the parameters that are no part of its Question."""
    _refuse_without_plans(request)
    query = only(request, (*QUESTION_PARAMETERS, *besides))
    others = {name: query.pop(name) for name in besides if name in query}
    sessions = request.app.state.plan_sessions
    return PlannerRequest(answers, sessions, Question.read(query)), others


def _refuse_without_plans(request: Request) -> None:
    """Refuse whoever sees only some areas: a plan covers all of them."""
    if not DataView.of(identity_of(request)).plans:
        raise HTTPException(404)


async def read_body(request: Request) -> bytes:
    """Read the body of a request that is declared as JSON and not too large."""
    # A browser sends this type across origins only after a preflight, which the service refuses:
    # so no foreign page can change a plan.
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise HTTPException(415, f"send the body as {JSON}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(
                413, f"the body is too large; send at most {MAX_BODY_BYTES:,} bytes"
            )
    refuse_control_escapes(bytes(body), "the body")
    return bytes(body)


PlannerDep = Annotated[PlannerRequest, Depends(read_request)]
ChangesDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_changes_request)]
CouncilDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_council_request)]
CommunitiesDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_communities_request)]
LiveDep = Annotated[LiveCaller, Depends(read_live_request)]
ImprovingDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_improving_request)]
ScoresDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_scores_request)]
FileDep = Annotated[tuple[PlannerRequest, dict[str, str]], Depends(read_file_request)]
UnitsDep = Annotated[tuple[PlannerRequest, str], Depends(read_units_request)]
FitDep = Annotated[tuple[PlannerRequest, str], Depends(read_fit_request)]
BodyDep = Annotated[bytes, Depends(read_body)]
