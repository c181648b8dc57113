"""A month that was published twice is flagged wherever its count is shown or judged by."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.incidents import london_months
from geo.period import month_title
from geo.question.ask import answer
from geo.question.model import Question
from tests.geo.analyses.material import rows_of

TWICE = "looks published twice"


@pytest.fixture(scope="module")
def rows(incident_frame) -> pd.DataFrame:
    """Four years of one category, some two dozen incidents a month."""
    return incident_frame(rows_of(1) + rows_of(3)).assign(category="drugs")


def doubled(rows: pd.DataFrame, month: str) -> pd.DataFrame:
    """The rows, those of one month twice."""
    again = rows[london_months(rows["occurred_from"]).astype(str) == month]
    assert len(again) >= 10
    return pd.concat([rows, again.assign(incident_id="again:" + again["incident_id"])])


def flagged(caveats: list[str]) -> list[str]:
    """The month and category of each flag."""
    return [
        f"{caveat.partition(':')[0]} {caveat.split('rows of ')[1].split(' occurs')[0]}"
        for caveat in caveats
        if TWICE in caveat
    ]


@pytest.mark.parametrize(
    ("options", "months"),
    [
        ({"datetime": "2024-02"}, ["2024-02"]),
        ({"datetime": "2024-01/2024-03", "by": "month"}, ["2024-02"]),
        ({"datetime": "2024-03"}, []),
        ({"datetime": "2024-03", "compare": "previous"}, ["2024-02"]),
        ({"datetime": "2024-02", "compare": "year"}, ["2024-02"]),
        ({"datetime": "2024-04", "compare": "previous"}, []),
        # More than a year: the two periods share months, in which every row occurs in both.
        ({"datetime": "2023-01/2024-12", "compare": "year"}, ["2024-02"]),
        ({"datetime": "2022-01/2023-06", "compare": "year"}, []),
    ],
)
def test_the_accounts_flag_it_in_either_period(options, months, rows, four_squares):
    twice = doubled(rows, "2024-02")
    caveats = answer(Question.read(options), twice, four_squares).accounts.caveats
    assert flagged(caveats) == [f"{month_title(month)} drugs" for month in months]


def test_the_flag_says_how_many_are_true(rows, four_squares):
    true = int((london_months(rows["occurred_from"]).astype(str) == "2024-02").sum())
    twice = doubled(rows, "2024-02")
    result = answer(
        Question.read({"datetime": "2024-03", "compare": "previous"}), twice, four_squares
    )
    assert result.accounts.compared.counted == 2 * true
    said = next(caveat for caveat in result.accounts.caveats if TWICE in caveat)
    assert said.startswith(f"February 2024: each of the {2 * true} rows of drugs occurs")
    assert said.endswith(f"with about {true} true incidents.")


@pytest.mark.parametrize(
    ("month", "is_flagged"),
    [("2023-12", True), ("2022-12", True), ("2023-11", False), ("2024-12", False)],
)
def test_an_expected_band_flags_the_years_that_it_rests_on(month, is_flagged, find, rows):
    caveats = find("expected", doubled(rows, month), datetime="2024-12").caveats
    assert flagged(caveats) == ([f"{month_title(month)} drugs"] if is_flagged else [])


@pytest.mark.parametrize(
    ("month", "is_flagged"),
    [("2024-03", True), ("2024-06", True), ("2024-07", True), ("2024-02", False)],
)
def test_a_treatment_flags_the_months_before_and_after_it(month, is_flagged, find, rows):
    options = {
        "datetime": "2024-07/2024-10",
        "treated": "p25:261015:201615",
        "since": "2024-07",
        "buffer": "20",
    }
    result = find("treatment", doubled(rows, month), **options)
    assert result.parameters["before"] == "2024-03-01/2024-06-30"
    assert flagged(result.caveats) == ([f"{month_title(month)} drugs"] if is_flagged else [])
