"""The map mode of streets: each as wide and dark as it has incidents."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.maps.painting import Painting, Shade, Style, painted, ranges_between, steps_up_to
from geo.analyses import LAYERS
from geo.question.answer import Answer

STREET_AT: Final = "street:"
"""Stands before a street's id where it names what a story is of: an area may have the same id."""

NUMBERED: Final = 10
"""How many streets are numbered: those that the board lists."""

_COLOURS: Final = ("#fd9f2e", "#e2541a", "#b3001b", "#50001a")
_THINNEST: Final = 2.0
"""Pixels; each further shade is a pixel wider."""


def paint_streets(answer: Answer) -> Painting:
    """Colour streets by their count.

    Raises
    ------
    QuestionError
        If there is no layer of streets.
    """
    result = LAYERS["street-counts"].compute(answer)
    n = pd.to_numeric(result.frame["n"]).fillna(0)
    steps = steps_up_to(n.max(), many=len(_COLOURS))
    streets = result.frame[n >= steps[0]]
    kinds = np.searchsorted(steps, n[streets.index], side="right") - 1
    shades = {
        str(number): Shade(words, _line(_COLOURS[number], weight=_THINNEST + number))
        for number, words in enumerate(ranges_between(steps, "", " incidents"))
    }
    few = f" Streets with fewer than {steps[0]:,g} are not drawn." if steps[0] > 1 else ""
    return Painting(
        painted(
            streets.assign(cell_id=STREET_AT + streets["street_id"]),
            pd.Series(kinds.astype(str), streets.index),
            _meanings(streets),
        ),
        shades,
        f"Incidents by {result.parameters['unit']}. {result.parameters['headline']}{few}",
        noun="street",
        numbered=_numbers(
            gpd.GeoDataFrame(result.frame[result.frame["rank"].fillna(NUMBERED + 1) <= NUMBERED])
        ),
    )


def _numbers(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """The ranks of streets, each at the middle of the longest line that it is drawn as."""
    lines = [
        max(shapely.get_parts(shapely.line_merge(street)), key=shapely.length)
        for street in streets.geometry
    ]
    x, y = shapely.get_coordinates(
        shapely.line_interpolate_point(np.array(lines, dtype=object), 0.5, normalized=True)
    ).T
    return pd.DataFrame({"rank": streets["rank"].to_numpy(), "x": x, "y": y})


def _meanings(streets: pd.DataFrame) -> pd.Series:
    names = streets["street_name"].where(streets["street_name"] != "", streets["street_id"])
    columns = (names, streets["per_100m"], streets["length_m"])
    words = [
        f"{name}: {per_100m:.1f} per 100 m, on {length:,.0f} m"
        for name, per_100m, length in zip(*columns, strict=True)
    ]
    return pd.Series(words, streets.index, dtype=object)


def _line(colour: str, *, weight: float) -> Style:
    return {"fillColor": colour, "fillOpacity": 0, "fill": False, "color": colour, "weight": weight}
