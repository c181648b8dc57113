"""Ours: an index of many names, and lookups while a name is typed."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from boundaries.gazetteer.index import IndexFacts, write_index
from boundaries.gazetteer.lookup import MetresBox, NameIndex
from boundaries.gazetteer.search import search
from geo.crs import Projection
from tests.bench.scripts.make_names import made_names

STUDY: Final = MetresBox(430_000, 331_000, 441_000, 342_000)
ROUNDS: Final = 5
TYPED: Final = (
    "hi", "hig", "high", "high s", "high st", "high stre", "high street", "high street mel",
    "st", "st p", "st pet", "st peters", "st peters street", "church", "church lane", "mill ln",
    "road", "street", "street road", "the", "new", "newport", "a52", "zzz", "north west road",
    "station road station", "s s s", "de", "mel", "melbar street grange",
)  # fmt: skip
"""What is typed, letter by letter or all at once, common and rare."""


def lookup(index: NameIndex, text: str) -> float:
    """Processor milliseconds of one search: the median of some."""
    projection, taken = Projection.choose(), []
    for _ in range(ROUNDS):
        start = time.process_time()
        search(text, [index], projection=projection, near=STUDY)
        taken.append(1000 * (time.process_time() - start))
    return median(taken)


def main(path: str, rows: str) -> None:
    file = Path(path)
    file.unlink(missing_ok=True)
    file.touch()
    batches = list(made_names(int(rows)))
    start = time.process_time()
    write_index(file, IndexFacts("made"), batches)
    built = time.process_time() - start
    with closing(NameIndex.open(file)) as index:
        search("warm", [index], projection=Projection.choose())
        times = {text: lookup(index, text) for text in TYPED}
    slowest = max(times, key=lambda text: times[text])
    sys.stderr.write(f"slowest: {slowest!r}\n")
    figures = {
        "build_s": built,
        "megabytes": file.stat().st_size / 1e6,
        "median_ms": median(times.values()),
        "worst_ms": times[slowest],
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
