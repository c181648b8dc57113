"""The commands that answer a Question: one for each analysis, `map` and `brief`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext
from api.formats.registry import GEOJSON, JSON, XLSX, complete_frame
from api.formats.workbooks import complete_workbook, result_sheets
from api.pages.text import headline, percent
from api.settings import VERSION, Settings
from geo.analyses import ANALYSES, Analysis, AnalysisResult
from geo.analyses.places import saved_places
from geo.coverage import span_words
from geo.crs import Projection
from geo.errors import InputError
from geo.output import write_file, write_text
from geo.question.accounts import Accounts
from geo.question.ask import Answer, Question, ask
from geo.question.model import OPTIONS
from geo.question.options import Option
from geo.question.store_settings import PLACES_SETTING, known_places
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata, Setting, Store
from geo.store.layer_ids import PLAN_PREFIX

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]

ANALYSIS = {analysis.command: analysis for analysis in ANALYSES}

COMMON = tuple(option for option in OPTIONS if not option.analyses)
"""The options that every analysis takes."""

_FROM_TO = {
    "from": "First month or day, as 2024-01 or 2024-01-31.",
    "to": "Last month or day, included.",
}


def with_question(
    command: Callable[..., None], options: Sequence[Option] = COMMON
) -> Callable[..., None]:
    """Give a command options of the Question, and `--from` and `--to`.

    Parameters
    ----------
    command
        Receives them as `question`.
    options
        Which ones; else those that every analysis takes.
    """
    texts = {**_FROM_TO, **{option.name: _help(option) for option in options}}
    parameters = [
        inspect.Parameter(
            f"option_{name}",
            inspect.Parameter.KEYWORD_ONLY,
            default="",
            annotation=Annotated[
                str, typer.Option(*_spellings(name, texts), help=text, show_default=False)
            ],
        )
        for name, text in texts.items()
    ]

    @functools.wraps(command)
    def wrapped(**values: object) -> None:
        options = {name: str(values.pop(f"option_{name}")) for name in texts}
        command(question=Question.read(options), **values)

    signature = inspect.signature(command, eval_str=True)
    own = [part for name, part in signature.parameters.items() if name != "question"]
    merged = signature.replace(parameters=[*own, *parameters])
    # Typer reads both: the order from the signature, the types from the annotations.
    wrapped.__signature__ = merged  # type: ignore[attr-defined] # functions may have one
    wrapped.__annotations__ = {part.name: part.annotation for part in merged.parameters.values()}
    del wrapped.__wrapped__
    return wrapped


def _spellings(name: str, names: Collection[str]) -> tuple[str, ...]:
    """How an option may be typed: that of the test of cells also as their method."""
    also = ("--method",) if name == "test" and "method" not in names else ()
    return (f"--{name}", *also)


def _help(option: Option) -> str:
    """The help of an option, with its choices, its default, or an example of a value."""
    choices = option.schema.get("enum")
    notes = []
    if isinstance(choices, list):
        notes.append(f"Choices: {', '.join(choices)}.")
    if option.default not in (None, "", ()):
        notes.append(f"Default: {option.kind.write(option.default)}.")
    if not notes and "(default: latest" not in option.help:
        notes.append(f"Example: {option.example}.")
    return " ".join([option.help, *notes])


def command_of(analysis: Analysis) -> Callable[..., None]:
    """Make the command that computes an analysis and writes its result."""

    def command(context: typer.Context, question: Question, output: Output) -> None:
        run_analysis(context, analysis, question, output)

    command.__doc__ = f"{analysis.summary}\n\n{analysis.description}"
    return with_question(command, analysis.options)


def _save_nothing(_store: Store, _result: AnalysisResult) -> None:
    pass


@partial(with_question, options=ANALYSIS["rank"].options)
def rank(
    context: typer.Context,
    question: Question,
    output: Output,
    *,
    save: Annotated[
        bool, typer.Option("--save", help="Save the ids of these places for later rankings.")
    ] = False,
) -> None:
    """Rank the places with most incidents; known places keep their ids."""
    if save and question.within:
        raise InputError("use either --save or --within, not both: all places are saved")

    def save_places(store: Store, result: AnalysisResult) -> None:
        with store.transaction():
            chosen = str(result.parameters["chosen_up_to"])
            known = known_places(store, question)
            places: list[Setting] = [
                dict(place) for place in saved_places(result.frame, known, chosen=chosen)
            ]
            store.put_setting(PLACES_SETTING.format(question.places.radius), places)

    run_analysis(
        context, ANALYSIS["rank"], question, output, save=save_places if save else _save_nothing
    )


Over = Annotated[
    str,
    typer.Option(
        help="Layers to draw over the map, separated by commas, such as streets,premises."
    ),
]


@with_question
def map_file(
    context: typer.Context, question: Question, output: Output, *, over: Over = ""
) -> None:
    """Draw the hotspot map as one HTML file that works without a network."""
    from api.basemap.sources import Basemaps  # noqa: PLC0415 - the pages' modules take a moment
    from api.maps.answer_map import draw  # noqa: PLC0415 - folium takes a second to load
    from api.maps.drawing import map_box  # noqa: PLC0415 - likewise
    from api.maps.overlays import read_overlays  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store:
        answer = ask(question, store, layer_of=partial(_read_layer, store))
        settings = Settings.read()
        basemap = Basemaps.open(settings.basemap, store).under(store, settings.tiles)
        # Pictures of a file go into the map itself; those of a server stay where they are.
        if basemap.tiles and not basemap.tiles.origin:
            basemap = replace(basemap, tiles=None)
        drawn = draw(
            answer,
            projection=store.projection,
            basemap=basemap,
            over=read_overlays(store, over, box=map_box(answer)),
            standalone=True,
        )
    write_text(output, drawn.html)
    size = f"{len(drawn.html.encode()) / 1e6:.2f} MB"
    lines = [f"{output}: {headline(answer)} ({size})", *account_lines(answer.accounts)]
    cli.echo(lines, _facts(answer))


# The board that it prints evaluates a treatment where the Question names one.
@partial(with_question, options=ANALYSIS["treatment"].options)
def brief(
    context: typer.Context,
    question: Question,
    output: Output,
    *,
    show: Annotated[
        str, typer.Option(help="Map to print: cells, density, change or persistence.")
    ] = "cells",
    over: Over = "",
) -> None:
    """Write the board as a brief for print: .html, or .pdf if Chromium is installed."""
    from api.answers import Answers  # noqa: PLC0415 - the pages' templates take a moment
    from api.basemap.sources import Basemaps  # noqa: PLC0415 - likewise
    from api.board.brief import brief_page  # noqa: PLC0415 - likewise
    from api.board.findings import Findings  # noqa: PLC0415 - likewise
    from api.board.printing import print_brief  # noqa: PLC0415 - likewise
    from api.board.view import BoardView  # noqa: PLC0415 - likewise
    from api.pages.printing import browser  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    cli.check_output(output)
    if output.suffix not in (".html", ".pdf"):
        raise InputError(f"{output}: unknown kind of file; name it .html or .pdf")
    if output.suffix == ".pdf":
        browser()
    with cli.open() as store:
        findings = Findings(Answers(store), question)
        settings = Settings.read()
        basemap = Basemaps.open(settings.basemap, store).under(store)

        def page(spared: int = 0) -> str:
            view, public = BoardView(question, show, over=over), settings.access.public_url
            return brief_page(findings, view, basemap, public=public, spared=spared)

        if output.suffix == ".pdf":
            write_file(output, lambda part: print_brief(page, part))
        else:
            write_text(output, page())
    answer = findings.answer
    cli.echo([f"{output}: {headline(answer)}", *account_lines(answer.accounts)], _facts(answer))


def account_lines(accounts: Accounts) -> list[str]:
    """Write the accounts as lines for people."""
    sum_line = (
        f"{accounts.read:,} read = {accounts.rejected:,} rejected + {accounts.not_asked:,} not "
        f"asked + {accounts.outside:,} outside + {accounts.counted:,} counted"
    )
    period = f"period {accounts.period.title}; study area {accounts.mask}; {accounts.crs}"
    lines = [sum_line, period]
    if accounts.compared:
        compared = accounts.compared
        lines.append(f"compared with {compared.period.title}: {compared.counted:,} counted")
        if compared.months_missing:
            lines.append(f"no data imported for {span_words(compared.months_missing)}")
    if "without" in accounts.question:
        lines.append(f"{accounts.left_out:,} of those not asked are at places that are left out")
    if accounts.in_no_area:
        lines.append(f"{accounts.in_no_area:,} of those counted are in none of the areas")
    if accounts.in_several_areas:
        lines.append(f"{accounts.in_several_areas:,} of those counted are in two or more areas")
    if accounts.gap:
        lines.append(accounts.gap)
    return lines + [f"note: {caveat}" for caveat in accounts.caveats]


def run_analysis(
    context: typer.Context,
    analysis: Analysis,
    question: Question,
    output: Path,
    *,
    read_file: Callable[[str, Projection], gpd.GeoDataFrame | None] | None = None,
    save: Callable[[Store, AnalysisResult], None] = _save_nothing,
) -> AnalysisResult:
    """Compute an analysis, write its frames to files, and print how it was computed.

    Parameters
    ----------
    read_file
        Reads a layer that the question names by a file; None where it is no file.
    save
        Saves what the files rest on; where it fails none of them appears.
    """
    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store:

        def read(layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
            layer = read_file(layer_id, store.projection) if read_file else None
            if layer is not None:
                return LayerMetadata(layer_id), layer
            return _read_layer(store, layer_id)

        answer = ask_about(
            analysis.subject,
            question,
            store,
            history=analysis.history,
            layer_of=read,
            needs=analysis.needs,
        )
        result = analysis.compute(answer)
        members = {"accounts": _facts(answer), **result.as_dict()}
        with ExitStack() as written:
            if output.suffix.lower() == XLSX.ending:
                sheets = result_sheets(analysis.title, result, answer.accounts)
                written.enter_context(complete_workbook(sheets, output))
                lines = [f"{output}, {one.title}: {len(one.table):,} rows" for one in sheets[:-1]]
            else:
                files = _files(result, output)
                for path, table in files.items():
                    cli.check_output(path)
                    written.enter_context(
                        complete_frame(
                            table,
                            path,
                            projection=store.projection,
                            members=members,
                            besides=(XLSX,),
                        )
                    )
                lines = [f"{path}: {len(table):,} rows" for path, table in files.items()]
            save(store, result)
    lines += account_lines(answer.accounts)
    lines += [f"warning: {warning}" for warning in result.warnings]
    lines += [f"method: {result.method}"]
    lines += [
        line
        for name, value in result.parameters.items()
        for line in (_plan_lines(value) if name == "plans" else [f"{name}: {_shown(value)}"])
    ]
    # A page shows an answer without its accounts beside it; here they stand just above.
    new = [caveat for caveat in result.caveats if caveat not in answer.accounts.caveats]
    lines += [f"note: {caveat}" for caveat in new]
    cli.echo(lines, _facts(answer) | result.as_dict())
    return result


def _read_layer(store: Store, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Read a layer of the store, or the areas of a plan."""
    if not layer_id.startswith(PLAN_PREFIX):
        return store.layer(layer_id)
    # Few Questions name a plan, and plans bring the planner's modules with them.
    from boundaries.plans.plan_layers import read_layer_or_plan  # noqa: PLC0415 - see above

    return read_layer_or_plan(store, layer_id)


def _files(result: AnalysisResult, output: Path) -> dict[Path, pd.DataFrame]:
    """The frames of a result by the file that each is written to.

    A file of shapes holds the tables that have some, where the first frame has none; a file of
    tables holds them without.
    """
    shapes = {
        name: table
        for name, table in result.tables.items()
        if isinstance(table, gpd.GeoDataFrame) and not isinstance(result.frame, gpd.GeoDataFrame)
    }
    if shapes and output.suffix.lower() == GEOJSON.ending:
        frames: list[tuple[str, pd.DataFrame]] = list(shapes.items())
        return _beside(output, frames[0][1], dict(frames[1:]))
    plain = {name: pd.DataFrame(table.drop(columns="geometry")) for name, table in shapes.items()}
    tables = {**result.tables, **(plain if output.suffix.lower() == JSON.ending else {})}
    return _beside(output, result.frame, tables)


def _beside(
    output: Path, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> dict[Path, pd.DataFrame]:
    beside = {
        output.with_suffix(f".{name}{output.suffix}"): table for name, table in tables.items()
    }
    return {output: frame, **beside}


def _plan_lines(plans: object) -> list[str]:
    """Plans of patches to choose from, a line each, with the columns of the allocation page."""
    if not isinstance(plans, list):
        raise TypeError(f"plans are {type(plans)}")
    lines = []
    for plan in plans:
        changes = f", {plan['changes']} areas move" if "changes" in plan else ""
        worst, spread = percent(plan["worst_imbalance"]), percent(plan["spread"])
        lines.append(
            f"plan {plan['plan']}: {plan['groups']} patches, the worst {worst} from a fair share "
            f"({_proof(plan)}), spread {spread}, {plan['cut_edges']} neighbours split, "
            f"compactness {plan['least_compact']:.2f}{changes}"
        )
    return lines


def _proof(plan: Mapping[str, float]) -> str:
    """How good the balance of a plan of patches is, against the best that is possible."""
    if plan["optimal"]:
        return "proven best"
    if plan["gap"] > 0:
        bound = plan["bound"]
        return f"cannot be below {percent(bound)}" if bound > 0 else "not proven"
    return f"best possible is {percent(plan['bound'])}"


def _shown(value: object) -> str:
    """A parameter as text: records one a line, other lists with commas."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "".join(f"\n  {_shown(item)}" for item in value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _facts(answer: Answer) -> dict[str, object]:
    return answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
