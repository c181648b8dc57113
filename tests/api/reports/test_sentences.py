"""Sentences of reports say what verdicts say: nothing more, and what is unknown."""

from __future__ import annotations

import pytest

from api.pages.measure_text import days_words, number_words, pounds, ratio_words, value_words
from api.reports.sentences import (
    area_sentence,
    change_sentence,
    joined,
    measure_sentence,
    partly_sentences,
    spend_sentence,
    unknown_sentences,
)
from tests.api.reports.rows import NAN, PROFILE, profile, unknown


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (74.4, "% of residents asked", "74 % of residents asked"),
        (0.4, "% of residents asked", "0.4 % of residents asked"),
        (0.0, "%", "0 %"),
        (45.23, "per 1,000 residents", "45.2 per 1,000 residents"),
        (11_031.0, "people", "11,031 people"),
        (NAN, "people", "unknown"),
        (0.034, "per 1,000 residents", "0.034 per 1,000 residents"),
    ],
)
def test_a_value_has_its_unit_and_as_many_digits_as_it_bears(
    value: float, unit: str, words: str
) -> None:
    assert value_words(value, unit) == words


def test_amounts_and_ratios_are_written_as_people_write_them() -> None:
    assert pounds(-240.5) == "−£240.50"
    assert pounds(1_250) == "£1,250.00"
    assert ratio_words(4.466, 4.172, 4.777) == "4.47 (4.17 to 4.78)"
    assert ratio_words(NAN, NAN, NAN) == "–"
    assert ratio_words(float("inf"), 2.0, float("inf")) == "∞ (2.00 to ∞)"
    assert number_words(NAN, "people") == "–"
    assert days_words("2025-04-01", "2025-09-30") == "April 2025 to September 2025"


def test_an_area_is_what_its_verdicts_say() -> None:
    rows = profile(
        {},
        {"measure": "Engagement contacts", "verdict": "better"},
        {"measure": "ASB", "verdict": "worse"},
        {"measure": "Burglary", "verdict": "no clear difference"},
        unknown("Safety", "published without limits"),
    )
    assert area_sentence("Fladen Park", rows, "Wards") == (
        "Of 4 measures that can be judged, Fladen Park is worse than the rest of Wards in 2 (ASB; "
        "Satisfied with the neighbourhood) and better in 1 (Engagement contacts); 1 shows no clear "
        "difference."
    )


def test_an_area_without_any_verdict_is_not_called_alike() -> None:
    rows = profile(unknown("Safety", "published without limits"))
    assert area_sentence("X", rows, "Wards") == (
        "None of the measures of X can be judged against the rest of Wards."
    )
    alike = profile({"verdict": "no clear difference"})
    assert area_sentence("X", alike, "Wards") == (
        "Of 1 measure that can be judged, none shows a clear difference between X and the rest of "
        "Wards."
    )


def test_changes_are_named_and_the_others_counted() -> None:
    rows = profile({"change_verdict": "better"}, {}, {"measure": "ASB"})
    assert change_sentence(rows, "the same half a year before") == (
        "Of 3 measures compared with the same half a year before, it is better in 1 (Satisfied "
        "with the neighbourhood); 2 show no clear change."
    )
    assert change_sentence(profile({}, {}), "the year before") == (
        "Of 2 measures compared with the year before, none shows a clear change."
    )
    nothing = profile(unknown("Safety", "not known"))
    assert change_sentence(nothing, "2024") == "Nothing can be compared with 2024."


def test_a_measure_is_one_sentence_with_its_period() -> None:
    assert measure_sentence(PROFILE, "Wards") == (
        "Satisfied with the neighbourhood: 52 % of residents asked in October 2025 to March 2026, "
        "against 71 % of residents asked in the rest of Wards: worse, 0.73 times (0.60 to 0.88)."
    )
    row = PROFILE | unknown("Safety", "too few to say") | {"value": 4.0, "unit": "reports"}
    assert measure_sentence(row, "Wards") == (
        "Safety: 4 reports in October 2025 to March 2026; not judged: too few to say."
    )
    row |= {"value": NAN, "why": "not published"}
    assert measure_sentence(row, "Wards") == (
        "Safety: unknown for October 2025 to March 2026: not published."
    )


def test_a_verdict_on_part_of_a_period_says_which_part_is_unknown() -> None:
    row = PROFILE | {"why": "no data for 2025-10 to 2025-12"}
    assert measure_sentence(row, "Wards") == (
        "Satisfied with the neighbourhood: 52 % of residents asked in October 2025 to March 2026 "
        "(no data for 2025-10 to 2025-12), against 71 % of residents asked in the rest of Wards: "
        "worse, 0.73 times (0.60 to 0.88)."
    )
    rows = profile(row, {**row, "measure": "ASB"}, {}, unknown("Safety", "too few to say"))
    (sentence,) = partly_sentences(rows)
    assert sentence == (
        "Satisfied with the neighbourhood and ASB: no data for 2025-10 to 2025-12; value and "
        "verdict are of the rest of the period."
    )


def test_what_cannot_be_told_is_said_once_for_each_reason() -> None:
    rows = profile(
        unknown("Safety", "published without limits"),
        unknown("Burglary", "too few to say"),
        unknown("Robbery", "too few to say"),
        {},
    )
    assert unknown_sentences(rows) == [
        "Safety: published without limits.",
        "Burglary and Robbery: too few to say.",
    ]


def test_money_is_told_to_the_penny_and_overspending_is_named() -> None:
    totals = {"allocated": 85_000, "committed": 1_000, "paid": 5_000.25, "left": 78_999.75}
    totals |= {"year_gone": 0.25, "financial_year": "2024/25", "as_of": "2024-06-30"}
    assert spend_sentence(totals) == (
        "Of £85,000.00 allocated, £5,000.25 is paid and £1,000.00 more is committed; £78,999.75 is "
        "left. By 30 June 2024, 25 % of the financial year 2024/25 is gone."
    )
    assert "£10.00 more than that is spent" in spend_sentence({**totals, "left": -10})


def test_without_an_allocation_nothing_is_told_of_one() -> None:
    totals = {"allocated": 0.0, "committed": 0.0, "paid": 300.0, "left": -300.0}
    totals |= {"year_gone": 0.25, "financial_year": "2024/25", "as_of": "2024-06-30"}
    said = spend_sentence(totals)
    assert said.startswith("No allocation is recorded; £300.00 is paid and £0.00 more is committed")


def test_lists_are_joined_as_in_a_sentence() -> None:
    assert [joined([]), joined("a"), joined("ab"), joined("abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
