"""`make soak`: the demo city under load for a quarter of an hour on each store, with kills.

`SOAK_SECONDS=120 python -m tests.soak geopackage` takes less, and one store alone; SOAK_FOLDER
names a folder that stays, with the logs and the answers that differ.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import PrivateCluster, start_cluster
from tests.soak.soak import CACHE_MEGABYTES, Report, soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "900"))
EVERY_S = 20.0
"""Seconds between two kills."""

SETTLE_S = 5.0

MOST_HEALTH_MS = 250.0
MOST_RECOVERY_S = 2.0


def main() -> None:
    stores = sys.argv[1:] or ["geopackage", "postgis"]
    missed: list[str] = []
    with _folder() as folder:
        demo = folder / "demo.gpkg"
        _patchmap(demo, "demo")
        if "postgis" in stores:
            with start_cluster() as cluster:
                if not isinstance(cluster, PrivateCluster):
                    raise SystemExit("unset TEST_DATABASE_URL: that server is not ours to kill")
                url = cluster.new_database()
                _patchmap(demo, "copy", "--to", url)
                missed += _reported("PostGIS", _soaked(url, folder / "postgis" / "log", cluster))
        if "geopackage" in stores:
            missed += _reported("GeoPackage", _soaked(str(demo), folder / "geopackage" / "log"))
    raise SystemExit("\n".join(missed))


@contextmanager
def _folder() -> Iterator[Path]:
    if given := os.environ.get("SOAK_FOLDER"):
        Path(given).mkdir()
        yield Path(given)
        return
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        yield Path(name)


def _patchmap(store: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "api", "--store", str(store), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _soaked(address: str, log: Path, cluster: PrivateCluster | None = None) -> Report:
    log.parent.mkdir()
    return asyncio.run(
        soak(address, log, seconds=SECONDS, every=EVERY_S, cluster=cluster, settle=SETTLE_S)
    )


def _reported(title: str, report: Report) -> list[str]:
    """Print a report; returns the goals that it misses."""
    print(f"{title}:", *report.lines(), sep="\n  ", flush=True)  # noqa: T201 - a report
    return [f"{title}: {goal}" for goal in _missed(report)]


def _missed(report: Report) -> Iterator[str]:
    yield from report.broken
    if report.health_p99_ms >= MOST_HEALTH_MS:
        yield f"/healthz took {report.health_p99_ms:.0f} ms"
    if report.recovered_s >= MOST_RECOVERY_S:
        yield f"recovered after {report.recovered_s:.1f} s"
    grown = report.end_megabytes - report.start_megabytes
    if grown > CACHE_MEGABYTES:
        yield f"{grown:.0f} MB more than at its start, after the load"


if __name__ == "__main__":
    main()
