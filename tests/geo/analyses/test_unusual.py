"""What is unusual now: planted bursts, what is not known, and what it is judged by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo.analyses import series
from geo.analyses.unusual import unusual_now
from geo.analyses.unusual_text import series_title
from geo.errors import QuestionError
from geo.incidents import london_months
from geo.period import month_title
from geo.question.ask import answer
from geo.question.model import Question
from geo.surveillance import CANNOT_SAY, MORE, USUAL
from tests.geo.analyses.material import ASB, DRUGS, rows_of
from tests.geo.import_records import record_of

BURST = [(435_150 + i, 336_150, DRUGS, "2024-12") for i in range(30)]


@pytest.fixture(scope="module")
def burst(incident_frame) -> pd.DataFrame:
    """Four years, and 30 drug offences more in the last month of square D."""
    return incident_frame(rows_of(1) + BURST)


def verdicts(frame: pd.DataFrame) -> dict[str, str]:
    keys = frame["area_code"] + " " + frame["category"]
    return dict(zip(keys, frame["verdict"], strict=True))


def imports_of(frame: pd.DataFrame, *, short: str = "", missing: tuple[str, ...] = ()) -> list:
    months = london_months(frame["occurred_from"]).astype(str)
    return [
        record_of(part, month=month, rejected=1 - len(part) if month == short else 0)
        for month, part in frame.groupby(months)
        if month not in missing
    ]


def test_a_burst_is_named_first_with_what_was_to_be_expected(find, burst):
    result = find("unusual", burst, datetime="2024-12")
    first = result.frame.iloc[0]
    assert (first["area_code"], first["category"], first["verdict"]) == ("D", DRUGS, MORE)
    assert first["n"] >= 30 > first["upper"] > first["expected"] > first["lower"]
    assert first["why"] == (
        f"{first['lower']:.0f} to {first['upper']:.0f} expected for the time of year, in 47 "
        "months of its own history"
    )
    assert (result.frame["verdict"] == MORE).sum() == 1
    assert result.parameters["headline"].endswith("unusual in December 2024")
    assert result.parameters["series"] == 8 + result.parameters["places"]
    assert find("unusual", burst, datetime="2024-01/2024-12").frame.equals(result.frame)


def test_counts_are_those_of_the_month_and_every_area_and_category_has_a_row(find, burst):
    frame = find("unusual", burst, datetime="2024-12").frame
    counts = find("count", burst, datetime="2024-12", category=ASB).frame
    asb = frame[frame["category"] == ASB].sort_values("area_code")
    assert asb["n"].tolist() == counts["n"].tolist()
    assert len(frame) == 8
    assert (frame["period"] == "2024-12").all()


def test_more_series_than_fit_the_memory_are_refused_with_what_to_do(find, burst, monkeypatch):
    monkeypatch.setattr(series, "MOST_COUNTS", 300)
    with pytest.raises(QuestionError, match="4 areas by 2 categories are too many"):
        find("unusual", burst, datetime="2024-12")
    assert len(find("unusual", burst, datetime="2024-12", category=ASB).frame) == 4


def test_nothing_unusual_says_how_large_a_rise_would_have_been_seen(find, monthly):
    result = find("unusual", monthly, datetime="2024-12")
    assert (result.frame["verdict"] == USUAL).all()
    headline = result.parameters["headline"]
    assert headline.startswith("Nothing is unusual in December 2024 (a rise of ")
    least = result.parameters["detectable_rise_least"]
    assert f"a rise of {least * 100:.0f} % would have been seen" in headline


def test_with_less_than_three_years_it_never_says_that_nothing_is_unusual(find, burst):
    result = find("unusual", burst, datetime="2021-10")
    assert result.parameters["headline"] == (
        "What is unusual cannot be said yet: 9 of 36 months of data"
    )
    assert set(result.frame["verdict"]) == {CANNOT_SAY}
    assert set(result.frame["why"]) == {"9 of 36 months"}
    assert (
        result.frame[["expected", "lower", "upper", "p", "q", "detectable"]].isna().all(axis=None)
    )
    assert result.frame["n"].notna().all()


def test_a_month_that_was_not_published_is_no_zero(find, burst):
    missing = ("2022-12", "2023-05")
    gone = ~np.isin(london_months(burst["occurred_from"]).astype(str), missing)
    rows = burst[gone].reset_index(drop=True)
    frame = find("unusual", rows, imports=imports_of(rows), datetime="2024-12").frame
    whole = find("unusual", burst, datetime="2024-12").frame
    assert set(frame["history_months"]) == {45}
    assert (frame["expected"] > 0.8 * whole["expected"]).all()


def test_a_short_month_is_not_judged_and_no_history(find, burst):
    imports = imports_of(burst, short="2024-12")
    result = find("unusual", burst, imports=imports, datetime="2024-12")
    assert set(result.frame["why"]) == {"December 2024 looks incomplete"}
    assert result.parameters["headline"] == (
        "What is unusual cannot be said yet: December 2024 looks incomplete"
    )
    result = find("unusual", burst, imports=imports_of(burst, short="2023-12"), datetime="2024-12")
    assert set(result.frame["history_months"]) == {46}
    assert "These months look incomplete and are left out: December 2023." in result.caveats


@pytest.mark.parametrize(
    ("month", "history", "why"),
    [("2024-12", 47, "December 2024 looks published twice"), ("2023-12", 46, "")],
)
def test_a_month_that_was_published_twice_is_not_judged_and_no_history(
    find, incident_frame, month, history, why
):
    once = incident_frame(rows_of(1) + rows_of(3)).assign(category=DRUGS)
    again = once[london_months(once["occurred_from"]).astype(str) == month]
    again = again.assign(incident_id="again:" + again["incident_id"])
    result = find("unusual", pd.concat([once, again], ignore_index=True), datetime="2024-12")
    assert set(result.frame["history_months"]) == {history}
    assert set(result.frame["why"]) == {why}
    assert set(result.tables["places"]["history_months"]) == {history}
    assert (
        f"Published twice, it seems, and left out: {month_title(month)} (drugs)." in result.caveats
    )


def test_small_areas_are_not_judged_across_a_change_of_points(burst, four_squares):
    question = Question.read({"layer": "wards", "datetime": "2024-12"})
    whole = answer(question, burst, four_squares)
    result = unusual_now(replace(whole, lists=("2023-01",)))
    assert set(result.frame["why"]) == {"23 of 36 months"}
    assert result.caveats[0].startswith("From January 2023 the source uses other anonymous points")
    large = four_squares.set_geometry(four_squares.scale(15, 15, origin=(435_100, 336_100)))
    across = unusual_now(replace(answer(question, burst, large), lists=("2023-01",)))
    assert set(across.frame["history_months"]) == {47}
    # Places are as small as ever.
    assert set(across.tables["places"]["history_months"]) == {23}


def test_a_source_that_began_lately_is_not_judged_beside_an_older_one(find, burst, incident_frame):
    late = [
        (435_050, 336_050, "noise", f"2024-{month:02}-05T12:00:00")
        for month in range(3, 13)
        for _ in range(6)
    ]
    rows = pd.concat([burst, incident_frame(late)], ignore_index=True)
    result = find("unusual", rows, datetime="2024-12")
    noise = result.frame[result.frame["category"] == "noise"]
    assert set(noise["verdict"]) == {CANNOT_SAY}
    assert set(noise["why"]) <= {"9 of 36 months", "its source has too short a history"}
    assert noise.set_index("area_code")["n"]["A"] == 6
    assert verdicts(result.frame)[f"D {DRUGS}"] == MORE


def test_places_are_chosen_before_the_month_that_is_judged(find, monthly, incident_frame):
    """A corner with 40 incidents in one month is no ranked place: it would be judged by itself."""
    once = incident_frame([(435_190, 336_010, ASB, "2024-12")] * 40)
    once["incident_id"] = "once:" + once["incident_id"]
    rows = pd.concat([monthly, once], ignore_index=True)
    options = {"datetime": "2024-12", "radius": "25", "spacing": "50", "top": "3"}
    before = find("unusual", monthly, **options).tables["places"]
    after = find("unusual", rows, **options).tables["places"]
    assert set(after["hotspot_id"]) == set(before["hotspot_id"])
    assert len(after) == 3
    chosen = london_months(monthly["occurred_from"]).astype(str)
    year = monthly[(chosen >= "2023-12") & (chosen <= "2024-11")]
    ranked = find("rank", year, **{**options, "datetime": "2023-12/2024-11"}).frame
    assert set(ranked["hotspot_id"]) == set(after["hotspot_id"])


def test_weeks_are_judged_where_days_are_known(find, timed, monthly, incident_frame):
    burst = incident_frame([(435_150, 336_150, DRUGS, "2024-12-18T09:00:00")] * 12)
    burst["incident_id"] = "burst:" + burst["incident_id"]
    rows = pd.concat([timed, burst], ignore_index=True)
    result = find("unusual", rows, datetime="2024-12-01/2024-12-24", by="week")
    # The week of Monday 16 December is the last one that is over on Tuesday 24 December.
    assert set(result.frame["period"]) == {"2024-W51"}
    assert verdicts(result.frame)[f"D {DRUGS}"] == MORE
    assert result.frame["history_weeks"].iloc[0] == 206
    assert result.parameters["headline"].endswith("unusual in the week 2024-W51")
    with pytest.raises(QuestionError, match="by: weeks need a day, and police"):
        find("unusual", monthly, datetime="2024-12", by="week")
    with pytest.raises(QuestionError, match=r"by: .+ is not split by week; choose month"):
        find("count", timed, datetime="2024-12", by="week")


def test_a_period_without_a_whole_month_or_week_is_refused(find, timed):
    with pytest.raises(QuestionError, match="no month with data is over by the end of the period"):
        find("unusual", timed, datetime="2024-12-02/2024-12-20")
    with pytest.raises(QuestionError, match="no week is over by the end of the period"):
        find("unusual", timed, datetime="2024-12-02/2024-12-05", by="week")


def test_unusual_places_are_the_table_of_places_as_a_layer_of_circles(find, burst):
    both = find("unusual", burst, datetime="2024-12", radius="25", spacing="50")
    places = find("unusual-places", burst, datetime="2024-12", radius="25", spacing="50")
    assert len(places.frame) == len(both.tables["places"]) > 0
    assert places.frame.equals(both.tables["places"])


def test_the_parameters_of_places_are_those_of_the_places_alone(find, burst):
    """The burst is 30 points of one square, and of no place: only the areas have it."""
    options = {"datetime": "2024-12", "radius": "25", "spacing": "50", "top": "2"}
    both = find("unusual", burst, **options)
    places = find("unusual-places", burst, **options)
    usual = {"series": 2, "places": 2, "family": 10, "judged": 2, MORE: 0, USUAL: 2}
    assert {name: places.parameters[name] for name in usual} == usual
    assert places.parameters["headline"].startswith("Nothing is unusual in December 2024")
    assert both.parameters["headline"] == "One thing is unusual in December 2024"
    assert both.parameters["series"] == both.parameters["family"] == 10
    part = find("unusual", burst, within="A", **options).parameters
    assert (part["family"], part["series"] - part["places"], part[MORE]) == (10, 2, 0)


def test_a_place_is_named_in_its_own_table_too() -> None:
    place = {"hotspot_id": "p1", "streets": "High Street; Low Road", "area_name": "Abbey"}
    assert series_title(place) == "All incidents around High Street"
    assert series_title(place | {"category": float("nan"), "streets": ""}) == (
        "All incidents around p1"
    )
    assert series_title(place | {"category": "burglary"}) == "Burglary in Abbey"
