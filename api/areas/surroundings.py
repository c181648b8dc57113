"""Where an area lies: its neighbours, and what it is made of in other layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.snapshot import Snapshot
from geo.allocation.adjacency import contiguity
from geo.areal.best_fit import overlap_shares
from geo.errors import NotFoundError
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import areas_among

WHOLE: Final = 0.99
"""An area of which so much lies in another counts as all of it: lines drawn twice differ."""

MOST_PARTS: Final = 8
"""Of more parts than this, only their number is given."""

MOST_JOINED: Final = 500
"""Of more parts the shares are added up instead of joining their land: blocks do not overlap."""

_GAP_M: Final = 1.0
_EDGE_M: Final = 5.0
"""Neighbours whose edges do not match share at least so many metres within the gap."""


@dataclass(frozen=True)
class Neighbours:
    """The areas around one, each as its code and name, in the order of their names.

    Attributes
    ----------
    beside
        Those that share an edge with it.
    over
        Those that overlap it.
    """

    beside: list[tuple[str, str]]
    over: list[tuple[str, str]]


def neighbours(areas: gpd.GeoDataFrame, code: str) -> Neighbours:
    """Find the areas beside one, and those that overlap it.

    Parameters
    ----------
    areas
        A layer, indexed by `area_code`, with `area_name`, in metres.
    code
        The area.
    """
    shape = areas.geometry.loc[code]
    around = areas.sindex.query(shape, predicate="dwithin", distance=_GAP_M)
    near = areas.iloc[np.sort(around)]
    others = near[near.index != code]
    common = shapely.area(shapely.intersection(others.geometry.to_numpy(), shape))
    smaller = np.minimum(others.area.to_numpy(), shape.area)
    over = others[common > (1 - WHOLE) * smaller]
    rest = near[~near.index.isin(over.index)]
    beside = _beside(rest, code) or _beside(rest, code, edge_m=_EDGE_M, gap_m=_GAP_M)
    return Neighbours(_named(rest[rest.index.isin(beside)]), _named(over))


def _beside(
    areas: gpd.GeoDataFrame, code: str, *, edge_m: float = 1.0, gap_m: float = 0.0
) -> set[str]:
    rook = contiguity(areas, shortest_edge_m=edge_m, gap_m=gap_m)
    pairs = [{rook.codes[one], rook.codes[other]} for one, other in rook.edges.tolist()]
    return {other for pair in pairs if str(code) in pair for other in pair - {str(code)}}


def _named(areas: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    named = zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True)
    return sorted(named, key=lambda one: (one[1], one[0]))


@dataclass(frozen=True)
class Part:
    """An area of another layer that shares land with one.

    Attributes
    ----------
    of_area
        The share of the one's land that lies in it.
    of_part
        The share of its own land that lies in the one.
    """

    code: str
    name: str
    of_area: float
    of_part: float

    @property
    def words(self) -> str:
        """How much of which lies in the other: `all of it`, `12 % of it`, `89 % of this area`."""
        if self.of_part >= WHOLE:
            return "the same land" if self.of_area >= WHOLE else "all of it"
        if self.of_area >= WHOLE:
            return "all of this area"
        if self.of_area >= self.of_part:
            return f"{_per_cent(self.of_area)} of this area"
        return f"{_per_cent(self.of_part)} of it"


def _per_cent(share: float) -> str:
    # 99.6 % of an area is not all of it.
    return f"{min(round(100 * share), 99)} %"


@dataclass(frozen=True)
class Composition:
    """What an area is made of in one other layer.

    Attributes
    ----------
    parts
        The areas that share more than a sliver of land with it, the largest share first.
    uncovered
        The share of the area's land that no area of the layer covers.
    """

    layer_id: str
    title: str
    parts: list[Part]
    uncovered: float

    @property
    def cut(self) -> int:
        """How many of the parts lie in the area only partly."""
        return sum(part.of_part < WHOLE for part in self.parts)

    @property
    def is_counted(self) -> bool:
        """Whether there are too many parts to name."""
        return len(self.parts) > MOST_PARTS


def compositions(
    snapshot: Snapshot, layer: LayerMetadata, area: gpd.GeoDataFrame
) -> list[Composition]:
    """Tell what an area is made of in each other layer of areas that shares land with it.

    Parameters
    ----------
    snapshot
        The state of the store.
    layer
        The area's own layer, which is left out.
    area
        One row, indexed by `area_code`, in metres.
    """
    made = []
    for other in areas_among(snapshot.layers()):
        if other.layer_id == layer.layer_id:
            continue
        try:
            _, frame = snapshot.features(other.layer_id)
        except NotFoundError:  # none of it is seen
            continue
        if parts := _parts(frame, area):
            uncovered = _uncovered(frame, area, parts)
            made.append(
                Composition(other.layer_id, other.title or other.layer_id, parts, uncovered)
            )
    return made


def _uncovered(frame: gpd.GeoDataFrame, area: gpd.GeoDataFrame, parts: list[Part]) -> float:
    """The share of an area that none of its parts covers."""
    shape = area.geometry.iloc[0]
    if len(parts) > MOST_JOINED:
        return max(1 - sum(part.of_area for part in parts), 0.0)
    # Parts may overlap: their shares would add up to more than they cover.
    codes = frame.index.astype(str).isin([part.code for part in parts])
    covered = shapely.union_all(frame.geometry.to_numpy()[codes])
    return float(shapely.difference(shape, covered).area / shape.area)


def _parts(frame: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> list[Part]:
    shape = area.geometry.iloc[0]
    near = frame.iloc[np.sort(frame.sindex.query(shape, predicate="intersects"))]
    shares = overlap_shares(near, area)
    of_area = shares["area_m2"] / shape.area
    more = shares[(of_area > 1 - WHOLE) | (shares["share"] > 1 - WHOLE)].assign(of_area=of_area)
    names = near["area_name"].astype(str)
    names.index = pd.Index(near.index.astype(str))
    parts = [
        Part(str(code), names[str(code)], float(of_area), float(share))
        for code, of_area, share in zip(
            more["block_code"], more["of_area"], more["share"], strict=True
        )
    ]
    return sorted(parts, key=lambda part: (-part.of_area, part.name, part.code))
