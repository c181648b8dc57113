"""The units by which incidents are counted: the areas of a layer, or the cells over them."""

from __future__ import annotations

from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.locate import AreaLocator, Memberships
from geo.properties import cached_property
from geo.scale.coverage import busiest_force

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

    def owners(self, unit: Ints, force: Ints, n: Ints) -> Ints:
        """Whose each unit is: the force of most of its rows.

        Parameters
        ----------
        unit, force, n
            Numbers of rows by unit and force.

        Returns
        -------
        The position of a force for each unit.
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

    def owners(self, unit: Ints, force: Ints, n: Ints) -> Ints:
        """Whose each area is: the force of most of its rows; without any, as the nearest area.

        Parameters
        ----------
        unit, force, n
            Numbers of rows by area and force.

        Returns
        -------
        The position of a force for each area.
        """
        inside = shapely.point_on_surface(self.areas.geometry.to_numpy())
        x, y = shapely.get_coordinates(inside).T
        return busiest_force(unit, force, n, at=(x, y))

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

    def owners(self, unit: Ints, force: Ints, n: Ints) -> Ints:
        """Whose each cell is: as the area at its centre, for few of a country's cells have rows.

        Parameters
        ----------
        unit, force, n
            Numbers of rows by cell and force.

        Returns
        -------
        The position of a force for each cell.
        """
        x, y = self.cells.grid.centres(self.cells.positions)
        area = self.study.positions(x, y)
        inside = area[unit] >= 0
        rows = pd.DataFrame({"area": area[unit], "force": force, "n": n})[inside]
        sums = rows.groupby(["area", "force"], as_index=False)["n"].sum()
        of_area = self.study.owners(*(sums[name].to_numpy(np.int64) for name in sums))
        owner = np.where(area >= 0, of_area[area], -1)
        edge = np.flatnonzero(owner < 0)
        if len(edge) and len(edge) < len(owner):
            # The centre of a cell at the edge can lie outside every area.
            known = np.flatnonzero(owner >= 0)
            tree = scipy.spatial.cKDTree(np.column_stack([x[known], y[known]]))
            owner[edge] = owner[known][tree.query(np.column_stack([x[edge], y[edge]]))[1]]
        return np.maximum(owner, 0)
