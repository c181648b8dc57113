"""Measures and entries of a whole city, asked by somebody who sees a part of it."""

from __future__ import annotations

import pandas as pd
from fastapi.testclient import TestClient

from api.answers import Answers
from api.identity.view import DataView
from geo.measures.model import Measure, entries_frame, values_frame
from geo.question.ask import Question
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.views.conftest import PEOPLE

OFFICER = DataView.of(PEOPLE["ann"])
ASKED = Question.read({"layer": "wards", "datetime": "2024-01/2024-03"})
FILE = TableFile("made-up.csv", "0" * 64, 1)


def entry(own: str, code: str, layer: str = "wards") -> dict[str, object]:
    row = {"entry_id": own, "kind": "money", "day": "2024-02-01", "amount": 100, "state": "paid"}
    return {**row, "layer_id": layer, "area_code": code}


def put_residents(store: GeoPackageStore) -> None:
    residents = Measure("people", "People", "people", "count", "neither", "city", "made up")
    values = values_frame(
        pd.DataFrame(
            {
                "measure_id": ["people"],
                "area_code": ["C"],
                "first_day": ["2023-01-01"],
                "last_day": ["2023-12-31"],
                "value": [1_000.0],
            }
        )
    )
    with store.transaction():
        store.put_measure(residents)
        store.put_measure_values(values, FILE)


def test_a_measure_of_a_layer_of_which_nothing_is_seen_is_carried_alike_for_all(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    put_residents(store)
    answers = Answers(store)
    every, own = (one.ask(ASKED).facts.measured() for one in (answers, answers.of(OFFICER)))
    assert every.values("people").values["value"].tolist() == [500.0, 500.0]
    assert own.values("people").values["value"].tolist() == [500.0, 500.0]


def test_a_baseline_of_such_a_measure_is_the_same_for_all(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    put_residents(store)
    asked = Question.read({**ASKED.options(), "baseline": "measure:people"})
    answers = Answers(store)
    every, own = (one.ask(asked) for one in (answers, answers.of(OFFICER)))
    assert own.baseline.detail == every.baseline.detail


def test_entries_of_an_area_that_is_no_more_are_not_of_the_whole_city(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    rows = [entry("own", "QA01"), entry("gone", "QC03"), entry("city", "", "")]
    with store.transaction():
        store.put_entries(entries_frame(rows), FILE)
    answers = Answers(store)
    for one in (answers, answers.of(OFFICER)):
        placed = one.ask(ASKED).facts.measured().entries("money")
        assert placed.city_wide["entry_id"].tolist() == ["city"]
        assert placed.not_placed["entry_id"].tolist() == ["gone"]
        assert placed.placed["entry_id"].tolist() == ["own"]
    assert "QC03" not in placed.not_placed.to_csv()
