"""The consultation report of a plan: one self-contained HTML page for print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from api.formats.encoding import records
from api.pages.templating import templates
from api.planner.comments import comments_by_area
from api.planner.comparison_text import changed_flow, made_of
from api.planner.facts import LEAST_SHARE, Row, review_facts
from api.planner.measure_text import percent
from api.planner.plan_map import PlanMap, plan_map, variance_kind
from api.planner.proforma import forecast_lines, implied_parish_wards
from api.planner.ward_pages import ward_pages
from api.settings import VERSION
from boundaries.layers.electorates import CURRENT, electorate_title
from boundaries.plans.comparison import Comparison, before_by_area, compare_draft
from boundaries.plans.draft import Draft
from boundaries.plans.export import area_titles, history_frame, pieces_layer
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.state import Codes
from boundaries.plans.units import Units
from geo.question.model import Question
from geo.store.contract import LayerMetadata

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLES = Path(__file__).parents[1] / "static" / "page" / "report.css"


def plan_report(
    draft: Draft,
    *,
    question: Question,
    metadata: Mapping[str, LayerMetadata],
    shared: pd.DataFrame | None = None,
    cuts: Mapping[str, Overlaps] | None = None,
    comments: pd.DataFrame | None = None,
    names_shown: bool = False,
    parishes: Units | None = None,
) -> str:
    """Render the report as HTML that runs no script and loads nothing.

    Parameters
    ----------
    question
        Which incidents the draft counts.
    metadata
        The metadata of the store's layers, by id: the report credits those that it uses.
    shared
        Posts and pounds by area.
    cuts
        On which blocks the areas of other layers lie, by layer.
    comments
        The comments on the plan, as `comments_frame` has them.
    names_shown
        Whether the report is for the council alone: it then has the comments, with their names.
    parishes
        The parishes of a layer on the blocks; None for those that the blocks name themselves.
    """
    plan = draft.plan
    comparison = compare_draft(draft, question)
    assigned = plan.now.assigned
    accounts = draft.figures.accounts
    titles = area_titles(plan.start.areas) | area_titles(plan.now.areas)
    base = comparison.before.name
    history = history_frame(plan)
    maps = _maps(draft, comparison)
    rows = _rows(draft, comparison, shared)
    return templates.get_template(
        "plan_report.html"
    ).render(
        policy=POLICY,
        style=Markup(STYLES.read_text(encoding="utf-8")),  # noqa: S704 - our own sheet
        version=VERSION,
        metadata=plan.metadata,
        base=base,
        areas=len(plan.now.areas),
        council_size=plan.now.council_size,
        members_elected=plan.now.members_elected,
        blocks=len(plan.now.graph),
        totals=comparison.totals,
        wholes=comparison.grand_totals,
        weighed_by=comparison.weighed_by,
        reviews=_reviews(draft),
        electorates=_electorates(draft),
        forecast=forecast_lines(plan.now.forecast),
        parish_wards=_parish_wards(draft, parishes),
        across_parishes=0 if parishes is None else int(parishes.straddles.sum()),
        electors_of=metadata.get(plan.metadata.blocks_layer),
        maps=maps,
        unknown_variance=any("unknown" in each.kinds for each in maps),
        columns=_columns(draft),
        averaged=list(map(str, draft.blocks.means)),
        rows=rows,
        pages=ward_pages(draft, comparison, rows),
        shared=[] if shared is None else [name for name in ("posts", "pounds") if name in shared],
        unassigned=draft.measures.unassigned,
        flow=changed_flow(comparison),
        made_of=made_of(comparison),
        moved=_moved_codes(comparison),
        pieces=pieces_layer(plan.now, draft.blocks).to_dict("records"),
        hotspots=_sides(draft.hotspots, assigned, titles=titles),
        streets=_streets(draft),
        hotspot_count=len(draft.hotspots.names),
        cuts={
            name: _sides(overlaps, assigned, titles=titles, least_share=LEAST_SHARE)
            for name, overlaps in (cuts or {}).items()
        },
        comments=[] if comments is None else comments_by_area(comments, draft),
        comment_count=0 if comments is None else len(comments),
        names_shown=names_shown,
        history=history.to_dict("records"),
        updated=history["at"].iloc[-1][:10] if plan.steps else plan.metadata.begun_at[:10],
        authors=sorted({plan.metadata.begun_by, *(step.signed.by for step in plan.steps)} - {""}),
        notes=draft.figures.notes,
        accounts=accounts,
        credits=[
            metadata[name]
            for name in dict.fromkeys([plan.metadata.blocks_layer, plan.metadata.base_layer, base])
            if name in metadata
        ],
    )


def _reviews(draft: Draft) -> list[Row]:
    """The review criteria before and now, for each known electorate."""
    before, now = review_facts(draft.before), review_facts(draft.measures)
    endings = draft.measures.electorates
    return [
        {
            "when": electorate_title(electors).capitalize(),
            "ending": endings[electors],
            "before": before.get(electors),
            "now": facts,
        }
        for electors, facts in now.items()
    ]


def _electorates(draft: Draft) -> list[Row]:
    """How many electors each electorate has, and how it compares with that of today."""
    totals = {name: float(draft.blocks.sums[name].sum()) for name in draft.measures.electorates}
    now = totals.get(CURRENT, 0.0)
    return [
        {
            "when": electorate_title(name).capitalize(),
            "electors": total,
            "average": draft.measures.average(name),
            "growth": 100 * (total / now - 1) if now and name != CURRENT else None,
        }
        for name, total in totals.items()
    ]


def _parish_wards(draft: Draft, parishes: Units | None) -> list[Row] | None:
    """The parish wards that the plan implies; None where no parishes are known."""
    parts = implied_parish_wards(draft, parishes)
    return None if parts is None else records(parts)


def _columns(draft: Draft) -> list[tuple[str, str]]:
    """Measures that the table shows beside the electorates, with their headings."""
    headings: dict[str, str] = {
        "residents": "Residents", "incidents": "Incidents", "harm": "Harm",
        "imd_score": "IMD score",
    }  # fmt: skip
    headings |= draft.figures.titles
    return [(name, heading) for name, heading in headings.items() if name in draft.measures.frame]


def _rows(draft: Draft, comparison: Comparison, shared: pd.DataFrame | None) -> list[Row]:
    """The rows of the table: each area before and now."""
    now, before = draft.measures.frame, before_by_area(draft, comparison)
    old_by_code = {
        code: old for code, old in _by_code(before).items() if code in comparison.origins
    }
    shared_by_code = {} if shared is None else _by_code(shared)
    table: list[Row] = []
    for code, area in _by_code(now).items():
        old = old_by_code.get(code, {})
        row: Row = {
            "code": code,
            "name": area["area_name"],
            "now": area,
            "before": old,
            "shared": shared_by_code.get(code, {}),
        }
        for ending in draft.measures.electorates.values():
            row[f"variance{ending}"] = _variance(area, ending)
            row[f"variance_before{ending}"] = _variance(old, ending)
        table.append(row)
    return table


def _by_code(frame: pd.DataFrame) -> dict[str, Row]:
    return dict(zip(map(str, frame.index), records(frame), strict=True))


def _variance(area: Row, ending: str) -> dict[str, str] | None:
    whole, exact = area.get(f"variance_percent{ending}"), area.get(f"variance{ending}")
    beyond = area.get(f"beyond{ending}")
    if not isinstance(whole, float) or not isinstance(exact, float):
        return None
    kind = variance_kind(exact, int(beyond) if isinstance(beyond, int | float) else 0)
    return {"text": percent(whole), "kind": kind}


def _maps(draft: Draft, comparison: Comparison) -> list[PlanMap]:
    """Maps of the areas as the plan started, unless it started empty, and as proposed."""
    moved = draft.block_layer.areas.loc[comparison.moved.index].geometry
    now = plan_map(draft, draft.measures, "Proposed", moved=moved)
    if not draft.before.layer.index.size:
        return [now]
    return [plan_map(draft, draft.before, "Before", moved=moved.head(0)), now]


def _moved_codes(comparison: Comparison) -> list[Row]:
    """The codes of the moved blocks, by the areas that they leave and join."""
    moved = comparison.moved
    codes: dict[tuple[str, str], list[str]] = {}
    for block, old, new in zip(moved.index, moved["from_area"], moved["to_area"], strict=True):
        codes.setdefault((str(old), str(new)), []).append(str(block))
    old_titles, new_titles = comparison.before.titles, comparison.after.titles
    return [
        {"from": old_titles[old], "to": new_titles[new], "codes": blocks}
        for (old, new), blocks in sorted(codes.items())
    ]


def _sides(
    overlaps: Overlaps, assigned: Codes, *, titles: Mapping[str, str], least_share: float = 0.0
) -> list[Row]:
    split = overlaps.split(assigned, least_share=least_share)
    split = split[split["share"] >= least_share]
    return [
        {
            "name": name,
            "sides": [
                (titles[code], share)
                for code, share in zip(sides["area_code"], sides["share"], strict=True)
            ],
        }
        for name, sides in split.groupby("name", sort=False)
    ]


def _streets(draft: Draft) -> dict[str, str]:
    """The streets of each hotspot, which are its name for people."""
    places = draft.figures.places
    return dict(zip(places["hotspot_id"], places["streets"], strict=True))
