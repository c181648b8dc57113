"""Each analysis reached by a Question: its columns, its method, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
import shapely

from api.formats.encoding import to_json
from geo.analyses import ANALYSES, LAYERS
from geo.analyses.places import saved_places
from geo.errors import QuestionError
from geo.question.ask import StoreFacts, answer
from geo.question.harm import HarmTable
from geo.question.model import Question
from tests.geo.analyses.material import ASB, COMPUTE, DRUGS
from tests.geo.import_records import record_of

NEEDED = {"compare": "year", "bandwidth": "100", "posts": "5", "groups": "2"}
"""What some analyses cannot do without."""


OF_RECORDS = {one.command for one in ANALYSES if one.subject == "records"}
"""Those that need records with lives, which come from a store: see tests/geo/stores."""


@pytest.mark.parametrize("command", sorted({*COMPUTE} - OF_RECORDS))
def test_every_analysis_says_its_method_and_numbers_that_json_can_hold(find, timed, command):
    treated = {"treated": "p25:261015:201615", "since": "2024-07", "buffer": "20"}
    options = {**NEEDED, **treated, "datetime": "2021-01/2024-12"}
    result = find(command, timed, **options)
    assert result.method
    assert to_json(result.as_dict())


@pytest.mark.parametrize("collection", sorted(set(LAYERS) - OF_RECORDS))
def test_every_layer_has_geometry_and_an_area_where_it_lies(find, timed, collection):
    result = find(LAYERS[collection].command, timed, **NEEDED)
    frame = result.frame
    assert frame.crs.to_epsg() == 27700
    assert "area_code" in frame.columns
    assert shapely.is_valid(frame.geometry.to_numpy()).all()


@pytest.mark.parametrize("collection", sorted({*LAYERS} - OF_RECORDS - {"patrols"}))
def test_narrowing_changes_no_number(find, timed, collection):
    options = {**NEEDED, "period": "latest-24m"}
    whole = find(LAYERS[collection].command, timed, **options).frame
    part = find(LAYERS[collection].command, timed, within="A", **options).frame
    lies_in = whole["area_code"].map(lambda codes: "A" in codes.split(";"))
    same = whole[lies_in].reset_index(drop=True)
    assert len(same)
    if collection in ("ranked-hotspots", "street-counts"):
        same["rank"] = pd.array(range(1, len(same) + 1), dtype=part["rank"].dtype)
    pd.testing.assert_frame_equal(pd.DataFrame(part), pd.DataFrame(same))


def test_a_hotspot_across_two_wards_is_shown_whole_for_each_of_them(find, incident_frame):
    # At the corner that A and B share below, with a few incidents all over for comparison.
    busy = [(435_100 + x, 336_020, ASB, "2024-01") for x in (-25, 0, 25) for _ in range(30)]
    few = [(435_010 + 20 * i, 336_110 + 9 * j, ASB, "2024-01") for i in range(10) for j in range(9)]
    frame = incident_frame(busy + few)
    options = {"datetime": "2024-01", "baseline": "even"}
    every = find("outlines", frame, **options).frame
    across = every[every["area_code"] == "A;B"]
    assert len(across) == 1
    for ward in ("A", "B"):
        assert find("outlines", frame, **options, within=ward).frame.equals(across)
    assert not len(find("outlines", frame, **options, within="D").frame)


def test_places_are_ranked_within_the_areas_of_the_question(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-24m"}
    every = find("rank", timed, **options).frame
    assert every["area_code"].iloc[0] == "A"
    elsewhere = every[every["area_code"] == "B"]
    part = find("rank", timed, within="B", top="1", **options).frame
    assert part["rank"].tolist() == [1]
    assert part["hotspot_id"].tolist() == elsewhere["hotspot_id"].head(1).tolist()
    assert part["n"].tolist() == elsewhere["n"].head(1).tolist()


def test_patrols_visit_places_ranked_within_the_areas_of_the_question(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-24m", "top": "1"}
    assert set(find("patrols", timed, **options).frame["area_code"]) == {"A"}
    assert set(find("patrols", timed, within="B", **options).frame["area_code"]) == {"B"}


def test_counts_beside_a_compared_period_say_how_sure_a_change_is(find, incident_frame):
    rows = [(435_050, 336_050, ASB, "2024-02")] * 60 + [(435_050, 336_050, ASB, "2024-01")] * 5
    rows += [(435_150, 336_150, ASB, month) for month in ("2024-01", "2024-02") for _ in range(9)]
    alone = find("count", incident_frame(rows), datetime="2024-02", compare="previous")
    assert alone.frame["n_compared"].tolist() == [5, 0, 0, 9]
    assert set(alone.frame["certainty"]) == {"cannot be judged"}
    assert "Too few earlier months" in alone.caveats[0]
    half_a_year = [f"2023-{month:02}" for month in range(7, 13)]
    rows += [(435_050, 336_050, ASB, month) for month in half_a_year for _ in range(6)]
    rows += [(435_150, 336_150, ASB, month) for month in half_a_year for _ in range(8)]
    result = find("count", incident_frame(rows), datetime="2024-02", compare="previous")
    counts = result.frame
    assert counts["certainty"].tolist()[0] == "more than chance"
    assert counts["certainty"].tolist()[3] == "no clear change"
    assert result.parameters["earlier_periods"] == 6
    # A reader can check the change; January has 31 days, February 29.
    assert counts["change"].tolist() == [55, 0, 0, 0]
    assert counts["n_per_day"][0] == pytest.approx(60 / 29)
    assert counts["change_share"][0] == pytest.approx(60 / 29 / (5 / 31) - 1)
    assert result.parameters["total_change"] == 55


def test_a_small_layer_is_judged_against_its_study_area(incident_frame, four_squares):
    months = [f"2023-{month:02}" for month in range(1, 13)]
    rows = [(435_050, 336_050, ASB, month) for month in months for _ in range(20)]
    rows += [(435_150, 336_150, ASB, month) for month in months for _ in range(200)]
    risen = rows + [(435_150, 336_150, ASB, "2023-12")] * 100
    question = Question.read(
        {"layer": "estate", "study": "wards", "datetime": "2023-12", "compare": "previous"}
    )
    estate = four_squares.iloc[:1]
    reply = answer(question, incident_frame(risen), estate, study_areas=four_squares)
    result = COMPUTE["count"](reply)
    assert result.parameters["judged_against"] == "the rest of wards"
    assert result.frame["certainty"].tolist() == ["no clear change"]


def test_the_compared_period_stands_in_the_accounts(four_squares, monthly):
    options = {"period": "latest-3m", "compare": "year", "layer": "wards"}
    accounts = answer(Question.read(options), monthly, four_squares).accounts.as_dict()
    assert accounts["compared"]["from"] == "2023-10-01"
    assert accounts["compared"]["to"] == "2023-12-31"
    assert (
        accounts["read"]
        == accounts["rejected"] + accounts["not_asked"] + accounts["outside"] + accounts["counted"]
    )


def test_a_period_that_was_not_published_cannot_be_compared_with(find, monthly):
    with pytest.raises(QuestionError, match="compare: no data is imported for December 2020"):
        find("count", monthly, datetime="2021-12", compare="year")


def test_changes_need_something_to_compare_with(find, monthly):
    with pytest.raises(QuestionError, match="compare: choose previous or year to compare with"):
        find("change", monthly)


def test_harm_weighs_counts_cells_and_places(find, timed):
    table = HarmTable("Test table", "made up", {ASB: 1.0, DRUGS: 10.0})
    facts = StoreFacts(accepted=len(timed), harm=table)
    counts = find("count", timed, facts=facts, weight="t").frame
    cells = find("hotspots", timed, facts=facts, weight="t")
    places = find("rank", timed, facts=facts, weight="t", radius="25", spacing="50").frame
    assert counts["weighted"].sum() == pytest.approx(cells.frame["weighted"].sum())
    assert (cells.frame["weighted"] >= cells.frame["n"]).all()
    assert places["weighted"].is_monotonic_decreasing
    assert any("Test table" in caveat for caveat in cells.caveats)


def test_a_harm_table_that_is_silent_of_a_category_is_refused(find, timed):
    facts = StoreFacts(accepted=len(timed), harm=HarmTable("Half", "made up", {ASB: 1.0}))
    with pytest.raises(QuestionError, match="weight: Half has no weight for drugs"):
        find("count", timed, facts=facts)


def test_density_of_the_cells_adds_up_to_the_incidents(find, timed):
    result = find("density", timed, bandwidth="100", edge="corrected")
    area = find("density", timed, bandwidth="100").frame.geometry.area / 1e6
    inside = result.frame["inside_share"] * area
    assert (result.frame["density"] * inside).sum() == pytest.approx(result.frame["n"].sum())


def people_in(reply) -> float:
    """The residents that a density's rate stands on."""
    frame = COMPUTE["density"](reply).frame
    people = 1000 * frame["density"] / frame["rate_per_1000"]
    return float(np.nansum(people * reply.cells.inside_area) / 1e6)


def test_density_stands_beside_the_residents_of_the_study_area(timed, four_squares):
    peopled = four_squares.assign(residents=[1000, 2000, "none", 500])
    question = Question.read({"cell": "25", "bandwidth": "100", "edge": "corrected"})
    assert people_in(answer(question, timed, peopled)) == pytest.approx(3500, rel=0.01)


def test_an_area_smaller_than_a_cell_keeps_its_residents(timed, four_squares):
    tiny = shapely.box(435_001, 336_001, 435_009, 336_009)
    areas = four_squares.iloc[:2].assign(residents=[500, 0])
    areas = areas.set_geometry([tiny, four_squares.union_all() - tiny])
    question = Question.read({"cell": "50", "bandwidth": "100", "edge": "corrected"})
    assert people_in(answer(question, timed, areas)) == pytest.approx(500, rel=0.05)


def test_places_chosen_by_this_period_have_no_change(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-12m"}
    plain = find("rank", timed, **options)
    result = find("rank", timed, compare="year", **options)
    assert "n_compared" not in plain.frame
    assert len(result.frame) == len(plain.frame)
    for name in ("n_compared", "change", "change_share", "p", "q"):
        assert result.frame[name].isna().all()
    assert set(result.frame["certainty"]) == {""}
    assert set(result.frame["why"]) == {"chosen by its count in this period"}
    assert "because they have most incidents now" in result.caveats[0]


def saved(places: pd.DataFrame, chosen: str | None) -> StoreFacts:
    """What a store knows that has saved these places."""
    known = places[["hotspot_id", "x", "y"]]
    return StoreFacts(accepted=1, known_places=known.assign(chosen=chosen) if chosen else known)


def test_places_that_were_fixed_before_have_a_change_that_can_be_checked(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-12m", "compare": "year"}
    places = find("rank", timed, **options).frame
    result = find("rank", timed, facts=saved(places, "2022-12-31"), **options)
    frame = result.frame
    assert (frame["change"] == frame["n"] - frame["n_compared"]).all()
    assert set(frame["certainty"]) <= {"more than chance", "less than chance", "no clear change"}
    assert set(frame["why"]) == {""}
    assert result.parameters["places_compared"] == len(places)
    part = find("rank", timed, facts=saved(places, "2022-12-31"), within="A", **options).frame
    same = frame[frame["area_code"] == "A"]
    assert part["q"].tolist() == same["q"].tolist(), "verdicts are those of the study area"


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("2023-12-31", "chosen by its count up to 2023-12-31: not before"),
        (None, "saved without the period that it was chosen from; save it again"),
    ],
)
def test_places_that_were_saved_too_late_have_no_change(find, timed, chosen, why):
    options = {"radius": "25", "spacing": "50", "period": "latest-12m", "compare": "year"}
    places = find("rank", timed, **options).frame
    frame = find("rank", timed, facts=saved(places, chosen), **options).frame
    assert frame["change"].isna().all()
    assert set(frame["why"]) == {why}


def test_a_saved_place_that_moved_has_no_change(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-12m", "compare": "year"}
    places = find("rank", timed, **options).frame
    moved = saved(places.assign(x=places["x"] + 5), "2022-12-31")
    frame = find("rank", timed, facts=moved, **options).frame
    assert frame["change"].isna().all()
    assert set(frame["why"]) == {"moved 5 m since it was saved, by its count in this period"}


def test_a_place_saved_again_where_it_was_keeps_the_day_that_it_was_chosen(find, timed):
    options = {"radius": "25", "spacing": "50", "period": "latest-12m"}
    first = find("rank", timed, **options).frame
    known = pd.DataFrame(saved_places(first, None, chosen="2024-12-31"))
    assert set(known["chosen"]) == {"2024-12-31"}
    facts = StoreFacts(accepted=1, known_places=known)
    again = find("rank", timed, facts=facts, **options).frame
    later = pd.DataFrame(saved_places(again, known, chosen="2025-12-31"))
    assert set(later["chosen"]) == {"2024-12-31"}


def test_the_lorenz_curve_runs_from_none_to_all(find, timed):
    curve = find("lorenz", timed).frame
    assert set(curve["place"]) == {"cell", "street with incidents"}
    for _, part in curve.groupby("place"):
        ends = part[["share_of_places", "share_of_incidents"]]
        assert ends.iloc[0].tolist() == [0, 0]
        assert ends.iloc[-1].tolist() == [1, 1]


def test_near_repeats_name_their_distance(find, timed):
    straight, along = (
        find("near-repeats", timed.head(200), near="50,100", distance=distance)
        for distance in ("euclidean", "manhattan")
    )
    assert straight.parameters["distance"] == "euclidean"
    assert "Manhattan distance" in along.method
    assert along.frame["observed"].sum() < straight.frame["observed"].sum()
    assert find("near-repeats", timed.head(200), near="50,100").frame.equals(straight.frame)


@pytest.mark.parametrize("command", ["concentration", "lorenz"])
def test_too_few_incidents_say_nothing_of_concentration(find, timed, command):
    with pytest.raises(
        QuestionError, match="too few incidents to say how concentrated they are: 29 incidents"
    ):
        find(command, timed.head(29))
    assert find(command, timed.head(30)).frame.filter(like="by_chance").notna().all(axis=None)


@pytest.mark.parametrize(
    "command",
    ["expected", "unusual", "emerging", "repeats", "near-repeats", "concentration", "lorenz",
     "dayparts", "evaluate", "treatment"],
)  # fmt: skip
def test_what_counts_is_not_asked_to_weigh(find, timed, command):
    table = HarmTable("Test table", "made up", {ASB: 1.0, DRUGS: 10.0})
    with pytest.raises(QuestionError, match=r"weight: .* counts incidents; use weight=count"):
        find(command, timed, facts=StoreFacts(accepted=len(timed), harm=table), weight="t")


def test_known_places_keep_their_ids(find, timed):
    options = {"radius": "25", "spacing": "50"}
    before = find("rank", timed, **options).frame
    known = before[["hotspot_id", "x", "y"]].assign(x=before["x"] + 5)
    facts = StoreFacts(accepted=len(timed), known_places=known)
    after = find("rank", timed, facts=facts, **options).frame
    assert after["hotspot_id"].tolist() == before["hotspot_id"].tolist()
    assert after["moved_m"].max() == pytest.approx(5)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("repeats", "source: repeats at an address cannot be found"),
        ("near-repeats", "source: near repeats cannot be tested"),
        ("dayparts", "source: .* so their hours are unknown"),
    ],
)
def test_what_snapped_monthly_data_cannot_tell_is_refused(find, monthly, command, message):
    with pytest.raises(QuestionError, match=message):
        find(command, monthly)


def test_months_published_short_are_passed_over(find, monthly):
    months = monthly["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    imports = [
        record_of(part, month=month, rejected=0 if month != "2024-06" else -len(part) + 1)
        for month, part in monthly.groupby(months)
    ]
    result = find("emerging", monthly, imports=imports, period="latest-24m")
    assert result.frame["steps"].max() == 23
    assert "1 month without complete data is left out: June 2024" in result.caveats[0]


@pytest.mark.parametrize("command", ["emerging", "hotspots"])
def test_cells_whose_counts_vary_beyond_chance_are_not_said_to_have_an_exact_tail(
    find, monthly, command
):
    """Each incident four times: the variance over the mean is four times as large."""
    copies = [monthly.assign(incident_id=f"{i}:" + monthly["incident_id"]) for i in range(4)]
    once, often = (
        find(command, rows, period="latest-24m", baseline="even")
        for rows in (monthly, pd.concat(copies, ignore_index=True))
    )
    assert often.parameters["variance_months"] == 12
    assert often.parameters["variance_over_mean"] > 2
    assert "wider than the exact one by how counts vary beyond chance" in often.method
    assert any("times chance, measured on 12 months" in caveat for caveat in often.caveats)
    assert "exact two-sided tail" in find(command, monthly, period="latest-24m", test="gi").method
    assert once.parameters["variance_over_mean"] < 2


def test_a_short_month_is_told_wherever_it_is_counted(four_squares, monthly):
    months = monthly["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    imports = [
        record_of(part, month=month, rejected=0 if month != "2024-06" else -len(part) + 1)
        for month, part in monthly.groupby(months)
    ]
    question = Question.read({"layer": "wards", "period": "latest-12m"})
    caveats = answer(question, monthly, four_squares, imports=imports).accounts.caveats
    assert any("June 2024" in caveat and "looks incomplete" in caveat for caveat in caveats)
    later = Question.read({"layer": "wards", "period": "latest-3m"})
    caveats = answer(later, monthly, four_squares, imports=imports).accounts.caveats
    assert not any("looks incomplete" in caveat for caveat in caveats)


def test_the_expected_band_needs_three_years_before(find, monthly):
    options = {"datetime": "2024-12"}
    assert set(find("expected", monthly, **options).frame["years"]) == {3}
    early = find("expected", monthly, datetime="2022-12").frame
    assert set(early["band"]) == {"no band"}


def test_a_split_by_month_is_not_compared(find, monthly):
    with pytest.raises(QuestionError, match="by: use either by or compare, not both"):
        find("count", monthly, by="month", compare="year", period="latest-12m")


@pytest.mark.parametrize("command", [one.command for one in ANALYSES if not one.splits])
def test_what_is_of_the_whole_period_is_not_split(find, timed, command):
    """Rather than leave `by` out in silence."""
    with pytest.raises(QuestionError, match=r"^by: “.+” is of the whole period; leave by out, or"):
        find(command, timed, by="month")


def test_days_after_the_last_incident_are_unknown(four_squares, timed):
    until = timed[timed["occurred_from"] < pd.Timestamp("2024-12-15", tz="UTC")]
    question = Question.read({"layer": "wards", "period": "latest-3m"})
    caveats = answer(question, until, four_squares).accounts.caveats
    assert any("Later days of the period may not be recorded yet" in each for each in caveats)
    question = Question.read({"layer": "wards", "datetime": "2024-09-01/2024-11-20"})
    caveats = answer(question, timed, four_squares).accounts.caveats
    assert not any("Later days" in each for each in caveats)


def test_the_index_of_similarity_is_of_all_areas_whatever_is_shown(find, timed):
    options = {"compare": "year", "period": "latest-24m"}
    whole, part = find("change", timed, **options), find("change", timed, within="A", **options)
    alike = 1 - whole.frame["share_differs"].mean()
    assert part.parameters["s_corrected"] == whole.parameters["s_corrected"] == alike
    assert whole.frame["share_compared"].sum() == pytest.approx(1)


def test_months_published_short_are_no_part_of_the_expected_band(find, monthly):
    months = monthly["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    imports = [
        record_of(part, month=month, rejected=0 if month != "2022-12" else -len(part) + 1)
        for month, part in monthly.groupby(months)
    ]
    result = find("expected", monthly, imports=imports, datetime="2024-12")
    assert set(result.frame["years"]) == {2}
    assert "1 month without complete data is left out: December 2022" in result.caveats[0]
