"""A soak: callers of every kind ask at once while the service and its database are killed."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from geo.store.contract import Store
from tests.geo.stores import postgis_soundness, soundness
from tests.geo.stores.places import open_at
from tests.postgres import PrivateCluster
from tests.soak.callers import ANSWERED, READ, Callers, Noticed, digest, save
from tests.soak.importer import alternate
from tests.soak.service import KilledService
from tests.soak.wire import exchange

CACHE_MEGABYTES = 500.0
"""The bound of the caches, unless the settings say otherwise."""


@dataclass(frozen=True)
class Report:
    """What a soak measured.

    Attributes
    ----------
    steps_lost, imports_lost
        Steps and imports that were reported as done and are not in the store.
    faults
        What is wrong with the store at its end.
    counts
        How many incidents it holds in the end, and how many it may hold.
    recovered_s
        How long after the load a small question took that nobody asked before.
    start_megabytes, end_megabytes
        The memory of the service: when it was started last, and after the load.
    """

    seconds: float
    kills: int
    crashes: int
    noticed: Noticed
    steps_lost: list[str]
    imports_lost: list[int]
    faults: list[str]
    counts: tuple[int, set[int]]
    recovered_s: float
    start_megabytes: float
    end_megabytes: float
    traces: int

    @property
    def health_p99_ms(self) -> float:
        """99 of 100 answers of `/healthz` came sooner."""
        times = sorted(self.noticed.health_ms)
        return times[math.ceil(len(times) * 0.99) - 1]

    @property
    def broken(self) -> list[str]:
        """What must never be, in a line for each kind."""
        wrong = {
            "answers that failed": self.noticed.failed,
            "requests without an answer though the service lived": self.noticed.unanswered,
            "answers that differ from a quiet run": self.noticed.differing,
            "steps lost": self.steps_lost,
            "imports lost": self.imports_lost,
            "faults of the store": self.faults,
            "traces in the log": ["see there"] * self.traces,
            "counts in between": [str(self.counts)] * (self.counts[0] not in self.counts[1]),
        }
        return [f"{len(each)} {kind}, such as {each[0]}" for kind, each in wrong.items() if each]

    def lines(self) -> list[str]:
        """The report for people."""
        noticed, statuses = self.noticed, self.noticed.statuses
        times = noticed.health_ms
        steps = sum(map(len, noticed.steps.values()))
        refusals = sum(noticed.import_refusals.values())
        grown = self.end_megabytes - self.start_megabytes
        parts = {
            f"{self.seconds:.0f} s": [
                f"{self.kills} kills of the service",
                f"{self.crashes} of PostgreSQL",
                f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
            ],
            f"{statuses.total():,} requests": [
                f"{statuses[503]:,} refused with 503",
                f"{statuses[0]:,} cut off by kills",
                f"{len(noticed.unanswered)} unanswered otherwise",
                f"{len(noticed.failed)} failed",
                f"{self.traces} traces in the log",
            ],
            f"{noticed.read:,} answers compared": [
                f"{len(noticed.differing)} differ from a quiet run",
                f"{noticed.passing} pages with a section that cannot be made now",
            ],
            f"{len(times):,} of /healthz": [
                f"median {statistics.median(times):.0f} ms",
                f"p99 {self.health_p99_ms:.0f} ms",
                f"longest {max(times):.0f} ms",
            ],
            f"{steps:,} steps": [f"{len(self.steps_lost)} lost"],
            f"{len(noticed.imports):,} imports": [
                f"{len(self.imports_lost)} lost",
                f"{refusals} refused",
                *(f"{n} × {why}" for why, n in noticed.import_refusals.items() if "ended" in why),
                f"{len(self.faults)} faults of the store",
            ],
            "memory": [
                f"{self.start_megabytes:.0f} MB at the last start",
                f"{noticed.peak_megabytes:.0f} at most",
                f"{self.end_megabytes:.0f} after the load ({grown:+.0f})",
                f"the caches may take {CACHE_MEGABYTES:.0f}",
            ],
            "recovered": [f"{self.recovered_s:.1f} s after the load"],
        }
        return [f"{subject}: {', '.join(facts)}" for subject, facts in parts.items()]


async def soak(
    address: str,
    log: Path,
    *,
    seconds: float,
    every: float,
    cluster: PrivateCluster | None,
    read: Sequence[str] = READ,
    settle: float = 0.0,
) -> Report:
    """Soak a service of a store that nobody else uses.

    Parameters
    ----------
    log
        Where the service writes its log; `answers` beside it gets those of the quiet run, and those
        that differ from them.
    seconds
        How long at least; in the last third nothing is killed, so that memory can grow.
    every
        Seconds between two kills.
    cluster
        The server of the store, which is killed in turn with the service, and first.
    read
        The addresses whose answers are compared.
    settle
        Seconds until memory is measured, after the load.
    """
    service, answers = KilledService(address, log), log.parent / "answers"
    await service.start()
    try:
        expected, counts, area = await _quiet(service, address, read, answers)
        callers = Callers(service, address, expected, area, answers)
        began = time.monotonic()
        async with callers.calling() as noticed:
            kills = await _kill(service, cluster, began + seconds * 2 / 3, every)
            while time.monotonic() < began + seconds or not noticed.is_complete:
                await asyncio.sleep(0.1)
        over = time.monotonic()
        recovered = await _recovered(service, over)
        await asyncio.sleep(settle)  # what was begun for callers who left comes to its end
        end = service.megabytes
    finally:
        service.stop()
    with closing(open_at(address)) as store:
        lost = _lost_steps(store, noticed), _lost_imports(store, noticed)
        n = store.incident_count()
    megabytes = service.start_megabytes, end
    return Report(
        over - began, *kills, noticed, *lost, _faults(address), (n, counts), recovered, *megabytes,
        service.traces,
    )  # fmt: skip


async def _quiet(
    service: KilledService, address: str, read: Sequence[str], folder: Path
) -> tuple[dict[str, set[str]], set[int], str]:
    """The answers in each state of the data, how many incidents it has then, and an area."""
    answers: dict[str, set[str]] = {path: set() for path in read}
    counts = set()
    with closing(open_at(address)) as store:
        layers = [layer.layer_id for layer in store.layers()]
        area = str(store.layer("wards")[1].index[0])
        for number in range(2):
            beginning = {
                "plan_id": f"soak-{number}",
                "title": f"Soak {number}",
                "by": "Ann",
                "blocks_layer": "blocks" if "blocks" in layers else "wards",
                "from_layer": "wards",
            }
            body = json.dumps(beginning).encode()
            reply = await exchange(service.port, "/planner/plans", body=body)
            assert reply.status == 201, reply.body
        for _ in range(2):  # as it is, and with the revised month
            counts.add(store.incident_count())
            for path in read:
                reply = await exchange(service.port, path)
                assert reply.status in ANSWERED, (path, reply)
                answers[path].add(digest(reply))
                save(reply, path, folder / "quiet")
            alternate(store)
    return answers, counts, area


async def _kill(
    service: KilledService, cluster: PrivateCluster | None, until: float, every: float
) -> tuple[int, int]:
    """Kill the service, and its server in turn, until a moment; tells how often each."""
    kills = crashes = 0
    for number in itertools.count():
        if time.monotonic() + every > until:
            return kills, crashes
        await asyncio.sleep(every)
        if cluster and number % 2 == 0:
            await asyncio.to_thread(cluster.crash)
            crashes += 1
        else:
            await service.kill()
            kills += 1
    raise AssertionError


async def _recovered(service: KilledService, over: float) -> float:
    path = "/ogc/collections/hotspots/items?period=latest-1m&layer=wards&cell=777&limit=1"
    while (await exchange(service.port, path)).status != 200:
        await asyncio.sleep(0.05)
    return time.monotonic() - over


def _lost_steps(store: Store, noticed: Noticed) -> list[str]:
    return [
        f"{plan_id}: {reason}"
        for plan_id, reasons in noticed.steps.items()
        for reason in set(reasons) - {step["reason"] for step in store.plan(plan_id)["steps"]}
    ]


def _lost_imports(store: Store, noticed: Noticed) -> list[int]:
    """Those that are not there, or are not undone though that was reported."""
    states = {record.import_id: record.state for record in store.imports(history=True)}
    return [
        number
        for number, done in noticed.imports.items()
        if number not in states or (done == "undone" and states[number] != "undone")
    ]


def _faults(address: str) -> list[str]:
    if address.startswith("postgresql://"):
        return postgis_soundness.faults(address)
    return soundness.faults(Path(address))
