"""A Question on frames: what is counted, what is left out, and that nothing is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.analyses.places import ranked
from geo.errors import QuestionError
from geo.question.ask import Answer, answer
from geo.question.model import Question
from tests.geo.import_records import record_of

A, B, C, D = (435_050, 336_050), (435_150, 336_050), (435_050, 336_150), (435_150, 336_150)
FAR = (436_000, 336_000)
ASB, DRUGS = "anti-social-behaviour", "drugs"


@pytest.fixture
def ask(four_squares, incident_frame):
    """Answers a Question of options about the four squares and rows of incidents."""

    def ask_about(rows: list, study=None, imports=(), **options: str) -> Answer:
        frame, question = incident_frame(rows), Question.read(options)
        return answer(question, frame, four_squares, study_areas=study, imports=imports)

    return ask_about


def counts(result: Answer) -> dict[str, int]:
    return dict(zip(result.area_counts["area_code"], result.area_counts["n"], strict=True))


def test_every_area_has_a_row_also_without_incidents(ask):
    result = ask([(*A, ASB, "2024-01"), (*A, DRUGS, "2024-01"), (*D, ASB, "2024-01")])
    assert counts(result) == {"A": 2, "B": 0, "C": 0, "D": 1}
    assert result.area_counts["share"].tolist() == pytest.approx([2 / 3, 0, 0, 1 / 3])
    assert result.area_counts["area_name"].tolist()[0] == "Ward A"
    assert result.area_counts.crs.to_epsg() == 27700


def test_categories_and_periods_leave_out_what_is_not_asked(ask):
    rows = [
        (*A, ASB, "2024-01"),
        (*A, DRUGS, "2024-01"),
        (*A, ASB, "2024-02"),
        (*FAR, ASB, "2024-01"),
    ]
    accounts = ask(rows, category=ASB, datetime="2024-01").accounts
    assert (accounts.read, accounts.rejected) == (4, 0)
    assert (accounts.not_asked, accounts.outside, accounts.counted) == (2, 1, 1)


def test_rejected_rows_are_those_that_the_imports_read_and_did_not_accept(ask, incident_frame):
    rows = [(*A, ASB, "2024-01"), (*FAR, ASB, "2024-01")]
    imports = [record_of(incident_frame(rows), month="2024-01", rejected=5)]
    accounts = ask(rows, imports=imports).accounts
    assert (accounts.read, accounts.rejected) == (7, 5)
    assert (accounts.outside, accounts.counted) == (1, 1)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_accounts_always_add_up(data, four_squares, incident_frame):
    place = st.tuples(st.integers(434_900, 435_300), st.integers(335_900, 336_300))
    month = st.sampled_from(["2023-11", "2024-01", "2024-02"])
    row = st.tuples(place, st.sampled_from([ASB, DRUGS]), month)
    rows = data.draw(st.lists(row, min_size=1, max_size=25))
    frame = incident_frame([(*spot, category, when) for spot, category, when in rows])
    options = {
        "category": data.draw(st.sampled_from(["", frame["category"].iloc[0]])),
        "period": data.draw(st.sampled_from(["latest-1m", "latest-3m", "latest-40m"])),
        "within": data.draw(st.sampled_from(["", "A", "B,D"])),
        "by": data.draw(st.sampled_from(["", "month", "half"])),
    }
    extra = data.draw(st.integers(0, 9))
    imports = [record_of(frame, rejected=extra)]
    result = answer(Question.read(options), frame, four_squares, imports=imports)
    parts = result.accounts
    assert parts.read == len(rows) + extra
    assert parts.rejected == extra
    assert parts.read == parts.rejected + parts.not_asked + parts.outside + parts.counted
    assert min(parts.not_asked, parts.outside, parts.counted) >= 0
    if not options["within"]:
        assert result.hotspots["n"].sum() == parts.counted
    if not options["within"] and not options["by"]:
        assert result.area_counts["n"].sum() == parts.counted


def test_the_study_area_is_the_layer_unless_it_is_named(ask, four_squares):
    rows = [(*A, ASB, "2024-01"), (*B, ASB, "2024-01"), (*FAR, ASB, "2024-01")]
    study = four_squares.loc[["B", "D"]]
    result = ask(rows, study=study)
    assert (result.accounts.outside, result.accounts.counted) == (2, 1)
    assert counts(result) == {"A": 0, "B": 1, "C": 0, "D": 0}
    assert result.cells.inside_area.sum() == pytest.approx(20_000)


def test_incidents_of_the_study_area_in_no_area_are_told(four_squares, incident_frame):
    frame = incident_frame([(*A, ASB, "2024-01"), *[(*B, ASB, "2024-01")] * 3])
    result = answer(Question(), frame, four_squares.loc[["A"]], study_areas=four_squares)
    assert (result.accounts.counted, result.accounts.in_no_area) == (4, 3)
    assert result.area_counts[["n", "share"]].to_numpy().tolist() == [[1, 0.25]]


def test_within_selects_rows_and_changes_no_number(ask):
    rng = np.random.default_rng(2)
    rows = [(435_000 + x, 336_000 + y, ASB, "2024-01") for x, y in rng.uniform(0, 200, (200, 2))]
    rows += [(*A, ASB, "2024-01")] * 30
    whole, part = ask(rows, cell="25"), ask(rows, cell="25", within="A,D")
    expected = whole.hotspots[whole.hotspots["area_code"].isin(["A", "D"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(part.hotspots), pd.DataFrame(expected))
    assert 0 < len(expected) < len(whole.hotspots)
    chosen = whole.area_counts[whole.area_counts["area_code"].isin(["A", "D"])]
    assert part.area_counts["n"].tolist() == chosen["n"].tolist()
    assert part.area_counts["share"].tolist() == chosen["share"].tolist()


def test_by_month_has_rows_for_published_months_only(ask):
    rows = [(*A, ASB, "2023-11"), (*A, ASB, "2024-01"), (*B, ASB, "2024-01")]
    result = ask(rows, datetime="2023-10/2024-02", by="month")
    table = result.area_counts
    assert sorted(set(table["month"])) == ["2023-11", "2024-01"]
    assert table.index.tolist() == list(range(8))
    january = table[table["month"] == "2024-01"]
    assert january["share"].tolist() == [0.5, 0.5, 0, 0]
    assert result.accounts.months_missing == ["2023-10", "2023-12", "2024-02"]


def test_a_published_month_without_incidents_asked_has_rows_of_zero(ask, incident_frame):
    rows = [(*A, ASB, "2023-11"), (*A, DRUGS, "2024-01")]
    imports = [record_of(incident_frame([row]), month=row[3]) for row in rows]
    result = ask(rows, imports=imports, category=ASB, by="month")
    january = result.area_counts[result.area_counts["month"] == "2024-01"]
    assert january["n"].tolist() == [0, 0, 0, 0]


def test_a_period_that_was_not_published_is_refused_with_the_months_there_are(ask):
    message = "no data is imported here for January 2023 .* choose a period from 2024-01 to 2024-01"
    with pytest.raises(QuestionError, match=message) as refused:
        ask([(*A, ASB, "2024-01")], datetime="2023-01/2023-02", by="month")
    assert refused.value.option == "datetime"


def test_a_month_is_that_of_london(ask):
    rows = [(*A, ASB, "2024-06-30T23:30:00"), (*B, ASB, "2024-06-30T22:30:00")]
    result = ask(rows, datetime="2024-07")
    assert counts(result) == {"A": 1, "B": 0, "C": 0, "D": 0}


def test_hours_wrap_midnight_and_are_those_of_london(ask):
    rows = [
        (*A, ASB, "2024-01-10T23:30:00"),  # 23:30 in winter
        (*B, ASB, "2024-07-10T22:15:00"),  # 23:15 in summer
        (*C, ASB, "2024-07-10T23:59:59"),  # 00:59 in summer
        (*D, ASB, "2024-07-10T00:00:00"),  # 01:00 in summer
        (*A, ASB, "2024-07-10T21:59:59"),  # 22:59 in summer
    ]
    assert counts(ask(rows, hours="23-01")) == {"A": 1, "B": 1, "C": 1, "D": 0}
    assert ask(rows, hours="0-24").accounts.counted == 5
    assert counts(ask(rows, hours="1-2")) == {"A": 0, "B": 0, "C": 0, "D": 1}


def test_the_hour_that_the_clocks_skip_is_empty_and_the_one_they_repeat_is_double(ask):
    rows = [
        (*A, ASB, "2024-03-31T00:59:59"),  # 00:59, then the clocks go to 02:00
        (*B, ASB, "2024-03-31T01:00:00"),  # 02:00
        (*C, ASB, "2024-10-27T00:30:00"),  # 01:30 for the first time
        (*D, ASB, "2024-10-27T01:30:00"),  # 01:30 again
    ]
    assert counts(ask(rows, hours="1-2")) == {"A": 0, "B": 0, "C": 1, "D": 1}
    assert counts(ask(rows, hours="2-3")) == {"A": 0, "B": 1, "C": 0, "D": 0}


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({"datetime": "2024-01-10/2024-01-20"}, "datetime", "dates incidents by month only"),
        ({"period": "latest-7d"}, "period", "choose whole months"),
        ({"hours": "18-02"}, "hours", "police.uk does not say at what hour"),
        ({"category": "noise"}, "category", "unknown value 'noise'; choose anti-social-behav"),
        ({"source": "council"}, "source", "unknown value 'council'; choose police.uk"),
        ({"within": "A,Z"}, "within", "unknown value 'Z'; choose A, B, C or D"),
        ({"cell": "25", "datetime": "2024-02/2024-01"}, "datetime", "ends before it begins"),
    ],
)
def test_what_the_data_cannot_answer_is_refused_by_its_option(options, option, message, ask):
    with pytest.raises(QuestionError, match=message) as refused:
        ask([(*A, ASB, "2024-01")], **options)
    assert refused.value.option == option


def test_a_refusal_names_twenty_to_choose_from(ask):
    rows = [(*A, f"kind-{number:02}", "2024-01") for number in range(25)]
    with pytest.raises(QuestionError) as refused:
        ask(rows, category="noise")
    assert str(refused.value).endswith("kind-18 or kind-19")
    assert "kind-00, kind-01" in str(refused.value)


def test_days_of_a_source_that_knows_instants_are_answered_beside_one_that_does_not(ask):
    rows = [(*A, ASB, "2024-03-10T12:00:00"), (*B, ASB, "2024-01")]
    result = ask(rows, datetime="2024-03-05/2024-03-15")
    assert counts(result) == {"A": 1, "B": 0, "C": 0, "D": 0}
    assert ask(rows, source="council", hours="12-13").accounts.counted == 1


def test_without_incidents_the_latest_period_is_refused(ask):
    with pytest.raises(QuestionError, match="the store holds no incidents yet"):
        ask([])


def test_without_incidents_named_months_count_nothing(ask):
    assert counts(ask([], datetime="2024-01/2024-02")) == {"A": 0, "B": 0, "C": 0, "D": 0}


def test_by_month_a_store_without_any_month_has_no_rows(ask):
    result = ask([], datetime="2024-01/2024-02", by="month")
    assert len(result.area_counts) == 0
    assert {"area_code", "month", "n"} <= set(result.area_counts.columns)


def test_the_accounts_tell_period_sources_caveats_and_question(ask):
    rows = [(*A, ASB, "2024-01"), (*A, ASB, "2024-01-05T10:00:00")]
    accounts = ask(rows, datetime="2024-01", layer="wards").accounts
    members = accounts.as_dict()
    assert members["period"]["from"] == "2024-01-01"
    assert members["period"]["to"] == "2024-01-31"
    assert accounts.source == ["council", "police.uk"]
    assert any("anonymous points" in caveat for caveat in accounts.caveats)
    assert accounts.question == {"datetime": "2024-01", "layer": "wards"}
    assert accounts.mask == "wards"


def test_the_same_question_has_the_same_answer_whatever_the_order_of_the_rows(ask):
    rows = [(*A, ASB, "2024-01")] * 3 + [(*B, ASB, "2024-01")] * 3 + [(*D, ASB, "2024-01")]
    first, second = ask(rows, cell="50"), ask(rows[::-1], cell="50")
    pd.testing.assert_frame_equal(
        pd.DataFrame(ranked(first).frame), pd.DataFrame(ranked(second).frame)
    )
    pd.testing.assert_frame_equal(pd.DataFrame(first.hotspots), pd.DataFrame(second.hotspots))


def test_residents_give_a_rate(four_squares, incident_frame):
    frame = incident_frame([(*A, ASB, "2024-01")] * 3)
    areas = four_squares.assign(residents=[1500, 0, 10, 10])
    rates = answer(Question(), frame, areas).area_counts["rate_per_1000"]
    assert rates[0] == pytest.approx(2)
    assert np.isnan(rates[1])


def test_too_many_cells_are_refused_by_the_option(four_squares, incident_frame):
    frame = incident_frame([(*A, ASB, "2024-01")])
    wide = four_squares.set_geometry(four_squares.geometry.scale(900, 900, origin=A))
    with pytest.raises(QuestionError, match=r"cell: cells of 25 m would be about .* wider cells"):
        answer(Question(cell=25), frame, wide).hotspots  # noqa: B018 - reading it works it out


def test_places_that_are_left_out_are_not_asked_and_told(ask):
    rows = [
        (*A, ASB, "2024-01"),
        (*A, ASB, "2024-01"),
        (*B, ASB, "2024-01"),
        (*FAR, ASB, "2024-02"),
    ]
    accounts = ask(rows, datetime="2024-01", without="Station@435050:336050").accounts
    assert (accounts.read, accounts.not_asked, accounts.left_out) == (4, 3, 2)
    assert (accounts.outside, accounts.counted) == (0, 1)
    assert ask(rows, datetime="2024-01").accounts.left_out == 0


def test_a_place_is_left_out_of_what_is_compared_too(ask):
    rows = [(*A, ASB, "2024-01"), (*B, ASB, "2024-01"), (*A, ASB, "2024-02")]
    result = ask(rows, datetime="2024-02", compare="previous", without="435050:336050")
    assert result.accounts.compared.counted == 1
    assert result.accounts.counted == 0


@pytest.mark.parametrize("test", ["tail", "gi"])
def test_other_incidents_are_a_baseline_also_where_some_are_a_series(ask, test):
    series = [(*A, ASB, f"2024-01-10T20:{minute:02}:00") for minute in range(40)]
    others = [(*place, DRUGS, f"2024-01-{day:02}T12:00:00") for place in (A, D) for day in (3, 9)]
    result = ask([*series, *others], category=ASB, baseline="other", test=test)
    assert result.hotspots["n"].sum() == 40
    assert result.hotspots["p_count"].between(0, 1).any()
    # A series is one incident for the tail, and as many as it has for Gi*.
    assert result.baseline.baseline.amounts.sum() == (5 if test == "tail" else 44)


def test_the_method_of_cells_is_their_test_and_that_of_officers_how_they_are_rounded():
    assert Question.read({"method": "gi"}).test == "gi"
    both = Question.read({"method": "dhondt", "test": "gi"})
    assert (both.test, both.posts.method) == ("gi", "dhondt")
