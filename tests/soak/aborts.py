"""How long `/healthz` takes while callers leave in the midst of what they send.

`python -m tests.soak.aborts [--callers 200] [--rounds 20] STORE`: all at once, again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.soak.service import KilledService
from tests.soak.wire import exchange

MOST_HEALTH_MS: Final = 250.0
_SENT: Final = 300_000
"""Bytes of a body of twice as many, before its caller leaves."""

_HEADS: Final = (
    "POST /data/files HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=b\r\n",
    "POST /planner/plans HTTP/1.1\r\ncontent-type: application/json\r\n",
    "POST /planner/plans/x/steps HTTP/1.1\r\ncontent-type: application/json\r\n",
)
_PART: Final = (
    b'--b\r\ncontent-disposition: form-data; name="files"; filename="a.csv"\r\n'
    b"content-type: text/csv\r\n\r\n"
)


async def leave_in_the_midst(port: int, number: int) -> None:
    """Send half of a body, and reset the connection or close it."""
    head = _HEADS[number % len(_HEADS)]
    body = (_PART if number % len(_HEADS) == 0 else b'{"title": "') + b"x" * _SENT
    lines = f"{head}host: 127.0.0.1\r\ncontent-length: {2 * _SENT}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(lines.encode() + body)
    await asyncio.sleep(0.05 + number % 7 / 50)
    if number % 2:
        writer.transport.abort()
    else:
        writer.close()


async def measured(store: str, log: Path, *, callers: int, rounds: int) -> list[float]:
    """Milliseconds of `/healthz`, one question after the other, while bodies are aborted."""
    service = KilledService(store, log)
    await service.start()
    try:
        await exchange(service.port, "/?layer=wards")
        # In a process of their own: here they would be measured with what they ask.
        command = (sys.executable, "-m", "tests.soak.aborts", "--callers", str(callers))
        command += ("--rounds", str(rounds), "--port", str(service.port), store)
        leavers = await asyncio.create_subprocess_exec(*command)
        times = []
        while leavers.returncode is None:
            began = time.monotonic()
            reply = await exchange(service.port, "/healthz", agent="health")
            times.append((time.monotonic() - began) * 1_000)
            assert reply.status == 200
            await asyncio.sleep(0.005)
        assert leavers.returncode == 0
    finally:
        service.stop()
    return sorted(times)


async def _all_rounds(port: int, callers: int, rounds: int) -> None:
    for _ in range(rounds):
        await asyncio.sleep(0.5)
        await asyncio.gather(*(leave_in_the_midst(port, number) for number in range(callers)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    for name, default in (("callers", 200), ("rounds", 20), ("port", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    if options.port:
        asyncio.run(_all_rounds(options.port, options.callers, options.rounds))
        return
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        times = asyncio.run(
            measured(options.store, log, callers=options.callers, rounds=options.rounds)
        )
        logged = log.read_text().splitlines()
    p99 = times[int(len(times) * 0.99)]
    load = os.getloadavg()[0]
    print(  # noqa: T201 - a report
        f"{options.rounds * options.callers:,} bodies aborted, load {load:.1f}: {len(times):,} of "
        f"/healthz, median {statistics.median(times):.0f} ms, p99 {p99:.0f} ms, longest "
        f"{times[-1]:.0f} ms; {len(logged)} lines in the log"
    )
    if p99 >= MOST_HEALTH_MS:
        raise SystemExit(f"/healthz p99 is {p99:.0f} ms")


if __name__ == "__main__":
    main()
