"""The planner's page: the list of plans, and the desk of one; and what its scripts ask for.

Every step is a request of its own that is saved at once. Its answer holds what the step changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.answers import Answers
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.errors import problem, status_of
from api.etags import not_modified_or
from api.formats.encoding import to_json
from api.formats.registry import GEOJSON
from api.formats.registry import HTML as REPORT
from api.pages.bar import bar, folded
from api.pages.templating import templates
from api.pages.text import reason_of
from api.planner.exports import DOWNLOADS, PlanFile
from api.planner.facts import rows
from api.planner.report import POLICY as REPORT_POLICY
from api.planner.sessions import PlanDesks
from api.planner.steps import read_beginning, read_step
from api.query import only
from api.security import PAGE_POLICY
from api.settings import VERSION, TileServer, user_name
from api.snapshot import Snapshot
from boundaries.plans.rules import BrokenAreaError
from boundaries.plans.serialization import PlanConflictError
from boundaries.plans.suggestions import suggest_moves
from geo.errors import NotFoundError, PatchmapError
from geo.question.ask import Question
from geo.question.model import OPTIONS

JSON: Final = "application/json"
MOST_BYTES: Final = 4_000_000
"""Of a request's body: 100,000 blocks have room in it."""

_LOOKS = ("plan", "area", "view", "over", "compare", "shade")
"""What the address of the page says beside the Question."""

_QUESTION = (*(option.name for option in OPTIONS), "from", "to")

router = APIRouter(prefix="/planner")


@dataclass(frozen=True, eq=False)
class Office:
    """What the scripts of the page work with: the desks, and which incidents are counted."""

    answers: Answers
    desks: PlanDesks
    question: Question


def office_of(request: Request, answers: AnswersDep) -> Office:
    """The office of an app, for the Question of a request."""
    return Office(answers, request.app.state.desks, Question.read(only(request, _QUESTION)))


async def body_of(request: Request) -> bytes:
    """The body of a request that says it is JSON, if it is no larger than it may be.

    A page of another origin can send no such body without asking first, which is refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise HTTPException(415, f"send {JSON}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"a request may hold {MOST_BYTES:,} bytes")
    return bytes(body)


Within = Annotated[Office, Depends(office_of)]
Body = Annotated[bytes, Depends(body_of)]


@router.get("")
def planner(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The list of plans; with `plan` the desk of one."""
    try:
        given = folded(request.query_params.multi_items())
        looks = {name: given.pop(name) for name in _LOOKS if name in given}
        question = Question.read(given)
    except PatchmapError as error:
        return _list(answers, error)
    tiles = settings.tiles.address if settings.tiles else ""

    def page() -> Response:
        if not looks.get("plan"):
            return _list(answers)
        try:
            return _desk(answers.snapshot(), looks["plan"], question, settings.tiles)
        except NotFoundError as error:
            return _list(answers, error)

    return not_modified_or(request, answers, page, media_type=HTML, setting=tiles + user_name())


@router.get("/blocks/{layer_id}")
def blocks(request: Request, office: Within, layer_id: str) -> Response:
    """The blocks of a layer to be drawn; they stay the same while no layer changes."""
    return not_modified_or(
        request,
        office.answers,
        lambda: Response(office.desks.drawn_blocks(layer_id), media_type=GEOJSON.media_type),
        media_type=GEOJSON.media_type,
        state=office.desks.blocks_state(),
    )


@router.get("/plans/{plan_id}")
def plan(request: Request, office: Within, plan_id: str) -> Response:
    """A plan with its blocks' figures, its measures before and now, and its history."""

    def told() -> Response:
        desk = office.desks.look(plan_id, office.question)
        return Response(to_json(desk.told()), media_type=JSON)

    return not_modified_or(request, office.answers, told, media_type=JSON)


@router.post("/plans")
def begin(office: Within, body: Body) -> Response:
    """Begin a plan and save it."""
    draft, straddling = office.desks.begin(read_beginning(body))
    plan_id = draft.plan.metadata.plan_id
    address = f"/planner?plan={plan_id}"
    told = {"plan_id": plan_id, "address": address, "straddling": straddling}
    return Response(
        to_json(told),
        status_code=201,
        media_type=JSON,
        headers={"location": f"/planner/plans/{plan_id}"},
    )


@router.post("/plans/{plan_id}/steps")
def step(office: Within, body: Body, plan_id: str) -> Response:
    """Take a step of a plan and save it; a step that breaks an area says into which pieces."""
    try:
        return Response(
            to_json(office.desks.step(plan_id, read_step(body), office.question)), media_type=JSON
        )
    except BrokenAreaError as error:
        return problem(409, str(error), conflict="pieces", area=error.area, pieces=error.pieces)
    except PlanConflictError as error:
        return problem(409, str(error), conflict="version")


@router.get("/plans/{plan_id}/suggestions")
def suggestions(request: Request, office: Within, plan_id: str) -> Response:
    """Legal next moves that improve the balance and worsen nothing, the best first."""

    def told() -> Response:
        draft = office.desks.look(plan_id, office.question).draft
        sums = list(map(str, draft.blocks.sums))
        if not sums:
            return Response(to_json({"column": "", "moves": []}), media_type=JSON)
        column = "electors" if "electors" in sums else sums[0]
        moves = suggest_moves(draft.plan.now, draft.blocks, column=column, hotspots=draft.hotspots)
        return Response(to_json({"column": column, "moves": rows(moves)}), media_type=JSON)

    return not_modified_or(request, office.answers, told, media_type=JSON)


@router.get("/plans/{plan_id}/files/{name}")
def file(request: Request, office: Within, plan_id: str, name: str) -> Response:
    """A plan as a file; the ending of its name says which."""
    form = next((form for form in DOWNLOADS if form.ending == Path(name).suffix), None)
    if form is None:
        endings = ", ".join(form.ending for form in DOWNLOADS)
        raise NotFoundError(f"a plan has no file {name}; choose an ending: {endings}")
    media_type = form.content_type

    def written() -> Response:
        snapshot, draft = (
            office.answers.snapshot(),
            office.desks.look(plan_id, office.question).draft,
        )
        metadata = {each.layer_id: each for each in snapshot.layers()}
        made = PlanFile(draft, office.question, snapshot.projection, metadata, {})
        with TemporaryDirectory(prefix="patchmap-") as folder:
            path = Path(folder) / f"{plan_id}{form.ending}"
            made.write(path)
            content = path.read_bytes()
        is_report = form is REPORT
        headers = (
            {"content-security-policy": REPORT_POLICY} if is_report else form.attachment(plan_id)
        )
        return Response(content, media_type=media_type, headers=headers)

    return not_modified_or(request, office.answers, written, media_type=media_type)


def _desk(
    snapshot: Snapshot, plan_id: str, question: Question, tiles: TileServer | None
) -> Response:
    told = {each["plan_id"]: each for each in snapshot.plans()}
    if plan_id not in told:
        raise NotFoundError(f"there is no plan {plan_id!r}")
    own = told[plan_id]["blocks_layer"]
    layers = [
        {"id": metadata.layer_id, "title": metadata.title or metadata.layer_id}
        for metadata in snapshot.layers()
        if metadata.layer_id != own
    ]
    text = templates.get_template("planner.html").render(
        plan=told[plan_id],
        layers=to_json(layers).decode(),
        question=question.query(),
        tiles=tiles,
        user=user_name(),
        downloads=_downloads(plan_id, question),
        asked=question,
        bar=bar(snapshot, question),
        version=VERSION,
    )
    policy = PAGE_POLICY
    if tiles:
        policy = policy.replace("img-src 'self'", f"img-src 'self' {tiles.origin}")
    return Response(text, media_type=HTML, headers={"content-security-policy": policy})


def _downloads(plan_id: str, question: Question) -> dict[str, str]:
    query = f"?{question.query()}" if question.query() else ""
    return {
        title: f"/planner/plans/{plan_id}/files/{plan_id}{form.ending}{query}"
        for form, title in DOWNLOADS.items()
    }


def _list(answers: Answers, error: PatchmapError | None = None) -> Response:
    snapshot = answers.snapshot()
    layers: list[dict[str, Any]] = [
        {
            "id": metadata.layer_id,
            "title": metadata.title or metadata.layer_id,
            "areas": len(snapshot.layer(metadata.layer_id)[1]),
        }
        for metadata in snapshot.layers()
    ]
    text = templates.get_template("planner_list.html").render(
        plans=snapshot.plans(),
        layers=layers,
        finest=max(layers, key=lambda layer: layer["areas"])["id"] if layers else "",
        default=snapshot.setting("default_layer") or "",
        reason=reason_of(error) if error else "",
        user=user_name(),
        version=VERSION,
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)
