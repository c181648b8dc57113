"""Areas with figures: columns that add up, and columns that are averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS

from geo.errors import InputError
from geo.locate import OUTSIDE
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeasuredBlocks:
    """Blocks with their figures.

    Attributes
    ----------
    geometry
        n polygons in metres, in the order of the layer; edges match.
    sums
        Columns that add up (electors, residents, incidents, harm, pounds): n rows.
    means
        Columns that are averaged (a deprivation score): n rows, NaN where unknown.
    weights
        For each column of `means`, the column of `sums` that weighs it.
    crs
        The coordinate system of `geometry`.
    sizes
        Columns that weigh averages and are no figures of their own: n rows, NaN where unknown.
    """

    geometry: NDArray[np.object_]
    sums: pd.DataFrame
    means: pd.DataFrame
    weights: Mapping[str, str]
    crs: CRS | None = None
    sizes: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def of(
        cls,
        blocks: gpd.GeoDataFrame,
        *,
        sums: Sequence[str],
        means: Mapping[str, str] | None = None,
        sizes: Mapping[str, Floats] | None = None,
    ) -> MeasuredBlocks:
        """Take columns of a layer as figures.

        Parameters
        ----------
        blocks
            The layer.
        sums
            Columns that add up.
        means
            Column to average → the column of `sums` or `sizes` that weighs it.
        sizes
            What weighs averages and is no column of the layer: n numbers by name, NaN where
            unknown.

        Returns
        -------
        The blocks in the order of the layer.

        Raises
        ------
        InputError
            If a column is missing or not numeric, or a value to be summed is missing or negative.
        """
        weights = dict(means or {})
        for name in (*sums, *weights):
            if name not in blocks.columns:
                raise InputError(f"the blocks have no column {name}; check its name")
            if not pd.api.types.is_numeric_dtype(blocks[name]):
                raise InputError(f"the blocks' column {name} is not numeric")
        for name, weight in weights.items():
            if weight not in (*sums, *(sizes or {})):
                raise InputError(f"{name} is weighted by {weight}; sum that column too")
        # A total with a gap in it would be wrong without anyone noticing.
        for name in sums:
            _refuse_gaps(blocks[name])
        frame = pd.DataFrame(blocks.drop(columns=blocks.geometry.name))
        return cls(
            blocks.geometry.to_numpy(),
            frame[list(sums)].astype(float),
            frame[list(weights)].astype(float),
            weights,
            blocks.crs,
            pd.DataFrame(dict(sizes or {}), index=frame.index, dtype=float),
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of `sums`, then those of `means`."""
        return (*map(str, self.sums), *map(str, self.means))

    @cached_property
    def columns(self) -> Floats:
        """What is added up to measure an area: sums, then weighted values, then their weights.

        Shape (n, sums + 2 × means). A mean is its weighted values by its weights; a block whose
        value is unknown counts for neither.
        """
        every = pd.concat([self.sums, self.sizes], axis=1)
        weight = every[list(self.weights.values())].to_numpy(float)
        weighted = self.means.to_numpy(float) * weight
        known = ~np.isnan(weighted)
        weighted = np.where(known, weighted, 0.0)
        return np.hstack([self.sums.to_numpy(), weighted, np.where(known, weight, 0.0)])


def _refuse_gaps(values: pd.Series) -> None:
    wrong = values.index[values.isna() | (values < 0)]
    if len(wrong):
        raise InputError(
            f"{values.name} is missing or negative for {len(wrong)} block(s), such as {wrong[0]}"
        )


def tally_blocks(placed: Ints, size: int, *, weight: ArrayLike | None = None) -> Floats:
    """Count points by block.

    Parameters
    ----------
    placed
        The position of each point's block, as `AreaLocator.locate` returns it; -1 outside.
    size
        How many blocks there are.
    weight
        Weight of each point (harm); 1 if None.

    Returns
    -------
    Counts or sums of weights, shape (size,).
    """
    inside = placed != OUTSIDE
    weights = None if weight is None else np.asarray(weight, float)[inside]
    return np.bincount(placed[inside], weights=weights, minlength=size).astype(float)
