"""Made lives: as frames of what a test states, and any at all, for Hypothesis."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from geo.records.life import with_life_types

FIRST = pd.Timestamp("2025-01-01T00:00Z")
MOMENTS = st.integers(0, 364 * 86_400).map(lambda seconds: FIRST + pd.Timedelta(seconds=seconds))
"""Any second of 2025."""


def lives_of(**columns: object) -> pd.DataFrame:
    """Lives r0, r1 … with these columns; what is missing is unknown."""
    table = pd.DataFrame(columns)
    table.index = pd.Index([f"r{i}" for i in range(len(table))], dtype="str", name="incident_id")
    return with_life_types(table)


def drawn_lives(rng: np.random.Generator, n: int, *, sound: bool = True) -> pd.DataFrame:
    """Lives with every combination of times; in their natural order if `sound`."""
    start = np.datetime64("2025-01-01", "s")
    received = start + rng.integers(0, 300 * 86_400, n).astype("timedelta64[s]")

    def later(share: float) -> np.ndarray:
        days = rng.integers(0 if sound else -40, 90, n) * 86_400
        at = received + (days + rng.integers(0, 86_400, n)).astype("timedelta64[s]")
        return np.where(rng.random(n) < share, at, np.datetime64("NaT"))

    if not sound:
        received = np.where(rng.random(n) < 0.9, received, np.datetime64("NaT"))
    return lives_of(
        received=received,
        due=later(0.8),
        answered=later(0.6),
        closed=later(0.6),
        vanished=later(0.15),
        withdrawn=rng.random(n) < 0.15,
    ).assign(
        area=rng.choice(["A", "B", "C"], n),
        category=rng.choice(["noise", "litter"], n),
    )


@st.composite
def any_lives(draw: st.DrawFn) -> pd.DataFrame:
    """Lives in any order of times, sound or not."""
    seed = draw(st.integers(0, 2**32 - 1))
    return drawn_lives(
        np.random.default_rng(seed), draw(st.integers(0, 60)), sound=draw(st.booleans())
    )
