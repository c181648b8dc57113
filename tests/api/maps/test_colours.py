"""Every scale of the maps and charts, as colour-blind people see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from api.maps import modes as shows
from api.maps import unusual_mode, waits_mode
from api.maps.allocation_map import STEPS
from api.maps.painting import Style, style_of
from api.maps.parts import LAND
from api.maps.release_map import COLOURS
from api.pages.allocation_summary import HUES
from api.pages.assets import STATIC
from tests.api.maps.colour_vision import VISIONS, Floats, difference, over, seen

CLEAR = 10.0
"""CIEDE2000 between classes that stand beside each other: some four times what is just seen."""

PAPER = "#ffffff"
_CSS = (Path(STATIC) / "page" / "tokens.css").read_text(encoding="utf-8")


def fills(styles: Sequence[Style]) -> list[Floats]:
    """Fills as they look on the land."""
    land = str(LAND["fillColor"])
    return [over(style["fillColor"], land, style["fillOpacity"]) for style in styles]


def of_css(*selectors: str) -> list[Floats]:
    text = [re.search(rf"{re.escape(name)}: (#\w+)", _CSS) for name in selectors]
    return [over(match[1], PAPER) for match in text if match]


CLASSES = [shows.CLASS_STYLES[name] for name in ("cold_99", "cold_95", "none", "hot_95", "hot_99")]
SCALES = {
    "classes of cells": fills(CLASSES),
    "density": fills([style_of(colour) for colour in shows._DENSITY]),
    "waits": fills([style_of(colour) for colour in waits_mode._COLOURS]),
    "change": fills([style_of(c) for c in (*reversed(shows._FALLS), *shows._RISES)]),
    "share of need": fills([style_of(colour) for colour in STEPS]),
    "release": fills([style_of(colour, opacity=0.8) for colour in COLOURS]),
    "hours of the week": of_css(*(f"--heat-{number}" for number in range(6))),
}
"""Ordered: neighbours must be distinguishable."""

SETS = {
    "persistence": fills(list(shows.PATTERN_STYLES.values())),
    "unusual": fills([style for _, style in unusual_mode._KINDS.values()]),
    "officers and patches": [over(hue, PAPER) for hue in HUES],
    "months": of_css("--then", "--band"),
}
"""Without an order: any two of them must."""


def pairs() -> Iterator[tuple[str, Floats, Floats]]:
    for name, colours in SCALES.items():
        yield from ((name, *pair) for pair in pairwise(colours))
        # The ends of a scale that runs both ways must not look alike either.
        yield name, colours[0], colours[-1]
    for name, colours in SETS.items():
        yield from ((name, *pair) for pair in combinations(colours, 2))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_of_the_published_pairs(one, other, expected) -> None:
    assert difference(np.array(one), np.array(other)) == pytest.approx(expected, abs=5e-5)


def test_red_and_green_of_one_lightness_look_alike_to_a_deuteranope_alone() -> None:
    red, green = over("#c04000", PAPER), over("#6b7a00", PAPER)
    far = {vision: difference(seen(red, vision), seen(green, vision)) for vision in VISIONS}
    assert far["normal"] > 40
    assert far["deuteranopia"] < 12
    assert seen(over(PAPER, PAPER), "tritanopia") == pytest.approx([100, 0, 0], abs=0.5)


@pytest.mark.parametrize("vision", VISIONS)
def test_classes_are_told_apart_by_every_vision(vision: str) -> None:
    alike = {
        f"{name}: {difference(seen(one, vision), seen(other, vision)):.1f}"
        for name, one, other in pairs()
        if difference(seen(one, vision), seen(other, vision)) < CLEAR
    }
    assert not alike


@pytest.mark.parametrize("vision", VISIONS)
def test_what_is_meant_to_be_seen_stands_out_from_the_land(vision: str) -> None:
    land = seen(over(str(LAND["fillColor"]), PAPER), vision)
    known = {name: SCALES[name] for name in ("density", "waits", "change")} | {
        "classes of cells": [
            colour for at, colour in enumerate(SCALES["classes of cells"]) if at != 2
        ],
        "persistence": SETS["persistence"][:-1],
        "officers and patches": SETS["officers and patches"],
    }
    faint = {
        f"{name}: {difference(seen(colour, vision), land):.1f}"
        for name, colours in known.items()
        for colour in colours
        if difference(seen(colour, vision), land) < CLEAR
    }
    assert not faint
