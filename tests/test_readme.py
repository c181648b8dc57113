"""The README, followed line by line: what it shows is what the programs print."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_lines import check_command_line
from tests.services import free_port, run_patchmap

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ELLIPSIS = "…"
SIZE = re.compile(r"\((\d+\.\d+) MB\)")
ROUNDING = 0.05  # of a size: the libraries inside a map change a little with each release

_BLOCK = re.compile(r"^```(?P<language>[a-z]*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [(block["language"], block["text"]) for block in _BLOCK.finditer(README)]
PYTHON = [text for language, text in BLOCKS if language == "python"]


@dataclass(frozen=True)
class Shown:
    """A command line of the README, and the output that it shows."""

    line: str
    output: str


def shown_commands() -> list[Shown]:
    """Every line behind a prompt, in the order of the README."""
    parts = [part for _, text in BLOCKS for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
    return [
        Shown(line, output.strip("\n")) for line, _, output in (p.partition("\n") for p in parts)
    ]


COMMANDS = shown_commands()
MODULES = re.compile(r"^(\w+)==", re.MULTILINE)
DEVELOPMENT = set(MODULES.findall((ROOT / "requirements-dev.txt").read_text())) - set(
    MODULES.findall((ROOT / "requirements.txt").read_text())
)
MAKE_LINES = re.findall(r"^make [a-z]+", README, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """A fresh folder that holds the downloads, as the README has it."""
    made = tmp_path_factory.mktemp("session")
    shutil.copytree(real_data / "derby", made / "derby")
    return made


@pytest.fixture(scope="module")
def printed(folder: Path) -> Iterator[dict[str, str]]:
    """What each command line printed, run in order; the service runs on, from its line."""
    outputs: dict[str, str] = {}
    # The port of the README may be taken.
    port = str(free_port())
    with contextlib.ExitStack() as services:
        for line in [command.line for command in COMMANDS]:
            words = shlex.split(line.replace(":8000/", f":{port}/"))
            if words[1] == "serve":
                service = services.enter_context(serving([*words, "--port", port], folder))
                outputs[line] = service.replace(port, "8000")
            elif shutil.which(words[0], path=PATH):
                outputs[line] = run_here(words, folder) if outputs else run(words, folder)
        yield outputs


@contextlib.contextmanager
def serving(words: list[str], folder: Path) -> Iterator[str]:
    """Run the service; yields what it prints when it serves."""
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, text=True, env={**os.environ, "PATH": PATH}
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=120)


def run(words: list[str], folder: Path) -> str:
    """Run a program to its end; returns what it printed."""
    done = subprocess.run(
        words,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if words[0] == "curl" else subprocess.STDOUT,  # its progress
        env={**os.environ, "PATH": PATH},
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip("\n")


def run_here(words: list[str], folder: Path) -> str:
    """The same, and the program `patchmap` in this process, where its libraries are loaded."""
    if words[0] != "patchmap":
        return run(words, folder)
    done = run_patchmap(*words[1:], cwd=folder)
    assert done.returncode == 0, done.stderr
    # A program that writes to no terminal shows what it printed at its end, warnings at once.
    return (done.stderr + done.stdout).strip("\n")


def pattern(output: str) -> re.Pattern[str]:
    """What a shown output matches: an ellipsis is any text, on a line of its own any lines."""
    lines = [
        r"(?:.*\n)*" if line == ELLIPSIS else re.escape(line).replace(ELLIPSIS, ".*") + r"\n"
        for line in output.splitlines()
    ]
    return re.compile("".join(lines))


def sizes_agree(shown: str, printed: str) -> bool:
    pairs = zip(SIZE.findall(shown), SIZE.findall(printed), strict=True)
    return all(abs(float(a) - float(b)) <= ROUNDING * float(b) for a, b in pairs)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.line[:60])
def test_a_command_prints_what_the_readme_shows(command: Shown, printed: dict[str, str]) -> None:
    if command.line not in printed:
        pytest.skip(f"{command.line.split()[0]} is not installed")
    output = printed[command.line]
    assert command.output, "the README shows nothing of what it prints"
    assert sizes_agree(command.output, output), output
    without_sizes = SIZE.sub("(MB)", command.output), SIZE.sub("(MB)", output)
    assert pattern(without_sizes[0]).fullmatch(without_sizes[1] + "\n"), output


def test_what_is_pasted_into_python_gives_a_result(
    printed: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (code,) = PYTHON
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    result = names["result"]
    columns = re.search(r"GeoDataFrame: (.*)", code)[1].split(", ")
    assert [*columns, "geometry"] == list(result.hotspots.columns)
    read, counted = re.search(r"of ([\d,]+) read, ([\d,]+) are counted", code).groups()
    assert (f"{result.accounts.read:,}", f"{result.accounts.counted:,}") == (read, counted)
    names["store"].close()


@pytest.mark.parametrize("line", sorted({*MAKE_LINES, *re.findall(r"`(make [a-z]+)", README)}))
def test_what_is_to_be_made_can_be_made(line: str) -> None:
    done = subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", re.findall(r"`(patchmap [^`]+)`", README))
def test_a_command_within_a_sentence_can_be_given(line: str) -> None:
    check_command_line(line)


def test_every_relative_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", README)
    relative = [link for link in links if "://" not in link]
    assert len(relative) > 10
    assert [link for link in relative if not (ROOT / link).exists()] == []


def test_the_readme_shows_a_session_and_a_notebook_command() -> None:
    assert len(COMMANDS) >= 12
    # Starting JupyterLab takes a download; its parts can be checked without one.
    words = shlex.split(re.search(r"^\.venv/bin/uvx .*$", README, re.MULTILINE)[0])
    assert words[1:6] == ["--from", "jupyterlab", "--with-editable", ".", "--with"]
    assert (ROOT / words[-1]).is_dir()
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / words[-1]).glob("*.ipynb"))
    imported = set(re.findall(r"\b(?:import|from) (\w+)", code)) & DEVELOPMENT
    assert imported == {words[6]}  # what they need beside Patchmap's own libraries


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 200
