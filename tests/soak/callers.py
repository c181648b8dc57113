"""Who asks during a soak, each of them again and again until it is over, and what they noticed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.soak.service import KilledService
from tests.soak.wire import CUT, Reply, exchange, leave

_QUESTION: Final = "period=latest-2m&layer=wards"
READ: Final = (
    *(f"/?{_QUESTION}&cell={cell}" for cell in (200, 250)),
    *(f"/map?{_QUESTION}&cell={cell}" for cell in (200, 250)),
    f"/allocation?tab=posts&{_QUESTION}&posts=34",
    f"/brief.html?{_QUESTION}",
    "/ogc/collections",
    "/ogc/collections/wards/items?limit=20",
    *(
        f"/ogc/collections/{name}/items?{_QUESTION}&limit=50"
        for name in ("area-counts", "hotspots", "ranked-hotspots")
    ),
    f"/download/area-counts.csv?{_QUESTION}",
    *(
        f"/ogc/collections/{name}/tiles/WebMercatorQuad/{tile}"
        for name in ("wards", "hotspots")
        for tile in ("6/20/31", "6/20/32", "11/667/1015", "11/662/1027")
    ),
)
"""Addresses whose answers must be those of a quiet run, in one state of the data or the other."""

ANSWERED: Final = (200, 204)
"""The statuses of an answer; an empty tile is one."""

_PASSING: Final = re.compile(
    rb"cannot be used|as many questions as it can|takes longer than|have just changed; try again"
)
"""What a page says in the place of a section that could not be made then."""


_VERSIONS: Final = re.compile(
    rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[\d-]+)+|Draft, version \d+:"
)
"""The versions of the data and of plans, which grow though what is shown is as before."""


def digest(reply: Reply) -> str:
    """What tells two answers apart but for versions."""
    return hashlib.sha256(_VERSIONS.sub(b"", reply.body)).hexdigest()


def save(reply: Reply, path: str, folder: Path) -> None:
    """Write an answer to a folder for its address, so that those that differ can be compared."""
    own = folder / re.sub(r"\W+", "-", path).strip("-")
    own.mkdir(parents=True, exist_ok=True)
    (own / digest(reply)[:12]).write_bytes(reply.body)


@dataclass
class Noticed:
    """What the callers noticed.

    Attributes
    ----------
    statuses
        How often each came; 0 of those that a kill cut off.
    unanswered
        Requests that were cut off though the service lived.
    failed
        Answers of 500 and above other than 503 and 507: addresses with their statuses.
    read
        Answers that were compared.
    passing
        Pages that said of a section that it cannot be made now.
    differing
        Addresses whose answer is not that of a quiet run.
    health_ms
        How long `/healthz` took, where the service lived all the time.
    steps
        The reasons of the steps of each plan that were answered as taken.
    imports
        What became of each import that was reported as done.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    read: int = 0
    passing: int = 0
    differing: list[str] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)
    steps: dict[str, list[str]] = field(default_factory=dict)
    imports: dict[int, str] = field(default_factory=dict)
    import_refusals: Counter[str] = field(default_factory=Counter)
    peak_megabytes: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every kind of caller got something done."""
        return bool(self.health_ms and self.imports and all(self.steps.values()) and self.read)


class Callers:
    """All who ask a service at once.

    Parameters
    ----------
    store
        Its address.
    expected
        The digests of the quiet answers of each address that is read.
    area
        The code of an area of the plans.
    answers
        The folder for answers that differ.
    """

    def __init__(
        self,
        service: KilledService,
        store: str,
        expected: dict[str, set[str]],
        area: str,
        answers: Path,
    ) -> None:
        self.noticed = Noticed()
        self._service, self._store, self._area = service, store, area
        self._expected, self._answers = expected, answers

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[Noticed]:
        """Let them all ask inside."""
        callers = [
            self._health(),
            self._imports(),
            self._leaves(),
            self._heavy(),
            *(self._reads(f"reader {number}") for number in range(6)),
            *(self._plans(f"soak-{number}") for number in range(2)),
        ]
        tasks = [asyncio.create_task(caller) for caller in callers]
        try:
            yield self.noticed
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        fault = next((end for end in ends if isinstance(end, Exception)), None)
        if fault:
            raise RuntimeError("a caller gave up") from fault

    async def ask(self, path: str, *, agent: str, body: object = None) -> Reply:
        """Ask, and note how it ended."""
        await self._service.ready.wait()
        began = time.monotonic()
        content = None if body is None else json.dumps(body).encode()
        reply = await exchange(self._service.port, path, agent=agent, body=content)
        self.noticed.statuses[reply.status] += 1
        if reply.status == CUT:
            if self._service.lived(began, time.monotonic()):
                self.noticed.unanswered.append(path)
            await asyncio.sleep(0.1)
        elif reply.status >= 500 and reply.status != 503:
            self.noticed.failed.append(f"{reply.status} {path}")
        elif reply.status == 503:
            await asyncio.sleep(0.2)
        return reply

    async def _health(self) -> None:
        while True:
            began = time.monotonic()
            reply = await exchange(self._service.port, "/healthz", agent="health", seconds=600)
            ended = time.monotonic()
            if self._service.lived(began, ended):
                self.noticed.health_ms.append((ended - began) * 1_000)
                if reply.status != 200:
                    self.noticed.unanswered.append("/healthz")
            megabytes = self._service.megabytes
            self.noticed.peak_megabytes = max(self.noticed.peak_megabytes, megabytes)
            await asyncio.sleep(0.02)

    async def _reads(self, agent: str) -> None:
        order = random.Random(agent)
        while True:
            path = order.choice([*self._expected])
            reply = await self.ask(path, agent=agent)
            if reply.status not in ANSWERED:
                continue
            self.noticed.read += 1
            if _PASSING.search(reply.body):
                self.noticed.passing += 1
            elif digest(reply) not in self._expected[path]:
                self.noticed.differing.append(path)
                save(reply, path, self._answers / "differing")

    async def _heavy(self) -> None:
        """Ask what was hardly asked before, so that the caches fill."""
        order = random.Random("heavy")
        while True:
            cell = order.randint(60, 600)
            path = f"/ogc/collections/hotspots/items?period=latest-3m&layer=wards&cell={cell}"
            await self.ask(path, agent="heavy")

    async def _leaves(self) -> None:
        order = random.Random("leaver")
        while True:
            cell = order.randint(60, 600)
            path = f"/ogc/collections/cell-density/items?period=latest-3m&layer=wards&cell={cell}"
            await self._service.ready.wait()
            await leave(self._service.port, path)

    async def _plans(self, plan_id: str) -> None:
        """Rename an area again and again, each time for another reason."""
        taken = self.noticed.steps.setdefault(plan_id, [])
        number, version = 0, 0
        while True:
            if not version:
                plan = await self.ask(f"/planner/plans/{plan_id}", agent=plan_id)
                if plan.status != 200:
                    continue
                version = json.loads(plan.body)["status"]["version"]
            number += 1
            step = {
                "step": "rename",
                "version": version,
                "by": "Ann",
                "area": self._area,
                "name": f"Name {number}",
                "reason": f"reason {number}",
            }
            reply = await self.ask(f"/planner/plans/{plan_id}/steps", agent=plan_id, body=step)
            if reply.status == 200:
                taken.append(step["reason"])
                version = json.loads(reply.body)["status"]["version"]
            else:
                version = 0  # it may have been taken though nobody could say so any more
            await asyncio.sleep(0.3)

    async def _imports(self) -> None:
        """Import and undo in a process of its own, which is killed now and then."""
        order = random.Random("imports")
        while True:
            importer = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.soak.importer", self._store),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                for _ in range(order.randint(3, 8)):
                    await self._import(importer)
                    await asyncio.sleep(0.5)
                assert importer.stdin
                importer.stdin.write(b"\n")
                await asyncio.sleep(order.uniform(0, 0.3))
            finally:
                importer.kill()
                await importer.wait()

    async def _import(self, importer: asyncio.subprocess.Process) -> None:
        """Let it take a step, and note what became of it."""
        assert importer.stdin
        assert importer.stdout
        importer.stdin.write(b"\n")
        step = (await importer.stdout.readline()).decode().strip()
        word, _, rest = step.partition(" ")
        if word in {"imported", "undone"}:
            self.noticed.imports[int(rest)] = word
        else:
            refusal = rest or f"the importer ended with {await importer.wait()}"
            self.noticed.import_refusals[refusal] += 1
