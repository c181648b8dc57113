"""HTTP routes of the planner: its two pages, and what the page scripts read and write.

Every step is a request of its own and is saved at once; the response holds what the step changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.addresses import own_address
from api.basemap.sources import basemaps_of
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.errors import problem, unavailable
from api.etags import not_modified_or
from api.formats.encoding import to_json
from api.formats.registry import CSV
from api.identity.audit import Action, record
from api.identity.current import signature
from api.identity.declared import requires
from api.identity.roles import Capability
from api.planner.alternatives import (
    alternatives_page,
    read_plan_ids,
    refused_page,
    scores_payload,
)
from api.planner.comments import (
    comments_payload,
    import_payload,
    read_new_comment,
    read_new_comments,
)
from api.planner.communities_text import communities_payload
from api.planner.downloads import download, download_format, names_shown
from api.planner.fit import changes_file, fit_payload
from api.planner.improving import ImprovingTerms, improve
from api.planner.live import UNBUFFERED, PlanNews
from api.planner.overview import PICTURE_POLICY, SVG
from api.planner.pages import planner_page
from api.planner.payload import overlap_payload
from api.planner.refining import read_refining
from api.planner.request import (
    JSON,
    BodyDep,
    ChangesDep,
    CommunitiesDep,
    CouncilDep,
    FileDep,
    FitDep,
    ImprovingDep,
    LiveDep,
    PlannerDep,
    PlannerRequest,
    ScoresDep,
    UnitsDep,
    read_comparison,
)
from api.planner.sessions import EditingSession
from api.planner.steps import read_beginning, read_step
from api.planner.units import units_payload
from api.reads import ANSWERING
from api.settings import user_name
from boundaries.plans.communities import Communities
from boundaries.plans.rebasing import OverlapError
from boundaries.plans.rules import BrokenAreaError, PersonalTextError, UnlikelyBridgeError
from boundaries.plans.serialization import PlanConflictError
from geo.errors import PatchmapError, QuestionError
from geo.store.layer_ids import areas_among

router = APIRouter(prefix="/planner", dependencies=[requires(Capability.READ_PLANS)])
_EDITS = requires(Capability.EDIT_PLANS)


@router.get("")
def planner(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """Return the list of plans, or with `plan` the page of that plan."""
    basemaps = basemaps_of(request)

    def page() -> Response:
        snapshot = answers.snapshot()
        basemap = basemaps.tiled(snapshot, settings.tiles)
        return planner_page(
            snapshot,
            request.query_params.multi_items(),
            basemap=basemap,
            gallery=request.app.state.plan_sessions.gallery,
        )

    return not_modified_or(
        request,
        answers,
        page,
        media_type=HTML,
        setting=f"{basemaps.key(settings.tiles)} {signature() or user_name()}",
    )


@router.get("/compare")
def compare(request: Request, answers: AnswersDep) -> Response:
    """Return plans side by side: a column of scores and a map for each."""

    def page() -> Response:
        snapshot = answers.snapshot()
        plans = snapshot.plans()
        try:
            planner, choice = read_comparison(request, answers)
            sessions, known = _compared(planner, choice)
            return alternatives_page(
                sessions,
                plans,
                query=planner.question.query(),
                communities=known,
                layers=areas_among(snapshot.layers()),
            )
        except PatchmapError as error:
            return refused_page(error, plans)

    return not_modified_or(request, answers, page, media_type=HTML, reads=ANSWERING)


@router.get("/scores")
def scores(request: Request, request_and_choice: ScoresDep) -> Response:
    """Return the scores of plans side by side, and what tells the plans apart."""
    planner, choice = request_and_choice

    def answer() -> Response:
        return _json(scores_payload(*_compared(planner, choice)))

    return not_modified_or(request, planner.answers, answer, media_type=JSON, reads=ANSWERING)


@router.get("/blocks/{layer_id}")
def blocks(request: Request, planner: PlannerDep, layer_id: str) -> Response:
    """Return the blocks of a layer for drawing; their ETag changes only when a layer does."""
    return not_modified_or(
        request,
        planner.answers,
        lambda: Response(planner.sessions.drawn_blocks(layer_id), media_type=JSON),
        media_type=JSON,
        reads=("layers",),
    )


@router.get("/plans/{plan_id}")
def plan(request: Request, planner: PlannerDep, plan_id: str) -> Response:
    """Return a plan with its blocks' figures, its measures before and now, and its history."""
    return not_modified_or(
        request,
        planner.answers,
        lambda: _json(planner.session(plan_id).payload()),
        media_type=JSON,
        reads=ANSWERING,
    )


@router.get("/plans/{plan_id}/changes")
def changes(request: Request, request_and_known: ChangesDep, plan_id: str) -> Response:
    """Return what was changed in a plan since it had the steps that are known."""
    planner, known = request_and_known

    def answer() -> Response:
        try:
            return _json(planner.changes(plan_id, known))
        except PlanConflictError as error:
            return problem(409, str(error), conflict="version")

    return not_modified_or(request, planner.answers, answer, media_type=JSON, reads=ANSWERING)


@router.get("/live/{plan_id}")
async def live(request: Request, caller: LiveDep, plan_id: str) -> Response:
    """Return what is new about a plan as server-sent events, until the caller leaves."""
    news: PlanNews = request.app.state.plan_news
    await news.check(plan_id)
    if news.is_full:
        return unavailable(request, "too many plans are open here; ask again in a few seconds")
    stream = news.events(plan_id, page=caller.page, name=caller.name)
    return StreamingResponse(stream, media_type="text/event-stream", headers=UNBUFFERED)


@router.get("/live/{plan_id}/now")
async def live_now(request: Request, caller: LiveDep, plan_id: str) -> Response:
    """Return what is new about a plan, for pages that cannot have a stream."""
    news: PlanNews = request.app.state.plan_news
    await news.check(plan_id)
    response = _json(news.ask(plan_id, page=caller.page, name=caller.name))
    response.headers["cache-control"] = "no-store"
    return response


@router.get("/plans/{plan_id}/map.svg")
def picture(request: Request, planner: PlannerDep, plan_id: str) -> Response:
    """Return a small map of a plan: its areas by variance."""
    return not_modified_or(
        request,
        planner.answers,
        lambda: Response(
            planner.sessions.gallery.picture(plan_id),
            media_type=SVG.content_type,
            headers={"content-security-policy": PICTURE_POLICY},
        ),
        media_type=SVG.media_type,
        reads=("layers", "plans"),
    )


@router.post("/plans", dependencies=[_EDITS])
def begin(request: Request, planner: PlannerDep, body: BodyDep) -> Response:
    """Start a plan and save it."""
    record(request, action=Action.PLAN_STEP, subject="a new plan")
    draft, straddling = planner.sessions.begin(read_beginning(body, by=signature()))
    plan_id = draft.plan.metadata.plan_id
    address = own_address(f"/planner?plan={plan_id}")
    response = _json({"plan_id": plan_id, "address": address, "straddling": straddling})
    response.status_code = 201
    response.headers["location"] = f"/planner/plans/{plan_id}"
    return response


@router.post("/plans/{plan_id}/steps", dependencies=[_EDITS])
def step(request: Request, planner: PlannerDep, body: BodyDep, plan_id: str) -> Response:
    """Take a step of a plan and save it; refuse with the pieces where it breaks an area up."""
    record(request, action=Action.PLAN_STEP, subject=plan_id)
    try:
        return _json(planner.step(plan_id, read_step(body, by=signature())))
    except BrokenAreaError as error:
        return problem(409, str(error), conflict="pieces", area=error.area, pieces=error.pieces)
    except UnlikelyBridgeError as error:
        return problem(409, str(error), conflict="bridge")
    except PersonalTextError as error:
        return problem(409, str(error), conflict="personal")
    except OverlapError as error:
        return problem(409, str(error), conflict="overlap", **overlap_payload(error))
    except PlanConflictError as error:
        return problem(409, str(error), conflict="version")


@router.get("/plans/{plan_id}/suggestions")
def suggestions(request: Request, planner: PlannerDep, plan_id: str) -> Response:
    """Return moves that improve the balance and make nothing worse, the best first."""
    return not_modified_or(
        request,
        planner.answers,
        lambda: _json(planner.session(plan_id).suggestions()),
        media_type=JSON,
        reads=ANSWERING,
    )


@router.get("/plans/{plan_id}/alternative")
def alternative(request: Request, request_and_terms: ImprovingDep, plan_id: str) -> Response:
    """Return the best plan that one round of a search finds; it stops when nobody waits for it."""
    planner, query = request_and_terms

    def answer() -> Response:
        terms, session = ImprovingTerms.read(query), planner.session(plan_id)
        layer_id = terms.communities
        communities = planner.sessions.communities(session, layer_id) if layer_id else None
        run = request.app.state.searches
        return _json(improve(session.draft, terms, communities=communities, run=run))

    return not_modified_or(request, planner.answers, answer, media_type=JSON, reads=ANSWERING)


@router.get("/plans/{plan_id}/communities")
def communities(request: Request, request_and_layer: CommunitiesDep, plan_id: str) -> Response:
    """Return how far a plan keeps the areas of a layer whole."""
    planner, query = request_and_layer

    def answer() -> Response:
        layer_id = query.get("communities", "")
        if not layer_id:
            raise QuestionError("communities", "name the layer whose areas are communities")
        session = planner.session(plan_id)
        known = planner.sessions.communities(session, layer_id)
        return _json(communities_payload(session.draft, known))

    return not_modified_or(request, planner.answers, answer, media_type=JSON, reads=ANSWERING)


@router.get("/plans/{plan_id}/comments")
def comments(request: Request, planner: PlannerDep, plan_id: str) -> Response:
    """Return the comments on a plan, with the block and area that each is about."""
    return not_modified_or(
        request,
        planner.answers,
        lambda: _json(comments_payload(planner.comments(plan_id))),
        media_type=JSON,
        reads=("layers", "plans"),
    )


@router.post("/plans/{plan_id}/comments", dependencies=[_EDITS])
def add_comment(request: Request, planner: PlannerDep, body: BodyDep, plan_id: str) -> Response:
    """Add a comment on a plan, an area of it, or a place."""
    record(request, action=Action.IMPORT, subject=f"a comment on {plan_id}", rows=1)
    new = read_new_comment(body)
    try:
        stored = planner.add_comment(plan_id, new, by=signature() or new.by)
    except PersonalTextError as error:
        return problem(409, str(error), conflict="personal")
    response = _json({"number": stored.number})
    response.status_code = 201
    return response


@router.post("/plans/{plan_id}/comments/file", dependencies=[_EDITS])
def import_comments(request: Request, planner: PlannerDep, body: BodyDep, plan_id: str) -> Response:
    """Import a file of comments; rows that cannot be added are named with the reason."""
    new = read_new_comments(body)
    record(request, action=Action.IMPORT, subject=f"comments on {plan_id} from {new.file}")
    return _json(import_payload(*planner.import_comments(plan_id, new, by=signature() or new.by)))


@router.post("/plans/{plan_id}/refined", dependencies=[_EDITS])
def refined(request: Request, planner: PlannerDep, body: BodyDep, plan_id: str) -> Response:
    """Begin a plan like another with smaller blocks where its own straddle lines, and save it."""
    record(request, action=Action.PLAN_STEP, subject="a new plan")
    made = planner.sessions.refine(plan_id, read_refining(body, by=signature()))
    address = own_address(f"/planner?plan={made.plan.metadata.plan_id}")
    response = _json({**made.facts(), "address": address})
    response.status_code = 201
    response.headers["location"] = f"/planner/plans/{made.plan.metadata.plan_id}"
    return response


@router.get("/plans/{plan_id}/council")
def council(request: Request, request_and_terms: CouncilDep, plan_id: str) -> Response:
    """Return what councils of several sizes would mean for the areas of a plan."""
    planner, terms = request_and_terms
    return not_modified_or(
        request,
        planner.answers,
        lambda: _json(planner.session(plan_id).council(terms)),
        media_type=JSON,
        reads=ANSWERING,
    )


@router.get("/plans/{plan_id}/units")
def units(request: Request, request_and_layer: UnitsDep, plan_id: str) -> Response:
    """Return the areas of a layer as sets of the blocks of a plan."""
    planner, layer = request_and_layer

    def page() -> Response:
        session = planner.session(plan_id)
        return _json(units_payload(session.draft, planner.units(session, layer)))

    return not_modified_or(request, planner.answers, page, media_type=JSON, reads=ANSWERING)


@router.get("/plans/{plan_id}/fit")
def fit(request: Request, request_and_target: FitDep, plan_id: str) -> Response:
    """Return how far a plan fits another layer, the blocks in between, and what changed."""
    planner, target = request_and_target

    def page() -> Response:
        session = planner.session(plan_id)
        return _json(fit_payload(session.draft, planner.units(session, target)))

    return not_modified_or(request, planner.answers, page, media_type=JSON, reads=ANSWERING)


@router.get("/plans/{plan_id}/fit/changes.csv")
def fit_changes(request: Request, request_and_target: FitDep, plan_id: str) -> Response:
    """Return each block that changed its area since the plan began: who, from, to, why."""
    planner, target = request_and_target

    def page() -> Response:
        session = planner.session(plan_id)
        return changes_file(session.draft, planner.units(session, target))

    return not_modified_or(
        request, planner.answers, page, media_type=CSV.content_type, reads=ANSWERING
    )


@router.get("/plans/{plan_id}/files/{name}")
def file(request: Request, request_and_choice: FileDep, plan_id: str, name: str) -> Response:
    """Return a plan as a file; the ending of its name says in which format."""
    planner, choice = request_and_choice
    form, names = download_format(name), names_shown(choice.get("comments", ""))
    layer = choice.get("parishes", "")

    def written() -> Response:
        session = planner.session(plan_id)
        parishes = planner.units(session, layer) if layer else None
        snapshot = planner.answers.snapshot()
        return download(session, snapshot, form, names=names, parishes=parishes)

    return not_modified_or(
        request, planner.answers, written, media_type=form.content_type, reads=ANSWERING
    )


def _json(payload: object) -> Response:
    return Response(to_json(payload), media_type=JSON)


def _compared(
    planner: PlannerRequest, choice: Mapping[str, str]
) -> tuple[list[EditingSession], dict[str, Communities]]:
    """The chosen plans, open, and the communities that they should keep, by the layer's id."""
    plan_ids = read_plan_ids(choice.get("plan", ""), planner.answers.snapshot().plans())
    sessions = [planner.session(plan_id) for plan_id in plan_ids]
    layer_id = choice.get("communities", "")
    known = {layer_id: planner.sessions.communities(sessions[0], layer_id)} if layer_id else {}
    return sessions, known
