"""Promise: a plan that is proven best comes while a meeting waits, and patrols are worth planning.

Seconds on the wall, on random maps of areas and a drawn city of hotspots. The plain model is
given a limit of time; where it proves nothing within it, the ratio is a lower bound.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.runner import (
    CACHE,
    ROUNDS,
    SCRIPTS,
    Command,
    Line,
    Run,
    middle,
    race,
    rival_python,
    run,
    say,
)

TITLE = "allocation"
OURS, SPOPT = "patchmap", "spopt with CBC"
MODEL_S = 120
MODEL = f"plain model, at most {MODEL_S} s"
SITES, REACH_M = "30", "600"


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    folder = _made()
    with TemporaryDirectory(dir=CACHE) as place:
        answer = Path(place)
        alone = {
            "every plan": _patches(folder, 17, "2", "3", "0", answer),
            "proven optimum": _patches(folder, 69, "3", "4", "20", answer),
            "patrols": _ours("patrols_ours", folder / "hotspots.csv", answer / "patrols.npz"),
        }
        runs = {name: [run(command) for _ in range(ROUNDS)] for name, command in alone.items()}
        runs |= _raced(folder, answer)
    return runs, _lines({name: middle(each).figures for name, each in runs.items()})


def _raced(folder: Path, answer: Path) -> dict[str, list[Run]]:
    cells, few = folder / "cells.npz", ("2", "3", "6")
    areas = folder / "areas-17.npz"
    covering = race(
        {
            OURS: lambda: _ours("mclp_ours", cells, REACH_M, SITES, answer / "a.npz"),
            SPOPT: lambda: _theirs("mclp_spopt", cells, REACH_M, SITES, answer / "b.npz"),
        },
        lambda: _same(answer, "covered"),
    )
    patches = race(
        {
            OURS: lambda: _patches(folder, 17, *few, answer / "a.npz"),
            MODEL: lambda: _theirs("patches_milp", areas, *few, MODEL_S, answer / "b.npz"),
        },
        lambda: _same(answer, "worst"),
    )
    return {f"covering: {name}": each for name, each in covering.items()} | {
        f"patches: {name}": each for name, each in patches.items()
    }


def _lines(took: dict[str, dict[str, float]]) -> list[Line]:
    plans, best, patrols = took["every plan"], took["proven optimum"], took["patrols"]
    covering, model = took[f"covering: {OURS}"], took[f"patches: {OURS}"]
    return [
        Line(f"every plan of 17 areas ({plans['plans']:,.0f})", plans["s"], 1, "s", 1, "limit"),
        Line("69 areas, proven optimum", best["s"], 5, "s", 1, "limit"),
        Line("500 hotspots × 3 shifts", patrols["s"], 10, "s", 1, "limit"),
        Line("500 hotspots × 3 shifts, gap", 100 * patrols["gap"], 1, "%", 1, "limit"),
        Line(
            "coverage, 1,000 cells",
            covering["s"],
            took[f"covering: {SPOPT}"]["s"],
            "s",
            1,
            SPOPT,
        ),
        Line("6 patches of 17 areas", model["s"], took[f"patches: {MODEL}"]["s"], "s", 10, MODEL),
        _worth(patrols, "minutes_ranked", "hotspots in rank order"),
        _worth(patrols, "minutes_evenly", "wards taken evenly"),
    ]


def _worth(patrols: dict[str, float], habit: str, name: str) -> Line:
    title = "officer-minutes for each incident covered"
    return Line(title, patrols["minutes"], patrols[habit], "min", 1, name)


def _made() -> Path:
    folder = CACHE / "allocation"
    if not (folder / "hotspots.csv").exists():
        say("making areas, cells and hotspots")
        run([sys.executable, "-m", "tests.bench.scripts.make_allocation", str(folder)])
    return folder


def _patches(folder: Path, areas: int, *options: object) -> Command:
    *rules, answer = options
    path = Path(str(answer))
    path = path if path.suffix else path / "patches.npz"
    return _ours("patches_ours", folder / f"areas-{areas}.parquet", *rules, path)


def _ours(script: str, *arguments: object) -> Command:
    return [sys.executable, str(SCRIPTS / f"{script}.py"), *map(str, arguments)]


def _theirs(script: str, *arguments: object) -> Command:
    return [rival_python(), str(SCRIPTS / f"{script}.py"), *map(str, arguments)]


def _same(answer: Path, name: str) -> None:
    """Refuse two optima that differ; a rival that proved none has none."""
    mine, other = (np.load(answer / f"{side}.npz")[name] for side in "ab")
    if other.size and not np.allclose(mine, other, atol=1e-6):
        raise SystemExit(f"the optima differ: {mine} and {other}")
