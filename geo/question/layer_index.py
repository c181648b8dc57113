"""What is computed once of a layer: its locator, its outline, its cells.

A page asks several Questions about the same areas, and so does everyone who looks at them. What
depends on the areas alone is kept here from one to the next.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

import geopandas as gpd
import numpy as np
import scipy
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.locate import AreaLocator
from geo.properties import cached_property
from geo.question.membership import AreaMembership

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_LAYERS: Final = 8
"""How many layers are kept: those of a page, and of a few others."""

MOST_GRIDS: Final = 3
"""How many grids of cells are kept of each layer; the finest take some hundred megabytes."""

MOST_OF_INCIDENTS: Final = 12
"""How many things made of incidents are kept of each layer: the points of each choice of sources,
and the places and the spread of each choice of categories."""

MOST_OF_LINES: Final = 2
"""How many things made of layers of lines are kept of each layer: the streets of a city take some
ten megabytes."""

MOST_OF_IMPORTS: Final = 8
"""How many things made of imports are kept of each layer: one for each choice of sources."""

SCREEN_UNITS: Final = 4_000
"""How many units a screen has along its longer side, at least: twice the pixels of most."""


class _Latest(OrderedDict[Key, Value]):
    """The values that were asked for last, each made once.

    Parameters
    ----------
    most
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self._lock = most, threading.Lock()

    def made(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key; who asks while another one makes it waits for that."""
        with self._lock:
            if key not in self:
                self[key] = make()
            self.move_to_end(key)
            while len(self) > self._most:
                self.popitem(last=False)
            return self[key]

    def listed(self) -> list[tuple[Key, Value]]:
        """All keys with their values."""
        with self._lock:
            return list(self.items())

    def dropped(self, key: Key) -> None:
        """Forget a value; one that is being made or asked for just now is dropped afterwards."""
        with self._lock:
            if key in self:
                del self[key]


class LayerIndex:
    """What answers need of one layer beside its areas, each computed when it is first needed.

    Parameters
    ----------
    areas
        Areas in metres, indexed by `area_code`. They must not be changed afterwards.
    like
        The index of the same shapes in the same order under other codes, which shares with this
        one what depends on the shapes alone.

    Attributes
    ----------
    used
        When it was last asked for, by `time.monotonic`.
    """

    def __init__(self, areas: gpd.GeoDataFrame, *, like: LayerIndex | None = None) -> None:
        self.areas = areas
        self._like = like
        self.used = time.monotonic()
        self._grids: _Latest[Grid, Cells] = _Latest(MOST_GRIDS)
        self._shares: _Latest[Grid, scipy.sparse.csr_array] = _Latest(MOST_GRIDS)
        # One tuple, so that nobody takes what was made of a state for that of another.
        self._of_incidents: tuple[Hashable, _Latest[Hashable, Any]]
        self._of_incidents = None, _Latest(MOST_OF_INCIDENTS)
        self._of_imports: _Latest[Hashable, Any] = _Latest(MOST_OF_IMPORTS)
        self._of_lines: _Latest[Hashable, Any] = _Latest(MOST_OF_LINES)

    @cached_property
    def locator(self) -> AreaLocator:
        """Finds the area of points."""
        return self._like.locator if self._like else AreaLocator(self.areas)

    @cached_property
    def membership(self) -> AreaMembership:
        """Counts incidents by area."""
        return AreaMembership(self.areas, self.locator)

    @cached_property
    def outline(self) -> shapely.Geometry:
        """The union of the areas: the mask, where they are a study area."""
        if self._like:
            return self._like.outline
        shapes = self.areas.geometry.to_numpy()
        # Where edges match corner by corner, joining them finds the same union far sooner.
        tiles = len(shapes) > 1 and shapely.coverage_is_valid(shapes)
        return shapely.coverage_union_all(shapes) if tiles else shapely.union_all(shapes)

    @cached_property
    def on_screen(self) -> gpd.GeoDataFrame:
        """The areas as fine as a screen shows all of them at once; neighbours share their edges.

        Source: Visvalingam & Whyatt 1993, over the edges of the coverage.
        """
        west, south, east, north = self.areas.total_bounds
        unit = max(east - west, north - south) / SCREEN_UNITS
        shapes = shapely.coverage_simplify(self.areas.geometry.to_numpy(), unit)
        return self.areas.set_geometry(gpd.GeoSeries(shapes, self.areas.index, self.areas.crs))

    def cells(self, grid: Grid) -> Cells:
        """The cells of a grid over the areas.

        Parameters
        ----------
        grid
            Shape and width of the cells.

        Returns
        -------
        The cells; those of the grids that were asked for last are kept.

        Raises
        ------
        InputError
            If there would be too many.
        """
        if self._like:
            return self._like.cells(grid)
        # Before the outline is made, which alone takes seconds for a country.
        west, south, east, north = self.areas.total_bounds.tolist()
        grid.refuse_too_many((west, south, east, north))
        return self._grids.made(grid, lambda: Cells.over(self.outline, grid))

    def spread(self, grid: Grid, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Carry amounts of the areas to the cells of a grid, by area.

        Parameters
        ----------
        grid
            Shape and width of the cells.
        amounts
            Of each area.

        Returns
        -------
        As `Cells.spread`.
        """
        if self._like:
            return self._like.spread(grid, amounts)
        shapes = self.areas.geometry.to_numpy()
        shares = self._shares.made(grid, lambda: self.cells(grid).shares_of(shapes))
        return shares.T @ amounts

    def of_incidents(self, state: Hashable, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is computed once of the areas and of the incidents of a store.

        Parameters
        ----------
        state
            Names the state of the incidents: after an import it is another one, and what was made
            of the one before is forgotten.
        key
            Names the value.
        make
            Computes it.

        Returns
        -------
        The value; those that were asked for last are kept.
        """
        if self._like:
            return self._like.of_incidents(state, key, make)
        of, latest = self._of_incidents
        if of != state:
            latest = _Latest(MOST_OF_INCIDENTS)
            self._of_incidents = state, latest
        value: Value = latest.made(key, make)
        return value

    def of_imports(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is computed once of the areas and of what was imported.

        Parameters
        ----------
        key
            Names the imports, and the state of the store that they are of.
        make
            Computes it.

        Returns
        -------
        The value; those that were asked for last are kept.
        """
        value: Value = self._of_imports.made(key, make)
        return value

    def of_lines(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is computed once of the areas and of a layer of lines.

        Parameters
        ----------
        key
            Names the layer of lines, and the state of the store that it is of.
        make
            Computes it.

        Returns
        -------
        The value; those that were asked for last are kept.
        """
        if self._like:
            return self._like.of_lines(key, make)
        value: Value = self._of_lines.made(key, make)
        return value


class LayerIndexes:
    """The indexes of the layers that were asked about last.

    A layer is recognised by its frame, so whoever reads a layer anew gets a new index.
    """

    def __init__(self) -> None:
        self._indexes: _Latest[int, LayerIndex] = _Latest(MOST_LAYERS)

    def of(self, areas: gpd.GeoDataFrame) -> LayerIndex:
        """The index of a layer.

        Parameters
        ----------
        areas
            Areas in metres, indexed by `area_code`.

        Returns
        -------
        The same for the same frame, as long as it is kept.
        """
        # An index holds its frame, so no other frame can have the id meanwhile.
        index = self._indexes.made(id(areas), lambda: LayerIndex(areas))
        index.used = time.monotonic()
        return index

    def share(self, areas: gpd.GeoDataFrame, like: gpd.GeoDataFrame) -> None:
        """Let the index of a layer share with that of the same shapes under other codes.

        Parameters
        ----------
        areas
            Areas in metres, indexed by other codes than `like`, in the same order.
        like
            The areas whose locator, outline and cells are theirs too.
        """
        index = self.of(like)
        self._indexes.made(id(areas), lambda: LayerIndex(areas, like=index))

    def entries(self) -> list[tuple[float, Hashable, object]]:
        """When each index was last used, its key and the index itself."""
        return [(one.used, key, one) for key, one in self._indexes.listed()]

    def drop(self, key: Hashable) -> None:
        """Forget an index."""
        if isinstance(key, int):
            self._indexes.dropped(key)
