"""The place of a task, from the id that stands for it on the board."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import shapely

from api.answers import Answers
from boundaries.tasking.task import Place
from geo.analyses import LAYERS
from geo.analyses.places import circles_of
from geo.errors import QuestionError
from geo.question.ask import Answer, Question

_CELL: Final = re.compile(r"[hs]\d+:-?\d+:-?\d+")
_RANKED: Final = re.compile(r"p\d+:.*")
_POINT: Final = re.compile(r"(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)")
_STREET: Final = "street:"
_STREET_M: Final = 25.0
"""How far from its middle line a street reaches."""


def place_at(answers: Answers, question: Question, at: str) -> Place:
    """Find the place of a task.

    Parameters
    ----------
    answers
        Of what the caller sees.
    question
        The Question that the task comes from: its grid, layer and ranked places.
    at
        The id of a cell, ranked place, street or area, as the board's address has it, or latitude
        and longitude.

    Returns
    -------
    The place, with its geometry in metres.

    Raises
    ------
    QuestionError
        If there is no such place, or the caller does not see it.
    """
    if point := _POINT.fullmatch(at):
        return _point(answers, float(point[1]), float(point[2]))
    answer = answers.ask(question)
    if _CELL.fullmatch(at):
        return _cell(answer, at)
    if _RANKED.fullmatch(at):
        return _ranked(answer, at)
    if at.startswith(_STREET):
        return _street(answers, question, at)
    return _area(answer, at)


def _cell(answer: Answer, at: str) -> Place:
    numbers = np.flatnonzero(np.array(answer.cells.ids) == at)
    if not len(numbers):
        raise QuestionError("at", f"there is no cell {at!r} in this grid; check its size and shape")
    position = answer.cells.positions[[int(numbers[0])]]
    x, y = answer.cells.grid.centres(position)
    if answer.hides_at(x, y).any():
        raise QuestionError("at", f"there is no cell {at!r} in your areas")
    shape = answer.cells.grid.polygons(position)[0]
    return Place("cell", at, _within("Cell", answer, x, y), shapely.to_wkb(shape))


def _ranked(answer: Answer, at: str) -> Place:
    circle = circles_of((at,), answer, option="at").iloc[0]
    x, y = (np.array([value]) for value in (circle.centroid.x, circle.centroid.y))
    if answer.hides_at(x, y).any():
        raise QuestionError("at", f"there is no place {at!r} in your areas")
    return Place("hotspot", at, _named(answer, at, x, y), shapely.to_wkb(circle))


def _named(answer: Answer, at: str, x: np.ndarray, y: np.ndarray) -> str:
    """A ranked place by its streets, where they are seen, and its area."""
    places = answer.ranked_places
    rows = places[places["hotspot_id"] == at]
    streets = str(rows["streets"].iloc[0] or "") if len(rows) and "streets" in rows else ""
    first = streets.partition(";")[0].strip() if answer.visible.locations else ""
    return _within(first or "Place", answer, x, y)


def _street(answers: Answers, question: Question, at: str) -> Place:
    _, result = answers.result(LAYERS["street-counts"], question)
    name = at.removeprefix(_STREET)
    rows = result.frame[result.frame["street_id"] == name]
    if rows.empty:
        raise QuestionError("at", f"there is no street {name!r} here")
    # The frame of a collection is in degrees or metres, as its layer is: the working CRS here.
    shape = rows.geometry.iloc[0].buffer(_STREET_M)
    return Place("polygon", at, str(rows["street_name"].iloc[0]) or name, shapely.to_wkb(shape))


def _area(answer: Answer, at: str) -> Place:
    codes = answer.areas.index.astype(str)
    shown = answer.shown_areas
    if at not in codes[shown]:
        raise QuestionError("at", f"there is no area {at!r} here; choose one of the map or table")
    row = answer.areas[codes == at].iloc[0]
    layer = answer.question.layer
    return Place("area", f"{layer}:{at}", str(row["area_name"]) or at, shapely.to_wkb(row.geometry))


def _point(answers: Answers, latitude: float, longitude: float) -> Place:
    snapshot = answers.snapshot()
    x, y = snapshot.projection.to_metres([longitude], [latitude])
    if not np.isfinite([x, y]).all():
        raise QuestionError("at", f"{latitude},{longitude} is not a place on this map")
    label = f"Point {latitude:.5f}, {longitude:.5f}"
    return Place("point", "", label, shapely.to_wkb(shapely.Point(float(x[0]), float(y[0]))))


def _within(what: str, answer: Answer, x: np.ndarray, y: np.ndarray) -> str:
    membership = answer.membership
    codes = [code for code in membership.split(str(membership.codes_at(x, y)[0])) if code]
    names = [str(answer.areas["area_name"].get(code, code)) for code in codes]
    return f"{what} in {names[0]}" if names else what
