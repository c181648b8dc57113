"""What an Answer's cells are held against: each baseline, its words, and what is refused."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses.hot_cells import hotspots
from geo.errors import QuestionError
from geo.incidents import SourceNotes
from geo.question.answer import Answer, StoreFacts
from geo.question.ask import answer
from geo.question.model import Question

NOTES = {"police": SourceNotes("Police", "", "", snapped=True), "log": SourceNotes("Log", "", "")}


@pytest.fixture(scope="module")
def areas() -> gpd.GeoDataFrame:
    """Two squares of 1 km: 300 people in the west, 100 in the east."""
    squares = [shapely.box(0, 0, 1_000, 1_000), shapely.box(1_000, 0, 2_000, 1_000)]
    values = {"area_name": ["West", "East"], "residents": [300, 100], "homes": [30, 50]}
    index = pd.Index(["W", "E"], name="area_code")
    return gpd.GeoDataFrame(values, geometry=squares, index=index, crs="EPSG:27700")


def rows(x: np.ndarray, month: str, *, source: str, category: str = "asb", **columns: object):
    when = pd.Timestamp(f"{month}-01", tz="UTC").as_unit("s")
    y = 500.0 + 7 * (np.arange(len(x)) % 13)
    values = {"occurred_from": when, "occurred_to": when, "precision": "month", "location": ""}
    return pd.DataFrame(
        {"incident_id": "i", "source": source, "category": category, "reference": "", **values}
        | {"x": np.asarray(x, float), "y": y, **columns}
    )


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    """Six months at 40 snap points, and a log of the last of them at places of its own."""
    rng = np.random.default_rng(1)
    points = np.linspace(30, 1_970, 40)
    months = [f"2024-0{number}" for number in range(1, 7)]
    police = [rows(rng.choice(points, 90), month, source="police") for month in months]
    drugs = rows(rng.choice(points, 50), "2024-06", source="police", category="drugs")
    log = rows(rng.uniform(0, 2_000, 60), "2024-06", source="log", precision="instant")
    return pd.concat([*police, drugs, log], ignore_index=True)


def ask(
    incidents: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    layer: gpd.GeoDataFrame | None = None,
    **options: str,
) -> Answer:
    facts = StoreFacts(len(incidents), notes=NOTES, baseline=layer, titles={"pubs": "Pubs"})
    given = {"from": "2024-06", "to": "2024-06", "cell": "100", "shape": "square"} | options
    return answer(Question.read(given), incidents, areas, facts=facts)


def of_sides(result: Answer, name: str = "expected") -> pd.Series:
    """A column of the cells summed in the west and in the east."""
    cells = result.hotspots
    west = np.array([shapely.centroid(cell).x < 1_000 for cell in cells.geometry])
    return cells[name].groupby(np.where(west, "W", "E")).sum()


def test_each_source_has_its_own_baseline_and_expected_counts_add(incidents, areas):
    result = ask(incidents, areas)
    assert result.baseline.name == "residents+points"
    assert result.baseline.words == "its residents and its points"
    assert "log: 400 residents of" in result.baseline.detail
    points = result.rows.point_lists[-1]
    assert points.source == "police"
    assert f"police: {len(points.x):,} points of 6 months" in result.baseline.detail
    # 60 of the log by residents, 140 of the police by points, half of which lie in the west.
    west = (points.x < 1_000).mean()
    assert of_sides(result)["W"] == pytest.approx(60 * 0.75 + 140 * west, rel=0.05)
    assert of_sides(result).sum() == pytest.approx(200)


def test_snap_points_are_those_of_all_categories_and_all_months(incidents, areas):
    every = incidents[incidents["source"] == "police"]
    result = ask(incidents, areas, source="police", category="drugs")
    distinct = every[["x", "y"]].drop_duplicates()
    assert result.baseline.detail == f"{len(distinct):,} points of 6 months"
    assert "fewer than 12" in result.baseline.caveats[0]
    assert result.hotspots["expected"].sum() == pytest.approx(50)


def test_months_before_a_new_list_have_points_of_their_own(areas):
    rng = np.random.default_rng(4)
    old, new = np.linspace(30, 900, 30), np.linspace(1_100, 1_970, 30)
    names = [f"2024-0{number}" for number in range(1, 7)]
    parts = [rows(rng.choice(old, 150), month, source="police") for month in names[:3]]
    parts += [rows(rng.choice(new, 150), month, source="police") for month in names[3:]]
    # Both lists cover the same 5 km square, as a real replacement does.
    table = pd.concat(parts, ignore_index=True)
    later = ask(table, areas)
    assert [one.months[0] for one in later.rows.point_lists] == ["2024-01", "2024-04"]
    assert of_sides(later)["E"] == pytest.approx(150)
    both = ask(table, areas, **{"from": "2024-03"})
    assert " from January 2024 to March 2024 and " in both.baseline.detail
    assert of_sides(both).to_numpy() == pytest.approx([450, 150])
    # Neither places nor the dispersion look back across the change.
    assert ask(table, areas).window.period.first.isoformat() == "2024-04-01"
    assert later.dispersion.months == 3


@pytest.mark.parametrize(
    ("options", "west", "words"),
    [
        ({"baseline": "even"}, 0.5, "an even spread over the study area would lead one to expect"),
        ({"baseline": "residents"}, 0.75, "its residents would lead one to expect (400 residents"),
        ({"baseline": "wards:homes"}, 0.375, "its homes would lead one to expect (80 homes of"),
        ({"baseline": "pubs"}, 0.25, "its Pubs would lead one to expect (4 points of Pubs)"),
        ({"test": "gi"}, 0.5, "an even spread over the study area would lead one to expect"),
    ],
)
def test_a_named_baseline_is_carried_to_the_cells_with_its_total(
    incidents, areas, options, west, words
):
    places = gpd.points_from_xy([120, 1_250, 1_450, 1_850, 9_000], [480] * 5)
    pubs = gpd.GeoDataFrame(geometry=places, crs=areas.crs)
    layer = {"wards:homes": areas, "pubs": pubs}.get(options.get("baseline", ""))
    result = ask(incidents, areas, layer, **options)
    assert of_sides(result, "baseline").to_numpy() == pytest.approx([1 - west, west])
    assert words in result.baseline.phrase


def test_other_incidents_are_those_of_other_categories_of_the_period(incidents, areas):
    result = ask(incidents, areas, source="police", category="drugs", baseline="other")
    assert result.baseline.words == "all other incidents there"
    assert result.baseline.detail == "90 other incidents"
    cells = result.hotspots
    june = incidents["occurred_from"].dt.month == 6
    of_month = incidents[june & (incidents["source"] == "police")]
    counts = result.cells.count(of_month["x"], of_month["y"])
    assert cells["expected"].to_numpy() == pytest.approx(50 * counts / 140)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other", "choose a category"),
        ("wards:beds", "no column 'beds'; its numbers are: residents, homes"),
        ("wards:area_name", "is no count: 2 of 2 areas"),
        ("wards", "'wards' is no layer of points"),
    ],
)
def test_what_is_no_baseline_is_refused_by_name(incidents, areas, name, message):
    with pytest.raises(QuestionError, match=message) as refusal:
        ask(incidents, areas, areas if name.startswith("wards") else None, baseline=name)
    assert refusal.value.option == "baseline"


def test_without_residents_a_source_without_points_has_an_even_spread(incidents, areas):
    log = incidents[incidents["source"] == "log"]
    bare = areas.drop(columns="residents")
    assert ask(log, bare).baseline.name == "even"
    with pytest.raises(QuestionError, match="has no residents"):
        ask(log, bare, baseline="residents")
    half = areas.assign(residents=[300.0, np.nan])
    assert ask(log, half).baseline.name == "even"


def test_incidents_where_the_baseline_has_nothing_are_counted_and_said(incidents, areas):
    empty = areas.assign(homes=[30, 0])
    result = ask(incidents, areas, empty, baseline="wards:homes")
    cells = result.hotspots
    lost = int(cells.loc[cells["class"] == "undefined", "n"].sum())
    assert lost > 50
    assert cells["n"].sum() == result.accounts.counted
    words = f"{lost} of 200 incidents lie where"
    assert any(caveat.startswith(words) for caveat in hotspots(result).caveats)
