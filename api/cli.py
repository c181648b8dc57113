"""The command line: `patchmap`. Exit 0 done, 1 refused with one clear line, 2 usage."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from api.commands.listed import ListedCommands
from api.settings import VERSION, Settings
from geo.errors import PatchmapError, QuestionError
from geo.text import refuse_control_characters

app = typer.Typer(
    name="patchmap",
    cls=ListedCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
    from api.commands.context import CommandContext  # noqa: PLC0415 - help needs no store

    context.obj = CommandContext(store or Settings.read().store, json)


def _refuse(line: str) -> None:
    typer.echo(f"patchmap: {line}", err=True)
    sys.exit(1)


def _flagged(refusal: QuestionError, arguments: Sequence[str]) -> str:
    """A refusal of an option as people type it: `--treated: …`, or the dates by their options."""
    from geo.question.model import OPTION  # noqa: PLC0415 - it takes a second to load

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
