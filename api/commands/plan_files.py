"""`patchmap plan export`: a plan as a layer, a table, or a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.desk import desk_of
from api.commands.plan_options import Against, PlanId, open_held, with_shared
from api.commands.questions import Output
from api.encoding import to_csv, to_json, write_frame, write_whole
from boundaries.drafting import Draft
from boundaries.plan_posts import shared_out
from geo.errors import InputError
from geo.options import Question

ENDINGS = (".geojson", ".gpkg", ".parquet", ".csv", ".html")


@with_shared
def export(
    context: typer.Context,
    question: Question,
    plan_id: PlanId,
    output: Output,
    cuts: Annotated[
        list[str] | None,
        typer.Option("--cuts", help="A layer: the report says what is split. Repeatable."),
    ] = None,
    against: Against = "",
) -> None:
    """Write a plan: areas (.geojson .gpkg .parquet), block → area (.csv), or a report (.html)."""
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"{output.name}: the ending must be one of {', '.join(ENDINGS)}")
    desk = desk_of(context)
    desk.check_output(output)
    with desk.open() as store, store.reading():
        draft = open_held(store, plan_id, question, against)
        papers = {each.layer_id: each for each in store.layers()}
        found = {name: draft.cut_by(store.layer(name)[1]) for name in cuts or []}
    wanted = question.posts or question.money
    shared = shared_out(draft.measures, question) if wanted else None
    if ending == ".html":
        from api.plan_report import plan_report  # noqa: PLC0415 - the pages' templates take a moment

        page = plan_report(draft, question=question, papers=papers, shared=shared, cuts=found)
        write_whole(output, lambda part: part.write_text(page, encoding="utf-8"))
        told = f"a report of {len(page.encode()) / 1e3:,.0f} kB"
    elif ending == ".csv":
        table = draft.plan.assignment.reset_index()
        write_whole(output, lambda part: part.write_text(to_csv(table), encoding="utf-8"))
        told = f"{len(table):,} blocks"
    else:
        layer = _areas(draft, shared)
        members = _members(draft)
        if ending == ".gpkg":
            write_whole(output, lambda part: _write_layers(draft, layer, members, part))
        else:
            write_frame(layer, output, projection=store.projection, members=members)
        told = f"{len(layer):,} areas"
    desk.say([f"{output}: {told}"], {"plan": plan_id, "file": str(output)})


def _areas(draft: Draft, shared: pd.DataFrame | None) -> gpd.GeoDataFrame:
    layer = draft.measures.layer
    if shared is not None:
        layer = layer.join(shared.drop(columns="need"))
    return layer.reset_index()


def _members(draft: Draft) -> dict[str, object]:
    accounts = draft.figures.accounts
    papers = draft.plan.papers
    told = {
        "plan_id": papers.plan_id, "title": papers.title, "version": papers.version,
        "blocks_layer": papers.blocks_layer, "base_layer": papers.base_layer,
    }  # fmt: skip
    return {"plan": told, "accounts": accounts.as_dict() if accounts else None}


def _write_layers(
    draft: Draft, areas: gpd.GeoDataFrame, members: dict[str, object], path: Path
) -> None:
    """A GeoPackage of the areas, and of the blocks with the area of each."""
    metadata = {name: to_json(value).decode() for name, value in members.items()}
    areas.to_file(path, driver="GPKG", layer="areas", layer_metadata=metadata, index=False)
    table = draft.plan.assignment.reset_index()
    shapes = draft.blocks.geometry
    blocks = gpd.GeoDataFrame(table, geometry=shapes, crs=draft.blocks.crs)
    blocks.to_file(path, driver="GPKG", layer="blocks", mode="a", index=False)
