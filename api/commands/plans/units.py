"""`patchmap plan straddling` and `parish-wards`: how blocks and areas lie in other layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext
from api.commands.plans.options import PlanId, read_units
from api.formats.encoding import records
from api.formats.registry import write_frame
from api.text_tables import text_table
from boundaries.plans.draft import Draft, open_plan
from boundaries.plans.export import moved_layer
from boundaries.plans.units import Units, parish_ward_shapes, parish_wards, straddling_blocks
from geo.areal.best_fit import UNASSIGNED

MOST_LINES = 30
"""Lines of a table that a command prints; its file has all of them."""

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File for all of them, as a layer or table.")
]


def straddling(
    context: typer.Context,
    plan_id: PlanId,
    layer: Annotated[str, typer.Option("--layer", help="Layer or plan whose lines count.")],
    output: Output = None,
) -> None:
    """List the blocks of a plan that straddle a line of another layer, worst first."""
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
    with cli.open() as store, store.reading():
        draft = open_plan(store, plan_id, question=None)
        table = straddling_blocks(draft.plan.now, read_units(store, draft, layer))
        lines = _straddling_lines(draft, table, layer)
        if output:
            shapes = moved_layer(table, draft.block_layer.areas).reset_index()
            write_frame(shapes, output, projection=store.projection, members={"plan": plan_id})
            lines.append(f"{output}: {len(shapes):,} blocks")
    cli.echo(lines, {"plan": plan_id, "layer": layer, "blocks": records(table.reset_index())})


def parish_wards_command(
    context: typer.Context,
    plan_id: PlanId,
    parishes: Annotated[str, typer.Option("--parishes", help="Layer of the parishes.")],
    output: Output = None,
) -> None:
    """List the parishes that a plan divides, and the parish wards that this implies."""
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output)
    with cli.open() as store, store.reading():
        draft = open_plan(store, plan_id, question=None)
        units = read_units(store, draft, parishes)
        table = parish_wards(draft.plan.now, units, draft.blocks.sums)
        lines = parish_ward_lines(table, units)
        if output:
            shapes = parish_ward_shapes(draft.plan.now, units, table)
            layer = gpd.GeoDataFrame(table, geometry=shapes, crs=draft.block_layer.areas.crs)
            write_frame(layer, output, projection=store.projection, members={"plan": plan_id})
            lines.append(f"{output}: {len(layer):,} parish wards")
    cli.echo(lines, {"plan": plan_id, "layer": parishes, "parish_wards": records(table)})


def parish_ward_lines(table: pd.DataFrame, units: Units) -> list[str]:
    """The parishes that a plan divides, and their parts, as lines."""
    number = len({*units.area} - {UNASSIGNED})
    divided = table["unit_code"].nunique()
    if not divided:
        return [f"none of {number:,} areas of {units.layer_id} is divided"]
    columns = {"parish": table["unit_name"], "ward": table["area_name"], " blocks": table["blocks"]}
    named = ("electors", "electors_forecast", "residents")
    columns |= {f" {name}": table[name] for name in named if name in table}
    of = f"{divided:,} of {number:,} areas of {units.layer_id}"
    into = f"{of} divided, into {len(table):,} parish wards:"
    return [into, *text_table(pd.DataFrame(columns))]


def _straddling_lines(draft: Draft, table: pd.DataFrame, layer: str) -> list[str]:
    size = len(draft.plan.now.graph)
    if table.empty:
        return [f"none of {size:,} blocks straddles a line of {layer}"]
    more = f"; the {MOST_LINES} worst:" if len(table) > MOST_LINES else ", worst first:"
    names = {code: area.name for code, area in draft.plan.now.areas.items()}
    first = table.head(MOST_LINES)
    columns = pd.DataFrame(
        {
            "block": first.index,
            "in the plan": [names.get(code, "unassigned") for code in first["area_code"]],
            "lies in": first["unit_name"].to_numpy(),
            " %": 100 * first["share"].to_numpy(),
            "and in": [name or f"none of {layer}" for name in first["across_name"]],
        }
    )
    return [
        f"{len(table):,} of {size:,} blocks straddle lines of {layer}{more}",
        *text_table(columns),
    ]


UNITS: dict[str, Callable[..., None]] = {
    "straddling": straddling,
    "parish-wards": parish_wards_command,
}
"""These commands by name."""
