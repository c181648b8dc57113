"""The command line: `patchmap`. Exit 0 done, 1 refused with one clear line, 2 usage."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from api.commands import (
    access,
    areas,
    attributes,
    audit,
    basemap,
    clusters,
    demo,
    entries,
    gazetteer,
    incidents,
    look,
    measures,
    patrols,
    published,
    questions,
    release,
    report,
    retention,
    service,
    stores,
    weights,
)
from api.commands.context import CommandContext
from api.commands.plans import plans
from api.commands.start import command as start_command
from api.settings import VERSION, Settings
from geo.errors import PatchmapError, QuestionError
from geo.question.model import OPTION
from geo.text import refuse_control_characters

app = typer.Typer(
    name="patchmap",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(areas.layers, name="layers")
app.add_typer(attributes.attributes, name="attributes")
app.add_typer(basemap.basemap, name="basemap")
app.add_typer(measures.measures, name="measures")
app.add_typer(entries.entries, name="entries")
app.add_typer(weights.weights, name="weights")
app.add_typer(plans.plans, name="plan")
app.add_typer(gazetteer.gazetteer, name="gazetteer")
app.add_typer(stores.imports, name="imports")
app.add_typer(release.release, name="release")
app.add_typer(access.users, name="users")
app.add_typer(access.keys, name="keys")
app.add_typer(audit.audit, name="audit")
app.add_typer(retention.retention, name="retention")
app.command("erase")(retention.erase_incident)
app.add_typer(published.fetch, name="fetch")
app.add_typer(published.mapping, name="mapping")
app.command()(start_command.start)
app.command()(look.look)
app.command()(incidents.ingest)
app.command()(incidents.locate)
_WITH_MORE_OPTIONS = {
    "rank": questions.rank,
    "count": clusters.with_engine(questions.ANALYSIS["count"], clusters.area_counts),
    "hotspots": clusters.with_engine(questions.ANALYSIS["hotspots"], clusters.cells),
    "emerging": clusters.with_engine(questions.ANALYSIS["emerging"], clusters.emerging_cells),
}
for name, analysis in questions.ANALYSIS.items():
    if name == "patrols":
        app.add_typer(patrols.patrols, name=name)
    else:
        app.command(name)(_WITH_MORE_OPTIONS.get(name) or questions.command_of(analysis))
app.command("map")(questions.map_file)
app.command("brief")(questions.brief)
app.add_typer(report.report, name="report")
app.command()(gazetteer.find)
app.command()(service.serve)
app.command()(demo.demo)
app.command("quality")(stores.report_quality)
app.command()(stores.purge)
app.command()(stores.backup)
app.command()(stores.restore)
app.command()(stores.copy)


def _version(given: bool) -> None:
    if given:
        typer.echo(f"patchmap {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(help="File or postgresql://… (default: $PATCHMAP_STORE or patchmap.gpkg)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find hotspots, plan patrols and draw boundaries for neighbourhood working."""
    context.obj = CommandContext(store or Settings.read().store, json)


def _refuse(line: str) -> None:
    typer.echo(f"patchmap: {line}", err=True)
    sys.exit(1)


def _flagged(refusal: QuestionError, arguments: Sequence[str]) -> str:
    """A refusal of an option as people type it: `--treated: …`, or the dates by their options."""
    names = [refusal.option]
    if refusal.option == "datetime":
        given = {argument.partition("=")[0] for argument in arguments}
        names = [name for name in ("from", "to") if f"--{name}" in given] or names
    if not set(names) <= OPTION.keys() | {"from", "to"}:
        return str(refusal)
    flags = " and ".join(f"--{name}" for name in names)
    return flags + str(refusal).removeprefix(refusal.option)


def main() -> None:
    """Run the command line."""
    try:
        for argument in sys.argv[1:]:
            refuse_control_characters(argument, "an argument")
        app(prog_name="patchmap")
    except QuestionError as error:
        _refuse(_flagged(error, sys.argv[1:]))
    except PatchmapError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename or 'the system'}: {error.strerror or error}")


if __name__ == "__main__":
    main()
