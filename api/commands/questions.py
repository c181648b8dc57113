"""`patchmap count`, `hotspots`, `rank` … and `map`: the faces of one Question."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.context import CommandContext
from api.formats.files import write_whole
from api.formats.registry import write_frame
from api.pages.text import headline
from api.settings import VERSION, Settings
from boundaries.plans.plan_layers import read_layer_or_plan
from geo.analyses import ANALYSES, Analysis, AnalysisResult
from geo.crs import Projection
from geo.errors import InputError
from geo.question.accounts import Accounts
from geo.question.ask import Answer, Question, ask
from geo.question.model import OPTIONS
from geo.question.store_settings import PLACES_SETTING
from geo.store.contract import LayerMetadata

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]

ANALYSIS = {analysis.command: analysis for analysis in ANALYSES}

_FROM_TO = (
    ("from", "First month or day, as 2024-01 or 2024-01-31."),
    ("to", "Last month or day, included."),
)


def with_question(
    command: Callable[..., None], analysis: str = "", *, only: Collection[str] = ()
) -> Callable[..., None]:
    """Give a command the options of the Question; it receives them as `question`.

    They are those of every answer and those of the one `analysis`, or `only` those named, and
    always the first and last day.
    """
    own = [
        option for option in OPTIONS if (option.name in only if only else option.serves(analysis))
    ]
    described = [*_FROM_TO, *((option.name, option.help) for option in own)]
    parameters = {
        f"option_{name}": Annotated[str, typer.Option(f"--{name}", help=text, show_default=False)]
        for name, text in described
    }

    @functools.wraps(command)
    def asked(**values: object) -> None:
        options = {name: str(values.pop(f"option_{name}")) for name, _ in described}
        command(question=Question.read(options), **values)

    signature = inspect.signature(command, eval_str=True)
    kept = [part for name, part in signature.parameters.items() if name != "question"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="", annotation=kind)
        for name, kind in parameters.items()
    ]
    merged = signature.replace(parameters=[*kept, *added])
    # Typer reads both: the order from the signature, the types from the annotations.
    asked.__signature__ = merged  # type: ignore[attr-defined] # functions may have one
    asked.__annotations__ = {part.name: part.annotation for part in merged.parameters.values()}
    del asked.__wrapped__
    return asked


def command_of(analysis: Analysis) -> Callable[..., None]:
    """The command that works an analysis out and writes what it found."""

    def command(context: typer.Context, question: Question, output: Output) -> None:
        answered(context, analysis, question, output)

    command.__doc__ = f"{analysis.summary}\n\n{analysis.description}"
    return with_question(command, analysis.command)


@partial(with_question, analysis="rank")
def rank(
    context: typer.Context,
    question: Question,
    output: Output,
    *,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the ids of these places from now on.")
    ] = False,
) -> None:
    """Rank the places with most incidents; known places keep their ids."""
    cli = CommandContext.of(context)
    found = answered(context, ANALYSIS["rank"], question, output)
    if save:
        if question.within:
            raise InputError(
                "--save keeps the places of the whole study area: ask without --within"
            )
        places = found.frame[["hotspot_id", "x", "y"]].to_dict("records")
        with cli.open() as store, store.transaction():
            store.put_setting(PLACES_SETTING.format(question.places.radius), places)


@with_question
def map_file(context: typer.Context, question: Question, output: Output) -> None:
    """Draw the hotspot map as one HTML file that works without a network."""
    from api.maps.answer_map import draw  # noqa: PLC0415 - folium takes a second to load
    from api.maps.basemap import OwnGround  # noqa: PLC0415 - the pages' modules take a moment

    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store:
        answer = ask(question, store, layer_of=partial(read_layer_or_plan, store))
        settings = Settings.read()
        # Pictures cannot go into the file: a tile server's stay where they are.
        own = replace(OwnGround.open(settings.ground, store.projection), pictures=None)
        drawn = draw(
            answer,
            projection=store.projection,
            ground=own.under(store, settings.tiles),
            standalone=True,
        )
    write_whole(output, lambda part: part.write_text(drawn.html, encoding="utf-8"))
    size = f"{len(drawn.html.encode()) / 1e6:.2f} MB"
    lines = [f"{output}: {headline(answer)} ({size})", *account_lines(answer.accounts)]
    cli.echo(lines, _facts(answer))


@with_question
def brief(
    context: typer.Context,
    question: Question,
    output: Output,
    *,
    show: Annotated[
        str, typer.Option(help="What the map shows: cells, density, change or persistence.")
    ] = "cells",
) -> None:
    """Write the board as a brief for print: .html, or .pdf if Chromium is installed."""
    from api.answers import Answers  # noqa: PLC0415 - the pages' templates take a moment
    from api.board.brief import brief_page, browser, print_pdf  # noqa: PLC0415 - likewise
    from api.board.findings import Findings  # noqa: PLC0415 - likewise
    from api.board.views import View  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    cli.check_output(output)
    if output.suffix not in (".html", ".pdf"):
        raise InputError(f"{output}: a brief is written as .html or .pdf")
    if output.suffix == ".pdf":
        browser()
    with cli.open() as store:
        findings = Findings(Answers(store), question)
        page = brief_page(findings, View(question, show))
    if output.suffix == ".pdf":
        write_whole(output, lambda part: print_pdf(page, part))
    else:
        write_whole(output, lambda part: part.write_text(page, encoding="utf-8"))
    answer = findings.answer
    cli.echo([f"{output}: {headline(answer)}", *account_lines(answer.accounts)], _facts(answer))


def account_lines(accounts: Accounts) -> list[str]:
    """The accounts as lines for a person."""
    sum_line = (
        f"{accounts.read:,} read = {accounts.rejected:,} rejected + {accounts.not_asked:,} not "
        f"asked + {accounts.outside:,} outside + {accounts.counted:,} counted"
    )
    period = f"period {accounts.period.title}; study area {accounts.mask}; {accounts.crs}"
    lines = [sum_line, period]
    if accounts.compared:
        told = accounts.compared
        lines.append(f"compared with {told.period.title}: {told.counted:,} counted")
        if told.months_missing:
            lines.append(f"of it not published: {', '.join(told.months_missing)}")
    if "without" in accounts.question:
        lines.append(f"{accounts.left_out:,} of those not asked lie at places that are left out")
    if accounts.in_no_area:
        lines.append(f"{accounts.in_no_area:,} of the counted are in none of the areas")
    if accounts.months_missing:
        lines.append(
            f"{len(accounts.months_missing)} of {len(accounts.period.months)} months were not "
            "published: unknown, not zero"
        )
    return lines + [f"note: {caveat}" for caveat in accounts.caveats]


def answered(
    context: typer.Context,
    analysis: Analysis,
    question: Question,
    output: Path,
    *,
    read_file: Callable[[str, Projection], gpd.GeoDataFrame | None] | None = None,
) -> AnalysisResult:
    """Work an analysis out, write what it found, and say how it was made.

    Parameters
    ----------
    read_file
        Reads a layer that the question names by a file; None where it is no file.
    """
    cli = CommandContext.of(context)
    cli.check_output(output)
    with cli.open() as store:

        def read(layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
            layer = read_file(layer_id, store.projection) if read_file else None
            if layer is not None:
                return LayerMetadata(layer_id), layer
            return read_layer_or_plan(store, layer_id)

        answer = ask(question, store, history=analysis.history, layer_of=read)
        found = analysis.find(answer)
        members = {"accounts": _facts(answer), **found.as_dict()}
        write_frame(found.frame, output, projection=store.projection, members=members)
        beside = {
            output.with_suffix(f".{name}{output.suffix}"): table
            for name, table in found.tables.items()
        }
        for path, table in beside.items():
            cli.check_output(path)
            write_frame(table, path, projection=store.projection, members=members)
    lines = [
        f"{path}: {len(table):,} rows" for path, table in [(output, found.frame), *beside.items()]
    ]
    lines += account_lines(answer.accounts)
    lines += [f"method: {found.method}"]
    lines += [f"{name}: {_shown(value)}" for name, value in found.parameters.items()]
    lines += [f"note: {caveat}" for caveat in found.caveats]
    cli.echo(lines, _facts(answer) | found.as_dict())
    return found


def _shown(value: object) -> str:
    if isinstance(value, list):
        many = any(isinstance(each, dict) for each in value)
        return (
            "".join(f"\n  {_shown(each)}" for each in value) if many else ", ".join(map(str, value))
        )
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _facts(answer: Answer) -> dict[str, object]:
    return answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
