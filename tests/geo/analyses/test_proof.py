"""Whether a map foretold what came, and whether what was done worked, asked by a Question."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import QuestionError
from geo.question.ask import StoreFacts, answer
from geo.question.model import Question
from tests.geo.analyses import material
from tests.geo.analyses.material import ASB, COMPUTE

METHODS = {
    *("count", "shrunk count", "density", "gi_star", "emerging", "random"),
    *("hot cells (even)", "hot cells (points)"),
}


def test_a_holdout_that_leaves_nothing_is_refused(find, monthly):
    with pytest.raises(QuestionError, match="holdout: 6 months to test on, and the period has 3"):
        find("evaluate", monthly, period="latest-3m", bandwidth="100")
    with pytest.raises(QuestionError, match="holdout: 48 months to test on leave none of the 48"):
        find("evaluate", monthly, period="latest-48m", holdout="48")


def test_every_method_and_window_is_held_against_the_same_later_months(find, monthly):
    result = find("evaluate", monthly, bandwidth="100", holdout="2")
    months = result.tables["months"]
    assert set(months["method"]) == METHODS
    assert set(months["later"]) == {"2024-11", "2024-12"}
    assert (months.groupby(["method", "window"])["later"].nunique() == 2).all()
    frame = result.frame[result.frame["months"].notna()]
    assert set(frame.loc[frame["method"] == "count", "window"]) == {1, 3, 12, 36}
    assert set(frame.loc[frame["method"] == "emerging", "window"]) == {12, 36}
    # Sums over the months tested, not means of their quotients.
    own = months[(months["method"] == "count") & (months["window"] == 12)]
    own = own[own["asked_share"] == 0.1]
    row = frame[(frame["method"] == "count") & (frame["window"] == 12)]
    row = row[row["asked_share"] == 0.1].iloc[0]
    assert row["hit_rate"] == pytest.approx(own["hits"].sum() / own["n"].sum())
    assert row["pei"] == pytest.approx(own["hits"].sum() / own["possible"].sum())
    assert row["predicted_over_observed"] == pytest.approx(
        own["predicted"].sum() / own["hits"].sum()
    )


def test_windows_reach_before_the_period_and_too_little_history_says_so(find, monthly):
    result = find("evaluate", monthly, datetime="2022-01/2022-06", bandwidth="100")
    assert result.parameters["windows"] == [1, 3, 12]
    assert result.parameters["trained_on"] == "2021-01/2022-05"
    assert "36 months of history cannot be judged: 12 of 36 months." in result.caveats
    short = result.frame[result.frame["window"] == 36]
    assert set(short["why"]) == {"12 of 36 months"}
    assert short["hit_rate"].isna().all()


def test_a_month_that_was_not_published_is_skipped_and_shortens_no_window(find, monthly):
    gap = monthly[monthly["occurred_from"].dt.strftime("%Y-%m") != "2024-03"]
    result = find("evaluate", gap, bandwidth="100", holdout="2")
    assert result.parameters["windows"] == [1, 3, 12, 36]


def test_no_method_has_seen_the_months_it_is_tested_on(find, timed):
    last = timed["occurred_from"] >= pd.Timestamp("2024-12-01", tz="UTC")
    moved = timed.assign(x=timed["x"].where(~last, 435_150.0), y=timed["y"].where(~last, 336_150.0))
    plain, other = (
        find("evaluate", frame, holdout="1", category="drugs") for frame in (timed, moved)
    )
    for result in (plain, other):
        result.parameters.pop("verdict")
    assert plain.parameters == other.parameters
    columns = ["method", "window", "cells", "area_share", "predicted"]
    # Where scores tie the emptier cell comes first, so compare where none do.
    for method in ("density", "hot cells (other)", "gi_star"):
        ours, theirs = (
            one.tables["months"].loc[lambda rows, name=method: rows["method"] == name, columns]
            for one in (plain, other)
        )
        pd.testing.assert_frame_equal(ours, theirs)


def test_methods_that_foretell_a_number_are_held_to_it(find, timed):
    frame = find("evaluate", timed, bandwidth="100").frame
    scored = frame.groupby("method")["predicted_over_observed"].count()
    assert set(scored[scored > 0].index) == {"count", "density", "shrunk count"}


def test_few_months_tell_no_difference_and_many_do(lasting):
    """Where each place keeps its own rate, a year of counts finds more than a month of them."""
    few = lasting(holdout="5")
    assert "5 months are too few to tell any difference from chance" in few.caveats[0]
    assert "within chance of the most" not in set(few.frame["verdict"])
    many = lasting()
    said = many.caveats[0]
    assert said.startswith("12 months of counts found most here: ")
    assert " of the incidents of the 12 months tested on 0.97 % of the land; " in said
    fewer = many.frame[(many.frame["verdict"] == "found fewer") & (many.frame["method"] == "count")]
    assert 1 in set(fewer.loc[fewer["asked_share"] == 0.01, "window"])
    assert "1 month (" in said
    assert said.endswith(") found fewer, beyond chance.")
    assert "36 months of history cannot be judged: 12 of 36 months." in many.caveats


def test_a_share_of_the_land_that_cells_are_too_large_for_is_not_judged(incident_frame):
    """16 cells: one is 6.25 % of the land, and two are as near to 10 % as whole cells come."""
    rows = [
        (430_500.0 + 1_000 * (place % 4), 330_500.0 + 1_000 * (place // 4), ASB, month)
        for month in material.MONTHS[-6:]
        for place in range(16)
        for _ in range(16 - place)
    ]
    square = gpd.GeoDataFrame(
        {"area_name": ["Square"]},
        index=pd.Index(["S"], name="area_code"),
        geometry=[shapely.box(430_000, 330_000, 434_000, 334_000)],
        crs="EPSG:27700",
    )
    given = {"cell": "1000", "shape": "square", "layer": "wards", "holdout": "2"}
    result = COMPUTE["evaluate"](answer(Question.read(given), incident_frame(rows), square))
    cells = result.frame[~result.frame["method"].isin(["random", "ranked places"])]
    cells = cells[cells["months"].notna()]
    assert set(cells["verdict"]) == {"cannot be judged"}
    assert cells["p"].isna().all()
    assert set(cells.loc[cells["asked_share"] == 0.01, "why"]) == {"one cell is 6.2 % of the land"}
    assert set(cells.loc[cells["asked_share"] == 0.1, "why"]) == {
        "whole cells come to 6.2 % of the land"
    }
    said = result.parameters["verdict"]
    assert said[0] == "On 1 % of the land cells cannot be judged: one cell is 6.2 % of the land."
    assert not any("found most" in text or "fewer" in text for text in said)


def test_months_without_an_incident_judge_no_method(find, monthly):
    """The months tested are known, by another category, and have nothing of what is asked."""
    late = (monthly["occurred_from"] >= pd.Timestamp("2024-11-01", tz="UTC")).to_numpy()
    rows = monthly[~(late & (monthly["category"] == material.DRUGS))]
    result = find("evaluate", rows, bandwidth="100", holdout="2", category="drugs")
    own = result.frame[result.frame["method"] != "random"]
    assert set(own["verdict"]) == {"cannot be judged"}
    assert set(own["why"]) == {"no incident in the months tested"}
    assert not any("found most" in text for text in result.caveats)


def test_history_without_a_complete_window_is_refused(find, monthly):
    months = monthly["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    rows = monthly[months.isin(["2023-09", "2023-10", "2023-11", "2023-12", "2024-04"])]
    with pytest.raises(
        QuestionError, match="holdout: no window of history before April 2024 is complete; choose"
    ):
        find("evaluate", rows, datetime="2023-09/2024-04", holdout="1", bandwidth="100")


def test_circles_that_overlap_are_refused_as_rank_refuses_them(find, monthly):
    for options in ({"radius": "200", "spacing": "50"}, {"radius": "300"}):
        with pytest.raises(QuestionError, match=r"spacing: circles of .* would overlap"):
            find("evaluate", monthly, bandwidth="100", holdout="2", **options)


def test_what_is_expected_of_chosen_places_comes(lasting):
    """The plain count of a month expects twice as much; shrinking and a year put it right."""
    frame = lasting().frame.set_index(["asked_share", "method", "window"])
    ratio = frame.sort_index().loc[0.01, "predicted_over_observed"]
    assert ratio["count", 1] > 1.4
    for method in ("shrunk count", "ranked places"):
        assert 0.9 <= ratio[method, 12] <= 1.1
    assert (
        frame.loc[(0.01, "shrunk count", 12), "hit_rate"]
        >= (frame.loc[(0.01, "count", 12), "hit_rate"])
    )


@pytest.fixture(scope="module")
def lasting(incident_frame):
    """Asks of two years with 500 incidents a month, at 1,600 places of lasting, unequal rates."""
    draw = np.random.default_rng(7)
    rate = draw.gamma(0.3, size=1_600)
    rows = []
    for month in [name for name in material.MONTHS if name >= "2023"]:
        for place in draw.choice(1_600, size=500, p=rate / rate.sum()):
            x, y = 435_025.0 + 50 * (place % 40), 336_025.0 + 50 * (place // 40)
            rows.append((x, y, ASB, month))
    frame = incident_frame(rows)
    square = shapely.box(435_000, 336_000, 437_000, 338_000)
    areas = gpd.GeoDataFrame({"area_name": ["Square"]}, geometry=[square], crs="EPSG:27700")
    areas.index = pd.Index(["S"], name="area_code")

    def ask(**options: str):
        given = {"cell": "50", "layer": "wards", "radius": "50", "spacing": "100", **options}
        return COMPUTE["evaluate"](answer(Question.read(given), frame, areas))

    return ask


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
    with pytest.raises(QuestionError, match="chosen: the places were treated since July 2024"):
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
