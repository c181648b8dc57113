"""Places that a Question leaves out.

Many incidents are recorded at a police station or a hospital that did not happen there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError, QuestionError
from geo.hotspots.ranking import place_of
from geo.hotspots.street_names import street_names

Bools = NDArray[np.bool_]

_POINT = re.compile(r"(?:(?P<name>.*)@)?(?P<x>-?\d{1,8}):(?P<y>-?\d{1,8})")
_HOTSPOT = re.compile(r"p\d+:.*")
MOST_NAMED = 5
"""How many places a refusal names, at most."""

PLACE_COLUMNS: Final = ("x", "y", "location")
"""What tells whether an incident lies at a place."""

UNSEEN = "unseen"
"""A column that incidents may have: those which a reader may not see, and so cannot leave out.

Else the count of all would tell whether there are any at an address.
"""

_POINT_M = 1.0  # metres: a point is written in whole ones


def point_name(name: str, x: float, y: float) -> str:
    """Write a point, in metres, as a value of the option: `Police Station@435123:336456`.

    Parameters
    ----------
    name
        What stands at the point.
    x, y
        Metres.

    Returns
    -------
    The value, in whole metres.
    """
    words = " ".join(re.sub(r"[,@]", " ", name).split())
    return f"{words}@{round(x)}:{round(y)}"


def place_title(place: str) -> str:
    """Name a place of the option for people: `Police Station`."""
    match = _POINT.fullmatch(place)
    return (match["name"] or place) if match else place


def names_ranked_place(place: str) -> bool:
    """Tell whether a place is named by the id of a ranked place: not by its text or point."""
    return _HOTSPOT.fullmatch(place) is not None


def at_places(incidents: pd.DataFrame, places: Sequence[str]) -> Bools:
    """Find the incidents at some places.

    Parameters
    ----------
    incidents
        `x`, `y` in metres and `location`; those that are `UNSEEN`, if it has that column, lie at
        none of the places.
    places
        Points with or without a name (`Police Station@435123:336456`: within a metre), ids of
        ranked places (their circles), or texts of places (wherever they occur: police.uk writes
        "Supermarket" at hundreds of points).

    Returns
    -------
    Whether each of the n incidents lies at one of them.

    Raises
    ------
    QuestionError
        If the id of a ranked place cannot be read.
    """
    at_some = np.zeros(len(incidents), dtype=bool)
    for place in places:
        if match := _POINT.fullmatch(place):
            at_some |= _near(incidents, float(match["x"]), float(match["y"]), _POINT_M)
        elif _HOTSPOT.fullmatch(place):
            at_some |= _near(incidents, *_circle(place))
        else:
            at_some |= _called(incidents["location"], place)
    return at_some & ~incidents[UNSEEN].to_numpy() if UNSEEN in incidents else at_some


def check_places(places: Sequence[str], incidents: pd.DataFrame) -> None:
    """Refuse places at which no incident is recorded: a slip would leave nothing out in silence.

    Parameters
    ----------
    places
        As for `at_places`.
    incidents
        All of them: `PLACE_COLUMNS`.

    Raises
    ------
    QuestionError
        With the first unknown place, and those most like it.
    """
    for place in places:
        if not at_places(incidents, [place]).any():
            raise QuestionError(
                "without", f"no incident is at {place!r}{_advice(place, incidents)}"
            )


def _advice(place: str, incidents: pd.DataFrame) -> str:
    """Names like that of a place, else those of the most incidents."""
    counts = incidents["location"].astype(str).value_counts()
    named = pd.Series(street_names(counts.index.tolist()), index=counts.index)
    busiest = dict.fromkeys(name for name in named if name)
    by_text = {name.casefold(): name for name in reversed(busiest)}
    like = get_close_matches(place_title(place).casefold(), by_text, n=MOST_NAMED)
    names = [by_text[text] for text in like] or list(busiest)[:MOST_NAMED]
    return f"; there are, for example, {', '.join(names)}" if names else ""


def _near(incidents: pd.DataFrame, x: float, y: float, radius: float) -> Bools:
    squared = (incidents["x"] - x) ** 2 + (incidents["y"] - y) ** 2
    return np.asarray(squared <= radius**2)


def _circle(place: str) -> tuple[float, float, float]:
    try:
        return place_of(place)
    except InputError as error:
        raise QuestionError("without", str(error)) from error


def _called(location: pd.Series, name: str) -> Bools:
    texts = location.astype("category").cat
    names = pd.Series(street_names([*texts.categories.astype(str), name])).str.casefold()
    same = (names[:-1] == names.iloc[-1]).to_numpy()
    # Code −1, an incident without any text, takes the last one.
    return np.asarray(np.append(same, False)[texts.codes])
