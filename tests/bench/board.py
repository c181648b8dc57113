"""Promise: the board is ready, changed and panned before anyone looks up.

Seconds on the wall in Chromium, each time on a service that was started for it. A changed question
first shows something of it (that it is worked out, or its finding), then its map. The rival is a
plain folium page of the same cells with the same counts, made by geopandas and opened from disk;
its scripts come from this machine, as ours do.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.chromium import opened
from tests.bench.runner import CACHE, ROUNDS, SCRIPTS, Line, Run, archive, middle, rows, run, say
from tests.services import serving

TITLE = "board"
OURS, RIVAL = "patchmap", "plain folium"
MOST_MB = 5.0
FEWEST_FRAMES = 30.0
SIGN_S, MAP_S, MONTH_S = 0.3, 0.7, 0.1
"""Within how many seconds a changed question shows something of it, and its map; and a month that
was pointed at its finding."""
NO_GOAL = 0.0  # reported only: the plain page answers nothing else
FAR_OFF = 0.005  # of the incidents: those on the edge of a cell may differ
_MIDDLE, _WARDS = (-1.55, 53.05), 4
_LAYERS = {"wards": (0.0825, 0.0495), "whole": (0.165, 0.099)}
"""Sixteen wards of 5.5 km in the crowded middle of the archive, and sixteen of 11 km around it:
how wide and high one is in degrees."""


@dataclass(frozen=True)
class City:
    """A store, what its board opens on, and what a meeting then chooses.

    Attributes
    ----------
    limit_s
        Within how many seconds the first map must be drawn.
    first, chosen
        The query, the first day, and the day after the last.
    """

    title: str
    limit_s: float
    first: tuple[str, str, str]
    chosen: tuple[str, str, str]
    store: Path


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    runs: dict[str, list[Run]] = {}
    lines: list[Line] = []
    for city in (_demo(), _large()):
        files = {name: _rival(city, name) for name in ("first", "chosen")}
        measured = _race(city, files)
        runs |= {f"{city.title}: {name}": each for name, each in measured.items()}
        lines += _lines(city, {name: middle(each) for name, each in measured.items()})
    measured = _panned()
    runs |= {f"panning: {name}": each for name, each in measured.items()}
    return runs, lines + _panning_lines(measured)


def _race(city: City, files: dict[str, tuple[Path, float]]) -> dict[str, list[Run]]:
    """Open the board and change its period; open the plain page of each."""
    names = ("open", "month", "change", "plain open", "plain change")
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(1, ROUNDS + 1):
        with _service(city) as address, opened() as pages:
            runs["open"].append(pages.board(address))
            runs["month"].append(pages.choose_month())
            runs["change"].append(pages.choose_period(city.chosen[0].removeprefix("period=")))
        for name, key in (("plain open", "first"), ("plain change", "chosen")):
            file, made_s = files[key]
            with opened() as pages:
                drawn = pages.plain(file)
            built = made_s if key == "chosen" else 0.0
            runs[name].append(Run(drawn.wall_s + built, 0, 0, drawn.figures))
        took = ", ".join(f"{name} {each[-1].wall_s:.2f} s" for name, each in runs.items())
        say(f"{number} of {ROUNDS}: {city.title}: {took}")
    return runs


def _lines(city: City, taken: dict[str, Run]) -> list[Line]:
    ready, change, month = taken["open"], taken["change"], taken["month"]
    plain = taken["plain change"].wall_s
    return [
        *_beside(f"board ready, {city.title}", ready.wall_s, city.limit_s, plain),
        _limit(f"filter changed, first sign, {city.title}", change.figures["sign"], SIGN_S),
        *_beside(f"filter changed, map, {city.title}", change.wall_s, MAP_S, plain),
        _limit(f"month pressed, finding, {city.title}", month.figures["finding"], MONTH_S),
        *_beside(f"month pressed, map, {city.title}", month.wall_s, MAP_S, plain),
        Line(f"page weight, {city.title}", ready.figures["mb"], MOST_MB, "MB", 1, "limit"),
    ]


def _limit(promise: str, seconds: float, limit: float) -> Line:
    return Line(promise, seconds, limit, "s", 1, "limit")


def _beside(promise: str, seconds: float, limit: float, plain: float) -> list[Line]:
    """What was promised, and what making and opening the plain page takes."""
    return [
        _limit(promise, seconds, limit),
        Line(promise, seconds, plain, "s", NO_GOAL, f"{RIVAL}, made"),
    ]


def _panned() -> dict[str, list[Run]]:
    """Frames while a map of 10,000 cells or more is dragged."""
    city = _large()
    whole = ("period=latest-12m&layer=whole", "2023-01-01", "2024-01-01")
    crowded = City(city.title, city.limit_s, whole, whole, city.store)
    file, _ = _rival(crowded, "first")
    runs: dict[str, list[Run]] = {OURS: [], RIVAL: []}
    with _service(crowded) as address:
        for _ in range(ROUNDS):
            with opened() as pages:
                pages.board(f"{address}/?{whole[0]}")
                runs[OURS].append(pages.drag_map())
            with opened() as pages:
                pages.plain(file)
                runs[RIVAL].append(pages.drag_plain())
            say(
                ", ".join(
                    f"{name} {each[-1].figures['frames']:.0f}/s" for name, each in runs.items()
                )
            )
    return runs


def _panning_lines(measured: dict[str, list[Run]]) -> list[Line]:
    ms = {name: 1_000 / middle(each).figures["frames"] for name, each in measured.items()}
    title = "a frame while panning 10,000 cells"
    return [
        Line(title, ms[OURS], 1_000 / FEWEST_FRAMES, "ms", 1, "limit"),
        Line(title, ms[OURS], ms[RIVAL], "ms", NO_GOAL, RIVAL),
    ]


def _rival(city: City, key: str) -> tuple[Path, float]:
    """The plain page, and the seconds that making it takes; its counts are as ours are."""
    query, first, last = getattr(city, key)
    page = CACHE / f"plain-{city.store.stem}-{first}.html"
    with _service(city) as address:
        cells = page.with_suffix(".geojson")
        cells.write_bytes(_got(f"{address}/download/hotspots.geojson?{query}"))
        ours = _counts(_got(f"{address}/download/hotspots.csv?{query}").decode())
    say(f"making {page.name}")
    script = str(SCRIPTS / "plain_folium.py")
    made = run([sys.executable, script, str(city.store), str(cells), first, last, str(page)])
    theirs = _counts(Path(f"{page}.csv").read_text(encoding="utf-8"))
    differ = sum(abs(n - theirs.get(at, 0)) for at, n in ours.items())
    if differ > FAR_OFF * sum(ours.values()):
        raise SystemExit(f"{city.title}: the pages count differently: {differ} incidents")
    say(
        f"{city.title}, {query}: {len(ours):,} cells, {sum(ours.values()):,} incidents from each; "
        f"{differ} differ"
    )
    return page, made.figures["s"]


def _counts(text: str) -> dict[str, int]:
    rows_ = csv.DictReader(io.StringIO(text))
    return {
        row["cell_id"]: int(row["n"])
        for row in rows_
        # Cells that reach beyond the wards hold more there than the wards do.
        if int(row["n"]) and float(row.get("inside_share", 1)) > 0.999
    }


@contextmanager
def _service(city: City) -> Iterator[str]:
    with serving(city.store) as address:
        yield address


def _got(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=120) as answer:
        return bytes(answer.read())


def _demo() -> City:
    store = CACHE / "board-demo.gpkg"
    if not store.exists():
        say("making the demo city")
        run([sys.executable, "-m", "api", "--store", str(store), "demo"])
    return City(
        "demo city", 1.0,
        ("period=latest-28d", "2026-03-04", "2026-04-01"),
        ("period=latest-3m", "2026-01-01", "2026-04-01"), store,
    )  # fmt: skip


def _large() -> City:
    store = CACHE / f"board-{rows()}.gpkg"
    if not store.exists():
        say(f"importing {rows():,} rows")
        part = store.with_suffix(".part.gpkg")
        part.unlink(missing_ok=True)
        patchmap = [sys.executable, "-m", "api", "--store", str(part)]
        for layer, side in _LAYERS.items():
            file = CACHE / f"board-{layer}.geojson"
            file.write_text(json.dumps(_wards(side)), encoding="utf-8")
            run([*patchmap, "layers", "add", str(file), "--id", layer])
        rejects = ["--rejects", str(store.with_suffix(".rejects.csv"))]
        run([*patchmap, "ingest", str(archive()), *rejects])
        part.rename(store)
    return City(
        f"{rows():,} incidents", 1.5,
        ("period=latest-1m", "2023-12-01", "2024-01-01"),
        ("period=latest-3m", "2023-10-01", "2024-01-01"), store,
    )  # fmt: skip


def _wards(side: tuple[float, float]) -> dict[str, object]:
    features = []
    for number in range(_WARDS**2):
        across, up = number % _WARDS - _WARDS / 2, number // _WARDS - _WARDS / 2
        west, south = _MIDDLE[0] + across * side[0], _MIDDLE[1] + up * side[1]
        east, north = west + side[0], south + side[1]
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append(
            {
                "type": "Feature",
                "properties": {"code": f"W{number:02}", "name": f"Ward {number + 1}"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return {"type": "FeatureCollection", "features": features}
