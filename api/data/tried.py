"""What trying an import gave: the preview that the page of a file shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd

from api.imports.tasks import Task
from api.look.facts import Check, Dates, Place


@dataclass(frozen=True)
class Preview:
    """What an import would do by the values of a form.

    Attributes
    ----------
    problem
        Why it would be refused; '' if it would not.
    lines
        What there is to say besides the numbers.
    areas
        Of a layer, its areas, to be drawn.
    """

    task: Task | None = None
    problem: str = ""
    check: Check | None = None
    place: Place | None = None
    dates: Dates | None = None
    categories: Mapping[str, int] | None = None
    lines: tuple[str, ...] = ()
    areas: gpd.GeoDataFrame | None = None
