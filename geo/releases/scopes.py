"""Which incidents a table counts, and where pieces without incidents lie in a further table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.disclosure.pieces import Pieces, without_incidents
from geo.locate import AreaLocator
from geo.releases.model import ReleaseDefinition, ReleaseTable

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Scope:
    """Which incidents a table counts, in which of its cells.

    Attributes
    ----------
    table
        The table.
    sources
        Of the incidents.
    groups
        The number of the category group of each category.
    everything
        Whether its one group is of all categories.
    """

    table: ReleaseTable
    sources: tuple[str, ...]
    groups: Mapping[str, int]
    everything: bool

    @classmethod
    def of(cls, definition: ReleaseDefinition, table: ReleaseTable) -> Scope:
        """Return the scope of a table of a release.

        Parameters
        ----------
        definition
            Of the release.
        table
            One of its tables.

        Returns
        -------
        The scope.
        """
        numbers = {
            slug: at for at, slugs in enumerate(definition.groups.values()) for slug in slugs
        }
        return cls(table, definition.sources, numbers, not numbers)

    def cells(self, incidents: pd.DataFrame) -> NDArray[np.int64]:
        """The cell of each incident; −1 for those that the table does not count."""
        table, shape = self.table, self.table.shape
        month = pd.Index(table.months).get_indexer(pd.Index(incidents["month"]))
        group: NDArray[np.integer] = np.zeros(len(incidents), np.int64)
        if not self.everything:
            group = incidents["category"].map(self.groups).fillna(-1).to_numpy(np.int64)
        area = np.full(len(incidents), -1)
        here = (month >= 0) & (group >= 0) & incidents["source"].isin(self.sources).to_numpy()
        frame = gpd.GeoDataFrame(index=list(table.codes), geometry=list(table.outlines))
        area[here] = AreaLocator(frame).locate(incidents["x"][here], incidents["y"][here])
        cells = (area * shape.months + month) * shape.groups + group
        unknown = np.isnan(table.values.ravel())
        inside = area >= 0
        inside[inside] = ~unknown[cells[inside]]
        return np.where(inside, cells, -1)


def places_in(scope: Scope, earlier: Sequence[Scope], pieces: Pieces, cells: Ints) -> Ints:
    """Return where in a further table the earlier pieces lie that have no incidents now.

    The table tells of them, too: a 0 where a 5 was published of the same area and month.

    Parameters
    ----------
    scope
        Of the further table.
    earlier
        Of the k tables before.
    pieces
        n pieces of these.
    cells
        m × k: the cell of each incident in each of these, or −1.

    Returns
    -------
    n cells of the further table; −1 for pieces with incidents, and for those that it does not
    count. Of an area that the table divides it is one of the parts.
    """
    places = np.full(len(pieces.values), -1)
    empty = np.flatnonzero(without_incidents(pieces, cells))
    ghosts = [_ghost(pieces.cells[at].tolist(), earlier, scope) for at in empty.tolist()]
    if ghosts:
        places[empty] = scope.cells(pd.DataFrame(ghosts))
    return places


def _ghost(cells: Sequence[int], earlier: Sequence[Scope], scope: Scope) -> dict[str, object]:
    """An incident, of any that a piece could have, which the further table counts if it can."""
    sources = {*scope.sources}
    categories = None if scope.everything else {*scope.groups}
    outline: shapely.Geometry | None = None
    month = ""
    for cell, one in zip(cells, earlier, strict=True):
        if cell < 0:
            continue
        area, months, group = (int(at[0]) for at in one.table.shape.split(np.array([cell])))
        month = one.table.months[months]
        sources &= {*one.sources}
        if not one.everything:
            own = {slug for slug, at in one.groups.items() if at == group}
            categories = own if categories is None else categories & own
        outline = _narrowed(outline, one.table.outlines[area])
    x, y = shapely.get_coordinates(shapely.point_on_surface(outline))[0]
    return {
        "x": float(x),
        "y": float(y),
        "month": month,
        "source": min(sources, default=""),
        "category": min(categories or {""}),
    }


def _narrowed(outline: shapely.Geometry | None, area: shapely.Geometry) -> shapely.Geometry:
    """The part of an outline in an area; of areas that only touch, the smaller is kept."""
    if outline is None:
        return area
    both = shapely.intersection(outline, area)
    return both if shapely.area(both) > 0 else outline
