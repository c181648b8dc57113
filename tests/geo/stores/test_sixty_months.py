"""Sixty months of a made city, from the store to what they prove, rank and call unusual."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses import AnalysisResult
from geo.crs import BRITISH_NATIONAL_GRID
from geo.incidents import COLUMNS, Batch, Partition, month_span, months_between
from geo.question.ask import ask
from geo.question.model import Question
from geo.store.contract import LayerMetadata, Store
from tests.geo.analyses.material import COMPUTE
from tests.geo.stores.places import Places, open_at

MONTHS = months_between("2021-01", "2025-12")
WEST, SOUTH, SIDE = 435_000.0, 336_000.0, 4_000.0
POINTS, A_MONTH = 200, 300
KINDS = ("anti-social-behaviour", "burglary")


@pytest.fixture(scope="module")
def city(places: Places) -> Iterator[Store]:
    """Two wards, 200 snap points of lasting and unequal rates, a burst in the last month."""
    store = open_at(places.new(), create=True)
    half = SIDE / 2
    edges = (WEST, WEST + half, WEST + SIDE)
    squares = [shapely.box(west, SOUTH, east, SOUTH + SIDE) for west, east in pairwise(edges)]
    wards = gpd.GeoDataFrame(
        {"area_name": ["West", "East"]},
        index=pd.Index(["E01", "E02"], name="area_code"),
        geometry=squares,
        crs=BRITISH_NATIONAL_GRID,
    )
    draw = np.random.default_rng(60)
    at = draw.uniform(20, SIDE - 20, (POINTS, 2)) + np.array([WEST, SOUTH])
    rate = draw.gamma(0.5, size=POINTS)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), wards)
        for number, month in enumerate(MONTHS):
            season = 1 + 0.15 * np.sin(2 * np.pi * number / 12)
            n = draw.poisson(A_MONTH * season)
            point = draw.choice(POINTS, n, p=rate / rate.sum())
            kind = draw.integers(0, 2, n)
            if month == MONTHS[-1]:
                west = np.flatnonzero(at[:, 0] < WEST + half)
                more = draw.choice(west, 60, p=rate[west] / rate[west].sum())
                point, kind = np.append(point, more), np.append(kind, np.zeros(60, dtype=int))
            store.put_partition(_partition(month, at[point], np.array(KINDS)[kind]))
    yield store
    store.close()


def _partition(month: str, at: np.ndarray, kinds: np.ndarray) -> Partition:
    start, end = month_span(month)
    rows = pd.DataFrame(
        {
            "incident_id": [f"police.uk/made/{month}:{line}" for line in range(2, len(at) + 2)],
            "source": "police.uk",
            "category": kinds,
            "occurred_from": start.as_unit("s"),
            "occurred_to": end.as_unit("s"),
            "precision": "month",
            "x": at[:, 0],
            "y": at[:, 1],
            "location": "On or near Long Row",
            "reference": "",
        },
        columns=list(COLUMNS),
    )
    batch = Batch(rows, pd.DataFrame({"line": [], "reason": [], "row": []}))
    return Partition(
        source="police.uk",
        name="made",
        month=month,
        file=f"{month}-made-street.csv",
        sha256=month,
        fields=("Longitude", "Latitude"),
        batches=lambda: iter([batch]),
    )


def compute(command: str, store: Store, **options: str) -> AnalysisResult:
    history = command != "rank"
    question = Question.read({"layer": "wards", **options})
    return COMPUTE[command](ask(question, store, history=history))


# The others show that either store gives the same months; to judge them takes long.
@pytest.mark.parametrize("backend", ["geopackage"], indirect=True)
def test_five_years_judge_every_window_and_what_is_expected_comes(city):
    """Measured over twelve months, by twelve: 1.00 expected for each that came, 1.17 by one."""
    result = compute("evaluate", city)
    assert result.parameters["windows"] == [1, 3, 12, 36]
    assert result.parameters["tested_on"] == MONTHS[-12:]
    assert not any("cannot be judged" in caveat for caveat in result.caveats)
    one = result.frame[result.frame["asked_share"] == 0.01].dropna(subset=["window"])
    one = one.set_index(["method", "window"])
    for chosen in (("shrunk count", 12), ("shrunk count", 36), ("ranked places", 12)):
        assert 0.9 <= one.loc[chosen, "predicted_over_observed"] <= 1.1
    assert one.loc[("count", 1), "predicted_over_observed"] > 1.1
    # Where rates last, a year is as good as any window: what is ranked by it finds no fewer.
    assert one.loc[("count", 12), "verdict"] in ("found most", "within chance of the most")
    assert one.loc[("gi_star", 12), "verdict"] == "found fewer"


def test_places_are_ranked_by_three_years_of_them(city):
    result = compute("rank", city, window="36")
    assert result.parameters["window"] == "2023-01-01/2025-12-31"
    assert result.frame["expected"].sum() == pytest.approx(result.frame["n"].sum(), rel=0.1)


def test_the_planted_burst_alone_is_unusual_among_the_areas(city):
    result = compute("unusual", city, datetime="2025-12")
    first, *others = result.frame[["area_code", "category", "verdict"]].to_numpy().tolist()
    assert first == ["E01", "anti-social-behaviour", "more"]
    assert {verdict for _, _, verdict in others} == {"usual"}
    circles = compute("unusual-places", city, datetime="2025-12").frame
    assert len(circles) == 20
    assert circles["history_months"].min() == 59
