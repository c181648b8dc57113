"""Reports of money and hours, of wards of which two have the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from api.answers import Answers
from api.reports.model import Report
from api.reports.registry import MAKERS
from geo.measures.model import entries_frame
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import two_wards

IN = {"layer_id": "wards", "day": "2024-05-01"}
ENTRIES = (
    *({"entry_id": f"a{code}", "area_code": code, "amount": 10, **IN} for code in "AB"),
    {"entry_id": "p", "area_code": "A", "amount": 3, "state": "paid", **IN},
    {"entry_id": "t", "kind": "time", "area_code": "B", "amount": 60, "activity": "office", **IN},
)


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    wards = two_wards().assign(area_name="Abbey")
    rows = [{"kind": "money", "state": "allocated", **row} for row in ENTRIES]
    rows[-1]["state"] = ""
    with closing(GeoPackageStore(tmp_path / "wards.gpkg", create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards"), wards)
            store.put_entries(entries_frame(rows), TableFile("money.csv", "1", rows_read=4))
        yield Answers(store)


def tables(answers: Answers, name: str) -> dict[str, pd.DataFrame]:
    """The tables of a report by their titles, each by the names of its rows."""
    made: Report = MAKERS[name](answers, Question.read({"layer": "wards"}))
    every = [*made.tables, *(table for part in made.parts for table in part.tables)]
    return {table.title: table.frame.set_index(table.columns[0].name) for table in every}


def test_two_wards_of_one_name_are_neither_added_up_nor_counted_twice(answers: Answers) -> None:
    money = tables(answers, "spend")
    names = ["Abbey (A)", "Abbey (B)", "Total"]
    for title in ("Money by area", "Paid by quarter", "Paid by area and priority"):
        assert money[title].index.tolist() == names
    assert money["Paid by quarter"]["sum"].tolist() == [0.03, 0, 0.03]
    assert money["Paid by area and priority"]["sum"].tolist() == [0.03, 0, 0.03]
    hours = tables(answers, "officer-hours")
    assert hours["Hours by activity"]["sum"].to_dict() == dict(zip(names, (0, 1, 1), strict=True))


def test_money_of_areas_alone_has_a_total_without_anything_beside_it(answers: Answers) -> None:
    """Of one area nothing is allocated here: a share of nothing is unknown, and no error."""
    made = MAKERS["spend"](answers, Question.read({"layer": "wards", "datetime": "2024-05"}))
    total = made.tables[0].frame.iloc[-1]
    assert total[["allocated", "paid", "left"]].tolist() == [0.2, 0.03, 0.17]
