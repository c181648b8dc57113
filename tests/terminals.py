"""Programs on a terminal of their own, as a person runs them and presses Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path


class Terminal:
    """A program and what it wrote on its terminal."""

    def __init__(self, process: int, screen: int) -> None:
        self.process = process
        self._screen = screen
        self._output = b""

    def read_until(self, text: str, *, seconds: float = 120.0) -> str:
        """Read until a text appears; returns everything so far."""
        deadline = time.monotonic() + seconds
        while text.encode() not in self._output:
            assert time.monotonic() < deadline, f"no {text!r} in {self._output.decode()!r}"
            assert self._read(deadline), f"ended without {text!r}: {self._output.decode()!r}"
        return self._output.decode()

    def press_ctrl_c(self) -> tuple[str, int, float]:
        """Press Ctrl-C: what is written from then on, the exit code, and the seconds it takes."""
        before, start = len(self._output), time.monotonic()
        os.write(self._screen, b"\x03")  # the terminal sends the signal to the whole group
        while self._read(start + 120):
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.process = 0
        written = self._output[before:].decode().removeprefix("^C").strip()
        return written, code, time.monotonic() - start

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process:
            os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self._screen)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            part = os.read(self._screen, 4096)
        except OSError:  # Linux says so when the last program on the terminal has ended
            return False
        self._output += part
        return bool(part)


@contextlib.contextmanager
def on_a_terminal(command: Sequence[str], *, cwd: Path) -> Iterator[Terminal]:
    """Run a program on a new terminal."""
    process, screen = pty.fork()
    if process == 0:
        os.chdir(cwd)
        os.execvp(command[0], command)
    terminal = Terminal(process, screen)
    try:
        yield terminal
    finally:
        terminal.close()
