"""Which areas of a layer the incidents of an Answer lie in: one each, or several that overlap."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.locate import AreaLocator, Memberships, joined_codes
from geo.properties import cached_property

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class AreaMembership:
    """Counts incidents by area, each area its own, also where areas overlap.

    Parameters
    ----------
    areas
        A layer, indexed by code, in metres.
    locator
        Its locator, where there is one already.
    """

    def __init__(self, areas: gpd.GeoDataFrame, locator: AreaLocator | None = None) -> None:
        self._areas = areas
        self._locator = locator or AreaLocator(areas)

    @property
    def size(self) -> int:
        """How many areas there are."""
        return len(self._areas)

    @cached_property
    def overlapping(self) -> bool:
        """Whether some areas overlap, by more than a sliver along a shared edge."""
        return bool(len(self._locator.overlaps))

    @cached_property
    def _names(self) -> dict[str, str]:
        """The name of each area, by its code."""
        codes = self._areas.index.astype(str).tolist()
        return dict(zip(codes, self._areas["area_name"].astype(str).tolist(), strict=True))

    def of(self, incidents: pd.DataFrame) -> Memberships:
        """Pair incidents with their areas.

        Parameters
        ----------
        incidents
            With `x`, `y` and `area`, the position of their area with the lowest code or −1.

        Returns
        -------
        memberships
            Rows of the incidents, and positions of areas.
        """
        area = incidents["area"].to_numpy()
        if not self.overlapping:
            inside = np.flatnonzero(area >= 0)
            return Memberships(inside, area[inside])
        point, areas = self._locator.locate_all(incidents["x"], incidents["y"])
        # A record without a place is in the one area that is stated for it.
        stated = np.flatnonzero((area >= 0) & incidents["x"].isna().to_numpy())
        if not len(stated):
            return Memberships(point, areas)
        return Memberships(np.append(point, stated), np.append(areas, area[stated]))

    def counts(self, incidents: pd.DataFrame) -> NDArray[np.int64]:
        """Count the incidents of each area; where areas overlap they add up to more."""
        return np.bincount(self.of(incidents).area, minlength=len(self._areas))

    def within(self, incidents: pd.DataFrame, codes: Sequence[str]) -> Bools:
        """Find the incidents in some areas; one that lies in two of them is there once.

        Parameters
        ----------
        incidents
            As in `of`.
        codes
            Codes of areas.

        Returns
        -------
        Whether each incident lies in one of them.
        """
        point, area = self.of(incidents)
        mask = np.zeros(len(incidents), dtype=bool)
        mask[point[self._areas.index.isin(codes)[area]]] = True
        return mask

    def in_several(self, incidents: pd.DataFrame) -> int:
        """Count the incidents that lie in two or more areas."""
        if not self.overlapping:
            return 0
        return int((np.bincount(self.of(incidents).point) > 1).sum())

    def lowest_at(self, x: Floats, y: Floats) -> NDArray[np.int32]:
        """The position of the area with the lowest code at points in metres, −1 outside.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        n positions.
        """
        return self._locator.locate(x, y)

    def codes_at(self, x: Floats, y: Floats) -> NDArray[np.object_]:
        """Look up the areas at some points.

        Parameters
        ----------
        x, y
            Of n points, in metres.

        Returns
        -------
        n codes, '' outside the layer; where areas overlap all codes joined with `;`, the lowest
        first.
        """
        memberships = self._locator.locate_all(x, y)
        return joined_codes(memberships, self._areas.index.to_numpy(str).astype(object), len(x))

    def names_of(self, area_codes: pd.Series) -> pd.Series:
        """Name areas by what `codes_at` returns.

        Parameters
        ----------
        area_codes
            Codes, where areas overlap joined with `;`.

        Returns
        -------
        The names, for people; '' outside the layer.
        """
        names = self._names
        return area_codes.map(
            {
                text: ", ".join(names[code] for code in self.split(text) if code in names)
                for text in area_codes.unique()
            }
        ).astype("str")

    def among(self, area_codes: pd.Series, codes: Sequence[str]) -> pd.Series:
        """Find the rows of a frame that lie in some areas.

        Parameters
        ----------
        area_codes
            What `codes_at` returns.
        codes
            Codes of areas.

        Returns
        -------
        Whether each row lies in one of them.
        """
        if not self.overlapping:
            return area_codes.isin(codes)
        chosen = set(codes)
        return area_codes.map(lambda text: not chosen.isdisjoint(self.split(text))).astype(bool)

    def split(self, text: str) -> list[str]:
        """The codes in what `codes_at` returns."""
        # A code of a layer that tiles may itself hold a semicolon.
        return str(text).split(";") if self.overlapping else [str(text)]
