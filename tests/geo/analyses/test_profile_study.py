"""Areas inside a study area are held against all of it, by published measures too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from boundaries.demo import DemoCity
from geo.analyses import ANALYSES
from geo.measures.comparison import NO_WHOLE, against_rest
from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore

PROFILE = next(one for one in ANALYSES if one.command == "profile")


@pytest.fixture(scope="module")
def store(demo_store: Path) -> Iterator[GeoPackageStore]:
    with closing(GeoPackageStore(demo_store)) as opened:
        yield opened


def rows(store: GeoPackageStore, **texts: str) -> pd.DataFrame:
    question = Question.read({"datetime": "2025-10/2026-03", "layer": "estates", **texts})
    return PROFILE.compute(ask(question, store)).frame.set_index("area_name")


def test_an_estate_is_held_against_the_city_and_not_against_the_other_estates(
    store: GeoPackageStore, demo_city: DemoCity
) -> None:
    values = demo_city.values[demo_city.values["measure_id"] == "vulnerability"]
    last = values[values["last_day"] == values["last_day"].max()]
    estates = demo_city.estates.set_index("area_name").geometry
    points = demo_city.blocks.representative_point()
    shown = rows(store, study="wards", measures="vulnerability")
    for name, estate in estates.items():
        outside = ~last["area_code"].isin(points.index[points.within(estate)])
        rest = last.loc[outside, ["numerator", "denominator"]].sum()
        assert shown.loc[str(name), "rest"] == pytest.approx(
            1_000 * rest["numerator"] / rest["denominator"]
        )
    assert shown["verdict"].to_dict() == {
        "Kittiwake Estate": "no clear difference",
        "Trawler Rise": "worse",
        "Fladen Park": "worse",
        "Dowsing Court": "worse",
    }


def test_without_a_study_area_the_areas_are_the_whole(store: GeoPackageStore) -> None:
    alone = rows(store, measures="vulnerability")
    own = alone[["numerator", "denominator"]]
    rest = own.sum() - own
    expected = 1_000 * rest["numerator"] / rest["denominator"]
    assert alone["rest"].to_numpy() == pytest.approx(expected.to_numpy())


def test_a_value_of_the_ward_around_it_says_nothing_of_an_estate(store: GeoPackageStore) -> None:
    shown = rows(store, study="wards", measures="requests-in-time")
    assert shown["value"].isna().all()
    assert (shown["verdict"] == "").all()
    assert shown["why"].str.contains("most of it would be guessed").all()


def test_a_mean_is_not_held_against_a_whole_without_limits() -> None:
    figures = pd.DataFrame(
        {
            "value": [1.0, 2.0],
            "numerator": [float("nan")] * 2,
            "denominator": [10.0, 20.0],
            "lower": [0.5, 1.5],
            "upper": [1.5, 2.5],
        }
    )
    assert against_rest("mean", figures, whole=(1.0, 2.0))["why"].tolist() == [NO_WHOLE] * 2
    assert against_rest("mean", figures)["ratio"].notna().all()
