"""`patchmap layers …`: add, check, list, export and undo changes of layers."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.context import CommandContext, read_vector
from api.formats.registry import write_frame
from api.imports.feature_layers import put_any_layer
from api.imports.layers import (
    ReadingOptions,
    check_day,
    overlap_lines,
    read_content,
    undone_line,
)
from boundaries.layers.read import read_faulty
from boundaries.layers.topology import check_layer, unfit_for_plan
from boundaries.plans.plan_layers import read_layer_or_plan
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import check_layer_id, renaming_notices

layers = typer.Typer(help="Boundary layers: add, check, list, undo.", no_args_is_help=True)

_NAMED_FINDINGS = 3

File = Annotated[Path, typer.Argument(help="A file to read.", show_default=False)]


@layers.command("add")
def add_layer(
    context: typer.Context,
    file: File,
    layer_id: Annotated[str, typer.Option("--id", help="The layer's id, such as wards-2025.")],
    title: Annotated[str, typer.Option(help="The layer's title.")] = "",
    authority: Annotated[str, typer.Option(help="Publisher.")] = "",
    licence: Annotated[str, typer.Option(help="Licence.")] = "",
    source: Annotated[str, typer.Option(help="Where the file comes from.")] = "",
    valid_from: Annotated[str, typer.Option(help="First day in force, such as 2025-05-01.")] = "",
    valid_to: Annotated[str, typer.Option(help="Last day in force.")] = "",
    code_field: Annotated[
        str, typer.Option(help="Field of codes (default: found by its name).")
    ] = "",
    name_field: Annotated[
        str, typer.Option(help="Field of names (default: found by its name).")
    ] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer to read from a file with several.")
    ] = "",
    repair: Annotated[bool, typer.Option("--repair", help="Repair invalid polygons.")] = False,
    snap_m: Annotated[
        float | None,
        typer.Option("--snap", help="Close gaps and overlaps up to this many metres wide."),
    ] = None,
    where: Annotated[
        str,
        typer.Option(help="FIELD=VALUE[,VALUE]: only these features, such as LAD25CD=E06000015."),
    ] = "",
    within: Annotated[
        str, typer.Option(help="Only features that lie in this layer of the store, such as wards.")
    ] = "",
    crs: Annotated[
        str,
        typer.Option(
            help=f"CRS of a table's coordinates, as {BRITISH_NATIONAL_GRID} (default: recognised)."
        ),
    ] = "",
) -> None:
    """Add a layer of polygons, points or lines, or replace the layer with this id.

    Points and lines (premises, streets) need no codes: they are numbered where the file has none.
    Reads GeoJSON, Esri JSON, Shapefile, KML, GeoPackage, FlatGeobuf, GeoParquet or TopoJSON, also
    in a .zip; and points from a CSV or XLSX table with columns of coordinates.
    """
    metadata = LayerMetadata(
        layer_id=layer_id,
        title=title,
        authority=authority,
        licence=licence,
        source=source,
        valid_from=valid_from,
        valid_to=valid_to,
        code_field=code_field,
        name_field=name_field,
        file=file.name,
    )
    for option, day in (("--valid-from", valid_from), ("--valid-to", valid_to)):
        check_day(option, day)
    cli = CommandContext.of(context)
    how = ReadingOptions(
        inside=inside, repair=repair, snap_m=snap_m, where=where, within=within, crs=crs
    )
    cli.echo(*store_layer(cli, file, metadata, how))


def store_layer(
    cli: CommandContext, file: Path, metadata: LayerMetadata, how: ReadingOptions
) -> tuple[list[str], dict[str, object]]:
    """Read a file as a layer into the store; returns lines for people, and the facts in them."""
    check_layer_id(metadata.layer_id)
    # Before the store is opened: a file that cannot be read must not make one.
    content = read_content(file, how, notify=partial(typer.echo, err=True))
    with cli.open(create=True) as store:
        stored = put_any_layer(store, content, metadata, how)
    return stored.lines, stored.facts


@layers.command("check")
def check(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="A file of polygons, or a layer of the store.")],
    sliver_m: Annotated[
        float, typer.Option("--sliver", help="A gap narrower than this many metres is a sliver.")
    ] = 1.0,
    current: Annotated[
        str, typer.Option(help="Layer of the store with the codes in force; others are stale.")
    ] = "",
    code_field: Annotated[
        str, typer.Option(help="Field of area codes (default: found by its name).")
    ] = "",
    inside: Annotated[
        str, typer.Option("--layer", help="Layer to read from a file with several.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the findings to this file, as a layer."),
    ] = None,
) -> None:
    """Check a layer for gaps, overlaps, slivers, invalid polygons and other faults."""
    cli = CommandContext.of(context)
    if output:
        cli.check_output(output, Path(layer))
    codes = None
    if current:
        with cli.open() as store:
            codes = store.layer(current)[1].index
    projection, areas = _to_check(cli, layer, code_field=code_field, inside=inside)
    findings = check_layer(areas, sliver_m=sliver_m, current_codes=codes)
    fit = unfit_for_plan(findings).empty
    # Before they are repaired, areas may be too broken to be intersected.
    overlaps = [] if "invalid ring" in set(findings["kind"]) else overlap_lines(areas)
    if output:
        write_frame(findings, output, projection=projection, members={"layer": layer})
    kinds = findings["kind"].value_counts(sort=False)
    facts = {
        "layer": layer,
        "areas": len(areas),
        "fit_for_plan": fit,
        "kinds": kinds.to_dict(),
        "findings": findings.drop(columns="geometry").to_dict("records"),
    }
    lines = _report(layer, len(areas), findings, fit=fit, output=output)
    cli.echo(lines + overlaps, facts)


@layers.command("list")
def list_layers(context: typer.Context) -> None:
    """List the layers of the store and their metadata."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        layers = store.layers()
        sizes = [(metadata, len(store.features(metadata.layer_id)[1])) for metadata in layers]
    for notice in renaming_notices(layers):
        typer.echo(notice, err=True)
    lines = [
        f"{metadata.layer_id}: {n} {metadata.kind}  {metadata.title}".rstrip()
        for metadata, n in sizes
    ]
    facts = [_layer_facts(metadata, n) for metadata, n in sizes]
    cli.echo(lines or ["no layers yet"], facts)


@layers.command("export")
def export(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="A layer of the store, or plan-ID.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .geojson, .csv, .gpkg, .fgb, .parquet, or .zip for a shapefile.",
        ),
    ],
) -> None:
    """Write a layer to a file, with its codes, names and attributes."""
    from api.ogc.layer_files import export_layer  # noqa: PLC0415 - few commands need the formats

    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store:
        metadata, n = export_layer(store, layer, output)
    noun = metadata.kind[:-1] if n == 1 else metadata.kind
    facts = {"layer": layer, "kind": metadata.kind, "features": n, "file": str(output)}
    cli.echo([f"{output}: {n:,} {noun} of {layer}"], facts)


@layers.command("history")
def layer_history(context: typer.Context) -> None:
    """List what was done to the layers: files and figures, by whom and when."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        changes = store.layer_changes()
    lines = [
        f"{change.change_id:>5}  {change.changed_at}  {change.changed_by}  {change.layer_id}: "
        f"{change.what or 'no file'}, {change.areas_before:,} -> {change.areas:,} features"
        f"  [{change.state}]"
        for change in changes
    ]
    cli.echo(lines or ["no changes of layers yet"], [asdict(change) for change in changes])


@layers.command("undo")
def undo_layer(
    context: typer.Context,
    change_id: Annotated[int, typer.Argument(help="Number of the change, from 'layers history'.")],
) -> None:
    """Undo a change of a layer and restore what it replaced.

    A layer that was new is removed.
    """
    cli = CommandContext.of(context)
    with cli.open() as store, store.transaction():
        change = store.undo_layer_change(change_id)
    cli.echo([undone_line(change)], asdict(change))


def _layer_facts(metadata: LayerMetadata, n: int) -> dict[str, object]:
    # `areas` as earlier releases called it.
    count = {"areas": n} if metadata.kind == "areas" else {}
    kind = {"kind": metadata.kind, "features": n}
    facts = {"layer": metadata.layer_id, **count, **kind, **vars(metadata)}
    if not metadata.stored_as:
        del facts["stored_as"]
    return facts


def _to_check(
    cli: CommandContext, layer: str, *, code_field: str, inside: str
) -> tuple[Projection, gpd.GeoDataFrame]:
    """The areas of a file, faults included, or of a layer of the store."""
    path = Path(layer)
    if not path.suffix:
        with cli.open() as store:
            return store.projection, read_layer_or_plan(store, layer)[1]
    projection = Projection.choose()
    metadata = LayerMetadata(path.stem, file=path.name, code_field=code_field)
    return projection, read_faulty(read_vector(path, layer=inside), metadata, projection=projection)


def _report(
    layer: str, areas: int, findings: gpd.GeoDataFrame, *, fit: bool, output: Path | None
) -> list[str]:
    verdict = "fit for a plan" if fit else "repair it before you make a plan on it"
    lines = [f"{layer}: {areas:,} areas, {_findings(len(findings))}; {verdict}"]
    for kind, of_kind in findings.groupby("kind", sort=False):
        lines.append(f"{kind}: {len(of_kind):,}")
        for row in of_kind.head(_NAMED_FINDINGS).to_dict("records"):
            sizes = [(row["area_m2"], "m²"), (row["length_m"], "m long")]
            size = "".join(f", {_size(number)} {unit}" for number, unit in sizes if number)
            lines.append(f"  {row['detail']}{size}, at {row['x']:.0f}, {row['y']:.0f}")
        if len(of_kind) > _NAMED_FINDINGS:
            lines.append(f"  and {len(of_kind) - _NAMED_FINDINGS:,} more")
    return [*lines, f"{output}: {_findings(len(findings))}"] if output else lines


def _size(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _findings(number: int) -> str:
    return "1 finding" if number == 1 else f"{number:,} findings"
