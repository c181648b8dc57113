"""Incidents that analyses are asked about, and the analyses by their command."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analyses import ANALYSES
from geo.measures.measured import NoTables
from geo.measures.model import EntryKind, entries_frame
from geo.period import Period
from geo.question.street_layer import StreetLayer

ASB, DRUGS = "anti-social-behaviour", "drugs"
MONTHS = [f"{year}-{month:02}" for year in (2021, 2022, 2023, 2024) for month in range(1, 13)]
STREETS = {"s1": ("Mill Lane", 10, 50), "s2": ("Long Row", 110, 40), "s3": (None, 10, 150)}
"""By code the name, and the west end of 80 metres: in the squares A, B and C."""

COMPUTE = {analysis.command: analysis.compute for analysis in ANALYSES}

ENTRIES = ("spend", "officer-hours")
"""The analyses that add up entries: they refuse to add up none."""


class Entered(NoTables):
    """A store with £12.50 paid and an hour of patrol in the square A, and nothing elsewhere."""

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        del period
        place = {"day": "2024-05-01", "layer_id": "wards", "area_code": "A"}
        rows = {
            "money": {"entry_id": "m", "kind": "money", "amount": 1_250, "state": "paid", **place},
            "time": {"entry_id": "t", "kind": "time", "amount": 60, "activity": "patrol", **place},
        }
        return entries_frame([row for name, row in rows.items() if kind in (None, name)])


def streets() -> StreetLayer:
    """The streets as the facts of a store give them."""
    lines = [
        shapely.LineString([(435_000 + x, 336_000 + y), (435_080 + x, 336_000 + y)])
        for _, x, y in STREETS.values()
    ]
    names = np.array([name for name, _, _ in STREETS.values()], dtype=object)
    index = pd.Index(list(STREETS), name="code")
    frame = gpd.GeoDataFrame({"name": names}, geometry=lines, index=index, crs="EPSG:27700")
    return StreetLayer("streets", "Streets", frame)


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
