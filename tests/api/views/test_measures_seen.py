"""Measures and entries of a whole city, asked by somebody who sees a part of it."""

from __future__ import annotations

import re

import pandas as pd
from fastapi.testclient import TestClient

from api.answers import Answers
from api.identity.view import DataView
from geo.measures.model import Measure, entries_frame, values_frame
from geo.question.ask import Question
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.views.conftest import PEOPLE
from tests.api.views.test_views import CANARY, finds, get

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
        assert sorted(placed.city_wide["entry_id"]) == ["c1", "city"]
        assert placed.not_placed["entry_id"].tolist() == ["gone"]
        assert sorted(placed.placed["entry_id"]) == ["a1", "a2", "b1", "b2", "own"]
    assert "QC03" not in placed.not_placed.to_csv()


MEASURED = (
    *("/areas/wards", "/areas/wards/QA01", "/areas/wards/QA01?f=xlsx", "/money", "/money?f=xlsx"),
    *("/answers/profile", "/answers/track?by=half", "/answers/officer-hours?by=quarter"),
    *("/answers/spend", "/answers/spend?split=priority", "/reports", "/reports/profile.xlsx"),
    *("/reports/profile", "/reports/spend", "/reports/spend.xlsx", "/reports/officer-hours.html"),
    *(f"/ogc/collections/{name}/items?f=json" for name in ("profile", "track", "spend")),
    "/ogc/collections/officer-hours/items?f=csv",
)
"""Doors of measures, money and hours."""


def test_an_officer_finds_neither_money_nor_hours_nor_values_of_others(either: TestClient) -> None:
    for address in MEASURED:
        assert get(either, "ann", address).status_code == 200, address
        assert finds(either, "ann", CANARY, address) == []
    split = "/ogc/collections/spend/items?f=json&split=priority"
    priorities = {
        who: {one["properties"]["priority"] for one in get(either, who, split).json()["features"]}
        for who in ("ann", "nat")
    }
    assert priorities == {
        "ann": {"Cleaner streets"},
        "nat": {"Cleaner streets", "Canary regeneration"},
    }


def test_an_officer_s_totals_are_of_their_own_areas_and_say_so(either: TestClient) -> None:
    spent = get(either, "ann", "/answers/spend").text
    assert "In the areas shown: £5,000.00 allocated, £0.00 committed, £1,250.00 paid" in spent
    # The last entry that they see is of 10 February; the last of all is of 22 March.
    assert "By 10 February 2024, 86 % of the financial year 2023/24 is gone" in spent
    hours = get(either, "ann", "/answers/officer-hours?rate=30").text
    assert "In the areas shown: 1.5 hours: £45.00 at £30.00 an hour" in hours
    assert "cases" not in hours
    page = get(either, "ann", "/money").text
    assert "In the areas that you see: £1,250.00 of £5,000.00 is paid" in page
    assert "In the areas that you see" not in get(either, "nat", "/money").text


def test_accounts_of_money_and_hours_are_of_an_officer_s_own_entries(either: TestClient) -> None:
    def accounts(who: str, name: str) -> list[int]:
        said = get(either, who, f"/ogc/collections/{name}/items?f=json").json()["accounts"]
        return [said[part] for part in ("read", "rejected", "not_asked", "counted")]

    assert accounts("ann", "spend") == [2, 0, 0, 2]
    assert accounts("nat", "spend") == [5, 0, 0, 5]
    assert accounts("ann", "officer-hours") == [1, 0, 0, 1]
    assert accounts("nat", "officer-hours") == [3, 0, 0, 3]


def test_no_answer_about_money_changes_with_the_entries_of_others(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    client, store = writable
    addresses = [
        *(f"/ogc/collections/{name}/items?f=csv" for name in ("spend", "officer-hours")),
        *("/answers/spend", "/answers/officer-hours", "/money", "/reports/spend"),
    ]

    def texts(who: str) -> list[str]:
        # The address of a state of the data is not what is said of it.
        return [re.sub(r"[0-9a-f]{12,}\S*", "", get(client, who, one).text) for one in addresses]

    before, whole = texts("ann"), texts("nat")
    other_years = [
        {**entry(f"later-{n}", code), "day": "2026-02-01", "kind": kind, "state": state}
        for n, code in enumerate(("QB02", ""))
        for kind, state in (("money", "paid"),)
    ]
    hours = {**entry("later-hours", "QB02"), "day": "2026-02-01", "kind": "time", "state": ""}
    with store.transaction():
        store.put_entries(entries_frame([*other_years, {**hours, "activity": "patrol"}]), FILE)
    assert texts("ann") == before
    assert all(new != old for new, old in zip(texts("nat"), whole, strict=True))


def test_a_verdict_is_the_same_for_who_sees_all_and_for_who_sees_a_part(either: TestClient) -> None:
    address = "/ogc/collections/profile/items?f=json&measures=safe"
    rows = {
        who: {
            one["properties"]["area_code"]: one["properties"]
            for one in get(either, who, address).json()["features"]
        }
        for who in ("ann", "nat")
    }
    assert rows["ann"] == {"QA01": rows["nat"]["QA01"]}
    # 120 of 400 against 240 of 400.
    assert rows["ann"]["QA01"]["ratio"] == 0.5
    assert rows["ann"]["QA01"]["verdict"] == "worse"
