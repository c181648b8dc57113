"""Which commands there are, and where each lies, so that only the one that runs is imported."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer.main
from typer.core import TyperCommand, TyperGroup

import geo


class Listed(NamedTuple):
    """A command, or a group of commands.

    Attributes
    ----------
    name
        As people type it.
    place
        Its module in `api.commands`, and what it is called there.
    summary
        The first line of its help.
    """

    name: str
    place: str
    summary: str


_BEFORE_ANSWERS: Final = (
    Listed(
        "erase",
        "retention:erase_incident",
        "Remove one incident for good; no import, undo or restored backup brings it back.",
    ),
    Listed(
        "start",
        "start.command:start",
        "Start with your own city: read its files, check them and open the board.",
    ),
    Listed(
        "look",
        "look:look",
        "Show what a file is, what would be rejected, and which command takes it.",
    ),
    Listed("ingest", "incidents:ingest", "Import incidents from files."),
    Listed(
        "locate",
        "incidents:locate",
        "Add area_code and area_name to a CSV of points; no row is left out.",
    ),
)

_AFTER_ANSWERS: Final = (
    Listed(
        "map",
        "questions:map_file",
        "Draw the hotspot map as one HTML file that works without a network.",
    ),
    Listed(
        "brief",
        "questions:brief",
        "Write the board as a brief for print: .html, or .pdf if Chromium is installed.",
    ),
    Listed(
        "find", "gazetteer:find", "Find a place by name, postcode, grid reference or coordinates."
    ),
    Listed("serve", "service:serve", "Serve the board, the planner and the OGC API."),
    Listed("demo", "demo:demo", "Create the store of a synthetic demo city."),
    Listed(
        "quality",
        "stores:report_quality",
        "List what to know about the data before relying on an answer.",
    ),
    Listed(
        "purge",
        "stores:purge",
        "Remove for good what imports replaced or undos removed; current incidents stay.",
    ),
    Listed(
        "backup", "stores:backup", "Back up the store to one file; others may go on writing to it."
    ),
    Listed("restore", "stores:restore", "Restore the store from a backup."),
    Listed("copy", "stores:copy", "Copy the store to a new one: a file or a PostgreSQL database."),
    Listed("layers", "areas:layers", "Boundary layers: add, check, list, undo."),
    Listed(
        "attributes",
        "attributes:attributes",
        "Figures of areas: electors, members, residents, deprivation.",
    ),
    Listed(
        "electorates",
        "electorates:electorates",
        "Electorates of polling districts, in the proforma of the Boundary Commission.",
    ),
    Listed("basemap", "basemap:basemap", "Add, list and remove what is drawn under the maps."),
    Listed(
        "measures",
        "measures:measures",
        "Measures of areas: counts, rates, shares, with their periods.",
    ),
    Listed("entries", "entries:entries", "Entries: dated amounts of money or time, never edited."),
    Listed("weights", "weights:weights", "Add and list harm tables."),
    Listed("plan", "plans.plans:plans", "Draft, measure and compare boundary plans."),
    Listed(
        "task",
        "tasking.tasks:tasks",
        "Tasks: what is to be done where, by whom, and what came of it.",
    ),
    Listed(
        "priority", "tasking.priorities:priorities", "Priorities of the city and of neighbourhoods."
    ),
    Listed(
        "roster",
        "tasking.roster:roster",
        "Roster: who answers for which areas, and who covers a vacancy.",
    ),
    Listed("meeting", "tasking.meetings:meetings", "Meetings: agenda and minutes."),
    Listed("gazetteer", "gazetteer:gazetteer", "Add names and postcodes to find places by."),
    Listed("imports", "stores:imports", "List and undo imports."),
    Listed("release", "release:release", "Make, check and approve releases for the public."),
    Listed("users", "access:users", "Add, list and change the users of a service."),
    Listed("keys", "access:keys", "Add, list and revoke the keys of other programs."),
    Listed("audit", "audit:audit", "Show, check and export the audit."),
    Listed("retention", "retention:retention", "Set and apply how long sources are kept."),
    Listed("fetch", "published:fetch", "Download published incidents and boundaries."),
    Listed("mapping", "published:mapping", "Propose how to read a spreadsheet."),
    Listed("report", "report:report", "Write reports as HTML, PDF or XLSX."),
)


_ANSWERING: Final = "answering"
"""The module of the commands that only answer a Question."""


def _answers() -> Iterator[Listed]:
    """The analyses, as their declarations are written: to import them takes a second."""
    declared = ast.parse((Path(geo.__path__[0]) / "analyses/__init__.py").read_text("utf-8"))
    for node in ast.walk(declared):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Analysis":
            command, _, _, summary = (ast.literal_eval(value) for value in node.args[:4])
            module = "patrols" if command == "patrols" else _ANSWERING
            yield Listed(command, f"{module}:{command}", summary)


LISTED: Final = {one.name: one for one in (*_BEFORE_ANSWERS, *_answers(), *_AFTER_ANSWERS)}
"""The commands by name, in the order of the help."""


class Commands(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a command."""
        if name not in self._made:
            self._made[name] = _made(LISTED[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(LISTED)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(LISTED)


class ListedCommands(TyperGroup):
    """The group of all commands; its help imports none of them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": Commands()})

    def format_commands(self, _context: Any, formatter: Any) -> None:
        """Write the names and summaries."""
        width = formatter.width - 6 - max(map(len, LISTED))
        rows = [
            (name, TyperCommand(name, help=one.summary).get_short_help_str(width))
            for name, one in LISTED.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _imported(module: str) -> Any:
    """Import a module, and all that it needs.

    Modules stay: to search what thousands of them are made of for garbage, time and again while
    they are loaded, takes a seventh of the start of a command. Afterwards they are left out of all
    such searches, also of those at the end of the program.
    """
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _made(one: Listed) -> Any:
    """Import a command."""
    module, _, name = one.place.partition(":")
    commands = _imported(f"api.commands.{module}")
    part = typer.Typer(rich_markup_mode=None)
    if module == _ANSWERING:
        part.command(one.name)(commands.command_named(one.name))
    elif isinstance(value := getattr(commands, name), typer.Typer):
        part.add_typer(value, name=one.name)
    else:
        part.command(one.name)(value)
    return typer.main.get_group(part).commands[one.name]
