"""Streets where a force lacks a month, incidents are weighed, or a source has new snap points."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses import AnalysisResult
from geo.question.answer import UNKNOWN_CELL
from geo.question.ask import StoreFacts, answer
from geo.question.harm import HarmTable
from geo.question.model import Question
from geo.question.street_layer import StreetLayer
from geo.store.contract import ImportRecord
from tests.geo.analyses.material import COMPUTE
from tests.geo.import_records import record_of

ASB, ROBBERY = "anti-social-behaviour", "robbery"
SIDE = 5_000
MONTHS = [f"2024-{month:02}" for month in range(1, 7)]


def layer(**paths: list[tuple[int, int]]) -> StreetLayer:
    """Streets by their ids, each of a name of its own."""
    segments = gpd.GeoDataFrame(
        {"name": pd.Series([f"{name} Street" for name in paths], dtype=object).to_numpy()},
        geometry=[shapely.LineString(path) for path in paths.values()],
        index=pd.Index(list(paths), name="code"),
        crs="EPSG:27700",
    )
    return StreetLayer("streets", "Streets", segments)


TWO_FORCES = layer(
    west=[(400_100, 300_100), (404_900, 300_100)],
    east=[(405_100, 300_100), (409_900, 300_100)],
    both=[(404_000, 300_600), (406_000, 300_600)],
)
"""
    +-------------+-------------+
    |       ------both-----     |
    | ---west---  |  ---east--- |
    +-------------+-------------+
"""


@pytest.fixture(scope="module")
def counties() -> gpd.GeoDataFrame:
    squares = [
        shapely.box(400_000 + n * SIDE, 300_000, 400_000 + (n + 1) * SIDE, 301_000) for n in (0, 1)
    ]
    index = pd.Index(["W", "E"], name="area_code")
    return gpd.GeoDataFrame(
        {"area_name": ["West", "East"]}, index=index, geometry=squares, crs="EPSG:27700"
    )


def ask(
    frame: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    records: list[ImportRecord] | None = None,
    *,
    streets: StreetLayer = TWO_FORCES,
    harm: HarmTable | None = None,
    **options: str,
) -> AnalysisResult:
    facts = StoreFacts(accepted=len(frame), streets=lambda: streets, harm=harm)
    question = Question.read({"layer": "wards", **options})
    return COMPUTE["streets"](answer(question, frame, areas, imports=records or (), facts=facts))


def by_id(result: AnalysisResult) -> pd.DataFrame:
    return pd.DataFrame(result.frame).set_index("street_id")


def spread(west: float, south: float, n: int) -> list[tuple[float, float]]:
    """So many points along a stretch of 4 km."""
    return [(west + 4_000 * k / n, south) for k in range(n)]


@pytest.fixture
def two_forces(incident_frame) -> tuple[pd.DataFrame, list[ImportRecord]]:
    """Six months of two forces; the eastern one lacks March."""
    frames, records = [], []
    for month in MONTHS:
        for name, west in (("avonshire", 400_400), ("borsetshire", 405_500)):
            if (name, month) == ("borsetshire", "2024-03"):
                continue
            points = [
                *spread(west, 300_100, 30),
                *[(404_500 if west < SIDE + 400_000 else 405_500, 300_600)] * 4,
            ]
            frame = incident_frame([(x, y, ASB, month) for x, y in points])
            ids = [f"police.uk/{name}/{month}:{n}" for n in range(len(frame))]
            frames.append(frame.assign(incident_id=ids))
            records.append(record_of(frames[-1], month=month, name=name, source="police.uk"))
    return pd.concat(frames, ignore_index=True), records


def test_a_street_in_an_area_of_unlike_months_has_no_count(two_forces, counties):
    """Nor one that only ends in such an area: what is known of it is only a part."""
    frame, records = two_forces
    result = ask(frame, counties, records, datetime="2024-01/2024-03")
    rows = by_id(result)
    assert rows.loc["west", ["n", "rank"]].tolist() == [90, 1]
    assert rows.loc[["east", "both"], ["n", "share", "expected", "rank"]].isna().all(axis=None)
    assert rows["why"].to_dict() == {"west": "", "east": UNKNOWN_CELL, "both": UNKNOWN_CELL}
    assert rows.loc["east", "length_m"] == 4_800
    # Concentration is that of the streets that are known.
    assert " on 1 of its 1 street," in result.parameters["headline"]
    known = ask(frame, counties, records, datetime="2024-04/2024-06")
    assert by_id(known)["n"].to_dict() == {"west": 90, "east": 90, "both": 24}
    assert "why" not in by_id(known)


def test_a_street_is_compared_only_where_both_periods_are_known(two_forces, counties):
    frame, records = two_forces
    rows = by_id(ask(frame, counties, records, datetime="2024-04", compare="previous"))
    assert rows["n"].to_dict() == {"west": 30, "east": 30, "both": 8}
    assert rows["n_compared"].isna().to_dict() == {"west": False, "east": True, "both": True}
    assert rows["certainty"].to_dict() == {"west": "cannot be judged", "east": "", "both": ""}
    assert rows.loc["east", "why"].startswith("not compared: ")


def test_harm_ranks_the_streets_and_leaves_counts_and_concentration(incident_frame, counties):
    table = HarmTable("Test table", "made up", {ASB: 1.0, ROBBERY: 50.0})
    rows = [(x, y, ASB, "2024-01") for x, y in spread(400_400, 300_100, 40)]
    rows += [(407_000, 300_100, ROBBERY, "2024-01")] * 2
    frame = incident_frame(rows)
    weighed = ask(frame, counties, harm=table, weight="t", datetime="2024-01")
    plain = ask(frame, counties, datetime="2024-01")
    assert by_id(weighed).loc[["east", "west"], "rank"].tolist() == [1, 2]
    assert by_id(plain).loc[["west", "east"], "rank"].tolist() == [1, 2]
    assert by_id(weighed)["weighted"].to_dict() == {"east": 100, "west": 40, "both": 0}
    both = by_id(plain).index
    assert by_id(weighed).loc[both, "n"].tolist() == by_id(plain)["n"].tolist()
    assert weighed.parameters["headline"] == plain.parameters["headline"]
    assert by_id(weighed)["rank"].isna().to_dict() == {"east": False, "west": False, "both": True}


OLD, NEW = 300_100.0, 300_160.0
ACROSS = layer(
    old=[(400_000, 300_100), (405_000, 300_100)], new=[(400_000, 300_200), (405_000, 300_200)]
)
"""
    ------new------
      . . . . . .     the points from April: 40 m from new, 60 m from old
    --.-.-old-.-.--   the points until March
"""


@pytest.fixture(scope="module")
def across(incident_frame) -> pd.DataFrame:
    """Each month 150 incidents at 30 points, which are replaced by others in April."""
    rng = np.random.default_rng(4)
    points = np.linspace(400_400, 404_400, 30)
    rows = [
        (x, OLD if month < "2024-04" else NEW, ASB, month)
        for month in MONTHS
        for x in rng.choice(points, 150)
    ]
    return incident_frame(rows)


def test_no_street_is_compared_across_a_change_of_snap_points(across, counties):
    """The incidents are those of the same place: only their points lie on another street."""
    rows = by_id(ask(across, counties, streets=ACROSS, datetime="2024-04", compare="previous"))
    assert rows["n"].to_dict() == {"new": 150, "old": 0}
    assert set(rows["why"]) == {"not compared: from 2024-04 the source uses other points"}
    assert set(rows["certainty"]) == {""}
    assert rows["change"].isna().all()
    within = by_id(ask(across, counties, streets=ACROSS, datetime="2024-05", compare="previous"))
    assert within.loc["new", ["n", "n_compared", "change"]].tolist() == [150, 150, 0]


def test_chance_deals_the_incidents_of_each_list_over_its_own_points(across, counties):
    rows = by_id(ask(across, counties, streets=ACROSS, datetime="2024-03/2024-05"))
    assert rows["n"].to_dict() == {"new": 300, "old": 150}
    # Each list has points along one of the streets alone.
    assert rows["expected"].to_dict() == {"new": 300, "old": 150}
    assert rows["n_snapped"].to_dict() == {"new": 300, "old": 150}
