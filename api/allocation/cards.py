"""Patrol cards: for each officer a map, the stops, the times and what to look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from api.answers import SnapshotAnswers
from api.basemap.picture import draw_basemap
from api.basemap.sources import NO_BASEMAP, Basemap, basemaps_of
from api.dependencies import HTML, AnswersDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.drawing import area_names, path_of, scale_bar
from api.pages.allocation_summary import AllocationSummary, Patrol, Stop
from api.pages.allocation_view import AllocationView, folded
from api.pages.tasking_text import state_words
from api.pages.templating import templates
from api.settings import VERSION
from boundaries.layers.lines import thinned
from boundaries.tasking.transitions import OPEN
from geo.analyses.briefing import Briefing, briefing
from geo.crs import Projection
from geo.errors import NotFoundError
from geo.question.store_settings import london_day
from geo.store.tasking_contract import TaskRow

UNFINISHED: Final = OPEN | {"waiting"}

WIDTH = 640.0
"""The width of a card's map in units of paper; lines and letters are measured in them."""

_DAY = 24 * 60  # minutes
_MARGIN_M = 300.0
_ASPECT = 2.2
"""Width to height of a map: higher would leave no room for the stops on A4."""

_HALF_LETTER = 3.6
"""Half the mean width of a letter of a name, in units of paper."""

_LINE = 13
"""The height of a name, in units of paper."""

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/allocation/cards")
def cards(request: Request, answers: AnswersDep) -> Response:
    """Patrol cards to print: one for each officer, or only that of `officer`."""

    def page() -> Response:
        fields = dict(request.query_params)
        officer = fields.pop("officer", "")
        view = AllocationView.read(folded([*fields.items()]) | {"tab": "patrols"})
        state = SnapshotAnswers(answers)
        summary = AllocationSummary.ask(state, view)
        basemap = basemaps_of(request).under(state.snapshot())
        snapshot = state.snapshot()
        cards = cards_of(summary, basemap, snapshot.projection, tasks=snapshot.tasks())
        chosen = [card for card in cards if officer in ("", card.officer)]
        if not chosen:
            raise NotFoundError(f"no officer in these patrols is called {officer!r}")
        today = date.fromisoformat(london_day())
        text = templates.get_template("allocation_cards.html").render(
            task_state=lambda row: state_words(row, today),
            cards=chosen,
            summary=summary,
            accounts=summary.answer.accounts,
            version=VERSION,
        )
        return Response(text, media_type=HTML)

    # Tasks become overdue with the day.
    return not_modified_or(request, answers, page, media_type=HTML, setting=london_day())


@dataclass(frozen=True)
class CardStop:
    """One place of a patrol, and what to know about it.

    Attributes
    ----------
    plan, known
        Where and when, and what is known of the incidents.
    tasks
        Those at the place that are neither done nor declined, the ones due first at the top.
    """

    plan: Stop
    known: Briefing
    tasks: list[TaskRow]


@dataclass(frozen=True)
class Card:
    """What one officer takes along.

    Attributes
    ----------
    hours
        From when to when, `07:00 to 15:00`; '' where no hours are planned.
    rounds
        How often the round is made.
    travel
        Minutes between the places.
    drawing
        The template variables of the map, in metres with y downwards.
    """

    officer: str
    shift: str
    hours: str
    rounds: int
    travel: float
    stops: list[CardStop]
    drawing: dict[str, object]


def cards_of(
    summary: AllocationSummary,
    basemap: Basemap = NO_BASEMAP,
    projection: Projection | None = None,
    *,
    tasks: Sequence[TaskRow] = (),
) -> list[Card]:
    """A card for each officer, in the order of the plan.

    Parameters
    ----------
    basemap
        Lines or vector tiles that help to find the way, such as roads or street blocks.
    projection
        From the degrees of vector tiles to metres; needed only with them.
    tasks
        Of the whole store, of which each stop has those at its place.
    """
    unfinished = [row for row in tasks if row.state in UNFINISHED and row.place_kind != "area"]
    return [
        Card(
            officer=patrol.officer,
            shift=patrol.shift,
            hours=_hours(summary, patrol.shift),
            rounds=patrol.rounds,
            travel=patrol.travel,
            stops=_card_stops(summary, patrol, unfinished),
            drawing=_drawing(summary, patrol, basemap, projection=projection),
        )
        for patrol in summary.patrols
    ]


def _card_stops(
    summary: AllocationSummary, patrol: Patrol, tasks: Sequence[TaskRow]
) -> list[CardStop]:
    hours = _hours_of_day(summary, patrol.shift)
    radius = summary.view.question.places.radius
    return [
        CardStop(
            stop,
            briefing(summary.answer, x=stop.x, y=stop.y, hours=hours),
            _tasks_at(tasks, stop.x, stop.y, radius),
        )
        for stop in patrol.stops
    ]


def _tasks_at(tasks: Sequence[TaskRow], x: float, y: float, radius: float) -> list[TaskRow]:
    """The tasks whose places come within the radius of a stop, those due first at the top."""
    places = shapely.from_wkb([row.wkb for row in tasks])
    near = shapely.dwithin(places, shapely.Point(x, y), radius)
    at_stop = [row for row, is_near in zip(tasks, near, strict=True) if is_near]
    return sorted(at_stop, key=lambda row: (row.due or date.max, row.task_id))


def _hours(summary: AllocationSummary, name: str) -> str:
    """When a shift begins and ends; '' where no hours are planned."""
    terms = summary.view.question.patrols
    shift = terms.shift(name)
    if shift is None:
        return ""
    end = (shift.first_minute + terms.minutes) % _DAY
    return f"{shift.clock} to {end // 60:02}:{end % 60:02}"


def _hours_of_day(summary: AllocationSummary, name: str) -> list[int]:
    """The hours of the day that a shift touches, 0 to 23."""
    terms = summary.view.question.patrols
    shift = terms.shift(name)
    if shift is None:
        return []
    last = shift.first_minute + terms.minutes - 1
    return sorted({hour % 24 for hour in range(shift.first_minute // 60, last // 60 + 1)})


def _drawing(
    summary: AllocationSummary,
    patrol: Patrol,
    basemap: Basemap,
    *,
    projection: Projection | None,
) -> dict[str, object]:
    """The template variables of the map of a patrol, on the areas around it."""
    base = summary.base
    places = np.array([(stop.x, stop.y) for stop in patrol.stops], float)
    line = np.array(patrol.line(base), float)
    west, south, east, north = _box_around(line)
    unit = (east - west) / WIDTH
    near = _clipped(summary.answer.areas, shapely.box(west, south, east, north))
    named = near[near.index.isin(summary.answer.named_areas.index)]
    box = west, south, east, north
    under = None if basemap.shapes is None else thinned(basemap.shapes, box)
    names = [
        (x, y, name)
        for x, y, name in area_names(named, places, unit=unit)
        if west + _HALF_LETTER * unit * len(name) < x < east - _HALF_LETTER * unit * len(name)
        and south + _LINE * unit < -y < north - _LINE * unit
    ]
    taken = [(x, -y, _HALF_LETTER * unit * len(name)) for x, y, name in names]
    taken += [(x, y, 11 * unit) for x, y in places.tolist()]
    return {
        "box": (round(west), round(-north), round(east - west), round(north - south)),
        "unit": round(unit, 3),
        "basemap": "" if under is None else path_of(under.geometry, unit),
        "outlines": path_of(near.geometry, unit),
        "names": names,
        "picture": draw_basemap(
            basemap.vectors, projection, box=box, unit=unit, taken=taken, pictures=basemap.pictures
        )
        if projection
        else None,
        "way": "M" + "L".join(f"{x:.0f} {-y:.0f}" for x, y in line),
        "base": (round(line[0, 0]), round(-line[0, 1])) if base else (),
        "bar": scale_bar(west, south, unit),
    }


def _box_around(line: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """West, south, east and north of a box of the card's proportions around a line."""
    west, south = (line.min(axis=0) - _MARGIN_M).tolist()
    east, north = (line.max(axis=0) + _MARGIN_M).tolist()
    width, height = east - west, north - south
    aside = max(0.0, _ASPECT * height - width) / 2
    above = max(0.0, width / _ASPECT - height) / 2
    return west - aside, south - above, east + aside, north + above


def _clipped(areas: gpd.GeoDataFrame, box: shapely.Polygon) -> gpd.GeoDataFrame:
    """The parts of areas inside a box, without the lines and points that only touch it."""
    near = areas[areas.intersects(box)]
    cut = near.assign(geometry=near.geometry.intersection(box))
    return cut[cut.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
