"""2,000 made cases of a strip of 17 wards with planted times, and the layers to ask about them."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.incidents import COLUMNS, Batch, Extract, Partition
from geo.records.life import with_life_types
from geo.store.contract import LayerMetadata, Store
from tests.geo.stores.parts import put, rejects

WARDS, CASES, SEED = 17, 2_000, 20_261_130
WEST, SOUTH, WIDE = 430_000, 336_000, 17_000
EXTRACTED: Final = date(2026, 11, 30)
PERIOD: Final = "2026-01/2026-11"
SLOW: Final = "W03"


def strip(parts: int, prefix: str) -> gpd.GeoDataFrame:
    """One strip of land, 17 km long, cut into so many wards of like width."""
    edges = np.linspace(WEST, WEST + WIDE, parts + 1)
    codes = [f"{prefix}{number:02}" for number in range(1, parts + 1)]
    boxes = [shapely.box(a, SOUTH, b, SOUTH + 1_000) for a, b in pairwise(edges)]
    names = {"area_name": [f"Ward {code}" for code in codes]}
    return gpd.GeoDataFrame(
        names, geometry=boxes, index=pd.Index(codes, name="area_code"), crs="EPSG:27700"
    )


def made_cases() -> pd.DataFrame:
    """The cases, by their ids: ward, place, kind, category and times by London day and hour.

    One ward waits three times as long; 60 cases have no place, 40 of these a stated ward of the
    layer of 2022.
    """
    # Whoever changes some of the cases changes them for itself alone.
    return _made_once().copy()


@lru_cache
def _made_once() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    ward = rng.integers(1, WARDS + 1, CASES)
    start = np.datetime64("2025-10-01T09:00:00")
    received = _in_the_day(start + rng.integers(0, 420 * 24, CASES).astype("timedelta64[h]"))
    slow = np.where(ward == int(SLOW[1:]), 3.0, 1.0)
    wait = (rng.lognormal(1.6, 1.0, CASES) * slow * 24).astype(int).astype("timedelta64[h]")
    more = (rng.exponential(4, CASES) * 24).astype(int).astype("timedelta64[h]")
    answered = _in_the_day(received + wait)
    closed = _in_the_day(answered + more)
    end = np.datetime64(f"{EXTRACTED}T22:00:00")
    due = received.astype("datetime64[D]") + np.timedelta64(10, "D")
    withdrawn = rng.random(CASES) < 0.05
    frame = pd.DataFrame(
        {
            "ward": [f"W{number:02}" for number in ward],
            "x": WEST + 1_000 * (ward - 1) + rng.uniform(0, 1_000, CASES),
            "y": SOUTH + rng.uniform(0, 1_000, CASES),
            "category": rng.choice(["noise", "litter", "parking"], CASES, p=[0.5, 0.3, 0.2]),
            "kind": rng.choice(["request", "complaint", "enquiry"], CASES),
            "channel": rng.choice(["member", "resident", ""], CASES),
            "received": received,
            "due": np.where(rng.random(CASES) < 0.9, due, np.datetime64("NaT")),
            "answered": np.where((answered <= end) & ~withdrawn, answered, np.datetime64("NaT")),
            "closed": np.where(closed <= end, closed, np.datetime64("NaT")),
            "withdrawn": withdrawn & (closed <= end),
        },
        index=[f"case:{number:04}" for number in range(CASES)],
    )
    frame["outcome"] = np.where(frame["withdrawn"], "Duplicate", "Warning letter")
    placeless = rng.choice(CASES, 60, replace=False)
    frame.loc[frame.index[placeless], ["x", "y"]] = np.nan
    frame["stated"] = ""
    stated = frame.index[placeless[:40]]
    frame.loc[stated, "stated"] = frame.loc[stated, "ward"]
    return frame


def _in_the_day(times: np.ndarray) -> np.ndarray:
    """No time is in the hour in which clocks change."""
    hour = (times - times.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    return times + np.where(hour == 1, 1, 0).astype("timedelta64[h]")


def _utc(times: pd.Series) -> pd.Series:
    local = pd.to_datetime(times).dt.tz_localize("Europe/London")
    return local.dt.tz_convert("UTC").astype("datetime64[s, UTC]")


def repeated_case(x: float, y: float) -> Partition:
    """The extract of an issue that was closed in January 2024 and came back in February."""
    times = {
        "received": ["2024-01-20T10:00", "2024-02-05T10:00", "2024-02-07T10:00"],
        "due": ["2024-02-01", "2024-02-20", ""],
        "answered": ["2024-01-25T10:00", "2024-02-09T10:00", ""],
        "closed": ["2024-01-25T12:00", "2024-02-12T10:00", ""],
    }
    moments = {name: pd.to_datetime(pd.Series(texts)) for name, texts in times.items()}
    cases = pd.DataFrame(moments).assign(
        x=x,
        y=y,
        category="litter",
        kind="enforcement",
        channel="",
        withdrawn=False,
        stated="",
        outcome="Warning letter",
    )
    return extract_of(cases.set_axis([f"case:{n}" for n in range(3)]), day=date(2024, 2, 29))


def extract_of(cases: pd.DataFrame, *, day: date = EXTRACTED) -> Partition:
    """The extract that holds these cases, as a reader gives it."""
    received = _utc(cases["received"])
    rows = pd.DataFrame(
        {
            "incident_id": cases.index,
            "source": "council",
            "category": cases["category"],
            "occurred_from": received,
            "occurred_to": received,
            "precision": "instant",
            "x": cases["x"],
            "y": cases["y"],
            "location": "",
            "reference": "",
        }
    )[list(COLUMNS)].reset_index(drop=True)
    rows = rows.astype(dict.fromkeys(("incident_id", "source", "category", "precision"), "str"))
    lives = with_life_types(
        pd.DataFrame(
            {
                **{name: _utc(cases[name]) for name in ("received", "due", "answered", "closed")},
                "kind": cases["kind"],
                "channel": cases["channel"],
                "outcome": cases["outcome"],
                "withdrawn": cases["withdrawn"],
                "stated_area": cases["stated"],
                "stated_layer": np.where(cases["stated"] != "", "wards-2022", ""),
            },
            index=pd.Index(cases.index, dtype="str", name="incident_id"),
        )
    )
    has_place = rows["x"].notna().to_numpy()
    placed, without = (rows[own].reset_index(drop=True) for own in (has_place, ~has_place))
    batch = Batch(placed, rejects(), placeless=without, lives=lives)
    identity = cases.to_csv().encode()
    return Partition(
        "council",
        "",
        "",
        "cases.csv",
        hashlib.sha256(identity).hexdigest(),
        (),
        lambda: iter([batch]),
        keyed=True,
        extract=Extract(day, whole=True),
    )


def put_cases(store: Store, cases: pd.DataFrame | None = None) -> None:
    """Import them, with wards of two vintages."""
    with store.transaction():
        store.put_layer(LayerMetadata("wards-2022", title="Wards of 2022"), strip(WARDS, "W"))
        store.put_layer(LayerMetadata("wards-2025", title="Wards of 2025"), strip(13, "N"))
    put(store, extract_of(made_cases() if cases is None else cases))
