"""The units by which incidents are counted: the areas of a layer, or the cells over them."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.locate import AreaLocator, Memberships

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class CountingUnits(Protocol):
    """Numbered units, each with a code."""

    @property
    def codes(self) -> list[str]:
        """The code of each unit."""

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's unit, −1 outside all of them; x and y in metres.

        Parameters
        ----------
        x, y
            Metres.

        Returns
        -------
        n numbers.
        """

    def memberships(self, x: Floats, y: Floats) -> Memberships:
        """Every unit of each point: several where units overlap.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        Pairs of point and unit.
        """


class AreaUnits:
    """The areas of a layer, indexed by `area_code`, in the working CRS.

    They are sent to each process once; the locator, which is larger, is built there on first use.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        self.areas = gpd.GeoDataFrame(geometry=areas.geometry)

    def __reduce__(self) -> tuple[type[AreaUnits], tuple[gpd.GeoDataFrame]]:
        return AreaUnits, (self.areas,)

    @cached_property
    def _locator(self) -> AreaLocator:
        return AreaLocator(self.areas)

    @property
    def codes(self) -> list[str]:
        """The codes of the areas."""
        return [str(code) for code in self.areas.index]

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's area, −1 outside all of them.

        Parameters
        ----------
        x, y
            Metres.

        Returns
        -------
        n numbers.
        """
        # One thread, because each processor already has a part of its own.
        return self._locator.locate(x, y, workers=1).astype(np.int64)

    def memberships(self, x: Floats, y: Floats) -> Memberships:
        """Every area of each point: several where areas overlap.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        Pairs of point and unit.
        """
        return self._locator.locate_all(x, y, workers=1)

    @property
    def overlapping(self) -> bool:
        """Whether some areas overlap."""
        return bool(len(self._locator.overlaps))


class CellUnits:
    """The cells over a study area; points outside the study area are in no cell."""

    def __init__(self, study: AreaUnits, cells: Cells) -> None:
        self.study, self.cells = study, cells

    @classmethod
    def over(cls, study: AreaUnits, grid: Grid) -> CellUnits:
        """The cells of a grid over the union of areas.

        Parameters
        ----------
        study
            The areas.
        grid
            Shape and width of the cells.

        Returns
        -------
        units
            The cells that lie at least partly in the areas.

        Raises
        ------
        InputError
            If there would be too many cells.
        """
        return cls(study, Cells.over(shapely.union_all(study.areas.geometry.to_numpy()), grid))

    @property
    def codes(self) -> list[str]:
        """The ids of the cells."""
        return self.cells.ids

    def positions(self, x: Floats, y: Floats) -> Ints:
        """The number of each point's cell, −1 outside the study area.

        Parameters
        ----------
        x, y
            Metres.

        Returns
        -------
        n numbers.
        """
        positions = np.full(len(x), -1)
        inside = np.flatnonzero(self.study.positions(x, y) >= 0)
        positions[inside] = self.cells.assign(x[inside], y[inside])
        return positions

    def memberships(self, x: Floats, y: Floats) -> Memberships:
        """The cell of each point in the study area; cells do not overlap.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        Pairs of point and unit.
        """
        positions = self.positions(x, y)
        inside = np.flatnonzero(positions >= 0)
        return Memberships(inside, positions[inside].astype(np.int32))
