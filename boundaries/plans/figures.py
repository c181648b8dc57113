"""Figures of the blocks of plans: their own columns, and the incidents of a Question.

Incidents are counted by block once, so that every plan on those blocks only adds up.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.layers.blocks import BlockLayer
from boundaries.layers.electorates import electorate_title, electorates
from boundaries.layers.housing import electors_from_sites
from boundaries.plans.block_measures import BlockMeasure, read_block_measures
from boundaries.plans.overlaps import Overlaps
from geo.analyses.places import ranked
from geo.areal.measured_blocks import Floats, Ints, MeasuredBlocks, tally_blocks
from geo.errors import InputError
from geo.locate import OUTSIDE
from geo.properties import cached_property
from geo.question.accounts import Accounts
from geo.question.answer import Answer
from geo.question.ask import ask
from geo.question.model import Question
from geo.store.contract import StoreReader

SUMMED = "residents"
"""Column of a layer of blocks that is summed by default, as its electorates are."""

AVERAGED = re.compile(r"(imd|deprivation)(_[a-z]+)?", re.IGNORECASE)
"""Columns that are averaged by default, weighted by residents, else by electors."""

COUNTED, HARM = "incidents", "harm"

_OWN_COLUMNS = frozenset(
    {
        *(COUNTED, HARM, "area_code", "area_name", "members", "locked", "blocks", "pieces"),
        *("need", "posts", "pounds", "hotspots", "officers", "area_km2", "polsby_popper", "reock"),
        *("electors", "electors_forecast", "n", "geometry", "from_area", "to_area"),
    }
)
"""Columns of plans and of comparisons, which no measure is to take the place of."""


@dataclass(frozen=True, eq=False)
class Figures:
    """The figures of a layer of blocks.

    They depend on the layer, the incidents and the Question but on no plan, so a service can
    cache them for all plans.

    Attributes
    ----------
    blocks
        The blocks with what is summed and averaged: columns of the layer; `incidents` if they
        are counted; `harm` if the Question weights by a harm table.
    answer
        The Answer that counted the incidents; None if they are not counted.
    placed
        Position of the block of each counted incident, -1 outside all.
    notes
        One line for each column that was left out, and for each measure.
    titles
        The titles of the columns that are measures.
    """

    blocks: MeasuredBlocks
    answer: Answer | None
    placed: Ints
    notes: tuple[str, ...] = field(default=())
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def accounts(self) -> Accounts | None:
        """Which incidents were counted and which were not; None without an Answer."""
        return self.answer.accounts if self.answer else None

    @cached_property
    def places(self) -> pd.DataFrame:
        """The ranked hotspots of the Question, as `patchmap rank` lists them; may be empty."""
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
        places = self.places
        circles = places[["x", "y", "radius_m"]].to_numpy(float)
        # Circles may overlap; an incident in two belongs to the one ranked lower.
        for name, (east, north, radius) in zip(places["hotspot_id"], circles, strict=True):
            names[(x - east) ** 2 + (y - north) ** 2 <= radius**2] = name
        return Overlaps.of_points(names.tolist(), self.placed)


def count_incidents(store: StoreReader, layer_id: str, question: Question) -> Answer | None:
    """Ask a Question with blocks as its areas.

    Parameters
    ----------
    store
        Holds the blocks and the incidents.
    layer_id
        The layer of blocks.
    question
        The Question; its own layer, study area, `within`, `by` and `compare` are ignored.

    Returns
    -------
    The Answer; None if the store has no incidents.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    if not store.incident_count():
        return None
    return ask(plan_question(layer_id, question), store)


def plan_question(layer_id: str, question: Question) -> Question:
    """The Question of `count_incidents`.

    Parameters
    ----------
    layer_id
        The plan as a layer, or its blocks.
    question
        The incidents to count.

    Returns
    -------
    The same Question over that layer.
    """
    return replace(question, layer=layer_id, study="", within=(), by="", compare="")


def block_figures(store: StoreReader, blocks: BlockLayer, question: Question | None) -> Figures:
    """Read the figures of blocks from a store.

    Parameters
    ----------
    store
        Holds the incidents and measures.
    blocks
        The blocks.
    question
        Which incidents are counted, and which measures are tallied; None for neither.

    Returns
    -------
    The figures.

    Raises
    ------
    QuestionError
        If the data cannot answer it, or it names a measure that there is not.
    """
    if question is None:
        return figure_blocks(blocks, None)
    answer = count_incidents(store, blocks.layer_id, question)
    period = answer.accounts.period if answer else None
    measures, left_out = read_block_measures(store, blocks, question, by=period)
    figures = figure_blocks(blocks, answer, measures=measures)
    return replace(figures, notes=(*figures.notes, *left_out))


def figure_blocks(
    blocks: BlockLayer,
    answer: Answer | None,
    *,
    sums: Sequence[str] = (),
    means: Sequence[str] = (),
    measures: Sequence[BlockMeasure] = (),
) -> Figures:
    """Collect the figures of blocks.

    Parameters
    ----------
    blocks
        The blocks.
    answer
        The Answer of `count_incidents`; None to count no incidents.
    sums, means
        Further columns to sum or average, besides electorates, `SUMMED` and `AVERAGED`.
    measures
        Measures to sum, or to average by their denominators.

    Returns
    -------
    The figures.

    Raises
    ------
    InputError
        If a column of `sums` or `means` is missing or not numeric, or a summed one has gaps.
    """
    areas, notes = blocks.areas, list[str]()
    notes += [
        f"{electorate_title(name)}: includes {electors:,} electors of housing sites"
        for name, electors in electors_from_sites(areas).items()
    ]
    people = [*electorates(areas.columns), SUMMED]
    summed = [*sums, *_usable(areas, [name for name in people if name not in sums], notes)]
    table = areas
    placed = np.empty(0, np.int64)
    if answer is not None:
        placed = _placed(blocks, answer)
        if answer.accounts.unknown:
            # As zero, an unknown block would make its area look quiet.
            notes.append(f"{COUNTED} left out: {answer.accounts.unknown}")
        else:
            table = _with_counts(areas, answer, placed)
        summed += [name for name in (COUNTED, HARM) if name in table and name not in summed]
    usual = [str(name) for name in areas.columns if AVERAGED.fullmatch(str(name))]
    averaged = [*means, *(name for name in usual if name not in (*means, *summed))]
    weight = next((name for name in ("residents", "electors") if name in summed), "")
    if averaged and not weight:
        notes.append(f"{', '.join(averaged)} left out: averages need residents or electors")
        averaged = []
    averaged = [name for name in averaged if name in means or _is_numeric(areas, name)]
    weights = dict.fromkeys(averaged, weight)
    titles, sizes = dict[str, str](), dict[str, Floats]()
    for one in measures:
        notes.append(one.note)
        if one.weight is None and np.isnan(one.values).any():
            continue
        name = _free_name(one.measure.measure_id, {*table.columns, *_OWN_COLUMNS})
        table, titles[name] = table.assign(**{name: one.values}), one.title
        if one.weight is None:
            summed.append(name)
        else:
            sizes[f"{name} of"] = one.weight
            weights[name] = f"{name} of"
    measured = MeasuredBlocks.of(table, sums=summed, means=weights, sizes=sizes)
    return Figures(measured, answer, placed, tuple(notes), titles)


def _free_name(name: str, taken: Container[str]) -> str:
    """The column of a measure: its id, unless a figure of the blocks has this name already."""
    return f"measure_{name}" if name in taken else name


def _usable(areas: gpd.GeoDataFrame, names: Iterable[str], notes: list[str]) -> list[str]:
    """The columns that can be summed; a note is added for each that cannot."""
    usable = []
    for name in names:
        if name in areas.columns:
            try:
                MeasuredBlocks.of(areas, sums=[name])
                usable.append(name)
            except InputError as error:
                notes.append(f"{error}; left out")
    return usable


def _is_numeric(areas: gpd.GeoDataFrame, name: str) -> bool:
    return bool(pd.api.types.is_numeric_dtype(areas[name]))


def _placed(blocks: BlockLayer, answer: Answer) -> Ints:
    codes = answer.areas.index.astype(str)
    # The last entry answers for position -1, outside all areas.
    position = np.array([*(blocks.graph.positions[code] for code in codes), OUTSIDE], np.int64)
    placed: Ints = position[answer.counted["area"].to_numpy()]
    return placed


def _with_counts(areas: gpd.GeoDataFrame, answer: Answer, placed: Ints) -> gpd.GeoDataFrame:
    table = areas.assign(**{COUNTED: tally_blocks(placed, len(areas))})
    if answer.harm is not None:
        weight = answer.harm_of(answer.counted)
        table[HARM] = tally_blocks(placed, len(areas), weight=weight)
    return table
