"""Stores and running services that tests of several folders share."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from unittest import mock

import typer.main

from api.cli import main
from tests.signals import out_of_memory_kills

_LAST_LINES = 60

command_of = functools.cache(typer.main.get_command)
"""The commands of a program; to put them together takes longer than most of them run."""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def run_patchmap(*arguments: str, cwd: Path) -> Done:
    """Run the command line in a folder; in this process, because imports take a second."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["patchmap", *arguments]),
        mock.patch.object(typer.main, "get_command", command_of),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def serving(store: Path | str, *options: str) -> Iterator[str]:
    """Serve a store on a free port; yields the address, without a slash at its end."""
    # As people start it; by `api.cli` its search process would load the whole command line too.
    command = [sys.executable, "-m", "api", "--store", str(store), "serve", *options]
    with serving_by(command) as address:
        yield address


@contextlib.contextmanager
def serving_by(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[str]:
    """Run a command that serves on the port which `--port` names; yields its address.

    Raises
    ------
    RuntimeError
        If it ends by itself, with what it wrote last.
    """
    port = free_port()
    # A test waits for the page itself, however busy the machine is.
    env = {**(os.environ if env is None else env)}
    env.setdefault("PATCHMAP_PATIENCE", "60")
    # A file: nobody reads a pipe meanwhile, and once it is full whoever writes to it waits.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)], stdout=output, stderr=output, env=env, cwd=cwd
        )
        address = f"http://127.0.0.1:{port}"
        out_of_memory = out_of_memory_kills()
        try:
            _wait_until_ready(address, process)
            yield address
        finally:
            ended = process.poll()  # None while it runs
            process.terminate()
            process.wait(timeout=120)
            # Also where a test has failed already: this is why.
            if ended is not None:
                kills = out_of_memory_kills() - out_of_memory
                raise RuntimeError(
                    f"the service at {address} ended by itself with {ended}; meanwhile the system "
                    f"killed {kills} processes for want of memory; it wrote:\n{_last_of(output)}"
                )


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _last_of(output: BinaryIO) -> str:
    """The last lines of an output."""
    output.seek(0)
    lines = output.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_LAST_LINES:])


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the service was never ready")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the service was not ready in two minutes")
