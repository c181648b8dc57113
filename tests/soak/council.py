"""Fifty people and programs of a council at work for ten minutes, each role at its own.

`python -m tests.soak.council [--seconds 600] [--kills 0] [--workers 2] [--people 50] STORE`: of a
copy of a store, or of a database, which it adds users to. Without kills no request may fail.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2 as httpx
import psutil

from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.roles import Role
from api.identity.users import User, Users
from api.imports.opening import open_records, open_store
from tests.services import free_port

MOST_HEALTH_MS: Final = 250.0
MOST_BOARD_MS: Final = 1_500.0
_PATIENCE_S: Final = 180.0
_THINKING_S: Final = (2.0, 8.0)
"""How long a person looks at what came, at least and at most."""

_Q: Final = "layer=wards&period=latest-2m"
_ITEMS: Final = "/ogc/collections/{}/items?limit=50"
_ANSWER: Final = f"/ogc/collections/{{}}/items?{_Q}&limit=50"
BOARD: Final = "/?" + _Q

WORK: Final[Mapping[Role, tuple[int, Sequence[str]]]] = {
    Role.VIEWER: (18, (BOARD, f"/map?{_Q}", f"/brief.html?{_Q}", _ANSWER.format("area-counts"))),
    Role.OFFICER: (10, (BOARD, f"/map?{_Q}", _ITEMS.format("incidents"))),
    Role.ANALYST: (
        8,
        (
            BOARD,
            _ITEMS.format("incidents"),
            _ANSWER.format("hotspots"),
            f"/download/area-counts.csv?{_Q}",
            "/data",
        ),
    ),
    Role.PLANNER: (6, ("/planner", BOARD, _ITEMS.format("wards"))),
    Role.CHAIR: (4, (BOARD, f"/brief.html?{_Q}", f"/allocation?tab=posts&{_Q}&posts=34")),
    Role.ADMIN: (1, ("/users", BOARD)),
    Role.AUDITOR: (2, ("/audit", "/help")),
    Role.MONITOR: (1, ("/metrics", "/readyz")),
}
"""How many of fifty have a role, and the addresses that they ask for."""

SIGNED_IN: Final = frozenset({Role.ADMIN, Role.AUDITOR})
"""Whose pages take no key: they sign in."""

PASSWORD: Final = "correct horse battery staple"


@dataclass
class Measured:
    """What those who ask have measured."""

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    worked: int = 0
    """Answers to people at their work, without those about the service's health."""

    def note(self, path: str, status: int, began: float) -> None:
        """Note an answer, or that there was none (0)."""
        self.statuses[status] += 1
        self.worked += status == 200 and path != "/healthz"
        if status != 200:
            self.failed[f"{status} {path}"] += 1
        self.milliseconds.setdefault(path, []).append((time.monotonic() - began) * 1_000)

    def percentile(self, path: str, share: float) -> float:
        """A percentile of the times of an address."""
        times = sorted(self.milliseconds.get(path, [0.0]))
        return times[min(len(times) - 1, int(share * len(times)))]


@dataclass(frozen=True)
class Person:
    """A user with a key, or without one who signs in."""

    name: str
    key: str


class People:
    """All who work with one service."""

    def __init__(self, port: int, measured: Measured) -> None:
        self.address, self.measured = f"http://127.0.0.1:{port}", measured

    async def work(self, number: int, person: Person, paths: Sequence[str]) -> None:
        """Ask, look, and ask again."""
        order = random.Random(number)
        await asyncio.sleep(order.uniform(0, _THINKING_S[1]))
        headers = {"user-agent": f"browser {number}"}
        if person.key:
            headers["authorization"] = f"Bearer {person.key}"
        async with httpx.AsyncClient(base_url=self.address, headers=headers, timeout=90) as client:
            if not person.key:
                await self._sign_in(client, person.name)
            while True:
                await self._ask(client, order.choice(paths))
                await asyncio.sleep(order.uniform(*_THINKING_S))

    async def look_after(self) -> None:
        """Ask for its health all the time, as a load balancer would."""
        async with httpx.AsyncClient(base_url=self.address, timeout=90) as client:
            while True:
                await self._ask(client, "/healthz")
                await asyncio.sleep(0.25)

    async def _sign_in(self, client: httpx.AsyncClient, name: str) -> None:
        form = {"name": name, "password": PASSWORD, "next": ""}
        answer = await client.post("/sign-in", data=form, headers={"origin": self.address})
        self.measured.failed[f"{answer.status_code} /sign-in"] += answer.status_code != 303

    async def _ask(self, client: httpx.AsyncClient, path: str) -> None:
        began = time.monotonic()
        try:
            status = (await client.get(path, follow_redirects=True)).status_code
        except httpx.HTTPError:
            status = 0
        self.measured.note(path, status, began)


def users_of(store: str, people: int) -> Iterator[tuple[Person, Sequence[str]]]:
    """Make users, in proportion to `WORK`; yields each with their addresses."""
    with open_store(store) as opened:
        code = str(opened.layer("wards")[1].index[0])
    with open_records(store) as records:
        users, keys = Users(records), Keys(records)
        roles = [role for role, (of_fifty, _) in WORK.items() for _ in range(of_fifty)]
        for number in range(people):
            # Each role is there, however few they are.
            role = roles[number * len(roles) // people]
            areas = AreaScope("wards", (code,)) if role is Role.OFFICER else None
            user = User(f"{role}.{number}", (role,), areas)
            signs_in = role in SIGNED_IN
            users.add(user, password=PASSWORD if signs_in else None, by="soak")
            key = "" if signs_in else keys.add("soak", user)[1]
            yield Person(user.name, key), WORK[role][1]


async def work_on(
    store: str,
    *,
    seconds: float,
    kills: int,
    workers: int,
    people: int,
    log: Path,
    least: int = 0,
) -> Measured:
    """Let all work on the service of a store.

    Parameters
    ----------
    kills
        How many workers are killed meanwhile, evenly over the time.
    least
        How many answers there are at least before each kill, and after the last one: a busy machine
        takes the longer for them.
    """
    port, measured = free_port(), Measured()
    users = [*users_of(store, people)]
    command = [sys.executable, "-m", "api", "--store", store, "serve", "--port", str(port)]
    environment = {**os.environ, "PATCHMAP_ACCESS": "accounts"}
    with log.open("wb") as output:
        service = subprocess.Popen(
            [*command, "--workers", str(workers)], env=environment, stdout=output, stderr=output
        )
    try:
        while b"serves" not in log.read_bytes():
            if service.poll() is not None:
                raise RuntimeError(log.read_text())
            await asyncio.sleep(0.2)
        there = People(port, measured)
        tasks = [there.work(number, *one) for number, one in enumerate(users)]
        running = [asyncio.create_task(task) for task in (*tasks, there.look_after())]
        for _ in range(kills):
            await _pass(measured, seconds / (kills + 1), least)
            measured.kills += _kill_one(service.pid)
        await _pass(measured, seconds / (kills + 1), least)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(60)
    return measured


async def _pass(measured: Measured, seconds: float, least: int) -> None:
    """Let some time pass, and so many answers come."""
    before = measured.worked
    await asyncio.sleep(seconds)
    async with asyncio.timeout(_PATIENCE_S):
        while measured.worked < before + least:
            await asyncio.sleep(0.2)


def _kill_one(supervisor: int) -> int:
    """Kill a worker in the midst of its work; returns whether there was one."""
    with suppress(psutil.Error):
        children = psutil.Process(supervisor).children()
        workers = [one for one in children if "--worker" in one.cmdline()]
        if workers:
            random.choice(workers).kill()
            return 1
    return 0


def audit_faults(store: str) -> str:
    """What `audit verify` finds; '' where the chain is whole."""
    command = [sys.executable, "-m", "api", "--store", store, "audit", "verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout.strip())  # noqa: T201 - a report
    if done.stdout.startswith("0 entries"):
        return "nothing was audited"
    return done.stderr + done.stdout if done.returncode else ""


def missed(measured: Measured) -> Iterator[str]:
    """The goals that were missed."""
    excused = {0, 502, 503} if measured.kills else set()
    failed = {
        what: n for what, n in measured.failed.items() if n and int(what.split()[0]) not in excused
    }
    if failed:
        yield f"failed: {failed}"
    if not measured.kills:
        if measured.percentile("/healthz", 0.99) >= MOST_HEALTH_MS:
            yield f"/healthz p99 is {measured.percentile('/healthz', 0.99):.0f} ms"
        if measured.percentile(BOARD, 0.95) >= MOST_BOARD_MS:
            yield f"the board's p95 is {measured.percentile(BOARD, 0.95):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    for name, default in (("seconds", 600), ("kills", 0), ("workers", 2), ("people", 50)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = asyncio.run(
            work_on(
                options.store,
                seconds=options.seconds,
                kills=options.kills,
                workers=options.workers,
                people=options.people,
                log=Path(folder) / "log",
            )
        )
        print((Path(folder) / "log").read_text())  # noqa: T201 - what the service says
    print(f"load {os.getloadavg()[0]:.1f}; {dict(measured.statuses)}; {measured.kills} kills")  # noqa: T201
    for path, times in measured.milliseconds.items():
        p50, p95, p99 = (measured.percentile(path, share) for share in (0.5, 0.95, 0.99))
        print(f"{len(times):6} {p50:8.0f} {p95:8.0f} {p99:8.0f} ms  {path}")  # noqa: T201
    faults = [*missed(measured), *filter(None, [audit_faults(options.store)])]
    raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main()
