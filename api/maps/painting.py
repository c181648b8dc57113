"""What a map mode makes of an Answer: coloured shapes and their legend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import pandas as pd

Style = Mapping[str, Any]


@dataclass(frozen=True)
class Shade:
    """One colour of a map and its meaning.

    Attributes
    ----------
    words
        The meaning, for the legend.
    counted
        Whether the legend counts its cells.
    """

    words: str
    style: Style
    counted: bool = True


@dataclass(frozen=True)
class Painting:
    """The coloured cells of a map, and its legend.

    Attributes
    ----------
    cells
        `cell_id`, `n`, `area_code`, `kind` (one of the shades), `meaning` (for the tooltip), and
        the geometry.
    shades
        By kind, in the order of drawing.
    note
        What the mode shows, with its unit; of classes the baseline.
    hotspots
        How many hotspots, which are joined cells, have each shade: that of their hottest cell.
    """

    cells: gpd.GeoDataFrame
    shades: Mapping[str, Shade]
    note: str
    hotspots: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many cells have each shade."""
        kinds = self.cells["kind"].value_counts()
        return {str(kind): int(number) for kind, number in kinds.items()}


def style_of(fill: str, edge: str = "", *, opacity: float = 0.85, weight: float = 1.0) -> Style:
    """How a shape is drawn: its fill, and an edge where a colour for one is given."""
    edged = {"color": edge or fill, "weight": weight if edge else 0}
    return {"fillColor": fill, "fillOpacity": opacity, **edged}


PLAIN: Final = style_of("#8d8d8d", opacity=0.22)
"""What has nothing to say: drawn, and quiet."""


def painted(cells: gpd.GeoDataFrame, kind: pd.Series, meaning: pd.Series) -> gpd.GeoDataFrame:
    """The columns of `Painting.cells`."""
    columns = cells[["cell_id", "n", "area_code", "geometry"]]
    return columns.assign(kind=kind.to_numpy(), meaning=meaning.to_numpy())
