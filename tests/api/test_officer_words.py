"""Officers of a plan are called as people call them."""

from __future__ import annotations

import pytest

from api.pages.text import officer_words


@pytest.mark.parametrize(
    ("officer", "words"),
    [("day 1", "Officer 1"), ("late 2", "Late shift, officer 2"), ("1", "Officer 1")],
)
def test_an_officer_is_called_by_shift_and_number(officer: str, words: str) -> None:
    assert officer_words(officer) == words
