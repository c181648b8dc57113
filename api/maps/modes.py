"""What a map shows of its cells: their classes, density, change, or how they came about.

A way of showing belongs to the page and not to the Question: it changes no number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.pages.text import CLASS_WORDS, PATTERN_WORDS
from geo.analyses import LAYERS
from geo.errors import QuestionError
from geo.question.answer import Answer

SHOWS: Final = {
    "cells": "Hot cells",
    "density": "Density",
    "change": "Change",
    "persistence": "Persistence",
    "patrols": "Patrols",
    "pair": "Before and after",
}
"""Every way of showing, by the word that an address has for it."""

DEFAULT_SHOW: Final = "cells"
COMPARING: Final = ("change", "pair")
"""Ways that need a period to compare with."""

Style = Mapping[str, Any]


@dataclass(frozen=True)
class Shade:
    """One colour of a map, and what it means."""

    words: str
    style: Style
    known: bool = True
    """Whether it tells of something: cells of the others are not counted in the legend."""


@dataclass(frozen=True)
class Painting:
    """The cells that a map draws, and its legend.

    Attributes
    ----------
    cells
        `cell_id`, `n`, `area_code`, `kind` (one of the shades), `told` (what the cell says), and
        the geometry.
    shades
        By kind, in the order of drawing.
    note
        What is shown, with its unit.
    """

    cells: gpd.GeoDataFrame
    shades: Mapping[str, Shade]
    note: str


def _style(fill: str, edge: str = "", *, opacity: float = 0.85, weight: float = 1.0) -> Style:
    edged = {"color": edge or fill, "weight": weight if edge else 0}
    return {"fillColor": fill, "fillOpacity": opacity, **edged}


# After ColorBrewer's RdBu, YlOrRd and PuOr, spaced until neighbours differ by a CIEDE2000 of ten
# or more to every colour vision (Machado, Oliveira & Fernandes 2009).
_PLAIN: Final = _style("#8d8d8d", opacity=0.22)
CLASS_STYLES: Final[dict[str, Style]] = {
    "hot_99": _style("#b2182b", "#5f0a17", weight=1.2),
    "hot_95": _style("#f4a582", "#b2182b"),
    "none": _PLAIN,
    "cold_95": _style("#92c5de", "#2166ac"),
    "cold_99": _style("#2166ac", "#0b2f57", opacity=0.7),
    "undefined": _style("#ffffff", "#767676", opacity=0.3, weight=0.5),
}
_DENSITY: Final = ("#ffe699", "#fd9f2e", "#e2541a", "#b3001b", "#50001a")
_RISES: Final = ("#fdb863", "#e66101", "#8c3a00")
_FALLS: Final = ("#b2abd2", "#5e3c99", "#2d0a5e")
_PATTERNS: Final[dict[str, Style]] = {
    "new": _style("#ffd92f", "#111111", weight=1.4),
    "lasting": _style("#b2182b", "#5f0a17", weight=1.2),
    "on_and_off": _style("#f4a582", "#b2182b"),
    "fading": _style("#8c6bb1", "#3f1d66"),
    "cold": _style("#92c5de", "#2166ac"),
    "none": _PLAIN,
}
GROUPS: Final = {
    "new": ("hot_new", "hot_consecutive"),
    "lasting": ("hot_intensifying", "hot_persistent"),
    "on_and_off": ("hot_oscillating", "hot_sporadic"),
    "fading": ("hot_diminishing", "hot_historical"),
}
"""Patterns of emerging hotspots that a meeting treats alike."""


def group_of(patterns: pd.Series) -> pd.Series:
    """The group of each pattern; every cold one is `cold`."""
    known = {pattern: group for group, members in GROUPS.items() for pattern in members}
    return patterns.map(lambda name: known.get(name, "cold" if name != "none" else "none"))


def paint(show: str, answer: Answer, patterns: gpd.GeoDataFrame | None = None) -> Painting:
    """Colour the cells of an Answer.

    Parameters
    ----------
    show
        One of `SHOWS`.
    patterns
        The emerging hotspots, where persistence is to be shown.

    Raises
    ------
    QuestionError
        If there is no such way, or the Question lacks what it needs.
    """
    if show not in SHOWS:
        raise QuestionError("show", f"{show!r} is none of: {', '.join(SHOWS)}")
    if show == "persistence":
        return _persistence(answer, patterns)
    return _PAINTERS[show](answer)


def _classes(answer: Answer) -> Painting:
    # Empty cells that show nothing are left to the ground.
    cells = answer.hotspots
    cells = cells[(cells["n"] > 0) | ~cells["class"].isin(["none", "undefined"])]
    told = cells["class"].map(CLASS_WORDS)
    shades = {
        kind: Shade(CLASS_WORDS[kind], style, known=kind not in ("none", "undefined"))
        for kind, style in CLASS_STYLES.items()
    }
    return Painting(_painted(cells, cells["class"], told), shades, "")


def _density(answer: Answer) -> Painting:
    found = LAYERS["density"].compute(answer)
    unit = "harm" if answer.harm is not None else "incidents"
    steps = _steps(found.frame["density"].max(), many=len(_DENSITY))
    cells = found.frame[found.frame["density"] >= steps[0]]
    kinds = np.searchsorted(steps, cells["density"], side="right") - 1
    told = cells["density"].map(lambda value: f"{value:,.0f} {unit} per km²")
    shades = {
        str(number): Shade(words, _style(_DENSITY[number], _DENSITY[number]))
        for number, words in enumerate(_between(steps, "", " per km²"))
    }
    note = f"Density of {unit} per km², smoothed over {found.parameters['bandwidth_m']:.0f} m"
    return Painting(_painted(cells, pd.Series(kinds.astype(str), cells.index), told), shades, note)


def _change(answer: Answer) -> Painting:
    if not answer.accounts.compared:
        raise QuestionError("show", "change needs a period to compare with: previous or year")
    found = LAYERS["density"].compute(answer)
    difference = found.frame["difference"]
    steps = _steps(difference.abs().max(), many=len(_RISES))
    cells = found.frame[difference.abs() >= steps[0]]
    size = np.searchsorted(steps, cells["difference"].abs(), side="right") - 1
    way = np.where(cells["difference"] > 0, "rise", "fall")
    kinds = pd.Series([f"{up}{number}" for up, number in zip(way, size, strict=True)], cells.index)
    told = cells["difference"].map(lambda value: f"{value:+,.0f} per km²")
    rises, falls = (_between(steps, sign, " per km²") for sign in ("+", "−"))
    shades = {
        **{
            f"rise{at}": Shade(rises[at], _style(_RISES[at], _RISES[at]))
            for at in reversed(range(len(steps)))
        },
        **{
            f"fall{at}": Shade(falls[at], _style(_FALLS[at], _FALLS[at]))
            for at in range(len(steps))
        },
    }
    compared = answer.accounts.compared.period.title
    unit = "harm" if answer.harm is not None else "incidents"
    note = (
        f"Change of the density of {unit} against {compared}, scaled to as many published days. "
        "A change on the map can be chance; the tables say which are more."
    )
    return Painting(_painted(cells, kinds, told), shades, note)


def _persistence(answer: Answer, patterns: gpd.GeoDataFrame | None) -> Painting:
    if patterns is None:
        raise QuestionError("show", "persistence needs the emerging hotspots")
    cells = patterns[(patterns["n"] > 0) | (patterns["pattern"] != "none")]
    # The pattern is of two years, but a cell tells what the Question counts.
    now = answer.hotspots.set_index("cell_id")["n"]
    cells = cells.assign(n=now.reindex(cells["cell_id"]).to_numpy())
    shades = {
        kind: Shade(PATTERN_WORDS[kind], style, known=kind != "none")
        for kind, style in _PATTERNS.items()
    }
    note = f"How the cells came about, over {int(patterns['steps'].max())} published months"
    return Painting(_painted(cells, group_of(cells["pattern"]), cells["reason"]), shades, note)


_PAINTERS: Final[dict[str, Callable[[Answer], Painting]]] = {
    "cells": _classes,
    "patrols": _classes,
    "pair": _classes,
    "density": _density,
    "change": _change,
}


def _painted(cells: gpd.GeoDataFrame, kind: pd.Series, told: pd.Series) -> gpd.GeoDataFrame:
    kept = cells[["cell_id", "n", "area_code", "geometry"]]
    return kept.assign(kind=kind.to_numpy(), told=told.to_numpy())


def _steps(most: float, *, many: int) -> NDArray[np.float64]:
    """The last round numbers (1, 2, 5, 10 …) up to the greatest value."""
    if not most > 0:
        return np.array([1.0])
    top = np.floor(np.log10(most)).astype(int)
    rounds = np.array(
        [part * 10.0**power for power in range(top - 3, top + 1) for part in (1, 2, 5)]
    )
    return rounds[rounds <= most][-many:]


def _between(steps: NDArray[np.float64], sign: str, unit: str) -> list[str]:
    low = [f"{sign}{step:,g}" for step in steps]
    high = [f" to {step:,g}" for step in steps[1:]]
    return [f"{one}{other}{unit}" for one, other in zip(low, [*high, " or more"], strict=True)]
