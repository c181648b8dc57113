"""Command lines as documents show them, held against the commands that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from api.cli import app
from tests.services import command_of

_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def command_lines(document: Path) -> list[str]:
    """The `patchmap …` lines in the fenced blocks of a Markdown file."""
    blocks = _FENCE.findall(document.read_text(encoding="utf-8"))
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("patchmap ")]


def commands() -> list[str]:
    """Every command, with its group before it."""
    return sorted(_names(command_of(app), ()))


def check_command_line(line: str) -> None:
    """Parse a command line as the program would, without running it.

    Raises
    ------
    Exception
        As the command line refuses it: an unknown command or option, or a missing argument.
    """
    command, words = command_of(app), shlex.split(line, comments=True)[1:]
    context = command.make_context("patchmap", words)
    while isinstance(command, TyperGroup) and (rest := _rest(context)):
        name, command, words = command.resolve_command(context, rest)
        context = command.make_context(name, words, parent=context)


def _rest(context: Any) -> list[str]:
    """The words that a group left for its command."""
    return [*context._protected_args, *context.args]


def _names(command: object, above: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield " ".join(above)
        return
    if command.invoke_without_command and above:
        yield " ".join(above)
    for name, below in command.commands.items():
        yield from _names(below, (*above, name))
