"""Reads query parameters strictly: what is unknown or wrong is refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
import shapely
from fastapi import Request

from geo.errors import QuestionError
from geo.period import EVER, Moments
from geo.question.model import OPTIONS

QUESTION_PARAMETERS = (*(option.name for option in OPTIONS), "from", "to")
"""Every parameter that is part of a Question; `from` and `to` are another way to say `datetime`."""


LONGEST: Final[Mapping[str, int]] = {
    option.name: most
    for option in OPTIONS
    if isinstance(most := option.schema.get("maxLength"), int)
}
"""The most characters of an option, as the API document states them."""


def only(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the query parameters; an unknown or repeated one is refused, as OGC 17-069r4 asks.

    Parameters
    ----------
    known
        The names of the parameters that are allowed.

    Raises
    ------
    QuestionError
        With the parameter at fault.
    """
    given = request.query_params.multi_items()
    query = dict(given)
    unknown = [name for name in query if name not in known]
    if unknown:
        raise QuestionError(
            unknown[0], f"unknown parameter; choose from: {', '.join(sorted(set(known)))}"
        )
    if len(query) < len(given):
        names = [name for name, _ in given]
        twice = next(name for name in names if names.count(name) > 1)
        raise QuestionError(twice, "given twice; use it once, with commas between values")
    for name, text in query.items():
        if len(text) > LONGEST.get(name, len(text)):
            raise QuestionError(name, f"is longer than {LONGEST[name]:,} characters")
    return query


def whole_number(
    query: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int | None
) -> int:
    """Return a parameter that is a whole number.

    Parameters
    ----------
    name
        Of the parameter.
    default
        The number where the parameter is missing.
    lowest, highest
        Its bounds, both allowed; None for no upper bound.

    Raises
    ------
    QuestionError
        If it is not a whole number, or out of bounds.
    """
    text = query.get(name, str(default))
    # Ten digits at most: a longer number would overflow further on.
    if not re.fullmatch(r"\d{1,10}", text) or int(text) < lowest:
        raise QuestionError(name, f"{text!r} is not a whole number of {lowest} or more")
    if highest is not None and int(text) > highest:
        raise QuestionError(name, f"{text!r} is too large; the most is {highest}")
    return int(text)


BoundingBox = tuple[float, float, float, float]


def four_numbers(text: str) -> BoundingBox:
    """Read a `bbox` of four numbers, or of six with heights, which are ignored.

    Raises
    ------
    QuestionError
        If it is not one.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise QuestionError("bbox", f"{text!r} is not a box; write it as west,south,east,north")
    first, second, third, fourth = numbers
    return first, second, third, fourth


def degrees_box(box: BoundingBox, text: str) -> shapely.Geometry:
    """Return a box of degrees as an area; one across the antimeridian becomes two boxes.

    Parameters
    ----------
    box
        West, south, east and north.
    text
        The parameter as it was written, for the message.

    Raises
    ------
    QuestionError
        If it is out of the world.
    """
    west, south, east, north = box
    in_world = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    if not in_world:
        raise QuestionError(
            "bbox",
            f"{text!r} is not in degrees; name its reference system in bbox-crs",
        )
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(
        shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)
    )


def check_interval(text: str) -> None:
    """Refuse a `datetime` that cannot be read, also where features have no time and all match.

    Raises
    ------
    QuestionError
        With the reason.
    """
    Moments.read(text, EVER)
