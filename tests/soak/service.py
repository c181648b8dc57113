"""A service in a process of its own, which is killed and started again on the same port."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.services import free_port
from tests.soak.wire import exchange


class KilledService:
    """The service of a store, and when it was not there.

    Attributes
    ----------
    outages
        From when to when nobody could expect an answer, by `time.monotonic`.
    start_megabytes
        Its memory when it was ready, the last time.
    ready
        Set while it is there.
    """

    def __init__(self, store: str, log: Path) -> None:
        self.port = free_port()
        self.outages: list[tuple[float, float]] = []
        self.start_megabytes = 0.0
        self.ready = asyncio.Event()
        self._store, self._log = store, log
        self._process: subprocess.Popen[bytes] | None = None
        self._down_since = time.monotonic()

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-m", "api", "--store", self._store, "serve"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=subprocess.DEVNULL, stderr=log
            )
        while (await exchange(self.port, "/readyz", seconds=30)).status != 200:
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended with {self._process.returncode}")
            await asyncio.sleep(0.02)
        self.outages.append((self._down_since, time.monotonic()))
        self.start_megabytes = self.megabytes
        self.ready.set()

    async def kill(self) -> None:
        """Kill -9 it in the midst of whatever it does, and start it again."""
        assert self._process
        self.ready.clear()
        self._down_since = time.monotonic()
        self._process.kill()
        self._process.wait()
        await self.start()

    def stop(self) -> None:
        """Stop it as a person would."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=120)

    def lived(self, begin: float, end: float) -> bool:
        """Whether it was there all the time from one moment to another."""
        return all(end < down or up < begin for down, up in self.outages) and (
            self.outages[-1][1] > self._down_since
        )

    @property
    def megabytes(self) -> float:
        """The memory of its process; 0 while there is none."""
        try:
            return float(psutil.Process(self._process.pid).memory_info().rss / 1e6)  # type: ignore[union-attr]
        except psutil.Error:
            return 0.0

    @property
    def traces(self) -> int:
        """How many traces of faults its log holds."""
        return self._log.read_text(encoding="utf-8").count("Traceback")
