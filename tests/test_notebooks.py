"""The worked examples run from top to bottom, on the demo city and on real data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LARGEST = 60_000  # bytes: outputs that a person reads, no pictures


def run(notebook: Path) -> None:
    """Run the cells of code, one after the other, as a kernel would."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {"__name__": "__main__"}
    for number, source in enumerate(code, start=1):
        exec(compile(source, f"{notebook.name}, cell of code {number}", "exec"), names)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_the_demo_city(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PATCHMAP_REAL_DATA", raising=False)
    run(notebook)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_real_data(notebook, tmp_path, monkeypatch, real_data):
    monkeypatch.setenv("PATCHMAP_REAL_DATA", str(real_data.resolve()))
    monkeypatch.chdir(tmp_path)
    run(notebook)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stays_small_and_names_no_machine(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert len(text.encode()) < LARGEST
    assert "execution_count" in text
    assert "Traceback" not in text
    # A path that begins at the root is one of some machine; addresses on the web are none.
    assert not re.findall(r"(?<![\w:/.*~}])/[a-z]+/[\w.]", text)
