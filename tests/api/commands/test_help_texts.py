"""Every `--help` is plain English: an imperative first line, and no word that the house gave up."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
import typer

from api.cli import app

LONGEST_LINE = 80
IMPERATIVES = {
    "Add", "Approve", "Back", "Check", "Compare", "Copy", "Count", "Create", "Download", "Draw",
    "Export", "Find", "Group", "Import", "Keep", "List", "Lock", "Make", "Map", "Measure", "Merge",
    "Move", "Plan", "Propose", "Rank", "Read", "Redo", "Remove", "Rename", "Restore", "Search",
    "Serve", "Set", "Share", "Show", "Start", "Suggest", "Test", "Treat", "Undo", "Unlock",
    "Withdraw", "Write",
}  # fmt: skip
"""Verbs that a command's first line begins with; extend it with a new command's verb."""

BANNED = re.compile(
    r"\b(told|papers|nought|foretell|whatever|settled|reckon\w*|begun|by the look of|is none of|"
    r"what it is of|a thing that)\b",
    re.IGNORECASE,
)


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    for part, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {part}")


COMMANDS = dict(commands(typer.main.get_command(app), "patchmap"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_line_of_a_help_is_short_and_says_what_to_do(name: str) -> None:
    first = (COMMANDS[name].help or "").split("\n")[0]
    assert len(first) <= LONGEST_LINE
    assert first.endswith(".")
    if not hasattr(COMMANDS[name], "commands"):
        assert first.split()[0] in IMPERATIVES, first


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_holds_a_word_that_the_house_gave_up(name: str) -> None:
    command = COMMANDS[name]
    texts = [command.help or "", *(getattr(option, "help", "") or "" for option in command.params)]
    assert [text for text in texts if BANNED.search(text)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_has_a_help_that_ends_its_sentence(name: str) -> None:
    options = [option for option in COMMANDS[name].params if option.name != "help"]
    assert [
        option.name
        for option in options
        if not re.search(r"[.)…]$", getattr(option, "help", "") or "")
    ] == []
