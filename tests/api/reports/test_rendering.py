"""A report is the same whatever it is written as: page, file and workbook."""

from __future__ import annotations

import io
import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
from markupsafe import escape

from api.reports.fares import (
    by_area,
    halves_table,
    is_known,
    profile_table,
    source_table,
    whole_sentence,
)
from api.reports.hours import activity_table, long_table, part_table
from api.reports.model import Part, Report
from api.reports.money import money_table, standing_out
from api.reports.rendering import report_page, report_sheets
from geo.calendar_parts import parts_of
from geo.formats.workbook import to_workbook
from geo.period import Period
from tests.api.reports.rows import NAN, profile, track, unknown

PARTS = parts_of(Period.of_months("2024-04", "2025-03"), "half")
HALVES = ["2024/25 H1", "2024/25 H2"]
HOSTILE = "=HYPERLINK(<b>x</b>)"


@pytest.fixture(scope="module")
def report() -> Report:
    rows = profile({}, unknown("Safety", "published without limits"))
    values = track({"satisfaction": [50.0, 52.0], "safety": [4.0, NAN]}, PARTS)
    tables = [halves_table(rows, values, PARTS), source_table(rows)]
    part = Part(HOSTILE, ["It is worse."], tables, ["Safety: published without limits."])
    return Report("Estates", "2024/25", ["Wards"], ["One is worse."], [part], ["How it is made."])


def cells(page: str) -> list[list[str]]:
    """The texts of the cells of the tables of a page, row by row."""
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    return [
        [
            " ".join(re.sub("<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def test_the_file_needs_no_other_file_and_no_script(report: Report) -> None:
    page = report_page(report)
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    assert str(escape(HOSTILE)) in page
    assert HOSTILE not in page


def test_the_page_of_the_service_links_its_files(report: Report) -> None:
    page = report_page(report, files={"XLSX": "/reports/x.xlsx?layer=a"}, command="patchmap report")
    assert 'href="/reports/x.xlsx?layer=a"' in page
    assert "<style" not in page


def test_values_have_units_and_what_is_unknown_is_a_dash(report: Report) -> None:
    head, own, unknown_row, *_ = cells(report_page(report))
    assert head[:4] == ["Measure", *HALVES, "Rest"]
    assert own == [
        "Satisfied with the neighbourhood % of residents asked",
        *("50 %", "52 %", "71 %", "0.73 (0.60 to 0.88)", "worse", "no clear change"),
    ]
    assert unknown_row[1:] == ["4 %", *["–"] * 5]


def test_a_workbook_has_the_sentences_and_each_table_with_numbers(report: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_workbook(report_sheets(report))))
    summary, halves, sources = (list(page.iter_rows(values_only=True)) for page in book)
    assert ("Cannot be said: Safety: published without limits.") in [row[1] for row in summary]
    header = next(row for row in halves if row[0] == "Measure")
    own = halves[halves.index(header) + 1]
    values = dict(zip(header, own, strict=True))
    assert values["2024/25 H2"] == 52
    assert values["Unit"] == "% of residents asked"
    assert [values[f"Ratio to the rest{end}"] for end in ("", " from", " to")] == [0.73, 0.6, 0.88]
    assert halves[halves.index(header) + 2][3] is None
    assert any("Council survey" in row for row in sources)
    assert not [
        cell for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"
    ]


def test_histories_are_drawn_with_a_gap_where_a_value_is_unknown() -> None:
    rows = profile({}, {"measure_id": "b", "measure": "B"})
    days = pd.date_range("2023-04-01", periods=4, freq="YS-APR")
    history = pd.DataFrame(
        {
            "measure_id": "satisfaction",
            "first_day": days,
            "last_day": days + pd.DateOffset(years=1, days=-1),
            "value": [50.0, 60.0, NAN, 70.0],
        }
    )
    table = profile_table("Measures", rows, history)
    part = Part("A", [], [table])
    page = report_page(Report("A", "2024", [], [], [part]))
    charts = re.findall(r'<svg class="spark".*?</svg>', page, re.DOTALL)
    assert len(charts) == 1  # nothing is drawn of a measure without history
    assert (charts[0].count("<polyline"), charts[0].count("<circle")) == (1, 1)


def test_areas_stand_by_name_and_are_named_as_worse_or_better() -> None:
    rows = profile(
        {"area_code": "1", "area_name": "Zeta"},
        {"area_code": "2", "area_name": "Alpha", "verdict": "better"},
        {"area_code": "2", "area_name": "Alpha", "measure": "B"},
    )
    assert [name for _, name, _ in by_area(rows)] == ["Alpha", "Zeta"]
    assert whole_sentence(rows, areas="Estates", whole="Wards") == (
        "Of 2 areas of Estates, each held against the rest of Wards, 2 are worse in at least one "
        "measure (Alpha and Zeta); 1 is better in at least one measure (Alpha)."
    )
    alike = rows.assign(verdict="no clear difference")
    assert whole_sentence(alike, areas="Estates", whole="Wards") == (
        "No measure shows a clear difference between any of the 2 areas of Estates and the rest of "
        "Wards."
    )


@pytest.fixture
def money() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area_name": ["A", "B", "C"],
            "allocated": [5_000.0, 5_000.0, 5_000.0],
            "committed": [500.0, 0.0, 0.0],
            "paid": [1_000.1, 0.0, 5_010.0],
            "left": [3_499.9, 5_000.0, -10.0],
        }
    )


def test_a_total_holds_what_is_in_no_area_too(money: pd.DataFrame) -> None:
    further = money.head(1).assign(area_name="City-wide, in no area")
    table = money_table("Money", money, further, by="area_name", head="Area")
    page = report_page(Report("Money", "2024", [], [], [], tables=[table]))
    *_, city, total = cells(page)
    assert city[0] == "City-wide, in no area"
    assert total == ["Total", "£20,000.00", "£1,000.00", "£7,010.20", "£11,989.80", "35.1 %"]


def test_of_nothing_given_there_is_no_share_and_no_error(money: pd.DataFrame) -> None:
    table = money_table("Money", money.assign(allocated=0.0), money[:0], by="area_name", head="A")
    assert table.frame["share_paid"].isna().all()
    # As frames are that never had a row.
    empty = pd.DataFrame(columns=list(money))
    same = money_table("Money", money.assign(allocated=0.0), empty, by="area_name", head="A")
    assert same.frame["share_paid"].isna().all()


def test_what_is_left_of_all_is_rounded_to_the_penny(money: pd.DataFrame) -> None:
    """0.1 + 0.2 - 0.3 is below zero by a hair in the last row, were it not rounded."""
    left = money.assign(left=[-0.3, 0.1, 0.2])
    table = money_table("Money", left, money[:0], by="area_name", head="Area")
    assert table.frame["left"].iloc[-1] == 0


def test_who_spent_nothing_and_who_spent_more_is_named(money: pd.DataFrame) -> None:
    assert standing_out(money) == [
        "Nothing spent or committed in B.",
        "More paid and committed than allocated in C by £10.00.",
    ]
    assert standing_out(money.iloc[[0, 0]]) == [
        "All 2 areas with money have spent or committed some of it."
    ]


def test_hours_add_up_by_activity_and_by_quarter() -> None:
    rows = pd.DataFrame(
        {
            "area_name": ["A", "A", "B"],
            "quarter": ["2024-Q2", "2024-Q3", "2024-Q2"],
            "activity": ["patrol", "office", "patrol"],
            "hours": [10.0, 2.5, 4.0],
            "cost": [300.0, 75.0, 120.0],
        }
    )
    tables = [activity_table(rows, 495.0), part_table(rows, "quarter"), long_table(rows, "quarter")]
    page = report_page(Report("Hours", "2024", [], [], [], tables=tables))
    shown = cells(page)
    assert ["Total", "2.5", "14.0", "16.5", "£495.00"] in shown
    assert ["Total", "14.0", "2.5", "16.5"] in shown
    assert ["A", "Office", "–", "2.5", "2.5"] in shown


def test_of_what_nothing_is_known_there_is_no_row() -> None:
    rows = profile({}, unknown("Safety", "published on blocks"))
    values = track({"satisfaction": [50.0, 52.0], "safety": [NAN, NAN]}, PARTS)
    assert list(halves_table(rows, values, PARTS).frame["measure"]) == [rows["measure"][0]]


def test_a_half_with_months_missing_has_the_value_that_its_verdict_is_of() -> None:
    rows = profile({"why": "no data for 2025-03", "value": 52.0})
    values = track({"satisfaction": [50.0, NAN]}, PARTS)
    table = halves_table(rows, values, PARTS)
    assert table.frame[HALVES].iloc[0].tolist() == [50, 52]
    assert table.title == "Two half-years"
    # Of what is not judged the part of a half is no value of it.
    alone = halves_table(rows.assign(verdict=""), values, PARTS)
    assert np.isnan(alone.frame[HALVES[1]].iloc[0])
    assert [is_known(values, part) for part in PARTS] == [True, False]


def test_values_of_a_year_stand_where_it_ends_and_the_table_says_so() -> None:
    year = track(
        {"satisfaction": [50.0]}, parts_of(Period.of_months("2024-04", "2025-03"), "financial-year")
    )
    year["first_day"], year["last_day"] = "2024-04-01", "2025-03-31"
    table = halves_table(profile({}), year, PARTS)
    assert table.frame[HALVES].iloc[0].tolist()[1] == 50
    assert np.isnan(table.frame[HALVES].iloc[0, 0])
    assert table.notes == ("satisfaction: values of longer times, each where its time ends.",)


def test_caveats_stand_once_with_the_measures_that_they_are_of() -> None:
    one = profile({"caveat": "Made up"}, {"measure_id": "b", "measure": "B", "caveat": "Made up"})
    assert source_table(one).notes == ("Made up",)
    two = profile({"caveat": "Made up"}, {"measure_id": "b", "measure": "B", "caveat": "Sampled"})
    assert source_table(two).notes == ("Satisfied with the neighbourhood: Made up", "B: Sampled")
