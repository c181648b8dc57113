"""Measures of areas on the blocks of plans, so that every plan on those blocks tallies them.

What adds up is summed. A rate, share or mean is averaged by its denominators, which makes of the
blocks of an area what it would make of the area itself: the sum of numerators over that of
denominators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.layers.blocks import BlockLayer
from geo.analyses.measure_figures import INCIDENTS, checked, unit_of
from geo.errors import PatchmapError, QuestionError
from geo.measures.carrying import is_adjusted
from geo.measures.measured import Measured
from geo.measures.model import Measure
from geo.period import Period
from geo.question.model import Question
from geo.store.contract import StoreReader

Floats = NDArray[np.float64]

_NO_SIZES = "published without denominators, so blocks cannot be averaged"
_ADJUSTED = "its values are no ratio of their counts, as if adjusted for age"


@dataclass(frozen=True, eq=False)
class BlockMeasure:
    """A measure on n blocks.

    Attributes
    ----------
    measure
        What is measured.
    values
        Of the n blocks, NaN where unknown.
    weight
        Their denominators, NaN where unknown; None where values add up.
    note
        Of which days the values are, how they came to the blocks, and of how many they are unknown.
    """

    measure: Measure
    values: Floats
    weight: Floats | None
    note: str

    @property
    def title(self) -> str:
        """The title with the unit."""
        unit = unit_of(self.measure)
        return f"{self.measure.title} ({unit})" if unit else self.measure.title


def read_block_measures(
    store: StoreReader,
    blocks: BlockLayer,
    question: Question,
    *,
    by: Period | None,
    layer_of: Callable[[str], gpd.GeoDataFrame] | None = None,
) -> tuple[list[BlockMeasure], list[str]]:
    """Read the measures that a Question names, by their latest values on blocks.

    Parameters
    ----------
    store
        Holds them.
    blocks
        The blocks.
    question
        Its `measures`; the Question's own incidents are counted anyhow.
    by
        The period that values end in or before; None for the last there are.
    layer_of
        Reads the areas of another layer; the store itself if None.

    Returns
    -------
    measures, left_out
        Those that blocks have, and a line for each that they cannot have.

    Raises
    ------
    QuestionError
        If there is no such measure.
    """
    wanted = [name for name in question.measures.chosen if name != INCIDENTS]
    if not wanted:
        return [], []
    known = {one.measure_id: one for one in store.measures()}
    if unknown := sorted({*wanted} - {*known}):
        names = ", ".join([*known][:20]) or "none yet"
        raise QuestionError("measures", f"unknown value {unknown[0]!r}; there are: {names}")
    read = layer_of or (lambda name: store.layer(name)[1])
    measured = Measured(store, blocks.layer_id, blocks.areas, read)
    measures, left_out = [], []
    for name in wanted:
        try:
            measures.append(_on_blocks(known[name], measured, by=by.last if by else None))
        except PatchmapError as refusal:
            left_out.append(f"{known[name].title} left out: {refusal}")
    return measures, left_out


def _on_blocks(measure: Measure, measured: Measured, *, by: date | None) -> BlockMeasure:
    if measure.question:
        raise QuestionError("measures", "it is made of incidents; choose these instead")
    latest = measured.latest(measure.measure_id, by=Period(by, by) if by else None)
    values, carrying = checked(latest, measure, measured)
    if values.empty:
        raise QuestionError("measures", "no value is known up to the end of the period")
    rows = values.set_index("area_code").reindex(measured.areas.index.astype(str))
    value, weight = rows["value"].to_numpy(float), None
    if not measure.adds_up:
        if is_adjusted(values, measure):
            raise QuestionError("measures", _ADJUSTED)
        size = rows["denominator"].to_numpy(float)
        weight = np.where(size > 0, size, np.nan)
        if np.isnan(weight).all():
            raise QuestionError("measures", _NO_SIZES)
        # As it was published a share is rounded; its counts are not.
        made = measure.multiplier * rows["numerator"].to_numpy(float) / weight
        value = np.where(np.isnan(made), value, made)
        value = np.where(np.isnan(weight), np.nan, value)
    if np.isnan(value).all():
        raise QuestionError("measures", "it is not known of any block")
    return BlockMeasure(measure, value, weight, _note(measure, values, carrying.note, value))


def _note(measure: Measure, values: pd.DataFrame, carried: str, numbers: Floats) -> str:
    first, last = (values[name].iloc[0].date() for name in ("first_day", "last_day"))
    parts = [f"values of {Period(first, last).title}", carried]
    if not measure.adds_up:
        parts.append("averaged by its denominators")
    if missing := int(np.isnan(numbers).sum()):
        rest = "which count for nothing in it" if not measure.adds_up else "so it is left out"
        parts.append(f"not known of {missing:,} of {len(numbers):,} blocks, {rest}")
    return f"{measure.title}: {'; '.join(part for part in parts if part)}"
