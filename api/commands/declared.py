"""What each command does to the store: what of it the audit records, and by which action.

A command that is missing here is recorded all the same, as a change; a test misses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import typer

from api.identity.audit import Action

_STEPS: Final = (
    *("move", "split", "merge", "add-area", "remove-area", "rename", "members", "lock", "unlock"),
    *("council-size", "share-seats", "keep", "refine", "why", "forecast"),
    *("bridge", "unbridge", "undo", "redo", "suggest", "alternative", "new", "import", "remove"),
)
_TASK_STEPS: Final = (
    *("raise", "accept", "decline", "start", "done", "refer", "answer", "reopen", "assess"),
)

CHANGES: Final = {
    **dict.fromkeys(("layers add", "attributes add", "weights add", "basemap add"), Action.IMPORT),
    **dict.fromkeys(("electorates import", "electorates sites import"), Action.IMPORT),
    **dict.fromkeys(("plan comments import", "plan comments add"), Action.IMPORT),
    **dict.fromkeys(("plan comments redact", "plan comments remove"), Action.REDACTION),
    **dict.fromkeys(("gazetteer add", "start", "demo"), Action.IMPORT),
    **dict.fromkeys((f"plan {step}" for step in _STEPS), Action.PLAN_STEP),
    **dict.fromkeys((f"task {step}" for step in _TASK_STEPS), Action.TASK_STEP),
    **dict.fromkeys(
        ("priority set", "priority close", "roster set", "meeting new"), Action.TASK_STEP
    ),
    **dict.fromkeys(("task redact", "plan redact"), Action.REDACTION),
    "layers undo": Action.UNDO,
    **dict.fromkeys(("basemap remove", "gazetteer remove", "rank"), Action.CHANGE),
}
"""The action of commands that are recorded when they commit what they change."""

RECORD_THEMSELVES: Final = frozenset(
    {
        *("ingest", "imports undo", "purge", "backup", "restore", "copy", "erase"),
        *("retention set", "retention apply", "audit archive", "audit redact", "serve"),
        *("release make", "release approve", "release withdraw", "release discard"),
        *("users add", "users set", "users password", "users disable", "keys add", "keys revoke"),
        *("measures add", "measures remove", "measures undo"),
        *("entries add", "entries reverse", "entries undo"),
    }
)
"""Commands that record more than their name: how many rows, why, or whose key."""

READ_ONLY: Final = frozenset(
    {
        *("layers check", "layers list", "layers export", "layers history", "basemap list"),
        *("weights list", "gazetteer list", "imports list", "retention show", "users list"),
        *("keys list", "plan list", "plan show", "plan compare", "plan export", "release list"),
        *("plan council", "plan scores", "electorates check", "electorates export"),
        *("electorates sites list", "plan fit", "plan straddling", "plan parish-wards"),
        *("plan communities", "plan comments list"),
        *("release show", "release check", "audit show", "audit verify", "audit export"),
        *("look", "locate", "find", "map", "brief", "quality", "mapping suggest"),
        *("fetch police.uk", "fetch layer", "measures list", "measures show", "entries list"),
        *("report six-monthly", "report profile", "report spend", "report officer-hours"),
        *("task list", "task show", "priority list", "roster list"),
        *("meeting list", "meeting show", "meeting agenda"),
        *("report response-times", "report members-enquiries", "report log"),
        "report repeat-issues",
        *("report task-tracker", "report city-board"),
        *("report board-pack", "report assessed-tasks"),
    }
)
"""Commands that change nothing of the store, beside those that answer a Question."""

RECORDED: Final = frozenset(
    {
        *("plan_id", "task_id", "priority_id", "meeting_id", "release_id", "basemap_id"),
        *("change_id", "import_id", "entry_id", "measure_id", "key_id", "source_id", "own"),
        *("area", "areas", "blocks", "layer", "one", "other", "number", "numbers", "size"),
        *("file", "files", "day", "months", "direction", "sequence", "source"),
    }
)
"""Arguments of commands that the audit keeps: ids, codes, numbers, days and names of files.

It leaves out all others: they are texts and names, which may name a person, and it keeps them.
"""

_MOST: Final = 300


def command_name(context: typer.Context) -> str:
    """Return the name of a command, such as `plan move`."""
    program = context.find_root().command_path
    return context.command_path.removeprefix(program).strip()


def command_words(context: typer.Context) -> str:
    """Return a command with its arguments, of files their names: what the audit says of it."""
    words = [command_name(context)]
    for one in context.command.params:
        if one.param_type_name == "argument" and one.name in RECORDED:
            value = context.params.get(one.name)
            values = value if isinstance(value, list | tuple) else [value]
            given = [part for part in values if part is not None]
            words += [part.name if isinstance(part, Path) else str(part) for part in given]
    return " ".join(words)[:_MOST]
