"""What an analysis finds, and what it is called at every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geo.answer import Answer


@dataclass(frozen=True)
class Found:
    """A frame with what its reader must know of how it was made.

    Attributes
    ----------
    frame
        A GeoDataFrame in the working CRS where the analysis is a layer.
    method
        What was computed, in a sentence, with its source.
    parameters
        The numbers it rests on, with units in their names.
    caveats
        What to keep in mind beside the accounts' own.
    """

    frame: pd.DataFrame
    method: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    caveats: Sequence[str] = ()

    def as_dict(self) -> dict[str, object]:
        """The method as every JSON answer shows it."""
        return {
            "method": self.method,
            "parameters": dict(self.parameters),
            "method_caveats": list(self.caveats),
        }


@dataclass(frozen=True)
class Analysis:
    """One kind of answer.

    Attributes
    ----------
    command
        Its command; `patchmap rank` for one.
    collection
        The id of its OGC collection; '' where it is a table and no layer.
    title, description
        For people.
    find
        Works it out.
    history
        Whether it needs the incidents of the years before the period.
    """

    command: str
    collection: str
    title: str
    description: str
    find: Callable[[Answer], Found]
    history: bool = False


def as_layer(frame: pd.DataFrame, geometry: object, answer: Answer) -> gpd.GeoDataFrame:
    """A frame with the geometry of its rows, in the working CRS."""
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=answer.areas.crs)
