"""Profiles, tracks, money and hours of both stores, also where no incident was ever imported."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.analyses import ANALYSES, AnalysisResult
from geo.errors import QuestionError
from geo.judging import NO_CLEAR_DIFFERENCE
from geo.measures.model import Measure, entries_frame, values_frame
from geo.question.model import Question
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata, Store
from geo.store.measure_contract import TableFile

_ANALYSES = {analysis.command: analysis for analysis in ANALYSES}
CODES = ["A", "B", "C", "D"]

FILE = TableFile("file.csv", "0" * 64, 0)


def money(own: str, pounds: float, state: str, code: str = "A", **others: Any) -> dict[str, Any]:
    row = {"entry_id": own, "kind": "money", "day": "2025-05-01", "state": state}
    place = {"layer_id": "wards" if code else "", "area_code": code}
    return {**row, "amount": round(100 * pounds), **place, **others}


def minutes(own: str, amount: int, day: str, **others: Any) -> dict[str, Any]:
    row = {"entry_id": own, "kind": "time", "day": day, "amount": amount, "activity": "patrol"}
    return {**row, "layer_id": "wards", "area_code": "A", **others}


def put_entries(store: Store, *rows: dict[str, Any]) -> None:
    with store.transaction():
        store.put_entries(entries_frame(list(rows)), FILE)


@pytest.fixture
def council(store, four_squares) -> Store:
    """A store with wards and without incidents."""
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), four_squares)
    return store


def find(store: Store, command: str, **options: str) -> AnalysisResult:
    analysis = _ANALYSES[command]
    question = Question.read({"layer": "wards", **options})
    return analysis.compute(ask_about(analysis.subject, question, store, history=analysis.history))


def test_a_council_without_incidents_gets_its_spend(council):
    put_entries(council, *(money(code, 5_000, "allocated", code) for code in CODES))
    put_entries(council, money("p", 1_250.5, "paid", "B", day="2025-12-31", priority="youth"))
    result = find(council, "spend")
    frame = result.frame
    assert frame["allocated"].tolist() == [5_000] * 4
    assert frame["left"].tolist() == [5_000, 3_749.5, 5_000, 5_000]
    assert frame["share_paid"].tolist()[1] == pytest.approx(0.2501)
    assert result.parameters["nothing_spent"] == ["Ward A", "Ward C", "Ward D"]
    # By the last entry, 275 of the 365 days of 2025/26 are gone.
    assert frame["year_gone"].tolist() == pytest.approx([275 / 365] * 4)
    assert result.parameters["headline"] == (
        "£20,000.00 allocated, £0.00 committed, £1,250.50 paid; £18,749.50 left. By 31 December "
        "2025, 75 % of the financial year 2025/26 is gone."
    )


def test_money_of_the_city_and_of_other_areas_stands_beside_and_adds_up(council):
    put_entries(
        council,
        money("a", 100, "allocated"),
        money("c", 30, "allocated", ""),
        # An old ward that is today's D stands there; one that is C and D together nowhere.
        money("x", 7.77, "allocated", "Y", layer_id="old"),
        money("y", 0.01, "allocated", "Z", layer_id="old"),
        money("k", 20, "committed", ""),
        money("p", 5, "paid", "", settles="k"),
    )
    wards = council.layer("wards")[1]
    both = shapely.union_all(wards.geometry.loc[["C", "D"]].to_numpy())
    shapes = gpd.GeoSeries([wards.geometry["D"], both], index=["Y", "Z"], crs=wards.crs)
    old = gpd.GeoDataFrame({"area_name": ["Old D", "North"]}, geometry=shapes, index=shapes.index)
    with council.transaction():
        council.put_layer(LayerMetadata("old", title="Old"), old.rename_axis("area_code"))
    result = find(council, "spend", datetime="2025-04/2025-06")
    assert result.frame["allocated"].tolist() == [100, 0, 0, 7.77]
    beside = result.tables["elsewhere"].set_index("where")
    assert beside.loc["North (not placed)", "allocated"] == 0.01
    assert beside.loc["City-wide", ["allocated", "committed", "left"]].tolist() == [30, 15, 10]
    total = result.frame["allocated"].sum() + beside["allocated"].sum()
    assert total == pytest.approx(result.parameters["total_allocated"])
    assert result.parameters["total_allocated"] == 137.78
    assert result.parameters["year_gone"] == pytest.approx(91 / 365)
    assert result.caveats == [
        "3 entries are of the whole city and shared out to no area.",
        "1 entry is of an area that lies in no one area here: not placed, but part of the total.",
    ]


def test_the_share_of_the_year_that_is_gone_is_of_the_year_that_the_period_ends_in(council):
    """Neither below 0 % nor by a day of another year, whatever period is asked for."""
    put_entries(
        council,
        money("a", 100, "allocated", day="2023-05-01"),
        money("b", 100, "allocated", "B", day="2026-02-15"),
        money("c", 5, "paid", "C", day="2023-05-01"),
    )
    earlier = find(council, "spend", datetime="2023-04/2025-03").parameters
    assert (earlier["financial_year"], earlier["as_of"]) == ("2024/25", "2025-03-31")
    assert earlier["year_gone"] == 1
    later = find(council, "spend", datetime="2023-04/2026-03").parameters
    assert (later["financial_year"], later["as_of"]) == ("2025/26", "2026-02-15")
    assert later["year_gone"] == pytest.approx(321 / 365)
    # Of what was given nothing, nothing could be spent.
    assert later["nothing_spent"] == ["Ward A", "Ward B"]


def test_money_is_split_by_priority(council):
    put_entries(
        council,
        money("a", 100, "paid", priority="youth"),
        money("b", 50, "paid"),
        money("c", 1, "allocated", "B", priority="roads"),
    )
    frame = find(council, "spend", split="priority", within="A").frame
    assert frame["priority"].tolist() == ["no priority", "roads", "youth"]
    assert frame["paid"].tolist() == [50, 0, 100]


def test_hours_by_quarter_and_activity_cost_what_is_stated(council):
    put_entries(
        council,
        minutes("1", 90, "2025-04-30"),
        minutes("2", 45, "2025-06-30", activity="office"),
        minutes("3", 60, "2025-07-01"),
        minutes("4", 30, "2025-07-01", layer_id="", area_code=""),
    )
    result = find(council, "officer-hours", by="quarter", datetime="2025-04/2025-09", rate="40")
    own = result.frame[result.frame["area_code"] == "A"].set_index(["quarter", "activity"])
    assert own["hours"].to_dict() == {
        ("2025-Q2", "office"): 0.75,
        ("2025-Q2", "patrol"): 1.5,
        ("2025-Q3", "office"): 0.0,
        ("2025-Q3", "patrol"): 1.0,
    }
    assert own["cost"].sum() == 130
    assert set(own["first_day"]) == {"2025-04-01", "2025-07-01"}
    assert result.tables["elsewhere"]["hours"].sum() == 0.5
    assert result.parameters["headline"] == "3.8 hours: £150.00 at £40.00 an hour."
    assert result.parameters["total_cost"] == 150


def test_money_by_quarter_is_what_is_dated_in_it_and_what_was_left_at_its_end(council):
    put_entries(
        council,
        money("a", 1_000, "allocated", day="2025-04-02"),
        money("b", 400, "committed", day="2025-05-01"),
        money("c", 100, "paid", day="2025-06-30", settles="b"),
        money("d", 250, "paid", day="2025-07-01", settles="b"),
        money("e", 30, "paid", day="2025-07-02", layer_id="", area_code=""),
    )
    asked = {"datetime": "2025-04/2025-09"}
    result = find(council, "spend", by="quarter", **asked)
    own = result.frame[result.frame["area_code"] == "A"].set_index("quarter")
    amounts = own[["allocated", "committed", "paid", "left"]]
    assert amounts.loc["2025-Q2"].tolist() == [1_000, 300, 100, 600]
    assert amounts.loc["2025-Q3"].tolist() == [0, 50, 250, 600]
    assert own["share_paid"].tolist() == [0.1, 0.35]
    assert own["year_gone"].tolist() == pytest.approx([91 / 365, 183 / 365])
    assert own["first_day"].tolist() == ["2025-04-01", "2025-07-01"]
    beside = result.tables["elsewhere"].set_index("quarter")
    assert beside["paid"].to_dict() == {"2025-Q2": 0, "2025-Q3": 30}
    # The headline is of the whole period, however it is split.
    assert result.parameters == find(council, "spend", **asked).parameters


@pytest.mark.parametrize("unit", ["month", "quarter", "half", "year", "financial-year"])
def test_parts_of_time_add_up_to_the_whole_and_end_with_it(council, unit):
    put_entries(
        council,
        *(
            money(f"{code}{n}", 10 * n + 5, state, code, day=f"2025-{n:02}-17", priority=name)
            for n, name in ((2, "roads"), (4, "youth"), (8, "roads"), (11, ""))
            for code in "AB"
            for state in (("allocated", "paid", "committed")[n % 3],)
        ),
    )
    asked = {"datetime": "2025-01/2025-12", "split": "priority"}
    parts = find(council, "spend", by=unit, **asked).frame
    whole = find(council, "spend", **asked).frame.set_index(["area_code", "priority"])
    by_row = parts.groupby(["area_code", "priority"], sort=False)
    sums = by_row[["allocated", "paid"]].sum().reindex(whole.index)
    assert sums.equals(whole[["allocated", "paid"]])
    last = by_row[["committed", "left", "share_paid"]].last(skipna=False).reindex(whole.index)
    assert last.equals(whole[["committed", "left", "share_paid"]])


def test_without_entries_the_refusal_says_how_to_add_them(council):
    for command in ("spend", "officer-hours"):
        with pytest.raises(QuestionError, match="see 'patchmap entries add'"):
            find(council, command)
    with pytest.raises(QuestionError, match="no incidents and no measures yet"):
        find(council, "profile")


def test_a_time_without_entries_is_unknown_and_not_zero_hours(council):
    put_entries(council, money("a", 100, "allocated"), minutes("t", 50, "2025-05-01"))
    for by in ("", "quarter"):
        with pytest.raises(QuestionError, match="no officers' time is recorded in June 2025"):
            find(council, "officer-hours", datetime="2025-06", by=by)


SATISFIED = Measure(
    "satisfied", "Satisfied", "%", "share", "up", "wards", "Survey", multiplier=100,
    licence="OGL v3.0", caveat="Asked by post.",
)  # fmt: skip


def satisfied(code: str, year: int, numerator: float, of: float) -> dict[str, Any]:
    days = {"first_day": f"{year}-04-01", "last_day": f"{year + 1}-03-31"}
    value = {"value": 100 * numerator / of, "numerator": numerator, "denominator": of}
    return {"measure_id": "satisfied", "area_code": code, **days, **value}


@pytest.fixture
def surveyed(council) -> Store:
    rows = [satisfied(code, year, 60, 100) for code in "ABC" for year in (2022, 2023)]
    rows += [satisfied("D", 2022, 60, 100), satisfied("D", 2023, 25, 100)]
    with council.transaction():
        file = TableFile("values.csv", "0" * 64, len(rows), {}, (SATISFIED,))
        council.put_measure_values(values_frame(rows), file)
    return council


def test_a_profile_has_the_latest_values_with_their_days_and_source(surveyed):
    result = find(surveyed, "profile", datetime="2023-01/2024-06")
    frame = result.frame[result.frame["measure_id"] == "satisfied"].set_index("area_code")
    assert set(frame["first_day"]) == {"2023-04-01"}
    assert frame.loc["D", "rest"] == pytest.approx(60)
    assert frame["verdict"].to_dict() == {
        **dict.fromkeys("ABC", frame.loc["A", "verdict"]),
        "D": "worse",
    }
    assert frame.loc["A", "verdict"] == NO_CLEAR_DIFFERENCE
    assert frame.loc["D", ["year_before", "change_verdict"]].tolist() == [60, "worse"]
    assert frame.loc["D", ["source", "licence", "caveat"]].tolist() == [
        "Survey", "OGL v3.0", "Asked by post.",
    ]  # fmt: skip
    own = result.frame[result.frame["measure_id"] == "incidents"]
    assert own["value"].isna().all()
    assert own["why"].str.contains("no incidents").all()


def test_values_after_the_period_are_not_known_yet(surveyed):
    frame = find(surveyed, "profile", datetime="2023-01/2023-06", measures="satisfied").frame
    assert set(frame["last_day"]) == {"2023-03-31"}
    assert set(frame["year_before"].isna()) == {True}
    with pytest.raises(QuestionError, match="measures: unknown value 'x'; choose among"):
        find(surveyed, "profile", datetime="2023-01/2023-06", measures="x")


def test_a_track_holds_each_year_against_the_one_before(surveyed):
    frame = find(surveyed, "track", datetime="2022-04/2024-03", by="financial-year").frame
    own = frame[frame["area_code"] == "D"]
    assert own["financial_year"].tolist() == ["2022/23", "2023/24"]
    assert own["value"].tolist() == [60, 25]
    assert own["verdict"].tolist() == ["", "worse"]
    assert own["ratio"].tolist()[1] == pytest.approx(25 / 60)


def test_before_and_after_are_held_against_a_named_control(surveyed):
    options = {"datetime": "2022-04/2024-03", "since": "2023-04", "control": "A,B"}
    table = find(surveyed, "track", **options).tables["since"].set_index("area_code")
    assert table.loc["D", ["before", "after"]].tolist() == [60, 25]
    assert table.loc["D", "ratio"] == pytest.approx(25 / 60)
    assert table.loc["D", "verdict"] == "worse"
    assert table.loc["A", "why"] == "is part of the control"
    with pytest.raises(QuestionError, match="control: 'Q' is no area of wards"):
        find(surveyed, "track", **{**options, "control": "Q"})


def test_before_and_after_are_held_against_the_areas_of_a_layer(surveyed):
    wards = surveyed.layer("wards")[1]
    west = shapely.union_all(wards.geometry.loc[["A", "B"]].to_numpy())
    control = gpd.GeoDataFrame({"area_name": ["West"]}, geometry=[west], index=["W"], crs=wards.crs)
    with surveyed.transaction():
        surveyed.put_layer(LayerMetadata("west"), control.rename_axis("area_code"))
    options = {"datetime": "2022-04/2024-03", "since": "2023-04"}
    named = find(surveyed, "track", **options, control="A,B").tables["since"]
    by_layer = find(surveyed, "track", **options, control="west").tables["since"]
    pd.testing.assert_frame_equal(by_layer, named)
    assert by_layer.set_index("area_code").loc["B", "why"] == "is part of the control"


def test_the_accounts_name_the_state_of_all_that_an_answer_was_made_of(surveyed):
    put_entries(surveyed, money("a", 100, "allocated"), minutes("t", 50, "2025-05-01"))
    version = surveyed.data_version()
    subjects = {
        "profile": ("incidents", "layers", "settings", "measures"),
        "track": ("incidents", "layers", "settings", "measures"),
        "spend": ("layers", "settings", "entries"),
        "officer-hours": ("layers", "settings", "entries"),
    }
    for command, own in subjects.items():
        question = Question.read({"layer": "wards", "datetime": "2022-04/2025-06"})
        accounts = ask_about(_ANALYSES[command].subject, question, surveyed).accounts
        assert accounts.data_version == version.of(*own), command


def test_both_stores_give_the_same_bytes(surveyed):
    put_entries(surveyed, money("a", 100, "allocated"), minutes("t", 50, "2025-05-01"))
    texts = [
        pd.DataFrame(
            find(surveyed, command, datetime="2022-04/2025-06").frame.drop(columns="geometry")
        ).to_csv()
        for command in ("profile", "track", "spend", "officer-hours")
    ]
    first = _FIRST.setdefault("texts", texts)
    assert texts == first


_FIRST: dict[str, list[str]] = {}
