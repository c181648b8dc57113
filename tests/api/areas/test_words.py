"""Values in words: no more than is known, and no word is spoilt."""

from __future__ import annotations

import math

import pytest

from api.areas.lead import measures_named
from api.pages.measure_text import number_words, value_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 %"),
        (0.04, "0.04 %"),
        (0.4, "0.4 %"),
        (74.4, "74 %"),
        (99.6, "99.6 %"),
        (100, "100 %"),
    ],
)
def test_a_share_is_not_rounded_to_none_or_to_all(value: float, words: str) -> None:
    assert number_words(value, "% of homes") == words


def test_what_is_unknown_is_no_number() -> None:
    assert value_words(math.nan, "% of homes") == "unknown"


def test_names_of_measures_keep_their_capitals_in_a_sentence() -> None:
    titles = ["ASB incidents", "Satisfaction", "IMD score"]
    assert measures_named(titles) == "ASB incidents, satisfaction and IMD score"
