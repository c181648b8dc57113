"""Ways to run the command line in a folder: for its text, for its JSON, for its refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.services import run_patchmap


def run(folder: Path, *arguments: str) -> str:
    done = run_patchmap(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_json(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, "--json", *arguments))


def refused(folder: Path, *arguments: str) -> str:
    """The one line that a command is refused with, without the program's name."""
    done = run_patchmap(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.removeprefix("patchmap: ").rstrip("\n")
