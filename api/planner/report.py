"""The consultation report of a plan: one page for print that carries everything it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from markupsafe import Markup

from api.maps.drawing import area_names, path_of, scale_bar
from api.pages.templating import templates
from api.planner.comparison_text import changed_flow, made_of
from api.planner.facts import LEAST_SHARE, review_facts
from api.planner.measure_text import percent
from api.settings import VERSION
from boundaries.plans.comparison import Comparison, before_by_area, compare_draft
from boundaries.plans.draft import Draft
from boundaries.plans.electoral import EXTREME
from boundaries.plans.export import area_titles, history_frame, pieces_layer
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.state import Codes
from geo.question.model import Question
from geo.store.contract import LayerMetadata

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
WIDTH = 460.0
"""Units of a map across: lines and letters are measured in them."""

STYLES = Path(__file__).parents[1] / "static" / "page" / "report.css"
_MARGIN = 0.02


@dataclass(frozen=True)
class PlanMap:
    """One map of the areas, in metres with y downwards.

    Attributes
    ----------
    title
        Of the map.
    box, unit
        The view box, and how many metres one unit of the paper is.
    fills
        A path for each class of variance: `within`, `above`, `below`, `far-above`, `far-below`,
        `unknown`.
    moved, rest
        The moved blocks, and those that have no area.
    outlines, names, bar
        As in `api.maps.drawing.Drawing`.
    """

    title: str
    box: tuple[float, float, float, float]
    unit: float
    fills: list[tuple[str, str]]
    moved: str
    rest: str
    outlines: str
    names: list[tuple[float, float, str]]
    bar: dict[str, Any]


def plan_report(
    draft: Draft,
    *,
    question: Question,
    metadata: Mapping[str, LayerMetadata],
    shared: pd.DataFrame | None = None,
    cuts: Mapping[str, Overlaps] | None = None,
) -> str:
    """The report as HTML without any script, that asks for nothing.

    Parameters
    ----------
    question
        Which incidents the draft counts.
    metadata
        The metadata of the store's layers, by id: the report credits those that it rests on.
    shared
        Posts and pounds by area.
    cuts
        Where the areas of other layers lie, by layer.
    """
    plan = draft.plan
    found = compare_draft(draft, question)
    assigned = plan.now.assigned
    accounts = draft.figures.accounts
    titles = area_titles(plan.start.areas) | area_titles(plan.now.areas)
    base = found.before.name
    history = history_frame(plan, titles)
    return templates.get_template(
        "plan_report.html"
    ).render(
        policy=POLICY,
        style=Markup(STYLES.read_text(encoding="utf-8")),  # noqa: S704 - our own sheet
        version=VERSION,
        metadata=plan.metadata,
        base=base,
        areas=len(plan.now.areas),
        blocks=len(plan.now.graph),
        totals=found.totals,
        wholes=found.grand_totals,
        weighed_by=found.weighed_by,
        reviews=_reviews(draft),
        maps=_maps(draft, found),
        columns=_columns(draft),
        rows=_rows(draft, found, shared),
        shared=[] if shared is None else [name for name in ("posts", "pounds") if name in shared],
        unassigned=draft.measures.unassigned,
        flow=changed_flow(found),
        made_of=made_of(found),
        moved=_moved_codes(found),
        pieces=pieces_layer(plan.now, draft.blocks).to_dict("records"),
        hotspots=_sides(draft.hotspots, assigned, titles=titles),
        streets=_streets(draft),
        hotspot_count=len(draft.hotspots.names),
        cuts={
            name: _sides(each, assigned, titles=titles, least_share=LEAST_SHARE)
            for name, each in (cuts or {}).items()
        },
        history=history.to_dict("records"),
        updated=history["at"].iloc[plan.done - 1][:10]
        if plan.done
        else plan.metadata.begun_at[:10],
        hands=sorted({step.signed.by for step in plan.history} | {plan.metadata.begun_by} - {""}),
        notes=draft.figures.notes,
        accounts=accounts,
        credits=[
            metadata[name]
            for name in dict.fromkeys([plan.metadata.blocks_layer, plan.metadata.base_layer, base])
            if name in metadata
        ],
    )


def _reviews(draft: Draft) -> list[dict[str, Any]]:
    """The triggers before and now, for each electorate that is known."""
    before, now = review_facts(draft.before), review_facts(draft.measures)
    names = {"electors": "Now", "electors_forecast": "Forecast"}
    return [
        {"when": names[electors], "before": before.get(electors), "now": facts}
        for electors, facts in now.items()
    ]


def _columns(draft: Draft) -> list[tuple[str, str]]:
    """The measures beside the electorates that the table has room for, with their headings."""
    shown = {
        "residents": "Residents", "incidents": "Incidents", "harm": "Harm",
        "imd_score": "IMD score",
    }  # fmt: skip
    return [(name, heading) for name, heading in shown.items() if name in draft.measures.frame]


def _rows(draft: Draft, found: Comparison, shared: pd.DataFrame | None) -> list[dict[str, Any]]:
    """What the table says of each area, before and now."""
    now, before = draft.measures.frame, before_by_area(draft, found)
    rows = []
    for code, area in now.iterrows():
        old = before.loc[code] if code in found.origins else None
        told = {
            "code": code,
            "name": area["area_name"],
            "now": {name: None if pd.isna(value) else value for name, value in area.items()},
            "before": {}
            if old is None
            else {name: None if pd.isna(value) else value for name, value in old.items()},
            "shared": {}
            if shared is None or code not in shared.index
            else shared.loc[code].to_dict(),
        }
        for ending in ("", "_forecast"):
            told[f"variance{ending}"] = _variance(area, ending)
            told[f"variance_before{ending}"] = _variance(old, ending)
        rows.append(told)
    return rows


def _variance(area: pd.Series | None, ending: str) -> dict[str, str] | None:
    name = f"variance_percent{ending}"
    if area is None or name not in area or pd.isna(area[name]):
        return None
    kind = _kind(float(area[f"variance{ending}"]), int(area[f"beyond{ending}"]))
    return {"words": percent(area[name]), "kind": kind}


def _kind(variance: float, beyond: int) -> str:
    if np.isnan(variance):
        return "unknown"
    if not beyond:
        return "within"
    return ("far-" if beyond >= 100 * EXTREME else "") + ("above" if variance > 0 else "below")


def _maps(draft: Draft, found: Comparison) -> list[PlanMap]:
    """How it began, where that was not empty, and how it stands."""
    moved = draft.block_layer.areas.geometry.loc[found.moved.index]
    now = _map(draft, draft.measures, "Proposed", moved=moved)
    if not draft.before.layer.index.size:
        return [now]
    return [_map(draft, draft.before, "Before", moved=moved.iloc[:0]), now]


def _map(draft: Draft, measures: PlanMeasures, title: str, *, moved: gpd.GeoSeries) -> PlanMap:
    layer = measures.layer
    west, south, east, north = draft.block_layer.areas.total_bounds
    margin = _MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - 3 * margin, east + margin, north + margin
    unit = (east - west) / WIDTH
    kinds = pd.Series("unknown", index=layer.index)
    if "variance" in layer:
        told = zip(layer["variance"], layer["beyond"], strict=True)
        kinds[:] = [_kind(variance, beyond) for variance, beyond in told]
    left = np.flatnonzero(measures.state.assigned == "")
    return PlanMap(
        title=title,
        box=(round(west), round(-north), round(east - west), round(north - south)),
        unit=round(unit, 3),
        fills=[(kind, path_of(shapes.geometry, unit)) for kind, shapes in layer.groupby(kinds)],
        moved=path_of(moved, unit),
        rest=path_of(draft.blocks.geometry[left], unit),
        outlines=path_of(layer.geometry, unit),
        names=area_names(layer, np.empty((0, 2)), unit=unit),
        bar=scale_bar(west, south, unit),
    )


def _moved_codes(found: Comparison) -> list[dict[str, Any]]:
    """The codes of the moved blocks, by where they come from and go to."""
    groups = found.moved.groupby(["from_area", "to_area"], sort=True)
    return [
        {
            "from": found.before.titles[old],
            "to": found.after.titles[new],
            "codes": [str(code) for code in blocks.index],
        }
        for (old, new), blocks in groups
    ]


def _sides(
    found: Overlaps,
    assigned: Codes,
    *,
    titles: Mapping[str, str],
    least_share: float = 0.0,
) -> list[dict[str, Any]]:
    split = found.split(assigned, least_share=least_share)
    split = split[split["share"] >= least_share]
    return [
        {
            "name": name,
            "sides": [(titles[side.area_code], side.share) for side in sides.itertuples()],
        }
        for name, sides in split.groupby("name", sort=False)
    ]


def _streets(draft: Draft) -> dict[str, str]:
    """The streets of each hotspot, by which people know it."""
    places = draft.figures.places
    return dict(zip(places["hotspot_id"], places["streets"], strict=True))
