"""The pages of the consultation report on single areas: a map, figures, and why it is drawn so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd

from api.planner.facts import Row
from api.planner.plan_map import PlanMap, area_map
from boundaries.plans.comparison import Comparison
from boundaries.plans.draft import Draft

_LEAST_PART = 0.005
"""A smaller part is not named: it would be printed as 0 %."""


@dataclass(frozen=True)
class WardPage:
    """One area of the plan.

    Attributes
    ----------
    row
        Its row of the report's table.
    why
        Why it is drawn so, paragraph by paragraph; none where nothing is written.
    parts
        The old areas that it is made of, with their shares of it, the largest first.
    moved
        How many of its blocks were in another area before.
    map
        Its map.
    """

    row: Row
    why: Sequence[str]
    parts: Sequence[tuple[str, float]]
    moved: int
    map: PlanMap


def ward_pages(draft: Draft, comparison: Comparison, rows: Sequence[Row]) -> list[WardPage]:
    """One page for each area that has blocks, in the order of the areas.

    Parameters
    ----------
    comparison
        Of the plan with what it is compared with.
    rows
        The rows of the report's table, one for each area.
    """
    layer, by_code = draft.measures.layer, {str(row["code"]): row for row in rows}
    joined = comparison.moved["to_area"].astype(str)
    shapes = draft.block_layer.areas.geometry
    made_of = _parts(comparison)
    pages = []
    for code in map(str, layer.index):
        blocks = joined.index[joined == code]
        moved = gpd.GeoSeries(shapes.loc[blocks])
        pages.append(
            WardPage(
                by_code[code],
                [part for part in draft.plan.now.areas[code].why.splitlines() if part.strip()],
                made_of.get(code, []),
                len(blocks),
                area_map(draft, layer, code, moved=moved),
            )
        )
    return pages


def _parts(comparison: Comparison) -> Mapping[str, list[tuple[str, float]]]:
    """The old areas of each new one, by its code, with their shares of it."""
    share = f"{comparison.weighed_by}_share_to"
    flow = comparison.flow[comparison.flow["blocks"] > 0]
    flow = flow[flow[share] >= _LEAST_PART].sort_values(share, ascending=False, kind="stable")
    titles, parts = comparison.before.titles, dict[str, list[tuple[str, float]]]()
    for old, new, part in zip(flow["from_area"], flow["to_area"], flow[share], strict=True):
        parts.setdefault(str(new), []).append((titles[old], float(part)))
    return parts
