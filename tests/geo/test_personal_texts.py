"""Texts of entries that look personal, in the forms in which people write them."""

import pytest

from geo.personal_texts import personal_text


@pytest.mark.parametrize(
    "text", ["call 01332 293111", "(01332) 293111", "01332-293-111", "+44 (0)1332 293111"]
)
def test_telephone_numbers_are_found_as_they_are_written(text: str) -> None:
    assert personal_text(text) == "a telephone number"


@pytest.mark.parametrize(
    "text", ["order 4500012", "2024-01-05 12:30", "07-01-2024 - 09-01-2024", "0.5 h in 2024"]
)
def test_days_and_orders_are_no_telephone_numbers(text: str) -> None:
    assert personal_text(text) == ""
