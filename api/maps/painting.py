"""What a map mode makes of an Answer: coloured shapes and their legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    noun
        What is coloured.
    counts_of
        What `n` counts, in tooltips.
    numbered
        What is numbered instead of the ranked places: `rank`, `x` and `y` in metres.
    named
        Codes of the areas that the map is about: where names overlap, theirs stay.
    """

    cells: gpd.GeoDataFrame
    shades: Mapping[str, Shade]
    note: str
    hotspots: Mapping[str, int] = field(default_factory=dict)
    noun: Literal["cell", "street", "area"] = "cell"
    counts_of: str = "Incidents"
    numbered: pd.DataFrame | None = None
    named: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many cells have each shade."""
        kinds = self.cells["kind"].value_counts()
        return {str(kind): int(number) for kind, number in kinds.items()}


def style_of(fill: str, edge: str = "", *, opacity: float = 0.85, weight: float = 1.0) -> Style:
    """How a shape is drawn: its fill, and an edge where a colour for one is given."""
    edged = {"color": edge or fill, "weight": weight if edge else 0}
    return {"fillColor": fill, "fillOpacity": opacity, **edged}


PLAIN: Final = style_of("#8d8d8d", opacity=0.14)
"""What has nothing to say: drawn, and quiet."""


def painted(cells: gpd.GeoDataFrame, kind: pd.Series, meaning: pd.Series) -> gpd.GeoDataFrame:
    """The columns of `Painting.cells`."""
    columns = cells[["cell_id", "n", "area_code", "geometry"]]
    return columns.assign(kind=kind.to_numpy(), meaning=meaning.to_numpy())


def steps_up_to(most: float, *, many: int) -> NDArray[np.float64]:
    """The last `many` round numbers (1, 2, 5, 10 …) up to the greatest value."""
    if not most > 0:
        return np.array([1.0])
    top = np.floor(np.log10(most)).astype(int)
    rounds = np.array(
        [part * 10.0**power for power in range(top - 3, top + 1) for part in (1, 2, 5)]
    )
    return rounds[rounds <= most][-many:]


def ranges_between(steps: NDArray[np.float64], sign: str, unit: str) -> list[str]:
    """The words of ranges between steps; the last one has no end."""
    low = [f"{sign}{step:,g}" for step in steps]
    high = [f" to {step:,g}" for step in steps[1:]]
    return [f"{one}{other}{unit}" for one, other in zip(low, [*high, " or more"], strict=True)]
