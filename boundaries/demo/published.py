"""The incidents as data.police.uk would publish them: by month, snapped, without a time."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

from boundaries.demo.city import DemoCity
from boundaries.demo.events.streams import ASB
from boundaries.demo.town.lines import Ints
from geo.incidents import category_title, london_months

PUBLISHED_COLUMNS: Final = (
    "Crime ID",
    "Month",
    "Reported by",
    "Falls within",
    "Longitude",
    "Latitude",
    "Location",
    "LSOA code",
    "LSOA name",
    "Crime type",
    "Last outcome category",
    "Context",
)
FEWEST_ADDRESSES: Final = 8
"""data.police.uk uses no snap point with fewer addresses."""

_OUTCOMES: Final = (
    "Unable to prosecute suspect",
    "Investigation complete; no suspect identified",
    "Under investigation",
    "Awaiting court outcome",
    "Local resolution",
    "Offender given a caution",
)
_OUTCOME_CHANCES: Final = (0.36, 0.4, 0.12, 0.06, 0.04, 0.02)


def snapped(city: DemoCity) -> pd.DataFrame:
    """All incidents with the published columns but the coordinates, and `x` and `y` in metres.

    Those outside the city keep their place: the nearest snap point would lie inside.
    """
    rows = city.incidents
    shared = city.segments[city.segments["addresses"] >= FEWEST_ADDRESSES]
    snap_points = shared.geometry.interpolate(0.5, normalized=True).get_coordinates().to_numpy()
    points = rows[["x", "y"]].to_numpy()
    block = _block_of(city, points)
    nearest = scipy.spatial.KDTree(snap_points).query(points)[1]
    place = np.where((block >= 0)[:, None], snap_points[nearest], points)
    lsoa = np.append(city.blocks["lsoa_code"].to_numpy(object), "")[block]
    force = f"{city.name} Police (synthetic)"
    return pd.DataFrame(
        {
            "Crime ID": _crime_ids(rows),
            "Month": london_months(rows["occurred_from"]).astype(str),
            "Reported by": force,
            "Falls within": force,
            "x": place[:, 0],
            "y": place[:, 1],
            "Location": "On or near " + shared["street_name"].to_numpy(object)[nearest],
            "LSOA code": lsoa,
            "LSOA name": [code and f"{city.name} {code[-3:]}" for code in lsoa],
            "Crime type": rows["category"].map(category_title),
            "Last outcome category": _outcomes(rows, seed=city.seed),
            "Context": "",
        }
    )


def published_month(rows: pd.DataFrame) -> pd.DataFrame:
    """One month's rows with exactly the published columns, mixed as published files are."""
    order = rows["Crime ID"].argsort(kind="stable")
    return rows[list(PUBLISHED_COLUMNS)].iloc[order]


def _block_of(city: DemoCity, points: NDArray[np.float64]) -> Ints:
    """Position of each point's block, -1 outside the city."""
    tree = shapely.STRtree(city.blocks.geometry.to_numpy())
    point, block = tree.query(shapely.points(points), predicate="intersects")
    position = np.full(len(points), -1)
    # Backwards, so that a point on a shared edge gets the first of its blocks.
    position[point[::-1]] = block[::-1]
    return position


def _crime_ids(rows: pd.DataFrame) -> NDArray[np.object_]:
    """Opaque ids; anti-social behaviour is published without one."""
    ids = [hashlib.sha256(name.encode()).hexdigest() for name in rows["incident_id"]]
    return np.where(rows["category"] == ASB, "", np.array(ids, dtype=object))


def _outcomes(rows: pd.DataFrame, *, seed: int) -> NDArray[np.object_]:
    rng = np.random.default_rng([seed, 1])
    outcomes = rng.choice(np.array(_OUTCOMES, dtype=object), len(rows), p=_OUTCOME_CHANCES)
    return np.where(rows["category"] == ASB, "", outcomes)
