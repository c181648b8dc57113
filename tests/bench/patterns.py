"""What the promises about hotspots share: their inputs, their commands, and the same answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import CACHE, SCRIPTS, Command, Run, race, rival_python, run, say

OURS = "patchmap"
COMPARE = str(SCRIPTS / "compare_arrays.py")


@dataclass(frozen=True)
class Pattern:
    """Cells or points of `make_patterns`, and how many of them."""

    kind: str
    count: int

    def file(self) -> str:
        """The file that holds them, made once."""
        path = CACHE / f"{self.kind}-{self.count}.npz"
        if not path.exists():
            say(f"making {path.name}")
            make = [self.kind, str(self.count), str(path)]
            run([sys.executable, "-m", "tests.bench.scripts.make_patterns", *make])
        return str(path)


def ours(script: str, *arguments: str) -> Command:
    return [sys.executable, str(SCRIPTS / f"{script}.py"), *arguments]


def theirs(script: str, *arguments: str) -> Command:
    return [rival_python(), str(SCRIPTS / f"{script}.py"), *arguments]


def race_and_compare(
    sides: Mapping[str, Callable[[str], Command]], *, rule: str
) -> dict[str, list[Run]]:
    """Race sides that keep their answer in a file; by the rule, all must be as the first is."""
    with TemporaryDirectory(dir=CACHE) as folder:
        files = {name: str(Path(folder) / f"{i}.npz") for i, name in enumerate(sides)}
        first, *others = files.values()

        def compare() -> None:
            for other in others:
                run([sys.executable, COMPARE, rule, first, other])

        commands = {
            name: lambda name=name, side=side: side(files[name]) for name, side in sides.items()
        }
        return race(commands, compare)
