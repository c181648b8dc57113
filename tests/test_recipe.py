"""The recipe of CONTRIBUTING.md for a hotspot method, followed from declaration to board."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import make_town

ROOT = Path(__file__).parents[1]
RECIPE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^\*\*`(?P<file>[^`]+)`\*\*, (?P<where>[^\n]+)\n\n```(?:python)?\n(?P<code>.+?)```",
    re.MULTILINE | re.DOTALL,
)
IGNORED = shutil.ignore_patterns("__pycache__")
LOOK = """
from pathlib import Path
from fastapi.testclient import TestClient
from api.app import make_app
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore

HERE = {"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50_000)}

if __name__ == "__main__":
    store = GeoPackageStore(Path("town.gpkg"))
    with TestClient(make_app(store, Settings()), **HERE) as client:
        items = client.get("/ogc/collections/cell-scores/items?limit=3").json()
        print(items["numberReturned"], sorted(items["features"][0]["properties"]))
        print("cell-scores" in client.get("/ogc/api").text)
        print("Scores" in client.get("/?show=scores").text)
        print("Score of 2 or more" in client.get("/map?show=scores").text)
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code in which each step of the recipe has been taken."""
    folder = tmp_path_factory.mktemp("recipe")
    for package in ("geo", "boundaries", "api"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for step in STEP.finditer(RECIPE):
        take(folder / step["file"], step["where"], step["code"])
    return folder


def take(path: Path, where: str, code: str) -> None:
    """Put a step's code where the recipe says."""
    if where.startswith("a new file"):
        path.write_text(code, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if where.startswith("at the end"):
        path.write_text(f"{text}\n\n{code}", encoding="utf-8")
        return
    lines = text.splitlines(keepends=True)
    if where.startswith("among the imports"):
        at = next(i for i, line in enumerate(lines) if line.startswith("from geo."))
    else:
        name = re.search(r"`(\w+)`", where)
        assert name, where
        start, end = assignment(text, name[1])
        at = start - 1 if where.startswith("before") else end - 1
    path.write_text("".join([*lines[:at], code, *lines[at:]]), encoding="utf-8")


def assignment(text: str, name: str) -> tuple[int, int]:
    """The first and last line of the assignment to a module's variable."""
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno, node.end_lineno or node.lineno
    raise AssertionError(f"{name} is assigned nowhere")


def run(folder: Path, *arguments: str) -> str:
    """Run Python in the copy, whose packages come before the checkout's."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_method_added_by_the_recipe_is_a_command_a_collection_and_a_map_mode(
    followed: Path,
) -> None:
    make_town(followed / "town.gpkg").close()
    written = run(followed, "-m", "api", "--store", "town.gpkg", "scores", "-o", "scores.csv")
    assert "method: Standard score against an even spread" in written
    header = (followed / "scores.csv").read_text(encoding="utf-8").partition("\n")[0]
    assert header == "cell_id,n,score,area_code,inside_share"
    (followed / "look.py").write_text(LOOK, encoding="utf-8")
    assert run(followed, "look.py").splitlines() == [
        "3 ['area_code', 'cell_id', 'inside_share', 'n', 'score']",
        "True",
        "True",
        "True",
    ]


def test_the_recipe_touches_five_files_of_code() -> None:
    assert len({step["file"] for step in STEP.finditer(RECIPE)}) == 5


def test_every_file_that_contributing_names_is_there() -> None:
    names = set(re.findall(r"`((?:geo|boundaries|api|tests)/[\w/.-]+)`", RECIPE))
    new = {step["file"] for step in STEP.finditer(RECIPE) if step["where"].startswith("a new file")}
    assert [name for name in sorted(names - new) if not (ROOT / name).exists()] == []
