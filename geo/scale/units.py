"""By what incidents are counted: the areas of a layer, or the cells over them."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.locate import AreaLocator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Places(Protocol):
    """Numbered places, each with a code."""

    @property
    def codes(self) -> list[str]:
        """The code of each place."""
        ...

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's place, −1 outside all of them."""
        ...


class AreaPlaces:
    """The areas of a layer, indexed by `area_code`, in the working CRS.

    They travel to each process once. The locator is made there, when it is first needed.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self.areas = gpd.GeoDataFrame(geometry=areas.geometry)

    def __reduce__(self) -> tuple[type[AreaPlaces], tuple[gpd.GeoDataFrame]]:
        return AreaPlaces, (self.areas,)

    @cached_property
    def _locator(self) -> AreaLocator:
        return AreaLocator(self.areas)

    @property
    def codes(self) -> list[str]:
        """The codes of the areas."""
        return [str(code) for code in self.areas.index]

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's area, −1 outside all of them."""
        # One thread: the processors are shared out over the parts already.
        return self._locator.locate(x, y, workers=1).astype(np.int64)


class CellPlaces:
    """The cells over a study area; points outside its areas are in none."""

    def __init__(self, study: AreaPlaces, cells: Cells) -> None:
        self.study, self.cells = study, cells

    @classmethod
    def over(cls, study: AreaPlaces, grid: Grid) -> CellPlaces:
        """The cells of a grid over the union of areas.

        Raises
        ------
        InputError
            If there would be too many.
        """
        return cls(study, Cells.over(shapely.union_all(study.areas.geometry.to_numpy()), grid))

    @property
    def codes(self) -> list[str]:
        """The ids of the cells."""
        return self.cells.ids

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's cell, −1 outside the study area."""
        found = np.full(len(x), -1)
        inside = np.flatnonzero(self.study.positions(x, y) >= 0)
        found[inside] = self.cells.assign(x[inside], y[inside])
        return found
