"""The story of one cell, ranked place, street or area: a few lines with all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
import shapely
from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from numpy.typing import NDArray

from api.board.by_street import on_street, street_row
from api.board.cards import (
    history,
    kinds_words,
    place_cards,
    place_title,
    unusual_kinds,
    verdict_line,
)
from api.board.findings import CHANGE, PER_DAY, Findings, cached_findings
from api.board.lasting import edition, outdate_boards, reason_shown
from api.board.story_records import THRESHOLD, records_there
from api.board.tasks import listed, may_decide, tasks_at, tasks_of_area
from api.board.variables import page_variables
from api.board.view import VIEW_OPTIONS, BoardView
from api.calls import BusyError
from api.dependencies import HTML, AnswersDep
from api.errors import FAILED, UNANSWERED
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.load.log import log
from api.maps.street_mode import STREET_AT
from api.pages.charts import chart
from api.pages.templating import templates
from api.pages.text import BESIDE_WORDS, PATTERN_WORDS, class_words, reason_of
from api.pages.trends import place_trend
from api.query import QUESTION_PARAMETERS, only
from api.snapshot import Snapshot
from geo.analyses.hot_cells import hotspot_ids
from geo.analyses.places import circles_of
from geo.checkpoints import StoppedError
from geo.errors import InputError, PatchmapError, QuestionError
from geo.hotspots.ranking import place_of
from geo.question.answer import Answer
from geo.store.tasking_contract import TaskRow

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Story = dict[str, object]
"""The variables of the story template."""

CHART = (420.0, 70.0)
"""Width and height of the chart of months, in SVG units."""

_CELL: Final = re.compile(r"([hs])(\d+):(-?\d+):(-?\d+)")
_PLACE: Final = re.compile(r"p\d+:.*")

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/story")
def story(request: Request, answers: AnswersDep) -> Response:
    """The story of one cell, place or area, as a fragment of the board."""

    def fragment() -> Response:
        view = BoardView.read(only(request, (*QUESTION_PARAMETERS, *VIEW_OPTIONS)))
        findings = cached_findings(answers, view.narrowed)
        return Response(render_story(findings, view, answers.snapshot()), media_type=HTML)

    return not_modified_or(request, answers, fragment, media_type=HTML, setting=edition())


def render_story(findings: Findings, view: BoardView, snapshot: Snapshot) -> Markup:
    """Render the open story, or the reason why there is none."""
    try:
        variables: Story = {
            "reason": "",
            "threshold": THRESHOLD,
            **story_of(findings, view.at),
            "tasks": listed(_tasks(findings, snapshot, view.at)),
            "may_decide": may_decide(),
        }
    except UNANSWERED as refusal:
        variables = {"reason": reason_shown(refusal)}
    template = templates.get_template("board_story.html")
    text = template.render(**page_variables(findings, view) | variables)
    return Markup(text)  # noqa: S704 - escaped by its template


def _tasks(findings: Findings, snapshot: Snapshot, at: str) -> list[TaskRow]:
    """The tasks at a place that has a story."""
    answer = findings.answer
    if _CELL.fullmatch(at):
        number = int(np.flatnonzero(np.array(answer.cells.ids) == at)[0])
        return tasks_at(snapshot, answer.cells.grid.polygons(answer.cells.positions[[number]])[0])
    if _PLACE.fullmatch(at):
        return tasks_at(snapshot, circles_of((at,), answer, option="at").iloc[0])
    if at.startswith(STREET_AT):
        return tasks_at(snapshot, street_row(findings, at).geometry.iloc[0])
    return tasks_of_area(snapshot, answer.question.layer, at)


def render_story_or_explain(findings: Findings, view: BoardView, snapshot: Snapshot) -> Markup:
    """Render the open story of a page; where it fails it says so, and the page stands."""
    try:
        return render_story(findings, view, snapshot)
    except (StoppedError, PatchmapError, BusyError):
        raise
    except Exception:  # noqa: BLE001 - its trace is in the log
        log.exception("the story of %r in %s failed", view.at, findings.question.query())
        outdate_boards()
    text = templates.get_template("board_story.html").render(view=view, title="", reason=FAILED)
    return Markup(text)  # noqa: S704 - escaped by its template


def story_of(findings: Findings, at: str) -> Story:
    """Describe a cell, ranked place, street or area.

    Parameters
    ----------
    at
        Its id; the form of the id says which of the four it is.

    Raises
    ------
    QuestionError
        If there is no such cell, place, street or area.
    """
    if _CELL.fullmatch(at):
        return _cell(findings, at)
    if _PLACE.fullmatch(at):
        return _place(findings, at)
    if at.startswith(STREET_AT):
        return _street(findings, at)
    return _area(findings, at)


def _cell(findings: Findings, at: str) -> Story:
    answer = findings.answer
    matches = np.flatnonzero(np.array(answer.cells.ids) == at)
    if not len(matches):
        raise QuestionError("at", f"there is no cell {at!r} in this grid; check its size and shape")
    number = int(matches[0])

    def in_cell(rows: pd.DataFrame) -> Bools:
        inside: Bools = answer.cells.assign(rows["x"], rows["y"]) == number
        return inside

    x, y = answer.cells.grid.centres(answer.cells.positions[[number]])
    if answer.hides_at(x, y).any():
        raise QuestionError("at", f"there is no cell {at!r} in your areas")
    row = answer.hotspots[answer.hotspots["cell_id"] == at]
    own: Story = {
        "kind": "cell",
        "title": _title("Cell", findings, x, y),
        "id": at,
        **_judged(row, answer),
    }
    if answer.accounts.compared:
        own |= _change_of(answer.cell_changes.areas.iloc[[number]], answer)
    return {
        **_counts(findings, answer.cell_of_counted == number),
        **_area_at(findings, x, y),
        **own,
        **_persistence(findings, x, y),
        **_months(findings, in_cell, x, y),
        **records_there(findings, in_cell),
    }


def _judged(row: pd.DataFrame, answer: Answer) -> Story:
    """What a cell is called, what was to be expected in it, and its hotspot."""
    if row.empty:
        return {"class_words": ""}
    cell = row.iloc[0]
    words = class_words(answer, str(cell["class"]))
    return {
        "class_words": BESIDE_WORDS if cell["beside"] else words,
        "expected": float(cell["expected"]),
        "cluster": cell["cluster_id"],
    }


def _place(findings: Findings, at: str) -> Story:
    answer = findings.answer
    ranked = findings.ranked[findings.ranked["hotspot_id"] == at]
    if ranked.empty:
        x, y, radius = _circle(findings, at)
    else:
        x, y, radii = (ranked[name].to_numpy(float) for name in ("x", "y", "radius_m"))
        radius = float(radii[0])
    if answer.hides_at(x, y).any():
        raise QuestionError("at", f"there is no place {at!r} in your areas")
    circle = (float(x[0]), float(y[0]), radius)
    own: Story = {
        "kind": "place",
        "title": _title("Place", findings, x, y),
        "id": at,
        "radius": radius,
        **_as_card(findings, at),
    }
    if answer.accounts.compared and len(ranked):
        own |= _change_of(ranked, answer)
    return {
        **_counts(findings, findings.within(answer.counted, circle)),
        **_area_at(findings, x, y),
        **own,
        **_persistence(findings, x, y),
        **_months(findings, lambda rows: findings.within(rows, circle), x, y),
        **records_there(findings, lambda rows: findings.within(rows, circle)),
    }


def _as_card(findings: Findings, at: str) -> Story:
    """What the card of a ranked place says: its name, what is usual of it, and the verdict."""
    judged, trend, _ = history(findings)
    for card in place_cards(findings, judged, trend):
        if card.at == at:
            number, title = f"Place {card.rank}", place_title(card)
            return {
                # A place without a street is named after its number already.
                "title": title if card.name == number else f"{number}: {title}",
                "usual": card.usual,
                "judged": verdict_line(card, judged),
            }
    return {}


def _months(
    findings: Findings, chosen: Callable[[pd.DataFrame], Bools], x: Floats, y: Floats
) -> Story:
    """The last two years of the incidents that are chosen around a point; nothing without any."""
    try:
        answer = findings.with_history
        area = answer.membership.lowest_at(x, y).astype(np.int64)
        trend = place_trend(answer, [chosen(answer.history)], area)
    except UNANSWERED:
        return {}
    drawn = chart(trend, 0, width=CHART[0], height=CHART[1])
    return {"chart": drawn, "trend": trend, "band": trend.verdict(0)}


def _circle(findings: Findings, at: str) -> tuple[Floats, Floats, float]:
    """The circle of a place that is not among the first ranked ones."""
    try:
        radius = place_of(at)[2]
    except InputError as error:
        raise QuestionError("at", str(error)) from error
    middle = circles_of((at,), findings.answer, option="at").centroid
    x, y = shapely.get_coordinates(middle).T
    return x, y, radius


def _street(findings: Findings, at: str) -> Story:
    answer, row = findings.answer, street_row(findings, at)
    street = {str(name): value for name, value in row.iloc[0].items() if name != "geometry"}
    codes, names = str(street["area_code"]).split(";"), answer.areas["area_name"]
    own: Story = {
        "kind": "street",
        "title": street["street_name"] or "Street without a name",
        "id": at,
        "street": street,
        "unit_name": findings.streets.parameters["unit"],
        "tolerance": findings.streets.parameters["tolerance_m"],
        "inside": [(code, str(names.get(code, code))) for code in codes if code],
    }
    if pd.isna(row["n"].iloc[0]):
        return own | {"n": None, "share": None, "why": street["why"]}
    if answer.accounts.compared:
        own |= _change_of(row, answer)
    return _counts(findings, on_street(findings, str(street["street_id"]))) | own


def _area(findings: Findings, at: str) -> Story:
    row = findings.area_row(at)
    position = int(str(row["position"]))
    trend = findings.area_trend
    cells = findings.answer.hotspots
    inside = findings.answer.membership.among(cells["area_code"], [at])
    judged, _, _ = history(findings)
    return {
        **_counts(findings, findings.answer.membership.within(findings.answer.counted, [at])),
        **row,
        "kind": "area",
        "title": str(row["area_name"]),
        "id": at,
        "hot": len(hotspot_ids(cells[inside])),
        "judged": unusual_kinds(judged, at),
        "chart": chart(trend, position, width=CHART[0], height=CHART[1]),
        "trend": trend,
        "band": trend.verdict(position),
        **records_there(
            findings,
            lambda rows: findings.answer.membership.among(rows["area_code"], [at]).to_numpy(bool),
            area=True,
        ),
    }


def _counts(findings: Findings, mask: Bools) -> Story:
    n = int(mask.sum())
    return {
        "n": n,
        "share": n / max(findings.answer.accounts.counted, 1),
        "kinds": kinds_words(findings.answer.counted[mask]),
        "points": findings.points(mask),
        "peak": findings.peak(mask),
    }


def _change_of(row: pd.DataFrame, answer: Answer) -> Story:
    """The change of the only row of a frame, or why there is none."""
    if not row["certainty"].iloc[0]:
        why = str(row["why"].iloc[0]) if "why" in row else ""
        return {"why": why or answer.why_not_compared(np.zeros(1, dtype=bool))[0]}
    return {name: row[name].iloc[0] for name in (*CHANGE, *PER_DAY) if name in row}


def _persistence(findings: Findings, x: Floats, y: Floats) -> Story:
    try:
        pattern = findings.patterns_at(pd.Series(x), pd.Series(y))
    except UNANSWERED as refusal:
        return {"reason": reason_of(refusal)}
    return {
        "pattern_words": PATTERN_WORDS[pattern["group"].iloc[0]],
        "reason": pattern["reason"].iloc[0],
    }


def _area_at(findings: Findings, x: Floats, y: Floats) -> dict[str, object]:
    """The areas at a point: one, or several that overlap."""
    membership, names = findings.answer.membership, findings.answer.areas["area_name"]
    codes = [code for code in membership.split(str(membership.codes_at(x, y)[0])) if code]
    return {"inside": [(code, str(names.get(code, code))) for code in codes]}


def _title(kind: str, findings: Findings, x: Floats, y: Floats) -> str:
    membership = findings.answer.membership
    name = membership.names_of(pd.Series(membership.codes_at(x, y))).iloc[0]
    return f"{kind} in {name}" if name else kind
