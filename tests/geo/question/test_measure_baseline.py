"""A measure that counts something can be what cells are held against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import QuestionError
from geo.measures.model import Measure, values_frame
from geo.question.ask import Answer, Question, ask
from geo.question.measure_layer import latest_values
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile


@pytest.fixture(scope="module")
def store(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeoPackageStore]:
    path = shutil.copyfile(demo_store, tmp_path_factory.mktemp("measures") / "demo.gpkg")
    with closing(GeoPackageStore(path)) as opened:
        yield opened


def asked(store: GeoPackageStore, baseline: str, period: str = "2026-03") -> Answer:
    texts = {"layer": "wards", "cell": "400", "datetime": period, "baseline": baseline}
    return ask(Question.read(texts), store)


def test_a_measure_is_as_good_a_baseline_as_the_same_column(store: GeoPackageStore) -> None:
    # The last estimate of the demo city is the census of its blocks.
    measure, column = (asked(store, name) for name in ("measure:residents", "blocks:residents"))
    assert np.array_equal(measure.hotspots["p_count"], column.hotspots["p_count"])
    assert measure.baseline.phrase == column.baseline.phrase
    assert measure.baseline.name == "measure:residents"


def test_values_of_later_times_are_not_used(store: GeoPackageStore) -> None:
    early, late = (asked(store, "measure:residents", month) for month in ("2022-06", "2026-03"))
    values = store.measure_values(["residents"])
    first = values[values["first_day"] == "2022-04-01"]["value"].sum()
    assert f"{first:,.0f} residents" in early.baseline.detail
    assert early.baseline.detail != late.baseline.detail


def test_only_answers_that_read_a_measure_change_with_it(store: GeoPackageStore) -> None:
    names = ("measure:residents", "even")
    before = [asked(store, name).accounts.data_version for name in names]
    with store.transaction():
        store.put_measure(Measure("a", "A", "things", "count", "up", "wards", "made up"))
    after = [asked(store, name).accounts.data_version for name in names]
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("satisfaction", "is a share, and a baseline is a count"),
        ("asb", "is made of incidents; use baseline=other"),
        ("nothing", "there is no measure 'nothing'; there are: vulnerability, "),
        ("gap", "'gap' is no count: 15 of 17 areas have no number"),
    ],
)
def test_what_is_no_count_is_refused(store: GeoPackageStore, name: str, reason: str) -> None:
    gap = Measure("gap", "Gap", "things", "count", "up", "wards", "made up")
    rows = pd.DataFrame(
        {
            "measure_id": "gap",
            "area_code": ["D05000001", "D05000002"],
            "first_day": "2024-01-01",
            "last_day": "2024-12-31",
            "value": [5.0, 6.0],
            "note": "",
        }
    )
    with store.transaction():
        store.put_measure_values(values_frame(rows), TableFile("gap.csv", "1", 2, measures=(gap,)))
    with pytest.raises(QuestionError, match=reason):
        _ = asked(store, f"measure:{name}").hotspots


def test_the_latest_period_counts_even_where_its_value_is_unknown() -> None:
    rows = pd.DataFrame(
        {
            "measure_id": "m",
            "area_code": ["A", "A", "B", "B"],
            "first_day": pd.to_datetime(["2023-01-01", "2024-01-01"] * 2),
            "last_day": pd.to_datetime(["2023-12-31", "2024-12-31"] * 2),
            "value": [1.0, np.nan, 3.0, 4.0],
            "note": "",
        }
    )
    day = pd.Timestamp("2024-06-30").date()
    latest = latest_values(values_frame(rows), day)
    assert np.isnan(latest["A"])
    assert latest["B"] == 4
    assert latest_values(values_frame(rows), day.replace(year=2023)).to_dict() == {"A": 1, "B": 3}
