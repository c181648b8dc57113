"""The command line imports only what the command uses that runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from api.cli import app
from api.commands.listed import LISTED
from geo.analyses import ANALYSES

RUN = """
import contextlib, io, json, sys
from api.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        main()
    except SystemExit as end:
        code = end.code
print(json.dumps([code, sorted(sys.modules)]))
"""
NUMBERS = {"numpy", "pandas", "geopandas", "shapely", "pyproj", "scipy"}
PAGES = {"fastapi", "starlette", "jinja2", "folium", "uvicorn"}
SCIPY = {f"scipy.{part}" for part in ("optimize", "sparse", "spatial", "special", "stats")}
PLANS = {"boundaries.plans.draft", "geo.analyses"}


def imported_by(folder: Path, *words: str) -> tuple[int, set[str]]:
    """How a command ends, and what it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout)
    return code, set(modules)


@pytest.mark.parametrize("words", ["--help", "--version", "", "nothing"])
def test_a_help_imports_no_command(tmp_path: Path, words: str) -> None:
    code, modules = imported_by(tmp_path, *words.split())
    assert code == (0 if words.startswith("--") else 2)
    assert not modules & (NUMBERS | PAGES)
    assert {one for one in modules if one.startswith("api.commands.")} == {"api.commands.listed"}


@pytest.mark.parametrize(
    ("words", "but"),
    [
        ("users list", PAGES | PLANS),
        ("imports list", PAGES | PLANS),
        ("retention show", PAGES | PLANS),
        ("audit --help", PAGES | PLANS),
        ("look nothing.csv", PAGES | PLANS),
        ("layers list", PAGES),
        ("count --help", PAGES | SCIPY | {"pyogrio", "boundaries.plans.draft"}),
        ("ingest nothing.zip", PAGES | SCIPY),
        ("serve --help", PLANS | SCIPY | {"fastapi", "jinja2", "folium"}),
    ],
)
def test_a_command_imports_what_it_uses(tmp_path: Path, words: str, but: set[str]) -> None:
    assert imported_by(tmp_path, *words.split())[1] & but == set()


def test_a_command_lets_numpy_ask_for_no_large_pages(tmp_path: Path) -> None:
    asked = (
        f"{RUN}\nfrom numpy._core.multiarray import _get_madvise_hugepage as asks\nprint(asks())"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, "count", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_what_the_help_lists_is_what_the_commands_say() -> None:
    commands = typer.main.get_command(app).commands
    assert {name: (one.help or "").split("\n")[0] for name, one in commands.items()} == {
        name: one.summary for name, one in LISTED.items()
    }
    assert {one.command: one.summary for one in ANALYSES}.items() <= {
        name: one.summary for name, one in LISTED.items()
    }.items()
