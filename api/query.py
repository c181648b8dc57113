"""Query parameters: read strictly, refused with the reason, turned into the data's terms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import shapely
from fastapi import Request

from geo.errors import QuestionError
from geo.period import Interval
from geo.question.model import OPTIONS

QUESTION_PARAMETERS = (*(option.name for option in OPTIONS), "from", "to")
"""Every parameter that is part of a Question; `from` and `to` are another way to say `datetime`."""


def only(request: Request, known: Collection[str]) -> dict[str, str]:
    """The query parameters; an unknown or repeated one is refused, as the standard asks.

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
            unknown[0], f"is no parameter here; there are: {', '.join(sorted(set(known)))}"
        )
    if len(query) < len(given):
        raise QuestionError(given[-1][0], "is given twice; put commas between values")
    return query


def whole_number(
    query: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int | None
) -> int:
    """A whole number among the parameters.

    Raises
    ------
    QuestionError
        If it is none, or out of its bounds.
    """
    text = query.get(name, str(default))
    # Ten digits at most: a longer number is absurd, and would overflow further on.
    if not re.fullmatch(r"\d{1,10}", text) or int(text) < lowest:
        raise QuestionError(name, f"{text!r} is no whole number from {lowest}")
    if highest is not None and int(text) > highest:
        raise QuestionError(name, f"{text!r} is more than {highest}")
    return int(text)


def four_numbers(text: str) -> list[float]:
    """Read a `bbox` of four numbers, or of six with heights, which are passed over.

    Raises
    ------
    QuestionError
        If it is none.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise QuestionError("bbox", f"{text!r} is none, write it as west,south,east,north")
    return numbers


def degrees_box(numbers: Sequence[float], text: str) -> shapely.Geometry:
    """A box of degrees as an area; one across the antimeridian becomes two boxes.

    Raises
    ------
    QuestionError
        If it is none; `text` is what was given.
    """
    west, south, east, north = numbers
    in_world = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    if not in_world:
        raise QuestionError("bbox", f"{text!r} is none in degrees of longitude and latitude")
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(
        shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)
    )


def check_interval(text: str) -> None:
    """Refuse a broken `datetime` where features have no times and all of them match.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    Interval.read(text)
