"""Promise: a count by ward and month takes the time of what is asked, not of what is stored.

The whole command, from its start to its file, over a GeoPackage of `BENCH_ROWS` incidents in 8,064
wards, of which the copy beside the store is made: whoever counts twice has it. The rival reads the
same file with pandas and geopandas. The same at a tenth and at ten times the rows.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import (
    CACHE,
    SCRIPTS,
    Command,
    Line,
    Run,
    middle,
    race,
    rival_python,
    rows,
    run,
    say,
)
from tests.bench.scale import country

TITLE = "count of a store"
OURS, RIVAL = "patchmap count", "pandas and geopandas"
TENTH, TENFOLD = "a tenth of the rows", "ten times the rows"
MOST_S, MOST_S_TENFOLD, MOST_MB_TENFOLD = 1.0, 3.0, 600


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    count = rows()
    with TemporaryDirectory(dir=CACHE) as folder:
        ours, theirs = Path(folder) / "ours.csv", Path(folder) / "theirs.csv"
        other = Path(folder) / "other.csv"
        runs = race(
            {
                OURS: lambda: _ours(count, ours),
                RIVAL: lambda: _theirs(count, theirs),
                TENTH: lambda: _ours(count // 10, other),
                TENFOLD: lambda: _ours(count * 10, other),
            },
            lambda: _refuse_differing(ours, theirs),
        )
    return runs, _lines(count, {name: middle(each) for name, each in runs.items()})


def _lines(count: int, taken: dict[str, Run]) -> list[Line]:
    title = f"{TITLE}, {count:,} rows"
    tenfold = f"{TITLE}, {10 * count:,} rows"
    ours, rival, large = taken[OURS], taken[RIVAL], taken[TENFOLD]
    growth = (large.cpu_s - ours.cpu_s) / 9 / (count / 1e6)
    return [
        Line(title, ours.cpu_s, rival.cpu_s, "s CPU", 25, RIVAL),
        Line(f"{title}, at most", ours.cpu_s, MOST_S, "s CPU", 1, "limit"),
        Line(f"{title}, memory", ours.peak_mb, rival.peak_mb, "MB", 2, RIVAL),
        Line(f"{title}, more than a tenth of them", ours.cpu_s, taken[TENTH].cpu_s, "s CPU", 0.5,
             TENTH),
        Line(f"{tenfold}, at most", large.cpu_s, MOST_S_TENFOLD, "s CPU", 1, "limit"),
        Line(f"{tenfold}, each million more", growth, 0.25, "s CPU", 1, "limit"),
        Line(f"{tenfold}, memory", large.peak_mb, MOST_MB_TENFOLD, "MB", 1, "limit"),
    ]  # fmt: skip


def _store(count: int) -> Path:
    """The store of a country of so many incidents, made once."""
    store = CACHE / f"count-{count}.gpkg"
    if not store.exists():
        made_of = country(count)
        say(f"importing {count:,} rows")
        part = store.with_suffix(".part.gpkg")
        part.unlink(missing_ok=True)
        patchmap = [sys.executable, "-m", "api", "--store", str(part)]
        run([*patchmap, "layers", "add", str(made_of / "wards.geojson"), "--id", "wards"])
        archives = sorted(map(str, made_of.glob("*.zip")))
        run([*patchmap, "ingest", *archives, "--rejects", str(store.with_suffix(".rejects.csv"))])
        part.rename(store)
    return store


def _ours(count: int, target: Path) -> Command:
    return [
        sys.executable, "-m", "api", "--store", str(_store(count)),
        "count", "--layer", "wards", "--by", "month", "--period", "latest-60m", "-o", str(target),
    ]  # fmt: skip


def _theirs(count: int, target: Path) -> Command:
    return [rival_python(), str(SCRIPTS / "count_geopandas.py"), str(_store(count)), str(target)]


def _refuse_differing(ours: Path, theirs: Path) -> None:
    one, other = _counts(ours), _counts(theirs)
    if one != other or not one:
        different = sum(one.get(key) != other.get(key) for key in {*one, *other})
        raise SystemExit(f"the counts differ in {different:,} of {len(other):,} wards and months")


def _counts(file: Path) -> dict[tuple[str, str], int]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return {
            (row["area_code"], row["month"]): int(row["n"])
            for row in csv.DictReader(lines)
            if row["n"] not in ("", "0")
        }
