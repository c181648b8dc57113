"""A program in the sandbox reaches nothing but its own folder and what Python needs."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from geo.formats import sandbox
from geo.formats.sandbox import ProcessLimits

LIMITS = ProcessLimits(memory_bytes=2**30, cpu_seconds=1, wall_seconds=30.0, file_bytes=2**20)

PROGRAM = """
import json, os, socket, sys
def works(what, *values):
    try:
        what(*values)
    except OSError:
        return False
    return True
target, port = json.loads(sys.stdin.read())
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
works(udp.sendto, b"x", ("127.0.0.1", port))
print(json.dumps({
    "read a file": works(open, target),
    "read what the system knows of users": works(open, "/etc/passwd"),
    "list a folder": works(os.listdir, os.path.dirname(target)),
    "write beside the file": works(open, target + "2", "w"),
    "change the program": works(open, __file__, "a"),
    "reach a port": works(socket.create_connection, ("127.0.0.1", port), 1),
    "delete the file": works(os.unlink, target),
}))
"""


@pytest.fixture(params=["bubblewrap", "the kernel alone"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What shuts the program in."""
    if request.param == "bubblewrap" and not sandbox._bubblewrap():
        pytest.skip("bubblewrap is not installed, or cannot work in this container")
    if request.param != "bubblewrap":
        monkeypatch.setattr(sandbox, "_bubblewrap", lambda: "")
        if sandbox.missing_walls():
            pytest.skip("the kernel has no Landlock, or allows no namespaces")
    return str(request.param)


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    """A socket for datagrams, with a TCP server on the port of the same number."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(server.getsockname())
        datagrams.setblocking(False)
        yield datagrams


def run(
    program: str, tmp_path: Path, request: object = None, limits: ProcessLimits = LIMITS
) -> tuple[int, str]:
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    (tmp_path / "program.py").write_text(program)
    code = sandbox.run_sandboxed(
        tmp_path / "program.py", json.dumps(request).encode(), folder, limits=limits
    )
    return code, (folder / "answer").read_text()


def test_other_files_and_the_network_are_out_of_reach(
    by: str, tmp_path: Path, udp: socket.socket
) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "incidents.csv"
    target.write_text("personal")
    code, answer = run(PROGRAM, tmp_path, [str(target), udp.getsockname()[1]])
    assert code == 0
    assert [name for name, reached in json.loads(answer).items() if reached] == []
    with pytest.raises(BlockingIOError):
        udp.recv(1)
    assert target.read_text() == "personal"
    assert (tmp_path / "program.py").read_text() == PROGRAM


def test_a_network_that_only_datagrams_reach_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landlock shuts TCP ports alone, and a chroot lets nobody have a network of their own."""
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: "")
    if sandbox.missing_walls():
        pytest.skip("the kernel has no Landlock, or allows no namespaces")
    start = sandbox._CONFINED.read_text()
    (tmp_path / "confined.py").write_text(start.replace("        _leave_network()\n", ""))
    monkeypatch.setattr(sandbox, "_CONFINED", tmp_path / "confined.py")
    sandbox._reached.cache_clear()
    assert sandbox.missing_walls() == ("the network",)
    sandbox._reached.cache_clear()


def test_without_walls_the_same_program_reaches_them(tmp_path: Path, udp: socket.socket) -> None:
    """So that the test above cannot pass because the program is wrong."""
    target = tmp_path / "incidents.csv"
    target.write_text("personal")
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "program.py")],
        input=json.dumps([str(target), udp.getsockname()[1]]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(json.loads(done.stdout).values())
    assert udp.recv(1) == b"x"


def test_its_own_folder_and_the_libraries_can_be_used(by: str, tmp_path: Path) -> None:
    program = "import numpy, pyogrio; open('layer', 'w').write('x'); print(open('layer').read())"
    # Slow processors take seconds to import them.
    assert run(program, tmp_path, limits=replace(LIMITS, cpu_seconds=20)) == (0, "x\n")


@pytest.mark.parametrize(
    "program",
    ["while True: pass", "b = bytearray(2**31)", "open('f', 'wb').write(bytes(2**22))"],
    ids=["time", "memory", "disk"],
)
def test_limits_hold(by: str, program: str, tmp_path: Path) -> None:
    code, _ = run(program, tmp_path)
    assert code != 0


def test_a_signal_is_told_from_a_refusal(by: str, tmp_path: Path) -> None:
    assert run("import os; os.abort()", tmp_path)[0] == -6
    assert run("raise SystemExit(3)", tmp_path)[0] == 3


def test_what_a_system_does_not_allow_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: shutil.which("false"))
    sandbox._reached.cache_clear()
    assert sandbox.missing_walls() == ("other files", "the network")
    sandbox._reached.cache_clear()
