"""Placebos in a real city: its busiest places "treated" in a month in which nothing was done."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses import ANALYSES, LAYERS
from geo.errors import QuestionError
from geo.incidents import Batch, london_months
from geo.question.ask import answer
from geo.question.model import Question
from geo.sources.police_uk import read_police_uk

CATEGORIES = ("anti-social-behaviour", "violence-and-sexual-offences", "public-order")
PLACEBOS = 4
"""Of each category."""

WEST, SOUTH, SIDE = 450_000, 295_000, 20_000
TREATMENT = next(analysis for analysis in ANALYSES if analysis.command == "treatment")


@pytest.fixture(scope="module")
def leicester(real_data, projection) -> pd.DataFrame:
    """Incidents of twenty months in and around Leicester, before its points were replaced."""
    path = real_data / "melton/police-uk-leicestershire-2020-11--2022-10.zip"
    parts = [Batch.join(part.batches()).accepted for part in read_police_uk(path, projection)]
    rows = pd.concat(parts, ignore_index=True)
    inside = rows["x"].between(WEST, WEST + SIDE) & rows["y"].between(SOUTH, SOUTH + SIDE)
    return rows[inside & (london_months(rows["occurred_from"]) <= np.datetime64("2022-06"))]


@pytest.fixture(scope="module")
def squares(projection) -> gpd.GeoDataFrame:
    corners = [
        (x, y) for x in range(WEST, WEST + SIDE, 4000) for y in range(SOUTH, SOUTH + SIDE, 4000)
    ]
    codes = [f"{x}-{y}" for x, y in corners]
    return gpd.GeoDataFrame(
        {"area_name": codes},
        index=pd.Index(codes, name="area_code"),
        geometry=[shapely.box(x, y, x + 4000, y + 4000) for x, y in corners],
        crs=projection.crs,
    )


def test_few_placebos_show_an_effect(leicester, squares):
    rng = np.random.default_rng(4)
    effects = [
        effect
        for category in CATEGORIES
        for effect in placebos(leicester[leicester["category"] == category], squares, rng)
    ]
    judged = [effect for effect in effects if effect != "refused"]
    assert len(judged) >= len(effects) / 2
    assert sum(effect.startswith("clear") for effect in judged) <= 0.10 * len(judged)


def placebos(incidents, squares, rng) -> list[str]:
    months = sorted({str(month) for month in london_months(incidents["occurred_from"])})
    effects = []
    for _ in range(PLACEBOS):
        since, many = int(rng.integers(8, len(months) - 3)), int(rng.choice([1, 3, 5]))
        until = min(since + 6, len(months), 2 * since) - 1
        year = f"{months[max(0, since - 12)]}/{months[since - 1]}"
        ranking = answer(
            Question.read({"datetime": year, "layer": "squares", "top": str(many)}),
            incidents,
            squares,
            history=False,
        )
        places = LAYERS["ranked-hotspots"].compute(ranking).frame["hotspot_id"]
        options = {
            "datetime": f"{months[since]}/{months[until]}",
            "layer": "squares",
            "treated": ",".join(places),
            "since": months[since],
            "chosen": months[since],
            "control": "matched",
        }
        try:
            result = TREATMENT.compute(answer(Question.read(options), incidents, squares))
        except QuestionError as refusal:
            assert "no untreated place of like level" in str(refusal)  # noqa: PT017 - some may be
            effects.append("refused")
            continue
        effects.append(str(result.parameters["effect"]))
        table = result.tables["places"]
        treated, control = (table[table["zone"] == zone] for zone in ("treated", "control"))
        away = shapely.distance(
            shapely.union_all(treated.geometry.to_numpy()), control.geometry.to_numpy()
        )
        assert (away > 299).all()
    return effects
