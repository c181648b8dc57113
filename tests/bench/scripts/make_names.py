"""Made names, as many and as alike as those of OS Open Names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from boundaries.gazetteer.names import NAME_COLUMNS, NameBatch

SETTLEMENTS: Final = 45_000
_SUFFIXES: Final = (
    ("Street", 14), ("Road", 16), ("Close", 14), ("Lane", 10), ("Avenue", 10), ("Drive", 9),
    ("Way", 6), ("Court", 5), ("Crescent", 4), ("Gardens", 3), ("Place", 3), ("Terrace", 3),
    ("Grove", 3),
)  # fmt: skip
_COMMON: Final = (
    "High", "Station", "Church", "Mill", "Park", "Victoria", "St Peter's", "St John's", "Queen",
    "King", "North", "South", "West", "New", "Manor", "School", "The", "Green", "London",
)  # fmt: skip
_SYLLABLES: Final = (
    "al", "bar", "ches", "den", "ed", "fal", "grim", "ham", "ing", "kel", "lin", "mel", "nor",
    "os", "pem", "rad", "shel", "tor", "wal", "wick", "by", "ton", "ley", "ford", "stan", "thor",
)  # fmt: skip


def made_names(rows: int, *, seed: int = 1, batch: int = 100_000) -> Iterator[NameBatch]:
    """Settlements and, around them, streets and other things, some named alike all over."""
    rng = np.random.default_rng(seed)
    words = _words(rng)
    centres = rng.uniform((100_000, 50_000), (640_000, 900_000), (SETTLEMENTS, 2))
    towns = rng.choice(words, SETTLEMENTS)
    # A few places are large, most are small.
    share = 1 / np.arange(1, SETTLEMENTS + 1) ** 0.8
    yield NameBatch(SETTLEMENTS, _frame(towns, "settlement", "Village", 2, centres, ""))
    left = rows - SETTLEMENTS
    while left > 0:
        n = min(batch, left)
        town = rng.choice(SETTLEMENTS, n, p=share / share.sum())
        points = centres[town] + rng.normal(0, 2_000, (n, 2))
        names, weights = zip(*_SUFFIXES, strict=True)
        suffix = rng.choice(names, n, p=np.array(weights) / sum(weights))
        first = np.where(rng.random(n) < 0.2, rng.choice(_COMMON, n), rng.choice(words, n))
        streets = np.char.add(np.char.add(first.astype(str), " "), suffix)
        places = np.char.add(towns[town].astype(str), ", DE1")
        yield NameBatch(n, _frame(streets, "street", "Named Road", 5, points, places))
        left -= n


def _words(rng: np.random.Generator) -> np.ndarray:
    parts = rng.choice(_SYLLABLES, (30_000, 3))
    size = rng.integers(2, 4, 30_000)
    return np.array(["".join(row[:n]).capitalize() for row, n in zip(parts, size, strict=True)])


def _frame(
    names: np.ndarray, kind: str, own: str, order: int, points: np.ndarray, place: object
) -> pd.DataFrame:
    columns = {
        "name": names, "also": "", "kind": kind, "type": own, "order": order, "place": place,
        "x": points[:, 0], "y": points[:, 1], "half_x": 100.0, "half_y": 100.0, "ref": "",
    }  # fmt: skip
    return pd.DataFrame(columns)[list(NAME_COLUMNS)]
