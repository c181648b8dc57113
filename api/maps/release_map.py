"""The map of a release: the protected count of each area, in steps."""

from __future__ import annotations

from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader
from numpy.typing import NDArray

from api.basemap.sources import Basemap
from api.maps.pages import MapPage
from api.maps.painting import style_of
from api.maps.parts import OUTLINE, MapDrawing, inert
from geo.coverage import span_words
from geo.crs import Projection
from geo.disclosure.controlled_rounding import BASE
from geo.releases.model import Release, ReleaseTable

MOST_LABELS: Final = 60
"""Areas that get their name on the map, the largest first."""

COLOURS: Final = ("#ffffff", "#ffe699", "#fd9f2e", "#e2541a", "#b3001b", "#50001a")
"""Those of the lowest counts to those of the highest; `scheme.js` has others for dark screens."""

_UNKNOWN: Final = "#767676"
_TEMPLATES: Final = Environment(loader=PackageLoader("api"), autoescape=True)
_TEMPLATES.filters["month_spans"] = span_words


def draw_release(
    release: Release, table: ReleaseTable, *, projection: Projection, basemap: Basemap
) -> MapPage:
    """Draw the areas of a table of a release.

    Parameters
    ----------
    table
        One of the release's.
    projection
        Converts metres to the map's degrees.
    basemap
        What is drawn under the areas.
    """
    areas = table.by_area(release.crs)
    drawing = MapDrawing(projection, basemap, land=areas)
    drawing.thin_lines(basemap.shapes, extent=areas)
    n = areas["n"].astype("Float64").to_numpy(float, na_value=np.nan)
    least = BASE if table.rounded else 1
    steps = _steps(float(np.nanmax(n, initial=0.0)), least)
    step = np.searchsorted(steps, np.nan_to_num(n), side="right")
    words = _ranges([0, *steps.tolist()], least)
    kinds = [
        (colour, meaning, (step == at) & ~np.isnan(n))
        for at, (colour, meaning) in enumerate(zip(COLOURS, words, strict=False))
    ]
    kinds.append((_UNKNOWN, "Unknown: not published in full", np.isnan(n)))
    shown = areas.assign(
        name=areas["area_name"].map(inert),
        n=["unknown" if np.isnan(one) else f"{one:,.0f}" for one in n],
    )[["name", "n", "geometry"]]
    for colour, _, chosen in kinds:
        if chosen.any():
            style = style_of(colour, opacity=0.8)
            drawing.shapes(shown[chosen], style, tooltip={"name": "Area", "n": "Incidents"})
    legend = [(colour, meaning, int(chosen.sum())) for colour, meaning, chosen in kinds]
    drawing.outline(areas, {**OUTLINE, "weight": 1})
    largest = areas.assign(size=areas.area).nlargest(min(MOST_LABELS, len(areas)), "size")
    points = largest.geometry.representative_point()
    drawing.labels(largest["area_name"], points.x, points.y, kind="area-label")
    text = _TEMPLATES.get_template("release_legend.html").render(
        steps=legend, release=release, table=table
    )
    return drawing.page(
        seed=f"{release.release_id} {table.layer}",
        title=release.definition.title,
        legend=text,
        extent=areas,
    )


def _steps(most: float, least: int) -> NDArray[np.int64]:
    """Even steps of a round width: with the first from 0, as many as there are colours at most."""
    widths = (least * part * 10**power for power in range(9) for part in (1, 2, 5))
    width = next(one for one in widths if most < one * (len(COLOURS)))
    return np.arange(width, most + 1, width).astype(np.int64)


def _ranges(starts: list[int], least: int) -> list[str]:
    """The words of ranges, each up to the last count before the next one."""
    ends = [f" to {start - least:,}" for start in starts[1:]]
    words = [f"{start:,}{end}" for start, end in zip(starts, [*ends, " or more"], strict=True)]
    return [
        word if word != f"{start:,} to {start:,}" else f"{start:,}"
        for word, start in zip(words, starts, strict=True)
    ]
