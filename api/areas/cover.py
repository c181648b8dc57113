"""Who covers an area: officers, posts and patches, as far as the store's layers and entries say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import pandas as pd

from api.answers import Answers
from api.areas.facts import LayerFacts
from api.areas.surroundings import Composition, Part
from api.errors import LASTING
from api.pages.measure_text import hours
from geo.analyses import LAYERS
from geo.calendar_parts import part_of
from geo.measures.officer_time import MINUTES_PER_HOUR
from geo.question.ask import Question

OFFICERS: Final = "officers"
"""The attribute of a layer that says how many officers cover an area."""

_COLUMNS: Final = {OFFICERS: "officers", "posts": "posts", "post": "post", "patch": "patch"}
"""Attributes of a layer that say who covers its areas, as the page names them."""

_MOST_POSTS: Final = 6


@dataclass(frozen=True)
class CoveringArea:
    """An area of a layer with posts, patches or officers, which covers some of another area.

    Attributes
    ----------
    layer_id, layer
        The layer and its title.
    part
        The area, and how much of which lies in the other; None where it is the area itself.
    words
        What the layer says: `4 officers`, `patch 3`.
    """

    layer_id: str
    layer: str
    part: Part | None
    words: str


@dataclass(frozen=True)
class PostHours:
    """The hours of a post in an area during a financial year."""

    post: str
    hours: str


@dataclass(frozen=True)
class Cover:
    """Who covers an area.

    Attributes
    ----------
    areas
        What layers say of officers, posts and patches.
    hours, year
        The hours that posts recorded here in a financial year, most first.
    more
        How many posts with fewer hours are not named.
    """

    areas: Sequence[CoveringArea] = ()
    hours: Sequence[PostHours] = ()
    year: str = ""
    more: int = 0

    @property
    def is_known(self) -> bool:
        """Whether anything is known."""
        return bool(self.areas or self.hours)


def cover_of(
    answers: Answers, facts: LayerFacts, row: gpd.GeoDataFrame, made_of: Sequence[Composition]
) -> Cover:
    """Find who covers an area.

    Parameters
    ----------
    answers
        About the present state of the store.
    facts
        About the area's layer.
    row
        The area, as a frame of one row.
    made_of
        The areas of other layers that share land with it.
    """
    own = _words(pd.Series(row.iloc[0]))
    areas = [CoveringArea(facts.layer_id, facts.title, None, own)] if own else []
    for layer in made_of:
        frame = facts.snapshot.features(layer.layer_id)[1]
        if layer.is_counted or not {*_COLUMNS} & {*frame.columns}:
            continue
        at = frame.index.astype(str)
        areas += [
            CoveringArea(layer.layer_id, layer.title, part, words)
            for part in layer.parts
            if (words := _words(pd.Series(frame.iloc[at.get_loc(part.code)])))
        ]
    named, year = _hours(answers, facts.layer_id, str(row.index[0]))
    return Cover(areas, named[:_MOST_POSTS], year, max(len(named) - _MOST_POSTS, 0))


def _words(row: pd.Series) -> str:
    """What the attributes of an area say: `4 officers, patch 3`."""
    said = []
    for name, title in _COLUMNS.items():
        value = row.get(name)
        if value is None or pd.isna(value) or str(value).strip() == "":
            continue
        text = f"{value:g}" if isinstance(value, float) else str(value).strip()
        if name in (OFFICERS, "posts"):
            said.append(f"{text} {title.removesuffix('s') if text == '1' else title}")
        else:
            said.append(f"{title} {text}")
    return ", ".join(said)


def _hours(answers: Answers, layer_id: str, code: str) -> tuple[list[PostHours], str]:
    """The hours of each post in an area in the year of the last entry of time, and that year."""
    try:
        answer, _ = answers.result(LAYERS["officer-hours"], Question(layer=layer_id))
        placed = answer.facts.measured().entries("time", period=answer.accounts.period).placed
    except LASTING:
        return [], ""
    last: date = answer.accounts.period.last
    own = placed[(placed["area_code"] == code) & (placed["post"] != "")]
    sums = own.groupby("post")["amount"].sum().sort_values(ascending=False, kind="stable")
    named = [PostHours(str(post), hours(n / MINUTES_PER_HOUR)) for post, n in sums.items() if n > 0]
    return named, part_of(last, "financial-year").label if named else ""
