"""A run of the tests fails if it leaves files behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEAVING = {
    "a store in the checkout": "Path('forgotten.gpkg').touch()",
    "a file of the moment in the checkout": "Path('.patchmap-abc').touch()",
    "a folder of the moment in the temporary folder": "tempfile.mkdtemp(prefix='patchmap-')",
    "a file of the moment beside another": "(tmp_path / '.patchmap-abc').touch()",
}
TIDY = (
    "Path('__pycache__').mkdir(exist_ok=True); (tmp_path / 'a.gpkg').touch(); "
    "tempfile.mkdtemp(prefix='b-')"
)


def run(checkout: Path, statement: str) -> subprocess.CompletedProcess[str]:
    """Run one test in a checkout of its own, watched as these tests are."""
    (checkout / ".gitignore").write_text("*.gpkg\n__pycache__/\n.pytest_cache/\n")
    (checkout / "test_one.py").write_text(
        "import tempfile\nfrom pathlib import Path\n\n"
        f"def test_one(tmp_path, monkeypatch):\n    monkeypatch.chdir({str(checkout)!r})\n"
        f"    {statement}\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.leftovers", "-c", "/dev/null"]
    options = [f"--rootdir={checkout}", f"--basetemp={checkout.parent / 'single'}"]
    return subprocess.run(
        [*command, *options, str(checkout)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # others load slowly
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed, which says what a checkout does not keep")
    made = tmp_path / "checkout"
    made.mkdir()
    return made


@pytest.mark.parametrize("statement", LEAVING.values(), ids=LEAVING)
def test_a_run_that_leaves_something_fails_and_names_it(checkout: Path, statement: str) -> None:
    done = run(checkout, statement)
    assert done.returncode == 1, done.stdout
    assert "1 passed" in done.stdout
    assert "forgotten.gpkg" in done.stdout or "patchmap-" in done.stdout
    # Removed here, or the run that this test is part of would find it too.
    for path in checkout.parent.rglob(".patchmap-*"):
        path.unlink()


def test_caches_and_the_files_of_single_tests_may_stay(checkout: Path) -> None:
    done = run(checkout, TIDY)
    assert done.returncode == 0, done.stdout
