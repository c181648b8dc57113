"""The map of what is unusual now: areas, and ranked places, held against their own history."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from api.maps.painting import PLAIN, Painting, Shade, painted, style_of
from geo.analyses.unusual import JudgedSeries
from geo.analyses.unusual_text import step_title
from geo.errors import QuestionError
from geo.incidents import category_title
from geo.surveillance import CANNOT_SAY, FEWER, MORE, USUAL

_BOTH: Final = "both"
_KINDS: Final = {
    CANNOT_SAY: (
        "Areas of which it cannot be said yet",
        style_of("#333333", "#333333", opacity=0.4),
    ),
    USUAL: ("Areas with nothing unusual", PLAIN),
    FEWER: ("Areas with unusually few", style_of("#17806d", "#0d3b2c", opacity=0.9)),
    _BOTH: (
        "Areas with unusually many of one kind, few of another",
        style_of("#e6b800", "#5c4700"),
    ),
    MORE: ("Areas with unusually many", style_of("#7b3fa0", "#3b1054", opacity=0.6)),
}
_PLACES: Final = {
    f"place {FEWER}": ("Places with unusually few", style_of("#17806d", "#0d3b2c", weight=3.0)),
    f"place {MORE}": ("Places with unusually many", style_of("#7b3fa0", "#3b1054", weight=3.0)),
}
"""Purple and green: neither is a colour of hot and cold cells, which answer another question."""


def paint_unusual(judged: JudgedSeries) -> Painting:
    """Colour the areas and ranked places whose last month, or week, is unusual for them.

    Parameters
    ----------
    judged
        The series of an Answer with the verdicts on them.

    Returns
    -------
    A shape for each area shown, its `n` the count of all categories in the judged step, missing
    where one of them is not known; and one for each place that is unusual.

    Raises
    ------
    QuestionError
        If incidents are counted by month or the like: the map has one colour an area.
    """
    if judged.known.answer.question.by:
        raise QuestionError("show", "the mode unusual is of the last month; leave by out")
    rows = judged.shown
    areas = _areas(judged, rows[rows["category"].notna()])
    shapes = pd.concat([areas, _places(judged, rows[rows["x"].notna()])])
    counts = shapes["kind"].value_counts()
    shades = {
        kind: Shade(f"{words}: {counts.get(kind, 0):,}", style, counted=False)
        for kind, (words, style) in {**_KINDS, **_PLACES}.items()
    }
    named = areas.loc[areas["kind"].isin([MORE, FEWER, _BOTH]), "area_code"].tolist()
    return Painting(gpd.GeoDataFrame(shapes), shades, _note(judged), named=named)


def _areas(judged: JudgedSeries, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    by_area = rows.groupby("area_code", sort=False)
    areas = judged.known.answer.areas.loc[list(by_area.groups)]
    cells = gpd.GeoDataFrame(
        {
            "cell_id": areas.index.astype(str),
            "area_code": areas.index.astype(str),
            # A part that is unknown makes the sum unknown.
            "n": by_area["n"].agg(lambda n: n.sum(skipna=False)).to_numpy(),
        },
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    )
    kinds = by_area["verdict"].agg(_kind_of)
    return painted(cells, kinds, pd.Series([_meaning(part) for _, part in by_area], dtype=object))


def _places(judged: JudgedSeries, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    rows = rows[rows["verdict"].isin([MORE, FEWER])]
    x, y, radius = (rows[name].to_numpy(float) for name in ("x", "y", "radius_m"))
    cells = gpd.GeoDataFrame(
        rows[["hotspot_id", "area_code", "n"]].rename(columns={"hotspot_id": "cell_id"}),
        geometry=shapely.buffer(shapely.points(x, y), radius),
        crs=judged.known.answer.areas.crs,
    )
    return painted(cells, "place " + rows["verdict"], rows["why"])


def _kind_of(verdicts: pd.Series) -> str:
    """One verdict of an area of those on its categories; what is unusual stands for the rest."""
    present = set(verdicts)
    if {MORE, FEWER} <= present:
        return _BOTH
    return next((kind for kind in (MORE, FEWER, USUAL) if kind in present), CANNOT_SAY)


def _meaning(rows: pd.DataFrame) -> str:
    """What is unusual in an area, by category; else that nothing is, or why it cannot be said."""
    unusual = rows[rows["verdict"].isin([MORE, FEWER])]
    if len(unusual):
        return "; ".join(
            f"{category_title(category)}: {n:,}, {why}"
            for category, n, why in unusual[["category", "n", "why"]].itertuples(index=False)
        )
    if (rows["verdict"] == USUAL).any():
        return "nothing is unusual"
    return str(rows["why"].iloc[0])


def _note(judged: JudgedSeries) -> str:
    return (
        f"{step_title(judged.known.steps.labels[-1])} held against the history of each area and "
        "place, by time of year; in colour only what is unusual at a false discovery rate of 5 %"
    )
