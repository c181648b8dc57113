"""The finding of a board: its numbers, its change, and never more than the verdict bears."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from api.board.headline import VERDICTS, Headline, during_words, headline_of
from geo.hotspots.verdict import CERTAINTY, UNJUDGED
from geo.period import Period
from geo.question.ask import Question, answer
from geo.question.values import Hours


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ((2026, 3, 1), (2026, 3, 31), "in March 2026"),
        ((2026, 1, 1), (2026, 3, 31), "from January to March 2026"),
        ((2025, 11, 1), (2026, 2, 28), "from November 2025 to February 2026"),
        ((2026, 3, 4), (2026, 3, 31), "from 4 to 31 March 2026"),
        ((2026, 2, 24), (2026, 3, 23), "from 24 February to 23 March 2026"),
        ((2025, 12, 24), (2026, 1, 20), "from 24 December 2025 to 20 January 2026"),
        ((2026, 3, 4), (2026, 3, 4), "on 4 March 2026"),
    ],
)
def test_a_period_stands_within_a_sentence(first, last, words) -> None:
    assert during_words(Period(date(*first), date(*last))) == words


def stub(*, n: int, before: float, certainty: str, compare: str = "previous") -> SimpleNamespace:
    """What the headline reads of an Answer of five areas in March 2026."""
    change = n - before
    total = {"n": n, "n_compared": before, "change": change, "certainty": certainty}
    share = change / before if before else float("nan")
    areas = pd.DataFrame({"area_name": [f"Ward {i}" for i in range(5)]}, index=list("ABCDE"))
    compared = SimpleNamespace(period=Period.of_months("2026-02", "2026-02"))
    everything = pd.Series([True] * 5).to_numpy()
    return SimpleNamespace(
        n_shown=n,
        question=Question(compare=compare),
        accounts=SimpleNamespace(
            period=Period.of_months("2026-03", "2026-03"), compared=compared if compare else None
        ),
        areas=areas,
        area_counts=pd.DataFrame({"area_code": list("ABCDE"), "n": [1] * 5}),
        compares=everything,
        shown_areas=everything,
        total_change=SimpleNamespace(areas=pd.DataFrame([total | {"change_share": share}])),
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"n": 843, "before": 958, "certainty": "no clear change"},
            "843 incidents in March 2026, 12 % fewer than in February 2026: no clear change.",
        ),
        (
            {"n": 1300, "before": 1000, "certainty": "more than chance", "compare": "year"},
            "1,300 incidents in March 2026, 30 % more than a year earlier: a clear change.",
        ),
        (
            {"n": 500, "before": 1000, "certainty": "less than chance"},
            "500 incidents in March 2026, 50 % fewer than in February 2026: a clear change.",
        ),
        (
            {"n": 9, "before": 6, "certainty": "no clear change"},
            "9 incidents in March 2026, 3 more than in February 2026: no clear change.",
        ),
        (
            {"n": 1000, "before": 1001, "certainty": "no clear change"},
            "1,000 incidents in March 2026, about as many as in February 2026: no clear change.",
        ),
        (
            {"n": 100, "before": 80, "certainty": UNJUDGED},
            (
                "100 incidents in March 2026, 25 % more than in February 2026: "
                "too few earlier months or incidents to say whether that is a clear change."
            ),
        ),
        (
            {"n": 1, "before": 0, "certainty": UNJUDGED},
            "1 incident in March 2026; there were none in February 2026.",
        ),
        (
            {"n": 20, "before": 10, "certainty": "no clear change", "compare": ""},
            "20 incidents in March 2026.",
        ),
    ],
)
def test_a_change_is_said_with_the_one_verdict(facts, sentence) -> None:
    assert str(headline_of(stub(**facts))) == sentence


def test_every_certainty_has_its_words() -> None:
    assert set(VERDICTS) == {*CERTAINTY, UNJUDGED}


def test_what_was_chosen_is_named_and_unknown_areas_are_counted() -> None:
    facts = stub(n=20, before=10, certainty=UNJUDGED, compare="")
    facts.question = Question(category=("burglary",), within=("A", "C"), hours=Hours.read("18-02"))
    facts.area_counts["n"] = [3, 1, None, 1, 1]
    assert str(headline_of(facts)) == (
        "Burglary: 20 incidents in Ward 0 and Ward 2 (1 of 5 areas unknown) in March 2026 "
        "between 18:00 and 02:00."
    )


def test_a_real_answer_has_its_finding(four_squares, incident_frame) -> None:
    rows = [(435_050, 336_050, "burglary", "2024-01")] * 4
    made = answer(Question.read({"datetime": "2024-01"}), incident_frame(rows), four_squares)
    assert headline_of(made) == Headline("", "4 incidents", " in January 2024", "", "")
