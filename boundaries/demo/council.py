"""Anti-social behaviour as a council's case system would export it."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.demo.streams import ASB
from geo.incidents import LONDON

_WORDING: Final = {
    "Rowdy or nuisance behaviour": 0.34,
    "Noise nuisance": 0.21,
    "Youths congregating": 0.13,
    "Vehicle nuisance": 0.11,
    "Neighbour dispute": 0.09,
    "Street drinking": 0.06,
    "Drug paraphernalia": 0.04,
    "Misuse of fireworks": 0.02,
}

COUNCIL_MAPPING: Final = """\
# How to read council-asb.csv: patchmap ingest council-asb.csv --mapping council-asb.toml
source = "council"
id = "Ref"
address = "Address"

[when]
from = ["Date reported", "Time"]
format = "dd/mm/yyyy HH:MM"

[where]
easting = "Easting"
northing = "Northing"

[what]
category = "anti-social-behaviour"  # whatever its wording

[metadata]
title = "Cases of a synthetic council"
caveats = ["Synthetic: this city, its people and its incidents do not exist."]
"""


def council_sheet(incidents: pd.DataFrame, wards: gpd.GeoDataFrame) -> pd.DataFrame:
    """The anti-social behaviour among incidents: local date and time, grid reference, address."""
    rows = incidents[incidents["category"] == ASB]
    local = rows["occurred_from"].dt.tz_convert(LONDON)
    rng = np.random.default_rng(len(rows))
    wording = rng.choice(list(_WORDING), len(rows), p=list(_WORDING.values()))
    return pd.DataFrame(
        {
            "Ref": [f"ASB/{number:06d}" for number in range(1, len(rows) + 1)],
            "Date reported": local.dt.strftime("%d/%m/%Y"),
            "Time": local.dt.strftime("%H:%M"),
            "Category": wording,
            "Easting": rows["x"].round().astype(int),
            "Northing": rows["y"].round().astype(int),
            "Address": rows["location"],
            "Ward": _ward_names(rows, wards),
        }
    )


def _ward_names(rows: pd.DataFrame, wards: gpd.GeoDataFrame) -> list[str]:
    """Name of each row's ward, empty outside the city."""
    tree = shapely.STRtree(wards.geometry.to_numpy())
    point, ward = tree.query(shapely.points(rows[["x", "y"]]), predicate="intersects")
    names = np.full(len(rows), "", dtype=object)
    names[point] = wards["area_name"].to_numpy(object)[ward]
    return list(names)
