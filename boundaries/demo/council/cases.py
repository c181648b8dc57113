"""A year of the council's records: raised, answered, closed; as two extracts, a week apart.

What is planted among them, so that analyses can be checked against a known truth: wards that answer
more slowly, a place where the same issue comes back, a spot with reports of anti-social behaviour
enough for a case review, records that are withdrawn, closed and opened
again, or missing from the second extract, and records without a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from boundaries.demo.events.clock import Times, draw_moments, year_days
from geo.incidents import LONDON
from geo.records.targets import Target, due_days

CASES: Final = 2_000
EXTRACTS: Final = (date(2026, 3, 24), date(2026, 3, 31))

SLOW_WARDS: Final = ("Harbour", "Southwater")
"""Their waits are `SLOWER` times as long as those of the others."""

SLOWER: Final = 2.5

REPEAT_CATEGORY: Final = "Fly-tipping"
REPEATS: Final = 9
"""Records of fly-tipping at one place, each a few weeks after the one before was closed."""

ASB_CATEGORY: Final = "Report of anti-social behaviour"
ASB_REPORTS: Final = 5
"""Reports of it at one spot in the last five months: at three a case review can be asked for."""

VANISHED: Final = 4
REOPENED: Final = 5

SHEET_COLUMNS: Final = (
    "Ref", "Type", "Via", "Category", "Logged", "Target", "Replied", "Closed", "Outcome", "Team",
    "Ward", "Easting", "Northing", "Street",
)  # fmt: skip

MAPPING: Final = """\
# How to read records-2026-03-24.csv, then records-2026-03-31.csv:
# patchmap ingest records-2026-03-24.csv --mapping records.toml --extracted 2026-03-24
source = "records"
id = "Ref"
address = "Street"

[when]
from = "Logged"
format = "dd/mm/yyyy HH:MM"

[where]
easting = "Easting"
northing = "Northing"

[what]
column = "Category"

[life]
kind = "Type"
channel = "Via"
received = "Logged"
due = "Target"
answered = "Replied"
closed = "Closed"
outcome = "Outcome"
service = "Team"
stated_area = "Ward"
stated_layer = "wards"
withdrawn = ["Withdrawn", "Duplicate"]
extract = "whole"

[kinds]
REQ = "request"
CASE = "case"
MEM = "enquiry"
CMP = "complaint"
ENF = "enforcement"

[channels]
Web = "resident"
Phone = "resident"
Councillor = "member"
Patrol = "officer"
Forum = "meeting"
Police = "partner"

[metadata]
title = "Records of a synthetic council"
caveats = ["Synthetic: this city, its people and its records do not exist."]
"""


@dataclass(frozen=True)
class _Kind:
    """Records of a kind: their share, what they are about, and how they are dealt with."""

    code: str
    share: float
    categories: dict[str, str]
    """The team that deals with each category."""

    channels: dict[str, float]
    outcomes: dict[str, float]
    median_days: float
    target: Target | None
    placeless: float = 0.04


_KINDS: Final = (
    _Kind(
        "REQ",
        0.62,
        {
            "Fly-tipping": "Streets",
            "Litter": "Streets",
            "Graffiti": "Streets",
            "Dog fouling": "Streets",
            "Missed bin": "Waste",
            "Street light out": "Lighting",
        },
        {"Web": 0.55, "Phone": 0.3, "Councillor": 0.05, "Patrol": 0.06, "Forum": 0.04},
        {"Cleared": 0.6, "Repaired": 0.15, "Nothing was there": 0.15, "Not our land": 0.1},
        4.0,
        Target(10, working=True),
    ),
    _Kind(
        "CASE",
        0.13,
        {"Noise nuisance": "Environmental health", "Neighbour dispute": "Neighbourhoods"},
        {"Web": 0.3, "Phone": 0.5, "Police": 0.2},
        {"Advice given": 0.5, "Warning letter": 0.25, "No further action": 0.25},
        11.0,
        Target(20, working=True),
    ),
    _Kind(
        "MEM",
        0.12,
        {"Parking": "Highways", "Litter": "Streets", "Overgrown hedge": "Streets"},
        {"Councillor": 1.0},
        {"Explained": 0.6, "Cleared": 0.4},
        6.0,
        Target(10, working=True),
        placeless=0.25,
    ),
    _Kind(
        "CMP",
        0.07,
        {"Complaint about a service": "Customer relations"},
        {"Web": 0.7, "Phone": 0.3},
        {"Upheld": 0.35, "Partly upheld": 0.25, "Not upheld": 0.4},
        9.0,
        Target(20, working=True),
        placeless=0.2,
    ),
    _Kind(
        "ENF",
        0.06,
        {"Fly-tipping": "Enforcement", "Noise nuisance": "Enforcement"},
        {"Patrol": 0.7, "Police": 0.3},
        {
            "Advice given": 0.3,
            "Warning letter": 0.3,
            "Community protection warning": 0.15,
            "Fixed penalty notice": 0.2,
            "Prosecution": 0.05,
        },
        16.0,
        None,
        placeless=0.0,
    ),
)
_WITHDRAWN: Final = 0.03
_SQUARE_M: Final = 200
_SPREAD: Final = 0.85  # of the logarithm of waits: one in twenty takes four times the median


def make_cases(
    incidents: pd.DataFrame, wards: gpd.GeoDataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """The records in the order of receipt, as they will be in the end.

    Parameters
    ----------
    incidents
        Of the city: records lie where incidents do.
    wards
        Of the city.

    Returns
    -------
    `Ref`, `Type`, `Via`, `Category`, `Team`, `Outcome`, `Ward`, `x`, `y` (NaN without a place),
    `Street`; London times `logged`, `target`, `replied`, `closed`; `withdrawn`, and what the second
    extract shows: `vanishes`, `reopens`.
    """
    counts = np.floor(np.array([kind.share for kind in _KINDS]) * (CASES - REPEATS)).astype(int)
    counts[0] += CASES - REPEATS - counts.sum()
    parts = [_of_kind(kind, n, rng) for kind, n in zip(_KINDS, counts, strict=True)]
    rows = pd.concat(parts, ignore_index=True)
    spots = incidents[["x", "y", "location"]].iloc[rng.integers(0, len(incidents), len(rows) + 40)]
    rows["Ward"], inside = _placed(rows, spots, wards)
    rows = pd.concat([rows, _repeats(rows, inside, rng)], ignore_index=True)
    rows.loc[rows["Ward"].isin(SLOW_WARDS), "wait"] *= SLOWER
    rows = _answered(rows.sort_values("logged", kind="stable", ignore_index=True), rng)
    rows.insert(0, "Ref", [f"R{number:05}" for number in range(1, len(rows) + 1)])
    return _with_reports_of_asb(_changing(rows, rng), inside)


def extract_sheet(cases: pd.DataFrame, day: date) -> pd.DataFrame:
    """What an extract of a day holds, as `SHEET_COLUMNS`.

    Parameters
    ----------
    cases
        As `make_cases` makes them.
    day
        One of `EXTRACTS`.

    Returns
    -------
    The records that were received by the end of the day, with what had happened to them by then.
    """
    end = np.datetime64(day) + np.timedelta64(1, "D")
    is_last = day == EXTRACTS[-1]
    rows = cases[(cases["logged"] < end) & ~(cases["vanishes"] & is_last)]
    replied, closed = (
        rows[name].where((rows[name] < end) & ~(rows["reopens"] & is_last & (name == "closed")))
        for name in ("replied", "closed")
    )
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("Ref", "Type", "Via", "Category")},
            "Logged": _clock(rows["logged"]),
            "Target": rows["target"].dt.strftime("%d/%m/%Y").fillna(""),
            "Replied": _clock(replied),
            "Closed": _clock(closed),
            "Outcome": rows["Outcome"].where(closed.notna(), ""),
            "Team": rows["Team"],
            "Ward": rows["Ward"],
            "Easting": _metres(rows["x"]),
            "Northing": _metres(rows["y"]),
            "Street": rows["Street"],
        },
        columns=list(SHEET_COLUMNS),
    )


def _of_kind(kind: _Kind, n: int, rng: np.random.Generator) -> pd.DataFrame:
    category = rng.choice(list(kind.categories), n)
    logged = draw_moments(year_days(3), n, profile="working-day", swing=0.1, rng=rng)
    return pd.DataFrame(
        {
            "Type": kind.code,
            "Via": _drawn(kind.channels, n, rng),
            "Category": category,
            "Team": [kind.categories[one] for one in category],
            "Outcome": _drawn(kind.outcomes, n, rng),
            "logged": logged.astype("datetime64[m]").astype("datetime64[s]"),
            "target": _targets(logged, kind.target),
            "wait": kind.median_days * rng.lognormal(0, _SPREAD, n),
            "withdrawn": rng.random(n) < _WITHDRAWN,
            "placeless": rng.random(n) < kind.placeless,
        }
    )


def _drawn(shares: dict[str, float], n: int, rng: np.random.Generator) -> NDArray[np.str_]:
    return np.asarray(rng.choice(list(shares), n, p=list(shares.values())))


def _targets(logged: Times, target: Target | None) -> Times:
    if target is None:
        return np.full(len(logged), np.datetime64("NaT"), "datetime64[s]")
    received = pd.Series(pd.DatetimeIndex(logged).tz_localize(LONDON, ambiguous=False))
    return due_days(received.dt.tz_convert("UTC"), target).astype("datetime64[s]")


def _placed(
    rows: pd.DataFrame, spots: pd.DataFrame, wards: gpd.GeoDataFrame
) -> tuple[NDArray[np.object_], pd.DataFrame]:
    """Give the rows places, and return their wards and the spots that are in one."""
    tree = shapely.STRtree(wards.geometry.to_numpy())
    point, ward = tree.query(shapely.points(spots[["x", "y"]]), predicate="intersects")
    point, first = np.unique(point, return_index=True)
    inside = spots.iloc[point].assign(Ward=wards["area_name"].to_numpy(object)[ward[first]])
    # A few incidents lie outside the city, so some more were drawn.
    own = inside.iloc[: len(rows)].reset_index(drop=True)
    has_place = ~rows["placeless"]
    rows["x"], rows["y"] = (own[axis].where(has_place) for axis in ("x", "y"))
    rows["Street"] = own["location"].where(has_place, "")
    return own["Ward"].to_numpy(object), inside


def _repeats(rows: pd.DataFrame, spots: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The place where the same issue comes back: each time it is cleared within some days."""
    usual = rows[(rows["Category"] == REPEAT_CATEGORY) & (rows["Type"] == "REQ")].iloc[0]
    spot = spots[~spots["Ward"].isin(SLOW_WARDS)].iloc[-1]
    days = np.arange(REPEATS) * 38 + rng.integers(0, 6, REPEATS)
    logged = (year_days(3)[0] + days).astype("datetime64[s]") + np.timedelta64(10, "h")
    apart = rng.uniform(-6, 6, (2, REPEATS)).round()
    return pd.DataFrame([usual] * REPEATS).assign(
        Outcome="Cleared",
        logged=logged,
        target=_targets(logged, _KINDS[0].target),
        wait=rng.uniform(2, 6, REPEATS),
        withdrawn=False,
        placeless=False,
        x=spot["x"] + apart[0],
        y=spot["y"] + apart[1],
        Street=spot["location"],
        Ward=spot["Ward"],
    )


def _answered(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """When each record is answered and closed: at the hours of an office."""
    replied = _office_hours(rows["logged"].to_numpy(), rows["wait"].to_numpy(), rng)
    more = rng.exponential(0.3, len(rows)) * rows["wait"].to_numpy()
    closed = _office_hours(replied, np.where(rng.random(len(rows)) < 0.5, 0.0, more), rng)
    withdrawn = rows["withdrawn"].to_numpy()
    early = _office_hours(rows["logged"].to_numpy(), rng.uniform(0, 4, len(rows)), rng)
    return rows.assign(
        replied=np.where(withdrawn, np.datetime64("NaT"), replied),
        closed=np.where(withdrawn, early, np.maximum(replied, closed)),
        Outcome=np.where(
            withdrawn, rng.choice(["Withdrawn", "Duplicate"], len(rows)), rows["Outcome"]
        ),
    )


def _office_hours(start: Times, days: NDArray[np.float64], rng: np.random.Generator) -> Times:
    """So many days later, from Monday to Friday and from 9 to 17, but never before the start."""
    later = start + (days * 86_400).astype("timedelta64[s]")
    day = np.busday_offset(later.astype("datetime64[D]"), 0, roll="forward")
    clock = rng.integers(9 * 60, 17 * 60, len(day)).astype("timedelta64[m]")
    times = day.astype("datetime64[s]") + clock.astype("timedelta64[s]")
    return np.asarray(np.maximum(times, start))


def _changing(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Choose what the second extract shows beside what happened: records lost, and opened again."""
    first = np.datetime64(EXTRACTS[0]) + np.timedelta64(1, "D")
    known = (rows["logged"] < first).to_numpy()
    ended = known & (rows["closed"] < first).to_numpy() & ~rows["withdrawn"].to_numpy()
    last = np.datetime64(EXTRACTS[1]) + np.timedelta64(1, "D")
    waiting = known & (rows["closed"] >= last).to_numpy()
    recent = ended & (rows["closed"] >= first - np.timedelta64(21, "D")).to_numpy()
    chosen = {"vanishes": (waiting, VANISHED), "reopens": (recent, REOPENED)}
    for name, (among, n) in chosen.items():
        picked = np.zeros(len(rows), dtype=bool)
        picked[rng.choice(np.flatnonzero(among), n, replace=False)] = True
        rows[name] = picked
    return rows.drop(columns=["wait", "placeless"])


def _with_reports_of_asb(rows: pd.DataFrame, spots: pd.DataFrame) -> pd.DataFrame:
    """Call every second noise a report of ASB, and put some at the spot with most incidents."""
    noise = rows.index[(rows["Type"] == "CASE") & (rows["Category"] == "Noise nuisance")]
    rows.loc[noise[::2], ["Category", "Team"]] = [ASB_CATEGORY, "Community safety"]
    movable = (
        (rows["Category"] == ASB_CATEGORY)
        & (rows["logged"] >= np.datetime64(EXTRACTS[-1]) - np.timedelta64(150, "D"))
        & rows["x"].notna()
        & ~rows["Ward"].isin(SLOW_WARDS)
        & ~(rows["withdrawn"] | rows["vanishes"] | rows["reopens"])
    )
    chosen = rows.index[movable][-ASB_REPORTS:]
    usual = spots[~spots["Ward"].isin(SLOW_WARDS)]
    squares = (usual[["x", "y"]] // _SQUARE_M).apply(tuple, axis=1)
    spot = usual[squares == squares.value_counts().sort_index().idxmax()].iloc[0]
    apart = np.array([[-5, 3], [4, -4], [0, 6], [6, 1], [-3, -6]])[: len(chosen)]
    for column, name in enumerate(("x", "y")):
        rows.loc[chosen, name] = spot[name] + apart[:, column]
    rows.loc[chosen, ["Street", "Ward"]] = [spot["location"], spot["Ward"]]
    return rows


def _clock(times: pd.Series) -> pd.Series:
    texts: pd.Series = times.dt.strftime("%d/%m/%Y %H:%M").fillna("")
    return texts


def _metres(values: pd.Series) -> pd.Series:
    texts: pd.Series = values.round().astype("Int64").astype("str").replace("<NA>", "")
    return texts
