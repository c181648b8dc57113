"""What a row of the table of hotspots names: its areas, and the ranked places in it."""

from __future__ import annotations

from typing import Final

import geopandas as gpd

from api.board.findings import Findings
from geo.question.answer import Answer

MOST_NAMES: Final = 3
"""Areas that are named of a hotspot."""


def places_in(findings: Findings) -> dict[str, list[int]]:
    """The numbers of the ranked places whose middle lies in each hotspot, by its id."""
    outlines, places = findings.hotspots, findings.places
    middles = gpd.GeoSeries.from_xy(places["x"], places["y"])
    at, inside = middles.sindex.query(outlines.geometry.to_numpy(), "intersects")
    numbers = places["rank"].to_numpy()
    return {
        str(cluster): sorted(int(number) for number in numbers[inside[at == row]])
        for row, cluster in enumerate(outlines["cluster_id"])
    }


def area_names(answer: Answer, codes: str) -> str:
    """The first areas of a hotspot by name, and how many more there are."""
    names = answer.areas["area_name"].reindex(codes.split(";")).dropna().astype(str).tolist()
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
