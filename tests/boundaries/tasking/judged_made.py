"""A city of sixty-four places in four wards, in which nothing happens unless it is asked for."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.tasking.assessment import MATCHED, Assessment
from geo.crs import BRITISH_NATIONAL_GRID
from geo.incidents import COLUMNS, REJECT_COLUMNS, Batch, Partition, month_span, months_between

WEST, SOUTH, APART, SIDE = 430_000, 330_000, 500, 4_000
UTC_SECONDS = "datetime64[s, UTC]"
ASB = "anti-social-behaviour"
MONTHS = months_between("2022-01", "2024-12")
CHOSEN, DONE = date(2024, 2, 10), date(2024, 3, 20)
"""Chosen in February, done in March: April to September are counted."""

CENTRES = np.array(
    [(WEST + 250 + APART * i, SOUTH + 250 + APART * j) for i in range(8) for j in range(8)], float
)


def wards() -> gpd.GeoDataFrame:
    corners = [(WEST + dx, SOUTH + dy) for dx in (0, 2000) for dy in (0, 2000)]
    return gpd.GeoDataFrame(
        {"area_name": [f"Ward {code}" for code in "ABCD"]},
        index=pd.Index(list("ABCD"), name="area_code"),
        geometry=[shapely.box(x, y, x + 2000, y + 2000) for x, y in corners],
        crs=BRITISH_NATIONAL_GRID,
    )


def counts(seed: int = 1, *, mean: float = 15) -> NDArray[np.int64]:
    """Incidents of the places by month: 64 × 36."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(6, mean / 6, (len(CENTRES), 1))
    return rng.poisson(np.broadcast_to(rates, (len(CENTRES), len(MONTHS))))


def frame(n: NDArray[np.int64], seed: int = 2, *, source: str = "police.uk") -> pd.DataFrame:
    """An incident for each count, dated by month, within 60 m of its place's middle."""
    rng = np.random.default_rng(seed)
    place, month = (np.repeat(index.ravel(), n.ravel()) for index in np.indices(n.shape))
    angle, gap = rng.uniform(0, 2 * np.pi, len(place)), 60 * np.sqrt(rng.random(len(place)))
    at = CENTRES[place] + (gap * np.array([np.cos(angle), np.sin(angle)])).T
    return frame_of(at, [MONTHS[one] for one in month], source=source)


def frame_of(
    points: NDArray[np.float64], months: list[str], *, source: str = "police.uk"
) -> pd.DataFrame:
    spans = {month: month_span(month) for month in set(months)}
    ends = [
        pd.Series([spans[month][side] for month in months], dtype=UTC_SECONDS) for side in (0, 1)
    ]
    values = {
        "incident_id": [f"{source}:{number}" for number in range(len(points))],
        "source": source,
        "category": ASB,
        "occurred_from": ends[0],
        "occurred_to": ends[1],
        "precision": "month",
        "x": points[:, 0],
        "y": points[:, 1],
        "location": "Street",
        "reference": "",
    }
    return pd.DataFrame(values).astype({"source": "str", "category": "str"})[list(COLUMNS)]


def join(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


def partition(incidents: pd.DataFrame, month: str) -> Partition:
    """The incidents of one month, as files of data.police.uk are."""
    own = incidents["occurred_to"].dt.strftime("%Y-%m") == month
    rows = incidents[own].reset_index(drop=True)
    rows["incident_id"] = [f"police.uk:made:{month}:{line}" for line in range(len(rows))]
    batch = Batch(rows, pd.DataFrame(columns=list(REJECT_COLUMNS)))
    return Partition(
        source="police.uk",
        name="made",
        month=month,
        file=f"{month}.csv",
        sha256=month.replace("-", "") * 10,
        fields=(),
        batches=lambda: iter([batch]),
    )


def circle(place: int, radius: float = 75) -> shapely.Geometry:
    return shapely.Point(CENTRES[place]).buffer(radius)


def assessment(place: shapely.Geometry, **changes: object) -> Assessment:
    values: dict[str, object] = {
        "category": (ASB,),
        "before": ("2023-02", "2024-01"),
        "wait_months": 0,
        "after_months": 6,
        "control": MATCHED,
        "buffer_m": 100.0,
        "chosen": CHOSEN,
        "place": shapely.to_wkb(place),
    }
    return Assessment(**(values | changes))  # type: ignore[arg-type]


def after(month: str) -> int:
    """The number of a month, for slices of counts."""
    return MONTHS.index(month)
