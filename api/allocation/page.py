"""The allocation page: officers over areas, patches of areas, patrols of places.

Its address is its Question with the tab. A number that is changed is answered at once, and what
the data or the rules forbid is said in words, with the form as it was.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.allocation.cards import cards_of
from api.answers import Answers
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.errors import status_of
from api.etags import not_modified_or
from api.maps.allocation_map import draw_sheet
from api.maps.basemap import own_ground
from api.pages.allocation_summary import Sheet
from api.pages.allocation_view import SHIFTS, TABS, AllocationView, folded, started
from api.pages.bar import bar
from api.pages.templating import templates
from api.pages.text import reason_of
from api.settings import VERSION
from api.snapshot import Snapshot
from geo.allocation.apportionment import Method
from geo.analyses.patrolling import TIMED
from geo.errors import NotFoundError, PatchmapError
from geo.question.ask import Question
from geo.question.model import COUNT, OPTION

_NO_NEED = re.compile(
    r"(?i)(bng_[en]|lat|long?|x|y|eastings?|northings?|latitude|longitude|fid_?|objectid|shape.*)"
)
"""Columns of published layers that are numbers and measure nothing."""

METHOD_WORDS: Final[dict[Method, str]] = {
    "sainte-lague": "Sainte-Laguë",
    "dhondt": "D'Hondt",
    "largest-remainder": "largest remainder",
}

router = APIRouter(prefix="/allocation")


@router.get("")
def allocation(request: Request, answers: AnswersDep) -> Response:
    """The page. What its form sends is written out as its Question and redirected."""
    given = request.query_params.multi_items()
    try:
        fields = folded(given)
        view = AllocationView.read(started(fields, areas=_area_count(answers, fields)))
    except PatchmapError as error:
        return _page(answers, AllocationView.read_what_can_be(dict(given)), error=error)
    if view.options() != dict(given) or len(dict(given)) < len(given):
        return RedirectResponse(view.address(), 303)
    return not_modified_or(request, answers, lambda: _page(answers, view), media_type=HTML)


@router.get("/map")
def allocation_map(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The folium map of an answer, a page of its own with its own content policy."""
    own = own_ground(request)

    def page() -> Response:
        snapshot = answers.snapshot()
        try:
            drawn = draw_sheet(
                Sheet.ask(answers, AllocationView.read(folded(request.query_params.multi_items()))),
                projection=snapshot.projection,
                ground=own.under(snapshot, settings.tiles),
            )
        except PatchmapError as refusal:
            text = templates.get_template("map_refusal.html").render(reason=reason_of(refusal))
            return Response(text, status_code=status_of(refusal), media_type=HTML)
        return Response(
            drawn.html, media_type=HTML, headers={"content-security-policy": drawn.policy}
        )

    return not_modified_or(request, answers, page, media_type=HTML, setting=own.key(settings.tiles))


@router.get("/cards")
def cards(request: Request, answers: AnswersDep) -> Response:
    """Patrol cards to print: one for each officer, or for the one that `officer` names."""

    def page() -> Response:
        fields = dict(request.query_params)
        officer = fields.pop("officer", "")
        view = AllocationView.read(folded([*fields.items()]) | {"tab": "patrols"})
        sheet = Sheet.ask(answers, view)
        ground = own_ground(request).under(answers.snapshot()).shapes
        found = [card for card in cards_of(sheet, ground=ground) if officer in ("", card.officer)]
        if not found:
            raise NotFoundError(f"no officer is called {officer!r} in these patrols")
        text = templates.get_template("allocation_cards.html").render(
            cards=found, sheet=sheet, accounts=sheet.answer.accounts, version=VERSION
        )
        return Response(text, media_type=HTML)

    return not_modified_or(request, answers, page, media_type=HTML)


def _area_count(answers: Answers, fields: dict[str, str]) -> int:
    snapshot = answers.snapshot()
    chosen = fields.get("layer", "")
    areas = snapshot.areas_or_none(bar(snapshot, Question(layer=chosen))["layer"])
    return 1 if areas is None else len(areas)


def _page(
    answers: Answers, view: AllocationView, *, error: PatchmapError | None = None
) -> Response:
    """The page of a view; with the reason and the form where it has no answer."""
    sheets: list[Sheet] = []
    if error is None:
        try:
            sheets = [Sheet.ask(answers, view)]
            if view.other:
                sheets.append(Sheet.ask(answers, view.other))
        except PatchmapError as refusal:
            error = refusal
    text = templates.get_template("allocation.html").render(
        view=view,
        question=view.question,
        error=error,
        reason=reason_of(error) if error else "",
        sheets=sheets,
        changed=_changed(*sheets) if len(sheets) == 2 else {},
        tabs={
            tab: (title, view.address(tab=tab, plan="", beside="")) for tab, title in TABS.items()
        },
        form=_form(answers.snapshot(), view.question),
        version=VERSION,
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)


def _changed(now: Sheet, other: Sheet) -> dict[str, int]:
    """How many more officers each area has now than in the answer beside."""
    if not all("posts" in sheet.rows for sheet in (now, other)):
        return {}
    posts = [sheet.rows.set_index("area_code")["posts"] for sheet in (now, other)]
    more: dict[str, int] = posts[0].sub(posts[1], fill_value=0).astype(int).to_dict()
    return more


def _form(snapshot: Snapshot, question: Question) -> dict[str, Any]:
    """What the form offers for a store, and what its simple fields say of the Question."""
    offered = bar(snapshot, question)
    areas = snapshot.areas_or_none(offered["layer"])
    mix = dict(question.need.mix)
    return {
        **offered,
        "names": {} if areas is None else _names(areas),
        "columns": _need_columns(areas, question, mix),
        "mix": {name: f"{weight:g}" for name, weight in mix.items()},
        "texts": _text_columns(areas),
        "methods": METHOD_WORDS,
        "options": OPTION,
        "timed": any(
            set(TIMED) & set(record.summary.precisions)
            for record in snapshot.imports()
            if not question.source or record.source in question.source
        ),
        "shifts": _shift_fields(question),
        "pinned": dict(question.posts.pinned),
        "bridges": dict(question.patches.bridges),
    }


def _shift_fields(question: Question) -> dict[str, tuple[str, str]]:
    """Officers and beginning of each shift, as the form shows them."""
    fields = {name: ("", start) for name, start in SHIFTS.items()}
    for shift in question.patrols.shifts:
        fields[shift.name] = str(shift.officers), shift.clock
    return fields


def _names(areas: pd.DataFrame) -> dict[str, str]:
    names = areas["area_name"].astype(str).sort_values()
    return {str(code): name for code, name in names.items()}


def _need_columns(
    areas: pd.DataFrame | None, question: Question, mix: dict[str, float]
) -> list[str]:
    """What a need can be a mix of: incidents, harm, and the layer's columns of numbers."""
    found = ["incidents", *(["harm"] if question.weight != COUNT else [])]
    if areas is not None:
        numbers = areas.drop(columns="geometry").select_dtypes("number")
        whole = [
            str(name)
            for name in numbers.columns
            if np.isfinite(numbers[name]).all() and (numbers[name] >= 0).all()
        ]
        found += [
            name
            for name in whole
            if re.fullmatch(r"[^:,]{1,64}", name) and not _NO_NEED.fullmatch(name)
        ]
    return [*found, *(name for name in mix if name not in found)]


def _text_columns(areas: pd.DataFrame | None) -> list[str]:
    """Columns that could name the patches of today."""
    if areas is None:
        return []
    columns = areas.columns.drop(["area_name", "geometry"])
    return [str(name) for name in columns if 1 < areas[name].nunique() < len(areas)]
