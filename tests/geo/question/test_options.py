"""A Question is read from texts by option name, and written back as the same texts."""

from datetime import date, time
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import PatchmapError, QuestionError
from geo.period import Interval, Latest
from geo.question.model import (
    OPTIONS,
    NeedTerms,
    PatchTerms,
    PatrolTerms,
    PostTerms,
    Question,
)
from geo.question.values import BasePoint, Hours, PatchSize, StaffedShift

WORD = st.text(
    st.characters(codec="utf-8", exclude_characters=",", exclude_categories=["Cc", "Z"]),
    min_size=1,
    max_size=8,
).filter(lambda text: text == text.strip())
NAMES = st.lists(WORD, max_size=3, unique=True).map(lambda names: tuple(sorted(names)))
WHEN = st.one_of(
    st.none(),
    st.sampled_from(["2024-01/2024-04", "2024-01-05/..", "2024-01"]).map(Interval.read),
    st.builds(Latest, st.integers(1, 9999), st.sampled_from("md")),
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    return Question(
        period=draw(WHEN),
        category=draw(NAMES),
        source=draw(NAMES),
        within=draw(NAMES),
        hours=draw(st.none() | st.builds(Hours, st.integers(0, 24), st.integers(0, 24))),
        layer=draw(st.one_of(st.just(""), WORD)),
        study=draw(st.one_of(st.just(""), WORD)),
        cell=draw(st.integers(25, 5000)),
        shape=draw(st.sampled_from(["hexagon", "square"])),
        by=draw(st.sampled_from(["", "month", "financial-year"])),
    )


@settings(max_examples=150)
@given(questions())
def test_a_question_is_read_back_from_its_options_and_from_its_address(question):
    assert Question.read(question.options()) == question
    assert Question.read(dict(parse_qsl(question.query(), strict_parsing=False))) == question


def test_the_default_question_has_no_options():
    assert Question().options() == {}
    assert Question().query() == ""
    assert Question.read({"cell": "150", "shape": "hexagon"}).query() == ""


def test_every_option_that_is_offered_is_known_and_its_example_is_read():
    for option in OPTIONS:
        texts = Question.read({option.name: option.example}).texts()
        assert texts[option.name] == option.example


def test_empty_texts_and_spaces_are_as_if_not_given():
    assert Question.read({"layer": " ", "cell": "", "hours": " 18-02 "}) == Question(
        hours=Hours(18, 2)
    )


def test_lists_are_sorted_without_repeats_or_blanks():
    assert Question.read({"category": "b, a,,b"}).category == ("a", "b")


@pytest.mark.parametrize(
    ("first", "last", "interval"),
    [
        ("2024-01", "2024-04", "2024-01/2024-04"),
        ("2024-01", "", "2024-01/.."),
        ("", "2024-04", "../2024-04"),
    ],
)
def test_from_and_to_stand_for_the_dates(first, last, interval):
    assert Question.read({"from": first, "to": last}).period == Interval.read(interval)


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({"colour": "red"}, "colour", "unknown option; the options are: again, bandwidth, base"),
        (
            {"from": "2024-01", "datetime": "2024-01"},
            "datetime",
            "use either datetime or from/to, not both",
        ),
        (
            {"from": "31/01/2024"},
            "from",
            "'31/01/2024' is not a date; write it as 2024-01 or 2024-01-31",
        ),
        (
            {"to": "2024-01", "period": "latest-3m"},
            "period",
            "use either period or dates, not both",
        ),
        (
            {"datetime": "2024-01", "period": "latest-3m"},
            "period",
            "use either period or dates, not both",
        ),
        ({"cell": "24"}, "cell", "'24' is not a whole number from 25 to 5,000"),
        ({"cell": "5001"}, "cell", "from 25 to 5,000"),
        ({"cell": "1e2"}, "cell", "'1e2' is not a whole number"),
        ({"cell": "-150"}, "cell", "'-150' is not a whole number"),
        ({"shape": "circle"}, "shape", "unknown value 'circle'; choose hexagon or square"),
        ({"compare": "last"}, "compare", "unknown value 'last'; choose previous or year"),
        ({"since": "March"}, "since", "'March' is not a month; write it as 2024-03"),
        ({"near": "100,x"}, "near", "cannot read '100,x'; write it as 100,200,300"),
        ({"days": "14,7"}, "days", "'14,7': each band must end beyond the one before it"),
        ({"top": "0"}, "top", "'0' is not a whole number from 1 to 500"),
        ({"by": "day"}, "by", "unknown value 'day'; choose week, month, quarter, half, year or"),
        ({"hours": "18"}, "hours", "cannot read '18'; write it as 18-02"),
        ({"hours": "18-25"}, "hours", "cannot read '18-25'"),
    ],
)
def test_an_option_that_cannot_be_read_is_named(options, option, message):
    with pytest.raises(QuestionError) as refused:
        Question.read(options)
    assert refused.value.option == option
    assert str(refused.value).startswith(f"{option}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "hours", "included"),
    [
        ("18-02", Hours(18, 2), [*range(18, 24), 0, 1]),
        ("0-24", Hours(0, 24), [*range(24)]),
        ("9-17", Hours(9, 17), [*range(9, 17)]),
        ("22-6", Hours(22, 6), [22, 23, *range(6)]),
    ],
)
def test_hours_are_read_and_know_which_they_hold(text, hours, included):
    assert Hours.read(text) == hours
    assert np.flatnonzero(hours.include(np.arange(24))).tolist() == sorted(included)


def test_options_stand_in_addresses_in_the_order_that_links_have():
    names = [option.name for option in OPTIONS]
    posts = ["posts", "money", "floor", "need", "low", "method", "pinned", "exclude", "size"]
    assert names[:6] == ["datetime", "period", "category", "source", "hours", "layer"]
    assert names[names.index("posts") :][: len(posts)] == posts


@pytest.mark.parametrize(
    "text",
    [
        ("posts=9&floor=0&need=incidents:2,imd&pinned=Ann=A,Bo=B&exclude=C"),
        ("money=10000.50"),
        ("size=2-3&members=6&groups=2&bridges=Swan=A+B,Ferry=C+D&today=patch"),
        ("shifts=late:2@14:00,night:1@21:30&base=435100,336200.5&everywhere=1"),
        ("treated=p150:1:2,p150:3:4&control=estates&since=2024-03"),
        ("near=50,100&days=7,14&hours=23-07&without=Station@1:2"),
    ],
)
def test_a_canonical_query_is_written_as_it_was_read(text):
    options = dict(pair.split("=", 1) for pair in text.split("&"))
    question = Question.read(options)
    assert question.options() == options
    assert Question.read(dict(parse_qsl(question.query()))) == question


def test_values_of_other_spellings_become_one():
    spelt = Question.read(
        {"need": "a:1, b:2.50", "hours": "7-9", "money": "£10,000", "size": "3-3"}
    )
    assert spelt.options() == {"hours": "07-09", "money": "10000", "need": "a,b:2.5", "size": "3"}
    assert Question.read({"shifts": "late:2"}).options() == {"shifts": "late:2@14:00"}
    patrols = Question.read({"shifts": "early:1,late:2"}).patrols
    assert patrols.shift("late") == StaffedShift("late", 2, time(14))
    assert patrols.shift("night") is None


def test_a_question_is_made_of_natural_values():
    question = Question(
        period=Interval(date(2024, 1, 1), None),
        category=["burglary", "arson", "burglary"],
        hours=Hours(18, 2),
        posts=PostTerms(officers=9, pinned={"Ann": "A"}),
        need=NeedTerms(mix={"incidents": 2, "imd": 1}),
        patches=PatchTerms(size=PatchSize(2, 3), bridges={"Swan": ("A", "B")}),
        patrols=PatrolTerms(shifts=[StaffedShift("late", 2, time(14))], base=BasePoint(1, 2.5)),
    )
    assert question.category == ("arson", "burglary")
    assert question.options() == {
        "datetime": "2024-01-01/..",
        "category": "arson,burglary",
        "hours": "18-02",
        "posts": "9",
        "need": "incidents:2,imd",
        "pinned": "Ann=A",
        "size": "2-3",
        "bridges": "Swan=A+B",
        "shifts": "late:2@14:00",
        "base": "1,2.5",
    }
    assert hash(question) == hash(Question.read(question.options()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Question(cell="200"), "cell: '200' is not a whole number from 25 to 5,000"),
        (lambda: Question(cell=5), "cell: '5' is not a whole number from 25 to 5,000"),
        (lambda: Question(category="arson"), r"category: .* write it as \('arson',\)"),
        (lambda: Question(category=("a,b",)), "category: 'a,b' is not a name"),
        (lambda: Question(hours="18-02"), r"hours: '18-02' is not .* use Hours.read"),
        (lambda: Question(period="2024"), "period: '2024' is not .* use Latest.read"),
        (lambda: Question(shape="circle"), "shape: unknown value 'circle'; choose hexagon or"),
        (lambda: Question(layer=5), "layer: 5 is not a text"),
        (lambda: Question(near=(200, 100)), "near: '200,100': each band must end beyond"),
        (lambda: Question(near="far"), "near: 'far' are not whole numbers"),
        (lambda: PostTerms(pinned="Ann"), "pinned: 'Ann' is not a mapping"),
        (lambda: PostTerms(money=-1), "money: -1 is not a whole number of pence"),
        (lambda: PatrolTerms(shifts="late:2"), "shifts: 'late:2' are not shifts"),
        (lambda: NeedTerms(mix={"a": "many"}), "need: cannot read 'a:many'"),
        (lambda: PatchTerms(bridges={"Swan": ("A",)}), "bridges: 'A' does not name two areas"),
        (lambda: Hours(18, 25), "18-25 has an hour outside 0 to 24"),
    ],
)
def test_a_wrong_value_is_refused_where_a_question_is_made(make, message):
    with pytest.raises(PatchmapError, match=message):
        make()
