"""Promise: features are served many times faster than by tipg on PostGIS and by pygeoapi.

One process each, four callers that keep their connections, the same plots and points. A line is
the milliseconds of a request, its rival the better of the two.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

from tests.bench.runner import CACHE, ROUNDS, SCRIPTS, Line, Run, middle, run, say
from tests.postgres import start_cluster
from tests.services import serving

TITLE = "serving"
OURS, TIPG, PYGEOAPI = "patchmap", "tipg", "pygeoapi"
CALLERS = 4
BOX = "-1.5035,52.8700,-1.4955,52.8754"
"""About 90 points."""

SERVERS = (
    "tipg", "pygeoapi", "geoalchemy2", "pygeofilter", "uvicorn", "uvloop", "httptools",
    "psycopg2-binary",
)  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What is asked for, how often, and how many times faster it must come."""

    title: str
    path: str
    requests: int
    goal: float


WISHES = (
    Wish("limit=10", "plots/items?limit=10", 400, 5),
    Wish("limit=1000", "plots/items?limit=1000", 40, 5),
    Wish("box of about 90 points", f"incidents/items?limit=1000&bbox={BOX}", 200, 5),
    Wish("one item", "plots/items/P05050", 400, 2.5),
)


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=CACHE)))
        cluster = stack.enter_context(start_cluster())
        url, store = cluster.new_database(), folder / "bench.gpkg"
        run([sys.executable, str(SCRIPTS / "make_serving.py"), str(store), url])
        python = _servers_python()
        servers = {
            OURS: f"{stack.enter_context(serving(store))}/ogc/collections/",
            TIPG: stack.enter_context(_tipg(python, url)),
            PYGEOAPI: stack.enter_context(_pygeoapi(python, url, folder)),
        }
        _compare(servers)
        runs = _race(servers)
    return runs, [_line(wish, runs) for wish in WISHES]


def _race(servers: Mapping[str, str]) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {}
    for number in range(ROUNDS + 1):
        for wish in WISHES:
            for name, root in servers.items():
                took = _load(_address(name, root, wish), wish.requests)
                if number:  # the first round warms up
                    milliseconds = took / wish.requests * 1_000
                    runs.setdefault(f"{wish.title}: {name}", []).append(Run(milliseconds, 0, 0))
                    say(f"{number} of {ROUNDS}: {wish.title}: {name} {1_000 / milliseconds:.0f}/s")
    return runs


def _line(wish: Wish, runs: Mapping[str, list[Run]]) -> Line:
    took = {name: middle(runs[f"{wish.title}: {name}"]).wall_s for name in (OURS, TIPG, PYGEOAPI)}
    rival = min((TIPG, PYGEOAPI), key=lambda name: took[name])
    return Line(f"{TITLE}, {wish.title}", took[OURS], took[rival], "ms", wish.goal, rival)


def _address(name: str, root: str, wish: Wish) -> str:
    path = wish.path
    if name == TIPG:
        path = f"public.{path}"
    return root + path + ("&f=json" if "?" in path else "?f=json") * (name == PYGEOAPI)


def _compare(servers: Mapping[str, str]) -> None:
    """Refuse answers that differ in how many features they hold."""
    for wish in WISHES[:-1]:
        counts = {name: _count(_address(name, root, wish)) for name, root in servers.items()}
        if len(set(counts.values())) > 1:
            raise SystemExit(f"{wish.title}: the servers differ: {counts}")
        say(f"{wish.title}: {counts[OURS]} features from each")


def _count(address: str) -> int:
    asked = urllib.request.Request(address, headers={"Accept": "application/geo+json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
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
    asked = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/geo+json\r\n\r\n".encode()
    with socket.create_connection((name, int(port)), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(requests):
            line.sendall(asked)
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


@contextlib.contextmanager
def _tipg(python: str, url: str) -> Iterator[str]:
    # The folder of a socket stands where tipg wants a host.
    place = _place(url)
    url = f"postgresql://{place['user']}@{quote(place['host'], safe='')}/{place['dbname']}"
    environment = {"DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["public"]', "TIPG_CATALOG_TTL": "0"}
    with _started(python, "tipg.main:app", environment, "/collections") as root:
        yield f"{root}/collections/"


@contextlib.contextmanager
def _pygeoapi(python: str, url: str, folder: Path) -> Iterator[str]:
    config = folder / "pygeoapi.json"
    port = _free_port()
    config.write_text(json.dumps(_pygeoapi_config(url, port)), encoding="utf-8")
    openapi = folder / "openapi.yml"
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    tool = str(Path(python).parent / "pygeoapi")
    with openapi.open("w") as written:
        subprocess.run(
            [tool, "openapi", "generate", str(config)],
            stdout=written, env={**os.environ, **environment}, check=True,
        )  # fmt: skip
    app = "pygeoapi.starlette_app:APP"
    with _started(python, app, environment, "/collections?f=json", port) as root:
        yield f"{root}/collections/"


def _pygeoapi_config(url: str, port: int) -> dict[str, object]:
    """The least that pygeoapi starts with."""

    def resource(table: str, key: str) -> dict[str, object]:
        provider = {
            "type": "feature",
            "name": "PostgreSQL",
            "data": _place(url) | {"search_path": ["public"]},
            "id_field": key,
            "table": table,
            "geom_field": "geom",
        }
        box = {"bbox": [-3, 52, 0, 54], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
        return {
            "type": "collection", "title": table, "description": table, "keywords": [table],
            "links": [], "extents": {"spatial": box}, "providers": [provider],
        }  # fmt: skip

    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json", "encoding": "utf-8", "language": "en-US",
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "x", "description": "x", "keywords": ["x"], "keywords_type": "theme",
                "terms_of_service": "x", "url": "http://localhost",
            },
            "license": {"name": "x", "url": "http://localhost"},
            "provider": {"name": "x", "url": "http://localhost"},
            "contact": {"name": "x", "email": "x@localhost", "url": "http://localhost"},
        },
        "resources": {
            "plots": resource("plots", "area_code"),
            "incidents": resource("incidents", "incident_id"),
        },
    }  # fmt: skip


@contextlib.contextmanager
def _started(
    python: str, app: str, environment: Mapping[str, str], ready: str, port: int = 0
) -> Iterator[str]:
    port = port or _free_port()
    command = [python, "-m", "uvicorn", app, "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    root = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(root + ready, timeout=5):
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"{app} was not ready in time")
        yield root
    finally:
        process.terminate()
        process.wait(timeout=20)


def _place(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
    kept = {"host": host, "user": parts.username or "", "dbname": parts.path.strip("/")}
    return kept | {"password": parts.password or "", "port": str(parts.port or 5432)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _servers_python() -> str:
    """The Python of the other servers: their libraries get on with no one else's."""
    folder, uv = CACHE / "servers", str(Path(sys.executable).parent / "uv")
    made, python = folder / "made.stamp", folder / "bin/python"
    if not made.exists():
        say("installing tipg and pygeoapi")
        shutil.rmtree(folder, ignore_errors=True)
        run([uv, "venv", "-q", "--python", sys.executable, str(folder)])
        run([uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(python), *SERVERS])
        made.touch()
    return str(python)
