"""The map modes: classes of cells, density, change or persistence.

A mode belongs to the page and not to the Question: it changes no numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from api.maps.painting import (
    PLAIN,
    Painting,
    Shade,
    Style,
    painted,
    ranges_between,
    steps_up_to,
    style_of,
)
from api.maps.street_mode import paint_streets
from api.maps.unusual_mode import paint_unusual
from api.maps.waits_mode import paint_waits
from api.pages.text import BESIDE_WORDS, CLASS_WORDS, PATTERN_WORDS, expected_words
from geo.analyses import LAYERS, AnalysisResult
from geo.analyses.unusual import JudgedSeries
from geo.errors import QuestionError
from geo.hotspots.emerging import WINDOW
from geo.hotspots.verdict import CERTAINTY
from geo.period import month_title
from geo.question.answer import Answer

# After ColorBrewer's RdBu, YlOrRd and PuOr, spaced until neighbours differ by a CIEDE2000 of ten
# or more to every colour vision (Machado, Oliveira & Fernandes 2009).
CLASS_STYLES: Final[dict[str, Style]] = {
    # Hotspots are outlined: within one, the edges of its cells would be noise.
    "hot_99": style_of("#b2182b", "#b2182b", opacity=0.6, weight=0.3),
    "hot_95": style_of("#f4a582", "#f4a582", opacity=0.75, weight=0.3),
    "none": PLAIN,
    "cold_95": style_of("#92c5de", "#2166ac"),
    "cold_99": style_of("#2166ac", "#0b2f57", opacity=0.7),
    "undefined": style_of("#ffffff", "#767676", opacity=0.3, weight=0.5),
}
BESIDE: Final = "beside"
"""The kind of empty cells beside a hotspot."""
BESIDE_STYLE: Final = {
    **style_of("#ffffff", "#b2182b", opacity=0.15, weight=0.8),
    "dashArray": "2 3",
}
_DENSITY: Final = ("#ffe699", "#fd9f2e", "#e2541a", "#b3001b", "#50001a")
_RISES: Final = ("#fdb863", "#e66101", "#8c3a00")
_FALLS: Final = ("#b2abd2", "#5e3c99", "#2d0a5e")
PATTERN_STYLES: Final[dict[str, Style]] = {
    "new": style_of("#ffd92f", "#111111", weight=1.4),
    "lasting": style_of("#b2182b", "#5f0a17", weight=1.2),
    "on_and_off": style_of("#f4a582", "#b2182b"),
    "fading": style_of("#8c6bb1", "#3f1d66"),
    "cold": style_of("#92c5de", "#2166ac"),
    "none": PLAIN,
}
GROUPS: Final = {
    "new": ("hot_new", "hot_consecutive"),
    "lasting": ("hot_intensifying", "hot_persistent"),
    "on_and_off": ("hot_oscillating", "hot_sporadic"),
    "fading": ("hot_diminishing", "hot_historical"),
}
"""Patterns of emerging hotspots that call for the same response, by group."""


def group_of(patterns: pd.Series) -> pd.Series:
    """The group of each pattern; all cold patterns are `cold`, none and undefined stay."""
    known = {pattern: group for group, members in GROUPS.items() for pattern in members}
    known |= {"none": "none", "undefined": "undefined"}
    return patterns.map(lambda name: known.get(name, "cold"))


def _classes(answer: Answer) -> Painting:
    # Empty cells without a class are not drawn: the basemap stays visible there.
    cells = answer.hotspots
    cells = cells[
        (cells["n"].fillna(0) > 0) | cells["beside"] | ~cells["class"].isin(["none", "undefined"])
    ]
    kinds = cells["class"].where(~cells["beside"], BESIDE)
    words = {**CLASS_WORDS, BESIDE: BESIDE_WORDS}
    styles = {BESIDE: BESIDE_STYLE, **CLASS_STYLES}
    shades = {
        kind: Shade(words[kind], style, counted=kind not in ("none", "undefined"))
        for kind, style in styles.items()
    }
    hot = cells[cells["class"].str.startswith("hot")]
    # In the order of the alphabet hot_99 comes last: the hottest class of each.
    hottest = hot.groupby("cluster_id")["class"].max().value_counts()
    counts = {str(kind): int(number) for kind, number in hottest.items()}
    coloured = painted(cells, kinds, kinds.map(words))
    return Painting(coloured, shades, expected_words(answer), counts)


def _density(answer: Answer) -> Painting:
    result = LAYERS["density"].compute(answer)
    unit = "harm" if answer.harm is not None else "incidents"
    steps = steps_up_to(result.frame["density"].max(), many=len(_DENSITY))
    cells = result.frame[result.frame["density"] >= steps[0]]
    kinds = np.searchsorted(steps, cells["density"], side="right") - 1
    meaning = cells["density"].map(lambda value: f"{value:,.0f} {unit} per km²")
    shades = {
        str(number): Shade(words, style_of(_DENSITY[number], _DENSITY[number]))
        for number, words in enumerate(ranges_between(steps, "", " per km²"))
    }
    note = f"Density of {unit} per km², smoothed over {result.parameters['bandwidth_m']:.0f} m"
    return Painting(
        painted(cells, pd.Series(kinds.astype(str), cells.index), meaning), shades, note
    )


def _change(answer: Answer) -> Painting:
    if not answer.accounts.compared:
        raise QuestionError(
            "show", "the mode change needs a period to compare with; choose previous or year"
        )
    if answer.crossed:
        raise QuestionError(
            "show",
            f"from {month_title(answer.crossed)} the source uses other anonymous points, so cells "
            "cannot be compared; compare whole wards in the table",
        )
    result = LAYERS["density"].compute(answer)
    difference = result.frame["difference"]
    steps = steps_up_to(difference.abs().max(), many=len(_RISES))
    cells = result.frame[difference.abs() >= steps[0]]
    size = np.searchsorted(steps, cells["difference"].abs(), side="right") - 1
    way = np.where(cells["difference"] > 0, "rise", "fall")
    changes = answer.cell_changes.areas.set_axis(answer.cells.ids)
    changed = changes.reindex(cells["cell_id"])
    # Colour means a change: what may be chance is drawn as quietly as what shows no pattern.
    is_clear = changed["certainty"].isin(CERTAINTY[:2]).to_numpy()
    kinds = pd.Series(
        [
            f"{up}{number}" if clear else "unclear"
            for up, number, clear in zip(way, size, is_clear, strict=True)
        ],
        cells.index,
    )
    meaning = pd.Series(
        [
            f"{difference:+,.0f} per km²"
            + (f"; {n:,.0f}, before {before:,.0f}: {certainty}" if certainty else "")
            for difference, n, before, certainty in zip(
                cells["difference"],
                changed["n"],
                changed["n_compared"],
                changed["certainty"],
                strict=True,
            )
        ],
        cells.index,
    )
    clear = int(changes["certainty"].isin(CERTAINTY[:2]).sum())
    compares = int(answer.cells_compare.sum())
    rises, falls = (ranges_between(steps, sign, " per km²") for sign in ("+", "−"))
    shades = {
        **{
            f"rise{at}": Shade(rises[at], style_of(_RISES[at], _RISES[at]))
            for at in reversed(range(len(steps)))
        },
        **{
            f"fall{at}": Shade(falls[at], style_of(_FALLS[at], _FALLS[at]))
            for at in range(len(steps))
        },
        "unclear": Shade("No clear change", PLAIN),
    }
    compared = answer.accounts.compared.period.title
    unit = "harm" if answer.harm is not None else "incidents"
    note = (
        f"Change of the density of {unit} per km² against {compared}, for an equal number of days. "
        f"{clear:,} of {compares:,} cells changed by more than chance; only they are "
        "coloured."
    )
    return Painting(painted(cells, kinds, meaning), shades, note)


def _persistence(answer: Answer, patterns: gpd.GeoDataFrame | None = None) -> Painting:
    if patterns is None:
        raise QuestionError("show", "persistence needs the emerging hotspots")
    groups = group_of(patterns["pattern"])
    # What was never hot is as quiet as what shows no pattern, and without incidents not drawn.
    groups = groups.replace("cold", "none")
    cells = patterns[(patterns["n"].fillna(0) > 0) | ~groups.isin(["none", "undefined"])]
    # The pattern is of two years; the count in the tooltip is that of the Question.
    now = answer.hotspots.set_index("cell_id")["n"]
    cells = cells.assign(n=now.reindex(cells["cell_id"]).to_numpy())
    shades = {
        kind: Shade(PATTERN_WORDS[kind], style, counted=kind != "none")
        for kind, style in PATTERN_STYLES.items()
        if kind != "cold"
    }
    shades["none"] = Shade("Quiet, or no clear pattern", PLAIN, counted=False)
    note = (
        f"How lasting the cells are, over {int(patterns['steps'].max())} months with data; each "
        f"step looks at {WINDOW} months together"
    )
    return Painting(painted(cells, groups[cells.index], cells["reason"]), shades, note)


def _rates(answer: Answer) -> Painting:
    """Areas by their shrunk rate, in colour only where its interval leaves that of all areas."""
    areas = answer.area_counts
    if "rate_shrunk" not in areas:
        raise QuestionError("show", "the mode rates needs residents; see 'patchmap attributes add'")
    if answer.question.by:
        raise QuestionError("show", "the mode rates is of the whole period; leave by out")
    every = answer.area_counts_of_all
    residents = pd.to_numeric(answer.areas["residents"], errors="coerce").to_numpy(float)
    rated = every["rate_per_1000"].notna().to_numpy(dtype=bool)
    n = every["n"].to_numpy(float, na_value=np.nan)
    overall = 1000 * n[rated].sum() / residents[rated].sum() if rated.any() else 0.0
    kinds = np.select(
        [areas["rate_low"] > overall, areas["rate_high"] < overall], ["above", "below"], "unclear"
    )
    meaning = pd.Series(
        [
            "no rate is known"
            if np.isnan(rate)
            else f"{rate:,.1f} per 1,000 residents ({low:,.1f} to {high:,.1f})"
            for rate, low, high in areas[["rate_shrunk", "rate_low", "rate_high"]].to_numpy(float)
        ],
        areas.index,
    )
    shades = {
        "above": Shade(
            "Rate above that of all areas", style_of("#b2182b", "#5f0a17"), counted=False
        ),
        "below": Shade(
            "Rate below that of all areas", style_of("#2166ac", "#0b2f57"), counted=False
        ),
        "unclear": Shade("No clear difference, or not known", PLAIN, counted=False),
    }
    note = (
        f"Incidents per 1,000 residents, shrunk towards the {overall:,.1f} of all areas; in colour "
        "only where the range in which the rate lies with 95 % probability leaves that out"
    )
    cells = areas.assign(cell_id=areas["area_code"])
    return Painting(painted(cells, pd.Series(kinds, areas.index), meaning), shades, note)


def _unusual(_answer: Answer, judged: JudgedSeries | None = None) -> Painting:
    if judged is None:
        raise QuestionError("show", "the mode unusual needs the judged series")
    return paint_unusual(judged)


def _waits(answer: Answer, times: AnalysisResult | None = None) -> Painting:
    if times is None:
        raise QuestionError("show", "the mode waits needs the response times")
    return paint_waits(answer, times)


@dataclass(frozen=True)
class MapMode:
    """One way of colouring the map of an Answer.

    Attributes
    ----------
    title
        Its tab.
    paint
        Colours the cells; the mode persistence also takes the emerging hotspots as `patterns`, the
        mode unusual the series as `judged`, the mode waits the response times as `times`.
    compares
        Whether it needs a compared period.
    of_records
        Whether it needs records that are received, answered and closed.
    """

    title: str
    paint: Callable[..., Painting]
    compares: bool = False
    of_records: bool = False


MAP_MODES: Final = {
    "cells": MapMode("Hotspots", _classes),
    "unusual": MapMode("Unusual", _unusual),
    "density": MapMode("Density", _density),
    "change": MapMode("Change", _change, compares=True),
    "persistence": MapMode("Persistence", _persistence),
    "rates": MapMode("Rates", _rates),
    "waits": MapMode("Waits", _waits, of_records=True),
    "streets": MapMode("Streets", paint_streets),
    "patrols": MapMode("Patrols", _classes),
    "pair": MapMode("Before and after", _classes, compares=True),
}
"""The map modes in the order of their tabs, by their value of `show` in an address."""

DEFAULT_MODE: Final = "cells"


def map_mode(name: str) -> MapMode:
    """The mode of that name.

    Raises
    ------
    QuestionError
        If there is none.
    """
    if name not in MAP_MODES:
        raise QuestionError("show", f"unknown value {name!r}; choose {', '.join(MAP_MODES)}")
    return MAP_MODES[name]


def paint(
    mode: str,
    answer: Answer,
    *,
    patterns: gpd.GeoDataFrame | None = None,
    judged: JudgedSeries | None = None,
    times: AnalysisResult | None = None,
) -> Painting:
    """Colour the cells of an Answer.

    Parameters
    ----------
    mode
        One of `MAP_MODES`.
    patterns
        The emerging hotspots, for the mode persistence.
    judged
        The series with their verdicts, for the mode unusual.
    times
        The response times, for the mode waits.

    Returns
    -------
    The cells to draw, with their colours and legend.

    Raises
    ------
    QuestionError
        If there is no such mode, or the Question lacks what it needs.
    """
    known: dict[str, dict[str, object]] = {
        "persistence": {"patterns": patterns},
        "unusual": {"judged": judged},
        "waits": {"times": times},
    }
    return map_mode(mode).paint(answer, **known.get(mode, {}))
