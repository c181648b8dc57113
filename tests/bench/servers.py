"""Patchmap, tipg and pygeoapi side by side: one process each, the same plots and points."""

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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

from tests.bench.runner import CACHE, SCRIPTS, run, say
from tests.postgres import start_cluster
from tests.services import serving

OURS, TIPG, PYGEOAPI = "patchmap", "tipg", "pygeoapi"
LAYERS = ("plots", "incidents")
"""The collections that each serves."""

_PACKAGES = (
    "tipg", "pygeoapi", "geoalchemy2", "pygeofilter", "uvicorn", "uvloop", "httptools",
    "psycopg2-binary",
)  # fmt: skip


@dataclass(frozen=True)
class Servers:
    """Where each server's landing page is, and the address of the rivals' database."""

    roots: Mapping[str, str]
    database: str

    def collection(self, name: str, layer: str) -> str:
        """The address of a collection as one of the servers has it."""
        return f"{self.roots[name]}/collections/{self.layer(name, layer)}"

    def layer(self, name: str, layer: str) -> str:
        """What one of the servers calls a collection."""
        return f"public.{layer}" if name == TIPG else layer


@contextlib.contextmanager
def side_by_side() -> Iterator[Servers]:
    """Start all of them, and stop them at the end."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=CACHE)))
        cluster = stack.enter_context(start_cluster())
        url, store = cluster.new_database(), folder / "bench.gpkg"
        run([sys.executable, str(SCRIPTS / "make_serving.py"), str(store), url])
        python = _servers_python()
        roots = {
            OURS: f"{stack.enter_context(serving(store))}/ogc",
            TIPG: stack.enter_context(_tipg(python, url)),
            PYGEOAPI: stack.enter_context(_pygeoapi(python, url, folder)),
        }
        yield Servers(roots, url)


@contextlib.contextmanager
def _tipg(python: str, url: str) -> Iterator[str]:
    # The folder of a socket stands where tipg wants a host.
    place = _place(url)
    url = f"postgresql://{place['user']}@{quote(place['host'], safe='')}/{place['dbname']}"
    environment = {"DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["public"]', "TIPG_CATALOG_TTL": "0"}
    with _started(python, "tipg.main:app", environment, "/collections") as root:
        yield root


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
        yield root


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
    options = {"host": host, "user": parts.username or "", "dbname": parts.path.strip("/")}
    return options | {"password": parts.password or "", "port": str(parts.port or 5432)}


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
        run([uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(python), *_PACKAGES])
        made.touch()
    return str(python)
