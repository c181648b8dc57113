"""The accounts of tasks add up, and are the same at every door: by level, by ward, and for all."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.reports.task_tracker import tracker_report
from boundaries.tasking.accounts import TaskAccounts
from boundaries.tasking.actions import ReferralTerms, refer_task, take_step
from boundaries.tasking.payload import list_facts
from boundaries.tasking.task import LEVELS, Level
from geo.question.model import Question
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run_json
from tests.api.tasks.conftest import add_task, signed
from tests.api.tasks.test_task_pages import text_of

Sums = dict[str, int]
PARTS = ("declined", "open", "waiting", "done", "assessed")
OPEN = ("raised", "accepted", "doing")
IN_A, IN_B, OUTSIDE = 200, 2_200, 9_000


def sums(*counts: int) -> Sums:
    return dict(zip(("raised", *PARTS), counts, strict=True))


EXPECTED: dict[str, dict[Level, Sums]] = {
    "": {
        "city": sums(2, 0, 1, 0, 1, 0),
        "area": sums(6, 1, 2, 1, 1, 1),
    },
    "A": {
        "city": sums(1, 0, 1, 0, 0, 0),
        "area": sums(3, 1, 1, 1, 0, 0),
    },
    "B": {
        "city": sums(1, 0, 0, 0, 1, 0),
        "area": sums(2, 0, 0, 0, 1, 1),
    },
}
"""By ward, '' for all, of which one lies in neither ward."""


@pytest.fixture
def filled(own_store: Store) -> Store:
    """Tasks of both levels in each part of the accounts, in two wards and outside of both."""
    waits = add_task(own_store, "Waits")
    refer_task(own_store, waits, ReferralTerms("up", "city board"), signed=signed())
    declined = add_task(own_store, "Declined")
    take_step(own_store, declined, "decline", signed=signed(), note="no money")
    add_task(own_store, "New")
    for title, level in (("Done", "area"), ("Assessed", "area"), ("City's", "city")):
        own = add_task(own_store, title, level=level, east=IN_B, owner="warden")  # type: ignore[arg-type]
        take_step(own_store, own, "accept", signed=signed())
        take_step(own_store, own, "finish", signed=signed())
    take_step(own_store, "T-0006", "assess", signed=signed(), outcome="worked", finding="Fell.")
    begun = add_task(own_store, "Begun", east=OUTSIDE, owner="warden")
    for step in ("accept", "start"):
        take_step(own_store, begun, step, signed=signed())  # type: ignore[arg-type]
    return own_store


def sums_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Sums]:
    """The accounts of each level, counted here from the level and state of each task."""
    counts: dict[str, Counter[str]] = {level: Counter() for level in LEVELS}
    for level, state in pairs:
        counts[level].update(["raised", "open" if state in OPEN else state])
    parts = ("raised", *PARTS)
    return {level: sums(*(own[part] for part in parts)) for level, own in counts.items()}


def written_sums(text: str) -> Sums:
    """The accounts that a sentence writes."""
    found = re.search(r"(\d+) raised = " + " \\+ ".join(rf"(\d+) {part}" for part in PARTS), text)
    assert found, text
    return sums(*map(int, found.groups()))


def of_page(page: TestClient, ward: str) -> dict[str, Sums]:
    text = text_of(page.get(f"/tasks?area={ward}@wards" if ward else "/tasks").text)
    return {
        level: written_sums(re.split(rf"{word} (?=\d+ raised)", text)[1])
        for level, word in (("city", "City"), ("area", "Areas"))
    }


def of_csv(page: TestClient, ward: str) -> dict[str, Sums]:
    text = page.get(f"/tasks.csv?area={ward}@wards" if ward else "/tasks.csv").text
    table = pd.read_csv(io.StringIO(text))
    return sums_of(zip(table["level"], table["state"], strict=True))


def of_geojson(page: TestClient, ward: str) -> dict[str, Sums]:
    whole = page.get(f"/tasks.geojson?area={ward}@wards" if ward else "/tasks.geojson").json()
    return dict(whole["accounts"])


def of_report(store: Store, ward: str) -> dict[str, Sums]:
    query = {"layer": "wards"} | ({"within": ward} if ward else {})
    report = tracker_report(Answers(store), Question.read(query))
    rows = [row for part in report.parts for row in part.tables[0].frame.to_dict("records")]
    words = {"New": "raised", "Taken on": "accepted", "In hand": "doing"}
    words |= {"Waiting for an answer": "waiting"}
    states = [words.get(str(row["state"]), str(row["state"]).lower()) for row in rows]
    counted = sums_of(zip([str(row["level"]) for row in rows], states, strict=True))
    both = {part: sum(own[part] for own in counted.values()) for part in ("raised", *PARTS)}
    assert written_sums(report.sentences[0]) == both
    total = report.tables[0].frame.iloc[-1]
    assert {part: int(total[part]) for part in both} == both
    return counted


def of_command(store: Store, ward: str) -> dict[str, Sums]:
    """Of the command itself on a file; of what it prints on a database."""
    if not isinstance(store, GeoPackageStore):
        rows = store.tasks()
        assert not ward
        return list_facts(rows, rows)["accounts_by_level"]  # type: ignore[no-any-return]
    words = ["--area", f"{ward}@wards"] if ward else []
    facts = run_json(store.path.parent, "--store", str(store.path), "task", "list", *words)
    counted = sums_of((one["level"], one["state"]) for one in facts["tasks"])
    assert counted == facts["accounts_by_level"]
    return counted


@pytest.mark.parametrize("ward", ["", "A", "B"])
def test_every_list_has_the_same_sums_by_level(page: TestClient, filled: Store, ward: str) -> None:
    expected = EXPECTED[ward]
    assert of_page(page, ward) == expected
    assert of_csv(page, ward) == expected
    assert of_geojson(page, ward) == expected
    assert of_report(filled, ward) == expected
    if not ward or isinstance(filled, GeoPackageStore):
        assert of_command(filled, ward) == expected


def test_the_collection_has_the_same_sums(page: TestClient, filled: Store) -> None:
    features = page.get("/ogc/collections/tasks/items?f=json&limit=100").json()["features"]
    rows = [one["properties"] for one in features]
    assert sums_of((one["level"], one["state"]) for one in rows) == EXPECTED[""]
    for level in LEVELS:
        TaskAccounts(**EXPECTED[""][level])  # which refuses what does not add up


def test_wards_and_what_lies_in_none_add_up_to_all() -> None:
    outside = {"city": Counter(), "area": Counter(raised=1, open=1)}
    for level in LEVELS:
        wards = Counter(EXPECTED["A"][level]) + Counter(EXPECTED["B"][level]) + outside[level]
        assert wards == +Counter(EXPECTED[""][level])
