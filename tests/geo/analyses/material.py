"""Incidents that analyses are asked about, and the analyses by their command."""

from __future__ import annotations

import numpy as np

from geo.analyses import ANALYSES

ASB, DRUGS = "anti-social-behaviour", "drugs"
MONTHS = [f"{year}-{month:02}" for year in (2021, 2022, 2023, 2024) for month in range(1, 13)]
COMPUTE = {analysis.command: analysis.compute for analysis in ANALYSES}


def rows_of(seed: int, *, timed: bool = False) -> list:
    """A few dozen incidents a month in the four squares, most of them at one corner."""
    draw = np.random.default_rng(seed)
    rows = []
    for month in MONTHS:
        for _ in range(int(draw.poisson(12))):
            x, y = (435_000 + float(at) for at in np.round(draw.beta(1, 3, 2) * 200))
            when = f"{month}-{draw.integers(1, 28):02}T{draw.integers(0, 24):02}:30:00"
            kind = DRUGS if draw.random() < 0.3 else ASB
            rows.append((x, y - 435_000 + 336_000, kind, when if timed else month))
    return rows
