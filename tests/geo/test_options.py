"""A Question is read from texts by option name, and written back as the same texts."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import QuestionError
from geo.question.model import OPTIONS, Question
from geo.question.parsers import read_hours

WORD = st.text(
    st.characters(codec="utf-8", exclude_characters=",", exclude_categories=["Cc", "Z"]),
    min_size=1,
    max_size=8,
).filter(lambda text: text == text.strip())
NAMES = st.lists(WORD, max_size=3, unique=True).map(lambda names: tuple(sorted(names)))
WHEN = st.one_of(
    st.just({}),
    st.sampled_from(["2024-01/2024-04", "2024-01-05/..", "2024"]).map(lambda t: {"datetime": t}),
    st.sampled_from(["latest-3m", "latest-28d"]).map(lambda t: {"period": t}),
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    hours = draw(st.one_of(st.just(""), st.tuples(st.integers(0, 24), st.integers(0, 24))))
    return Question(
        **draw(WHEN),
        category=draw(NAMES),
        source=draw(NAMES),
        within=draw(NAMES),
        hours=hours and f"{hours[0]}-{hours[1]}",
        layer=draw(st.one_of(st.just(""), WORD)),
        study=draw(st.one_of(st.just(""), WORD)),
        cell=draw(st.integers(25, 5000)),
        shape=draw(st.sampled_from(["hexagon", "square"])),
        by=draw(st.sampled_from(["", "month"])),
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
        assert getattr(Question.read({option.name: option.example}), option.name)


def test_empty_texts_and_spaces_are_as_if_not_given():
    assert Question.read({"layer": " ", "cell": "", "hours": " 18-02 "}) == Question(hours="18-02")


def test_lists_are_sorted_without_repeats_or_blanks():
    assert Question.read({"category": "b, a,,b"}).category == ("a", "b")


@pytest.mark.parametrize(
    ("first", "last", "datetime"),
    [
        ("2024-01", "2024-04", "2024-01/2024-04"),
        ("2024-01", "", "2024-01/.."),
        ("", "2024-04", "../2024-04"),
    ],
)
def test_from_and_to_stand_for_the_dates(first, last, datetime):
    assert Question.read({"from": first, "to": last}).datetime == datetime


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({"colour": "red"}, "colour", "is no option; there are: again, bandwidth, base"),
        ({"from": "2024-01", "datetime": "2024"}, "datetime", "give it, or from and to, not both"),
        ({"to": "2024-01", "period": "latest-3m"}, "period", "give it or dates, not both"),
        ({"datetime": "2024", "period": "latest-3m"}, "period", "give it or dates, not both"),
        ({"cell": "24"}, "cell", "'24' is no whole number from 25 to 5,000"),
        ({"cell": "5001"}, "cell", "from 25 to 5,000"),
        ({"cell": "1e2"}, "cell", "'1e2' is no whole number"),
        ({"cell": "-150"}, "cell", "'-150' is no whole number"),
        ({"shape": "circle"}, "shape", "'circle' is none of: hexagon, square"),
        ({"compare": "last"}, "compare", "'last' is none of: previous, year"),
        ({"since": "March"}, "since", "'March' is no month, write it as 2024-03"),
        ({"near": "100,x"}, "near", "'100,x' cannot be read, write it as 100,200,300"),
        ({"days": "14,7"}, "days", "'14,7': each band must end beyond the one before it"),
        ({"top": "0"}, "top", "'0' is no whole number from 1 to 500"),
        ({"by": "week"}, "by", "'week' is none of: month"),
        ({"hours": "18"}, "hours", "'18' cannot be read, write it as 18-02"),
        ({"hours": "18-25"}, "hours", "'18-25' cannot be read"),
    ],
)
def test_an_option_that_cannot_be_read_is_named(options, option, message):
    with pytest.raises(QuestionError) as refused:
        Question.read(options)
    assert refused.value.option == option
    assert str(refused.value).startswith(f"{option}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "hours"), [("18-02", (18, 2)), ("0-24", (0, 0)), ("9-17", (9, 17)), ("22-6", (22, 6))]
)
def test_hours_are_read(text, hours):
    assert read_hours(text) == hours
