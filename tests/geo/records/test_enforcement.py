"""The ladder of enforcement, by hand."""

import pandas as pd
import pytest

from geo.errors import InputError
from geo.records.enforcement import (
    EDUCATION,
    ENFORCEMENT,
    ENGAGEMENT,
    enforcement_ladder,
    ladder_steps,
    read_ladder,
)
from tests.geo.made_lives import lives_of


def steps_at(*outcomes: str, place: list[object]) -> tuple[pd.DataFrame, pd.Series]:
    """Records closed a day after each other, with an outcome and a place each."""
    days = pd.date_range("2025-01-01", periods=len(outcomes), tz="UTC")
    lives = lives_of(received=days, closed=days, outcome=list(outcomes), kind="enforcement")
    return lives, pd.Series(place, index=lives.index, dtype=object)


def test_each_place_stops_at_the_highest_step_that_it_reached() -> None:
    lives, place = steps_at(
        *("Advice given", "Warning letter", "Fixed penalty notice"),  # A: the whole ladder
        *("Advice given", "advice  given"),  # B
        "Letter; Visit",  # C: two steps of one record
        "PROSECUTION",  # D: at once
        *("Fixed penalty notice", "Advice given"),  # E: advice only afterwards
        "No further action",  # F
        place=["A"] * 3 + ["B"] * 2 + ["C", "D", "E", "E", "F"],
    )
    result = enforcement_ladder(lives, place)
    assert result.steps.to_dict("index") == {
        ENGAGEMENT: {
            "records": 5, "places": 4, "stopped": 1, "went_on": 3, "without_step_before": 0,
        },
        EDUCATION: {
            "records": 2, "places": 2, "stopped": 1, "went_on": 1, "without_step_before": 0,
        },
        ENFORCEMENT: {
            "records": 3, "places": 3, "stopped": 3, "went_on": 0, "without_step_before": 2,
        },
    }  # fmt: skip
    assert result.places["highest"].to_dict() == {
        "A": ENFORCEMENT, "B": ENGAGEMENT, "C": EDUCATION, "D": ENFORCEMENT, "E": ENFORCEMENT,
    }  # fmt: skip
    assert result.places["skipped"].to_dict() == {
        "A": False, "B": False, "C": False, "D": True, "E": True,
    }  # fmt: skip
    assert result.places.loc["A", "steps"] == [ENGAGEMENT, EDUCATION, ENFORCEMENT]
    assert result.places.loc["E", "steps"] == [ENFORCEMENT, ENGAGEMENT]
    assert (result.no_step, result.without_place) == (1, 0)
    # Every place stops somewhere.
    assert result.steps["stopped"].sum() == len(result.places) == 5


def test_without_places_each_record_climbs_on_its_own() -> None:
    lives, _ = steps_at("Advice given", "Letter; Prosecution", place=[None, None])
    result = enforcement_ladder(lives)
    assert result.steps["places"].tolist() == [1, 1, 1]
    assert result.steps["stopped"].tolist() == [1, 0, 1]
    assert result.places.loc["r1", "skipped"]


def test_records_without_a_place_are_counted_apart() -> None:
    lives, place = steps_at("Advice given", "Letter", place=["A", None])
    result = enforcement_ladder(lives, place)
    assert (result.without_place, result.steps["records"].sum()) == (1, 1)


def test_withdrawn_records_have_no_step_and_other_kinds_can_have_one() -> None:
    lives, _ = steps_at("Prosecution", "Prosecution", place=[None, None])
    lives["withdrawn"] = [True, False]
    lives["kind"] = ["enforcement", "request"]
    result = enforcement_ladder(lives)
    assert (result.steps.loc[ENFORCEMENT, "records"], result.no_step) == (1, 0)


def test_a_step_is_dated_by_closing_else_by_the_answer_else_by_receipt() -> None:
    lives = lives_of(
        received=["2025-01-01"] * 3,
        answered=["2025-01-02", "2025-01-02", None],
        closed=["2025-01-03", None, None],
        outcome="letter",
    )
    assert ladder_steps(lives)["at"].dt.day.tolist() == [3, 2, 1]


def test_a_councils_own_words_take_the_place_of_the_usual_ones() -> None:
    ladder = read_ladder({"Stage  1": ENGAGEMENT, "Letter": "", "CPN": ENFORCEMENT})
    lives = lives_of(received=["2025-01-01"] * 4, outcome=["stage 1", "letter", "CPN", "advice"])
    assert ladder_steps(lives, ladder)["step"].tolist() == [ENGAGEMENT, ENFORCEMENT, ENGAGEMENT]
    with pytest.raises(InputError, match="choose engagement, education, enforcement"):
        read_ladder({"Stage 2": "stage two"})


def test_nothing_climbs_where_there_are_no_records() -> None:
    lives, place = steps_at("x", place=[None])
    result = enforcement_ladder(lives[:0], place[:0])
    assert result.steps["places"].tolist() == [0, 0, 0]
    assert result.places.empty
