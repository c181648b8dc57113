"""Whether a map foretold what came, and whether what was done worked, asked by a Question."""

import pandas as pd
import pytest

from geo.errors import QuestionError


def test_a_holdout_as_long_as_the_period_is_refused(find, monthly):
    with pytest.raises(QuestionError, match="holdout: 3 months to test on leave none of the 3"):
        find("evaluate", monthly, period="latest-3m", bandwidth="100")


def test_an_evaluation_holds_every_method_against_later_months(find, monthly):
    frame = find("evaluate", monthly, bandwidth="100", holdout="2").frame
    assert set(frame["method"]) == {"gi_star", "count", "last month", "density", "random"}
    assert set(frame["later"]) == {"2024-11", "2024-12"}


def test_no_method_has_seen_the_months_it_is_tested_on(find, timed):
    last = timed["occurred_from"] >= pd.Timestamp("2024-12-01", tz="UTC")
    moved = timed.assign(x=timed["x"].where(~last, 435_150.0), y=timed["y"].where(~last, 336_150.0))
    plain = find("evaluate", timed, holdout="1")
    other = find("evaluate", moved, holdout="1")
    assert plain.parameters == other.parameters
    columns = ["method", "cells", "area_share"]
    pd.testing.assert_frame_equal(
        plain.frame.query("method == 'last month'")[columns],
        other.frame.query("method == 'last month'")[columns],
    )


def test_methods_that_foretell_a_number_are_held_to_it(find, timed):
    frame = find("evaluate", timed, bandwidth="100", holdout="1").frame
    scored = frame.groupby("method")["predicted_over_observed"].count()
    assert scored.to_dict() == {
        "count": 4,
        "density": 4,
        "gi_star": 0,
        "last month": 4,
        "random": 0,
    }
    assert frame["recapture_ratio"].notna().all()


def test_a_named_control_brings_its_buffer_into_the_difference(find, timed):
    options = {"treated": "p25:261045:201615", "since": "2024-07", "buffer": "20"}
    rest = find("treatment", timed, **options)
    named = find("treatment", timed, control="p25:261015:201645", **options)
    assert rest.frame["zone"].tolist() == ["treated", "buffer", "control"]
    assert named.frame["zone"].tolist() == ["treated", "buffer", "control", "control_buffer"]
    signs = {"treated": 1, "buffer": 1, "control": -1, "control_buffer": -1}
    change = (named.frame["after"] - named.frame["before"]) * named.frame["zone"].map(signs)
    assert named.parameters["wdd"] == change.sum()
    assert "When were the places chosen?" in rest.warnings[0]


def test_against_a_control_of_another_size_no_difference_is_given(find, timed):
    options = {"since": "2024-07", "buffer": "20"}
    result = find("treatment", timed, treated="p25:261090:201690", **options)
    assert "wdd" not in result.parameters
    assert "times as many incidents before as the treated places" in result.parameters["wdd_reason"]


def test_the_months_from_the_choice_to_the_start_count_for_neither(find, timed):
    options = {"treated": "p25:261015:201615", "since": "2024-07", "buffer": "20"}
    result = find("treatment", timed, chosen="2024-04", **options)
    assert result.parameters["before"] == "2023-10-01/2024-03-31"
    assert result.parameters["after"] == "2024-07-01/2024-12-31"
    assert not any("When were the places chosen?" in caveat for caveat in result.warnings)
    with pytest.raises(QuestionError, match="chosen: the places were treated since 2024-07"):
        find("treatment", timed, chosen="2024-08", **options)


def test_a_treated_place_beyond_the_study_area_is_refused(find, timed):
    with pytest.raises(QuestionError, match="treated: the treated places lie outside the study"):
        find("treatment", timed, treated="p150:1:2", since="2024-07")
    with pytest.raises(QuestionError, match="control: 'p2' is not the id of a ranked hotspot"):
        find("treatment", timed, treated="p150:43505:33605", control="p2", since="2024-07")


def test_a_treatment_needs_as_much_time_before_as_after(find, monthly):
    with pytest.raises(QuestionError, match="since: needs as many published months"):
        find("treatment", monthly, treated="p150:43505:33605", since="2021-02")
    with pytest.raises(QuestionError, match="treated: name the places that were treated"):
        find("treatment", monthly)
    with pytest.raises(QuestionError, match="treated: 'p1' is not the id of a ranked hotspot"):
        find("treatment", monthly, treated="p1", since="2024-01")


@pytest.mark.parametrize("command", ["expected", "emerging", "evaluate", "treatment"])
def test_part_of_a_month_would_look_like_a_fall_and_is_refused(find, timed, command):
    options = {"treated": "p25:261015:201615", "since": "2024-07", "bandwidth": "100"}
    with pytest.raises(QuestionError, match=r"datetime: .* needs whole months"):
        find(command, timed, datetime="2021-01-01/2024-12-10", **options)
