"""Programs that work on a file from outside, each in a process of its own with little in reach.

Parsers of foreign formats, and repairs whose cost depends on the file, do not run in Patchmap's own
process. Each runs with limited memory and time in an empty folder, and as far as the system allows
it without other files and without a network: by bubblewrap where it is installed, else by Landlock
and a network namespace. `missing_walls` says what this system does not allow.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from geo.temporary import TemporaryFolder

_CONFINED: Final = Path(__file__).with_name("confined.py")
_PROBE: Final = Path(__file__).with_name("sandbox_probe.py")
_LIBRARIES: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")
_OPEN_FILES: Final = 64
_PROBE_SECONDS: Final = 20.0


@dataclass(frozen=True)
class ProcessLimits:
    """Limits of one run.

    Attributes
    ----------
    memory_bytes, cpu_seconds, wall_seconds
        Most memory, processor time and clock time of the process.
    file_bytes
        Most bytes of a file that it writes.
    """

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    file_bytes: int

    def by_name(self) -> dict[str, int]:
        """The limits that the system enforces, by its names for them."""
        return {
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": _OPEN_FILES,
            "RLIMIT_CORE": 0,
        }


def run_sandboxed(
    program: Path,
    request: bytes,
    folder: Path,
    *,
    limits: ProcessLimits,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a Python program on a request; its standard output becomes `folder/answer`.

    Parameters
    ----------
    program
        A Python file that imports nothing of Patchmap.
    request
        Its standard input.
    folder
        Its working folder, the only one in which it can open, make or change files.
    limits
        What it may use.
    environment
        Its environment variables, beside a home and a temporary folder in `folder`.

    Returns
    -------
    code
        Its exit code, negative if a signal ended it.

    Raises
    ------
    subprocess.TimeoutExpired
        If it runs longer than `limits.wall_seconds`; it is killed.
    """
    return _run(
        program,
        request,
        folder,
        bubblewrap=_bubblewrap(),
        limits=limits,
        environment=environment or {},
    )


def missing_walls() -> tuple[str, ...]:
    """What a sandboxed program can reach on this system beside its own folder.

    Returns
    -------
    reached
        Some of `other files` and `the network`, tried out by a program that opens a file, connects
        to a port of this machine and sends it a datagram, which Landlock alone lets through.
    """
    return _reached(_bubblewrap())


@cache
def _bubblewrap() -> str:
    """The path of bubblewrap; '' if it is not installed, or cannot do its work here."""
    path = shutil.which("bwrap") or ""
    # It needs user namespaces, which containers and some distributions do not allow.
    return "" if path and _reached(path) else path


@cache
def _reached(bubblewrap: str) -> tuple[str, ...]:
    limits = ProcessLimits(2**30, 10, _PROBE_SECONDS, 2**20)
    with (
        TemporaryFolder() as folder,
        TemporaryFolder() as elsewhere,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        datagrams.bind(server.getsockname())
        datagrams.settimeout(0)
        target = Path(elsewhere) / "target"
        target.write_bytes(b"")
        request = json.dumps([str(target), server.getsockname()[1]]).encode()
        code = _run(
            _PROBE, request, Path(folder), bubblewrap=bubblewrap, limits=limits, environment={}
        )
        if code:
            return ("other files", "the network")
        reached = set(json.loads((Path(folder) / "answer").read_text()))
        # A datagram is sent or lost without an error: only who waits for it knows.
        with suppress(BlockingIOError):
            datagrams.recv(1)
            reached.add("the network")
    return tuple(sorted(reached, key=("other files", "the network").index))


def _run(
    program: Path,
    request: bytes,
    folder: Path,
    *,
    bubblewrap: str,
    limits: ProcessLimits,
    environment: Mapping[str, str],
) -> int:
    readable = [*_python_paths(), str(_CONFINED), str(program)]
    start = {
        "program": str(program),
        "folder": str(folder),
        "readable": readable,
        "confine": not bubblewrap,
        "limits": limits.by_name(),
    }
    command = [sys.executable, "-I", str(_CONFINED), json.dumps(start)]
    if bubblewrap:
        command = [bubblewrap, *_walls(readable, folder), *command]
    with (folder / "answer").open("wb") as answer:
        done = subprocess.run(  # noqa: S603 - this Python and files of this package
            command,
            input=request,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder), **environment},
            timeout=limits.wall_seconds,
            check=False,
        )
    # Bubblewrap reports a signal as a shell does.
    return 128 - done.returncode if bubblewrap and done.returncode > 128 else done.returncode


def _walls(readable: list[str], folder: Path) -> Iterator[str]:
    """The options of bubblewrap: only what is named can be read, and only one folder written."""
    yield from ("--unshare-all", "--die-with-parent", "--new-session", "--dev", "/dev")
    for path in readable:
        yield from ("--ro-bind-try", path, path)
    yield from ("--bind", str(folder), str(folder), "--chdir", str(folder))


@cache
def _python_paths() -> tuple[str, ...]:
    """The folders of this Python, its packages and the system's libraries, outermost first."""
    paths = {*_LIBRARIES, sys.prefix, sys.base_prefix, sys.base_exec_prefix}
    paths |= {str(path) for name, path in sysconfig.get_paths().items() if name.endswith("lib")}
    return tuple(sorted(paths))
