"""Promise: features are served many times faster than by tipg on PostGIS and by pygeoapi.

One process each, four callers that keep their connections, the same plots and points. A line is
the milliseconds of a request, its rival the better of the two. Then the full copy by ogr2ogr and
vector tiles, from the same servers.

The same address is requested again and again, of data that stays: Patchmap has its answer ready.
"""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.bench import serving_copies, serving_tiles
from tests.bench.runner import ROUNDS, Line, Run, middle, say
from tests.bench.servers import OURS, PYGEOAPI, TIPG, Servers, side_by_side

TITLE = "serving"
CALLERS = 4
BOX = "-1.5035,52.8700,-1.4955,52.8754"
"""About 90 points."""


@dataclass(frozen=True)
class Wish:
    """An address, how often it is requested, and how many times faster it must be."""

    title: str
    layer: str
    path: str
    requests: int
    goal: float


WISHES = (
    Wish("limit=10", "plots", "items?limit=10", 400, 5),
    Wish("limit=1000", "plots", "items?limit=1000", 40, 5),
    Wish("box of about 90 points", "incidents", f"items?limit=1000&bbox={BOX}", 200, 5),
    Wish("one item", "plots", "items/P05050", 400, 2.5),
)


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with side_by_side() as servers:
        _compare(servers)
        runs = _race(servers)
        lines = [_line(wish, runs) for wish in WISHES]
        for part in (serving_copies, serving_tiles):
            measured, new = part.measure(servers)
            runs |= measured
            lines += new
    return runs, lines


def _race(servers: Servers) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {}
    for number in range(ROUNDS + 1):
        for wish in WISHES:
            for name in servers.roots:
                took = _load(_address(servers, name, wish), wish.requests)
                if number:  # the first round warms up
                    milliseconds = took / wish.requests * 1_000
                    runs.setdefault(f"{wish.title}: {name}", []).append(Run(milliseconds, 0, 0))
                    say(f"{number} of {ROUNDS}: {wish.title}: {name} {1_000 / milliseconds:.0f}/s")
    return runs


def _line(wish: Wish, runs: Mapping[str, list[Run]]) -> Line:
    took = {name: middle(runs[f"{wish.title}: {name}"]).wall_s for name in (OURS, TIPG, PYGEOAPI)}
    rival = min((TIPG, PYGEOAPI), key=lambda name: took[name])
    return Line(f"{TITLE}, {wish.title}", took[OURS], took[rival], "ms", wish.goal, rival)


def _address(servers: Servers, name: str, wish: Wish) -> str:
    address = f"{servers.collection(name, wish.layer)}/{wish.path}"
    return address + ("&f=json" if "?" in address else "?f=json") * (name == PYGEOAPI)


def _compare(servers: Servers) -> None:
    """Refuse answers that differ in how many features they hold."""
    for wish in WISHES[:-1]:
        counts = {name: _count(_address(servers, name, wish)) for name in servers.roots}
        if len(set(counts.values())) > 1:
            raise SystemExit(f"{wish.title}: the servers differ: {counts}")
        say(f"{wish.title}: {counts[OURS]} features from each")


def _count(address: str) -> int:
    request = urllib.request.Request(address, headers={"Accept": "application/geo+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return len(json.load(answer)["features"])


def _load(address: str, requests: int) -> float:
    """Seconds in which some callers have made so many requests between them."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda _: _call(address, requests // CALLERS), range(CALLERS)))
    return time.perf_counter() - start


def _call(address: str, requests: int) -> None:
    host, _, path = address.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    request = (
        f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/geo+json\r\n\r\n".encode()
    )
    with socket.create_connection((name, int(port)), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(requests):
            line.sendall(request)
            _read(line, address)


def _read(line: socket.socket, address: str) -> None:
    """Read one answer to its end, by its length or in chunks."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(1 << 20)
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if b" 200 " not in lines[0] + b" ":
        raise SystemExit(f"{address} answered {lines[0].decode()}")
    length = next((int(one[15:]) for one in lines if one.startswith(b"content-length:")), None)
    if length is None:
        while not body.endswith(b"0\r\n\r\n"):
            body = body[-8:] + line.recv(1 << 20)
        return
    missing = length - len(body)
    while missing:
        missing -= len(line.recv(1 << 20))
