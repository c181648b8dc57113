"""Where the demo city's tasks are: planted hotspots, busy and quiet squares, and whole wards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.demo.events.planted import RADIUS_M
from boundaries.demo.events.streams import ASB
from boundaries.tasking.task import Place
from geo.hotspots.ranking import place_id
from geo.hotspots.street_names import street_names
from geo.incidents import in_months, months_between

WARDS: Final = "wards"
SIDE_M: Final = 150
YEAR: Final = months_between("2023-12", "2024-11")
"""The year before the first board: squares are chosen by its anti-social behaviour."""

QUIET: Final = range(4, 9)
"""So few incidents in that year that nobody could tell what became of them."""


@dataclass(frozen=True)
class Squares:
    """Squares of the grid with anti-social behaviour in `YEAR`, the busiest first.

    Attributes
    ----------
    column, row, n
        Of each square.
    location
        What its first incident says of where it was.
    ward
        The code of the ward in which its middle lies; '' outside.
    """

    column: NDArray[np.int64]
    row: NDArray[np.int64]
    n: NDArray[np.int64]
    location: NDArray[np.object_]
    ward: NDArray[np.object_]

    @classmethod
    def of(cls, incidents: pd.DataFrame, wards: gpd.GeoDataFrame) -> Squares:
        """Count the squares of a city.

        Parameters
        ----------
        incidents
            An incident frame.
        wards
            Indexed by code, in metres.
        """
        own = incidents[incidents["category"] == ASB]
        own = own[in_months(own["occurred_from"], YEAR)]
        at = np.floor(own[["x", "y"]].to_numpy() / SIDE_M).astype(np.int64)
        squares, first, n = np.unique(at, axis=0, return_index=True, return_counts=True)
        order = np.lexsort((squares[:, 1], squares[:, 0], -n))
        column, row = squares[order].T
        location = own["location"].iloc[first[order]].astype(str).to_numpy(dtype=object)
        middle = shapely.points((np.column_stack([column, row]) + 0.5) * SIDE_M)
        point, ward = shapely.STRtree(wards.geometry.to_numpy()).query(middle, "intersects")
        codes = np.full(len(column), "", dtype=object)
        codes[point] = wards.index.astype(str).to_numpy(dtype=object)[ward]
        return cls(column, row, n[order], location, codes)

    def busy(self, ward: str, rank: int) -> Place:
        """A busy square of a ward, 0 the busiest."""
        return self._place(int(np.flatnonzero(self.ward == ward)[rank]))

    def quiet(self, ward: str) -> Place:
        """A square of a ward with hardly any incident."""
        few = (self.ward == ward) & (self.n >= QUIET.start) & (self.n < QUIET.stop)
        return self._place(int(np.flatnonzero(few)[0]))

    def _place(self, position: int) -> Place:
        column, row = int(self.column[position]), int(self.row[position])
        west, south = column * SIDE_M, row * SIDE_M
        land = shapely.box(west, south, west + SIDE_M, south + SIDE_M)
        label = f"Around {street_names([self.location[position]])[0]}"
        return Place("cell", f"s{SIDE_M}:{column}:{row}", label, shapely.to_wkb(land))


def planted_place(planted: pd.DataFrame, kind: str) -> Place:
    """The circle of a planted hotspot.

    Parameters
    ----------
    planted
        As `DemoCity.planted`.
    kind
        Emerging, fading or cleared.
    """
    spot = planted[planted["kind"] == kind].iloc[0]
    x, y = float(spot["x"]), float(spot["y"])
    circle = shapely.Point(x, y).buffer(RADIUS_M, quad_segs=16)
    name = place_id(x, y, RADIUS_M)
    return Place("hotspot", name, f"Around {spot['name']}", shapely.to_wkb(circle))


def ward_place(wards: gpd.GeoDataFrame, code: str) -> Place:
    """A whole ward.

    Parameters
    ----------
    wards
        Indexed by code, with `area_name`, in metres.
    code
        The code of the ward.
    """
    wkb = shapely.to_wkb(wards.geometry[code])
    return Place("area", f"{WARDS}:{code}", str(wards["area_name"][code]), wkb)
