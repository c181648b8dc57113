"""Any measure can be a need of posts and patches, by its latest values on these areas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boundaries.demo import DemoCity
from geo.analyses import ANALYSES
from geo.analyses.analysis import AnalysisResult
from geo.errors import QuestionError
from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore

COMMANDS = {one.command: one for one in ANALYSES}


@pytest.fixture(scope="module")
def store(demo_store: Path) -> Iterator[GeoPackageStore]:
    with closing(GeoPackageStore(demo_store)) as opened:
        yield opened


def shared(store: GeoPackageStore, command: str = "posts", **texts: str) -> AnalysisResult:
    question = Question.read({"layer": "wards", "datetime": "2025-04/2026-03", **texts})
    return COMMANDS[command].compute(ask(question, store))


def rates(city: DemoCity, measure_id: str) -> pd.Series:
    """The last rate of each ward, added up from its blocks."""
    rows = city.values[city.values["measure_id"] == measure_id]
    last = rows[rows["last_day"] == rows["last_day"].max()]
    sums = last.groupby(last["area_code"].map(city.blocks["ward_code"]))[
        ["numerator", "denominator"]
    ].sum()
    return sums["numerator"] / sums["denominator"]


def test_the_need_is_the_share_of_the_measure(store: GeoPackageStore, demo_city: DemoCity) -> None:
    result = shared(store, posts="34", need="vulnerability")
    need = result.frame.set_index("area_code")["need"]
    own = rates(demo_city, "vulnerability")
    assert np.allclose(need, (own / own.sum())[need.index])
    assert any(
        "values of October 2025 to March 2026; carried from blocks by best fit" in caveat
        for caveat in result.caveats
    )


def test_low_values_mean_more_need_where_high_ones_are_better(
    store: GeoPackageStore, demo_city: DemoCity
) -> None:
    result = shared(store, posts="34", need="satisfaction")
    own = rates(demo_city, "satisfaction")
    turned = own.max() + own.min() - own
    need = result.frame.set_index("area_code")["need"]
    assert np.allclose(need, (turned / turned.sum())[need.index])
    assert result.parameters["low_is_worse"] == ["satisfaction"]
    assert (
        "Satisfied with the neighbourhood: low values mean more need, as high ones are better."
    ) in result.caveats


def test_measures_mix_with_incidents_and_columns(store: GeoPackageStore) -> None:
    parts = [
        shared(store, posts="34", need=name).frame.set_index("area_code")["need"]
        for name in ("incidents", "vulnerability", "imd_score")
    ]
    mixed = shared(store, posts="34", need="incidents:2,vulnerability:1,imd_score:1")
    need = mixed.frame.set_index("area_code")["need"]
    assert np.allclose(need, (2 * parts[0] + parts[1] + parts[2])[need.index] / 4)


def test_values_after_the_period_are_not_used(store: GeoPackageStore) -> None:
    early = shared(store, posts="34", need="vulnerability", datetime="2023-04/2023-09")
    late = shared(store, posts="34", need="vulnerability")
    assert not np.allclose(early.frame["need"], late.frame["need"])


def test_patches_are_balanced_by_a_measure_too(store: GeoPackageStore) -> None:
    result = shared(store, "patches", groups="6", need="vulnerability")
    assert result.frame["patch"].nunique() == 6
    assert any("best fit" in caveat for caveat in result.caveats)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"need": "asb"}, "'asb' is made of incidents"),
        ({"need": "requests-in-time"}, "requests-in-time must be a number.*it is not in D05000017"),
        ({"need": "nothing"}, "nothing"),
        ({"need": "felt-safety", "layer": "estates"}, "'felt-safety': published on wards"),
    ],
)
def test_a_need_that_cannot_be_had_is_refused(
    store: GeoPackageStore, texts: dict[str, str], reason: str
) -> None:
    with pytest.raises(QuestionError, match=reason):
        shared(store, posts="34", **texts)


def test_an_area_without_a_value_can_be_excluded(store: GeoPackageStore) -> None:
    result = shared(store, posts="34", need="requests-in-time", exclude="D05000017")
    assert len(result.frame) == 16
