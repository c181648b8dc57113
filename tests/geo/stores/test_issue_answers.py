"""Repeat issues and steps of enforcement of planted cases, found by hand beside them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from geo.analyses import ANALYSES, AnalysisResult
from geo.errors import QuestionError
from geo.question.model import Question
from geo.question.subjects import ask_about
from geo.store.contract import Store
from tests.geo.stores.made_cases import (
    PERIOD,
    SOUTH,
    WEST,
    extract_of,
    made_cases,
    put_cases,
)

_ANALYSES = {analysis.command: analysis for analysis in ANALYSES}
ASB = "anti-social-behaviour"


def find(store: Store, command: str, **options: str) -> AnalysisResult:
    analysis = _ANALYSES[command]
    question = Question.read({"layer": "wards-2022", "datetime": PERIOD, **options})
    return analysis.compute(ask_about(analysis.subject, question, store, history=analysis.history))


def case(received: str, closed: str = "", **others: Any) -> dict[str, Any]:
    """A case in the middle of the second ward."""
    place = {"x": WEST + 1_500.0, "y": SOUTH + 500.0}
    rest = {"category": "litter", "kind": "request", "channel": "", "stated": "", "due": ""}
    more = {"withdrawn": False, "outcome": "Cleared", "answered": ""}
    return {"received": received, "closed": closed, **place, **rest, **more, **others}


def frame_of(*cases: dict[str, Any]) -> pd.DataFrame:
    """Cases as `made_cases` has them."""
    frame = pd.DataFrame(list(cases), index=[f"case:{n}" for n in range(len(cases))])
    for name in ("received", "due", "answered", "closed"):
        frame[name] = pd.to_datetime(frame[name].replace("", None))
    return frame


def put_planted(store: Store, *cases: dict[str, Any]) -> None:
    put_cases(store, frame_of(*cases))


PLANTED = (
    case("2026-03-02", "2026-03-10"),
    case("2026-03-20", "2026-04-01", outcome="Letter sent", x=WEST + 1_510.0),  # 10 m, 10 days
    case("2026-03-25"),  # while the second was open: 15 days after the first
    case("2026-07-20", x=WEST + 1_510.0),  # 110 days after the last closing
    case("2026-04-10", x=WEST + 1_560.0),  # 50 m away
    case("2026-04-11", category="noise"),  # another issue
    case("2026-04-12", x=None, y=None, stated="W02"),  # nowhere
)


def test_repeats_are_the_planted_ones_with_what_was_done_before(store):
    put_planted(store, *PLANTED)
    result = find(store, "repeat-issues")
    rows = result.frame.set_index("incident_id")
    assert rows.index.tolist() == ["case:1", "case:2"]
    assert rows["earlier"].tolist() == ["case:0", "case:0"]
    assert rows["days"].tolist() == [10, 15]
    assert rows["metres"].tolist() == [10.0, 0.0]
    assert rows["outcome"].tolist() == ["Cleared", "Cleared"]
    assert rows["received_on"].tolist() == ["2026-03-20", "2026-03-25"]
    assert set(rows["area_code"]) == {"W02"}
    assert result.parameters["headline"].startswith("2 of 6 records repeat an issue")
    assert result.parameters["received_account"].startswith("7 received = ")
    done = result.tables["done_before"].set_index("outcome")
    assert done.loc["Cleared", ["closed", "came_back"]].tolist() == [1, 1]
    assert done.loc["Letter sent", ["closed", "came_back"]].tolist() == [1, 0]
    assert "1 records without a place are not looked at." in result.caveats


def test_three_reports_in_six_months_reach_the_threshold(store):
    reports = [case(f"2026-0{month}-02", category=ASB) for month in (6, 8, 9)]
    elsewhere = [case("2026-09-02", category=ASB, x=WEST + 3_500.0) for _ in range(2)]
    put_planted(store, *reports, *elsewhere, case("2026-01-05", category=ASB))
    table = find(store, "repeat-issues").tables["case_review"]
    assert table[["reports", "still_open", "area_code"]].to_numpy().tolist() == [[3, 3, "W02"]]
    assert table["first"].tolist() == ["2026-06-02"]
    assert "case_review" not in find(store, "repeat-issues", datetime="2026-01/2026-08").tables


def test_steps_are_those_that_places_reached(store):
    second = {"x": WEST + 2_500.0}
    third = {"x": WEST + 2_900.0}
    put_planted(
        store,
        case("2026-02-01", "2026-02-03", outcome="Advice given"),
        case("2026-03-01", "2026-03-03", outcome="Warning letter"),
        case("2026-04-01", "2026-04-03", outcome="Fixed penalty notice", **second),
        case("2026-04-01", "2026-04-03", outcome="Advice given", **third),
        case("2026-05-01", "", outcome="Prosecution", **third),  # not closed: not done
        case("2026-05-01", "2026-05-02", outcome="No action", kind="enforcement", **third),
    )
    result = find(store, "enforcement")
    columns = ["places", "stopped", "went_on", "without_step_before"]
    steps = result.tables["all"].set_index("step")[columns]
    assert steps.to_numpy().tolist() == [[2, 1, 1, 0], [1, 1, 0, 0], [1, 1, 0, 1]]
    rows = result.frame.set_index(["area_code", "step"])
    assert rows["places"].sum() == 4
    assert rows.loc[("W03", "enforcement"), columns].tolist() == [1, 1, 0, 1]
    assert result.parameters["no_step"] == 1
    assert result.parameters["headline"] == (
        "Of 3 places with a step, 2 reached engagement, 1 reached education, 1 reached "
        "enforcement; 1 stopped at engagement and 1 stopped at education. 1 skipped a step on the "
        "way."
    )


def test_a_record_that_was_opened_again_is_a_line_of_the_account(store):
    put_planted(store, case("2026-03-02", "2026-03-10"), case("2026-03-03", "2026-03-10"))
    again = [case("2026-03-02"), case("2026-03-03", "2026-03-10"), case("2026-12-01")]
    with store.transaction():
        store.put_partition(extract_of(frame_of(*again), day=date(2026, 12, 10)))
    result = find(store, "backlog", datetime="2026-12/2026-12")
    assert result.parameters["open_account"] == (
        "0 open before + 1 received + 1 reopened − 0 closed or withdrawn − 0 vanished = 2 open "
        "after."
    )
    months = find(store, "backlog", datetime="2026-01/2026-12", by="month").tables["all"]
    months = months.set_index("month")
    assert months.loc["2026-03", ["received", "closed", "open_after"]].tolist() == [2, 2, 0]
    assert months.loc["2026-12", ["open_before", "reopened", "open_after"]].tolist() == [0, 1, 2]


def test_many_cases_add_up_and_both_stores_give_the_same_bytes(store):
    put_cases(store)
    n = len(made_cases()[lambda frame: frame["received"] >= "2026-01-01"])
    texts = []
    for command in ("repeat-issues", "enforcement"):
        result = find(store, command)
        assert result.parameters["received_account"].startswith(f"{n:,} received = ")
        texts.append(pd.DataFrame(result.frame.drop(columns="geometry")).to_csv())
    assert texts == _FIRST.setdefault("texts", texts)


@pytest.mark.parametrize("command", ["repeat-issues", "enforcement"])
def test_a_store_without_lives_says_so(store, command):
    with pytest.raises(QuestionError, match="no source has records"):
        find(store, command)


_FIRST: dict[str, list[str]] = {}
