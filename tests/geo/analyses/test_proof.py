"""Whether a map foretold what came, and whether what was done worked, asked by a Question."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import QuestionError
from geo.question.ask import StoreFacts, answer
from geo.question.model import Question
from tests.geo.analyses.material import COMPUTE


def test_a_holdout_as_long_as_the_period_is_refused(find, monthly):
    with pytest.raises(QuestionError, match="holdout: 3 months to test on leave none of the 3"):
        find("evaluate", monthly, period="latest-3m", bandwidth="100")


def test_an_evaluation_holds_every_method_against_later_months(find, monthly):
    frame = find("evaluate", monthly, bandwidth="100", holdout="2").frame
    assert set(frame["method"]) == {
        *("gi_star", "count", "shrunk count", "last month", "density", "random"),
    }
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
        "shrunk count": 4,
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
    with pytest.raises(QuestionError, match="since: needs as many months with data"):
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


@pytest.fixture
def nine_squares():
    """Nine squares of 100 m, of which the one in the middle is treated."""
    corners = [(x, y) for x in (0, 100, 200) for y in (0, 100, 200)]
    return gpd.GeoDataFrame(
        {"area_name": [f"Square {x}-{y}" for x, y in corners]},
        index=pd.Index([f"{x}-{y}" for x, y in corners], name="area_code"),
        geometry=[shapely.box(x, y, x + 100, y + 100) for x, y in corners],
        crs=27700,
    )


def in_squares(incident_frame, squares, monthly, months):
    rows = [
        (square.centroid.x, square.centroid.y, "burglary", month)
        for code, square in squares.geometry.items()
        for month, n in zip(months, monthly[code], strict=True)
        for _ in range(n)
    ]
    return incident_frame(rows)


MONTHS = [f"2023-{month:02}" for month in range(1, 13)]


def matched(incident_frame, nine_squares, monthly, **options):
    frame = in_squares(incident_frame, nine_squares, monthly, MONTHS)
    middle = nine_squares.loc[["0-0"]]
    given = {
        "layer": "squares", "datetime": "2023-07/2023-12", "treated": "middle", "since": "2023-07",
        "control": "matched", "buffer": "20", **options,
    }  # fmt: skip
    facts = StoreFacts(accepted=len(frame), treated=middle)
    return COMPUTE["treatment"](answer(Question.read(given), frame, nine_squares, facts=facts))


def test_areas_are_matched_by_level_and_trend_away_from_the_treated(incident_frame, nine_squares):
    monthly = {code: [9] * 12 for code in nine_squares.index}
    monthly["200-200"] = monthly["200-0"] = [30] * 12
    monthly["0-200"] = [10] * 12
    monthly["0-0"] = [10] * 6 + [5] * 6
    result = matched(incident_frame, nine_squares, monthly)
    assert result.parameters["matched"] == [{"place": "0-0", "controls": "0-200, 100-200"}]
    table = result.tables["places"]
    assert table["zone"].tolist() == ["treated", "control", "control"]
    assert table["like"].tolist() == ["", "0-0", "0-0"]
    assert table[["before", "after"]].to_numpy().tolist() == [[60, 30], [60, 60], [54, 54]]
    assert result.parameters["effect"] == "clear fall"
    assert result.parameters["wdd"] is not None


def test_without_like_areas_a_matched_control_is_refused(incident_frame, nine_squares):
    monthly = {code: [2] * 12 for code in nine_squares.index} | {"0-0": [20] * 12}
    with pytest.raises(QuestionError, match="control: 1 of 1 treated places have no untreated"):
        matched(incident_frame, nine_squares, monthly)


def test_the_fall_that_the_choice_alone_gives_is_warned_of_with_its_size(
    incident_frame, nine_squares
):
    monthly = {code: [9] * 12 for code in nine_squares.index} | {"0-0": [20] * 12}
    result = matched(incident_frame, nine_squares, monthly, control="")
    share = result.parameters["expected_by_choice"]
    # Hauer's: the mean of the six squares is 65, their variance 726, the dispersion 1.
    assert share == pytest.approx(1 - 65 / 726 * (1 - 65 / 120))
    assert "expected to fall by 4 % against the control" in result.warnings[1]


def test_an_unknown_layer_is_refused_by_the_treatment_alone(find, timed):
    facts = StoreFacts(accepted=len(timed), unknown={"treated": "there is no layer 'estate'"})
    options = {"treated": "estate", "since": "2024-07"}
    with pytest.raises(QuestionError, match="treated: there is no layer 'estate'"):
        find("treatment", timed, facts=facts, **options)
    assert len(find("count", timed, facts=facts, **options).frame) == 4


def test_a_source_that_begins_between_the_windows_is_left_out(incident_frame, nine_squares):
    monthly = {code: [9] * 12 for code in nine_squares.index}
    police = in_squares(incident_frame, nine_squares, monthly, MONTHS)
    late = {code: [50] * 6 for code in nine_squares.index}
    council = in_squares(incident_frame, nine_squares, late, MONTHS[6:]).assign(source="council")
    frame = pd.concat([police, council], ignore_index=True)
    facts = StoreFacts(accepted=len(frame), treated=nine_squares.loc[["0-0"]])
    given = {"layer": "squares", "treated": "middle", "since": "2023-07", "buffer": "20"}
    reply = answer(
        Question.read(given | {"datetime": "2023-07/2023-12"}), frame, nine_squares, facts=facts
    )
    result = COMPUTE["treatment"](reply)
    assert result.frame.set_index("zone")["after"]["treated"] == 54
    assert "Left out: council" in result.caveats[0]
