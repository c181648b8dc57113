"""What is known of the blocks of a plan: their own columns, and the incidents of a Question.

Incidents are counted into the blocks from their points, so that every plan on the blocks only
adds up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.blocks import BlockLayer
from boundaries.layers.measured_blocks import Ints, MeasuredBlocks, tally_blocks
from boundaries.plans.overlaps import Overlaps
from geo.analyses.places import ranked
from geo.errors import InputError
from geo.question.accounts import Accounts
from geo.question.answer import Answer
from geo.question.ask import ask
from geo.question.model import Question
from geo.store.contract import StoreReader

SUMMED = ("electors", "electors_forecast", "residents")
"""Columns of a layer of blocks that are added up without being named."""

AVERAGED = re.compile(r"(imd|deprivation)(_[a-z]+)?", re.IGNORECASE)
"""Columns that are averaged without being named, weighed by residents, else by electors."""

COUNTED, HARM = "incidents", "harm"


@dataclass(frozen=True, eq=False)
class Figures:
    """The figures of a layer of blocks.

    They depend on the layer, the incidents and the Question, and not on any plan: a service
    keeps them by those, as it keeps an Answer.

    Attributes
    ----------
    blocks
        What is summed and averaged: columns of the layer, and with incidents `incidents`; under
        a harm table also `harm`.
    answer
        The Answer that counted the incidents; none where they are not measured.
    placed
        The position of the block of each counted incident.
    notes
        One line for each thing that a reader may miss.
    """

    blocks: MeasuredBlocks
    answer: Answer | None
    placed: Ints
    notes: tuple[str, ...] = field(default=())

    @property
    def accounts(self) -> Accounts | None:
        """Which incidents were counted, and which were not."""
        return self.answer.accounts if self.answer else None

    @cached_property
    def places(self) -> pd.DataFrame:
        """The ranked hotspots of the Question, as `patchmap rank` gives them."""
        if self.answer is None or not len(self.answer.counted):
            return pd.DataFrame(columns=["hotspot_id", "n", "x", "y", "radius_m", "streets"])
        return ranked(self.answer).frame

    @cached_property
    def hotspots(self) -> Overlaps:
        """On which blocks the incidents of each ranked hotspot lie."""
        if self.answer is None:
            return Overlaps.of_points([], self.placed)
        x, y = (self.answer.counted[axis].to_numpy(float) for axis in ("x", "y"))
        names = np.full(len(x), "", dtype=object)
        for place in self.places.itertuples():
            near = (x - place.x) ** 2 + (y - place.y) ** 2 <= place.radius_m**2
            names[near] = place.hotspot_id
        return Overlaps.of_points(names.tolist(), self.placed)


def count_incidents(store: StoreReader, layer_id: str, question: Question) -> Answer | None:
    """Ask a Question over the blocks; its own layer, study area and narrowing do not count.

    Returns
    -------
    The Answer, none where the store holds no incident.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    if not store.incident_count():
        return None
    return ask(plan_question(layer_id, question), store)


def plan_question(layer_id: str, question: Question) -> Question:
    """The Question as it is asked over the blocks of a layer."""
    return replace(question, layer=layer_id, study="", within=(), by="", compare="")


def figure_blocks(
    blocks: BlockLayer,
    answer: Answer | None,
    *,
    sums: Sequence[str] = (),
    means: Sequence[str] = (),
) -> Figures:
    """Gather what is known of blocks.

    Parameters
    ----------
    answer
        The Answer of `count_incidents`; none where no incidents are to be measured.
    sums, means
        Columns of the layer to be added up, or averaged, beside those that are by themselves
        (`SUMMED`, `AVERAGED`).

    Raises
    ------
    InputError
        If a named column is missing, holds no numbers, or cannot be added up.
    """
    areas, notes = blocks.areas, list[str]()
    summed = [*sums, *_usable(areas, [name for name in SUMMED if name not in sums], notes)]
    table = areas
    placed = np.empty(0, np.int64)
    if answer is not None:
        placed = _placed(blocks, answer)
        table = table.assign(**_counts(answer, placed, len(areas)))
        summed += [name for name in (COUNTED, HARM) if name in table and name not in summed]
    found = [str(name) for name in areas.columns if AVERAGED.fullmatch(str(name))]
    averaged = [*means, *(name for name in found if name not in (*means, *summed))]
    weight = next((name for name in ("residents", "electors") if name in summed), "")
    if averaged and not weight:
        notes.append(f"nobody is known to weigh {', '.join(averaged)} by: left out")
        averaged = []
    averaged = [name for name in averaged if name in means or _is_numeric(areas, name)]
    measured = MeasuredBlocks.of(table, sums=summed, means=dict.fromkeys(averaged, weight))
    return Figures(measured, answer, placed, tuple(notes))


def _usable(areas: gpd.GeoDataFrame, names: Iterable[str], notes: list[str]) -> list[str]:
    """Those columns that can be added up; what is not whole is left out, and told."""
    found = []
    for name in names:
        if name in areas.columns:
            try:
                MeasuredBlocks.of(areas, sums=[name])
                found.append(name)
            except InputError as error:
                notes.append(f"{error}: left out")
    return found


def _is_numeric(areas: gpd.GeoDataFrame, name: str) -> bool:
    return bool(pd.api.types.is_numeric_dtype(areas[name]))


def _placed(blocks: BlockLayer, answer: Answer) -> Ints:
    codes = answer.areas.index.astype(str)
    position = np.append([blocks.graph.positions[code] for code in codes], -1)
    return np.asarray(position[answer.counted["area"].to_numpy()], dtype=np.int64)


def _counts(answer: Answer, placed: Ints, size: int) -> dict[str, object]:
    counts: dict[str, object] = {COUNTED: tally_blocks(placed, size)}
    if answer.harm is not None:
        counts[HARM] = tally_blocks(placed, size, weight=answer.harm_of(answer.counted))
    return counts
