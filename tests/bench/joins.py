"""What the promises about the join share: layers, points, commands, and the same answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.runner import CACHE, SCRIPTS, Command, rival_python, rows, run, say

OURS = "patchmap"
SJOIN, SEDONADB = "geopandas sjoin", "sedonadb"
X_SORTED, DISTINCT = "intersects_xy on x-sorted points", "distinct places, then sjoin"


@dataclass(frozen=True)
class Case:
    """One layer of `tilings`, and points to join to it."""

    layer: str
    points: str = "distinct points"
    count: int = field(default_factory=rows)

    @property
    def title(self) -> str:
        return f"join of {self.count:,} {self.points} to {self.layer}"

    def inputs(self) -> list[str]:
        """The files of the layer and of the points, made once."""
        stem = self.layer.replace(" ", "-").replace(",", "")
        layer = CACHE / f"{stem}.gpkg"
        points = CACHE / f"{stem}-{self.points.replace(' ', '-')}-{self.count}.npy"
        if not (layer.exists() and points.exists()):
            say(f"making {points.name}")
            make = [self.layer, self.points, str(self.count), str(layer), str(points)]
            run([sys.executable, "-m", "tests.bench.scripts.make_join", *make])
        return [str(layer), str(points)]

    def ours(self, answer: Path, *, script: str = "join_ours") -> Command:
        return [sys.executable, str(SCRIPTS / f"{script}.py"), *self.inputs(), str(answer)]

    def rival(self, method: str, answer: Path) -> Command:
        script = str(SCRIPTS / "join_rivals.py")
        return [rival_python(), script, method, *self.inputs(), str(answer)]


def refuse_differing(answers: Mapping[str, Path]) -> None:
    """All answers are the bytes of the first: array files of positions."""
    first, *others = answers
    for other in others:
        if answers[first].read_bytes() != answers[other].read_bytes():
            raise SystemExit(f"{first} and {other} give different areas")
