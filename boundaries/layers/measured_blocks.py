"""The blocks of a plan with what is known of each: what adds up, and what is averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.locate import OUTSIDE, AreaLocator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeasuredBlocks:
    """The blocks of a plan with what is known of them.

    Attributes
    ----------
    geometry
        n polygons whose edges match, in metres, in the order of the plan's blocks.
    sums
        What adds up (electors, residents, incidents, harm, pounds): n rows of numbers.
    means
        What does not (a deprivation score): n rows of numbers, NaN where it is not known.
    weights
        For each column of `means` the column of `sums` that weighs it.
    crs
        The coordinate system, for the layers that are drawn.
    """

    geometry: NDArray[np.object_]
    sums: pd.DataFrame
    means: pd.DataFrame
    weights: Mapping[str, str]
    crs: object = None

    @classmethod
    def of(
        cls,
        blocks: gpd.GeoDataFrame,
        *,
        sums: Sequence[str],
        means: Mapping[str, str] | None = None,
    ) -> MeasuredBlocks:
        """Choose what to measure of a layer of blocks.

        Parameters
        ----------
        sums
            Columns that add up.
        means
            Column that is averaged → the column of `sums` that weighs it.

        Raises
        ------
        InputError
            If a column is missing or holds no numbers, or a value that is to be added up is
            missing or negative: a total with a hole in it would be a lie.
        """
        weights = dict(means or {})
        for name in (*sums, *weights):
            if name not in blocks.columns:
                raise InputError(f"the blocks have no column {name}")
            if not pd.api.types.is_numeric_dtype(blocks[name]):
                raise InputError(f"the blocks' column {name} holds no numbers")
        for name, weight in weights.items():
            if weight not in sums:
                raise InputError(f"{name} is weighed by {weight}, which is not summed")
        for name in sums:
            _refuse_holes(blocks[name])
        frame = pd.DataFrame(blocks.drop(columns=blocks.geometry.name))
        return cls(
            blocks.geometry.to_numpy(),
            frame[list(sums)].astype(float),
            frame[list(weights)].astype(float),
            weights,
            blocks.crs,
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of `sums`, then those of `means`."""
        return (*map(str, self.sums), *map(str, self.means))

    @cached_property
    def columns(self) -> Floats:
        """Everything that is added up to make a measure: sums, then weighted values and weights."""
        weight = self.sums[list(self.weights.values())].to_numpy()
        known = self.means.notna().to_numpy()
        weighted = np.where(known, self.means.to_numpy() * weight, 0.0)
        return np.hstack([self.sums.to_numpy(), weighted, np.where(known, weight, 0.0)])


def _refuse_holes(values: pd.Series) -> None:
    wrong = values.index[values.isna() | (values < 0)]
    if len(wrong):
        raise InputError(
            f"{values.name} is missing or negative for {len(wrong)} block(s), such as {wrong[0]}"
        )


def place_in_blocks(blocks: gpd.GeoDataFrame, x: ArrayLike, y: ArrayLike) -> Ints:
    """The position of the block that holds each point, −1 outside all; done once for a plan."""
    return AreaLocator(blocks).locate(x, y).astype(np.int64)


def tally_blocks(placed: Ints, size: int, *, weight: ArrayLike | None = None) -> Floats:
    """How many points each of `size` blocks holds, or the sum of their weights (harm)."""
    inside = placed != OUTSIDE
    weights = None if weight is None else np.asarray(weight, float)[inside]
    return np.bincount(placed[inside], weights=weights, minlength=size).astype(float)
