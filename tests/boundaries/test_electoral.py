"""Variance is reckoned and printed as a published review prints it."""

import numpy as np
import pandas as pd
import pytest

from boundaries.plans.electoral import (
    council_average,
    electoral_variance,
    review_triggers,
    whole_percent,
)
from geo.errors import InputError


def test_variance_is_against_the_councils_own_average():
    rows = electoral_variance([3000, 1000, 2600], [2, 1, 2])
    assert rows["per_member"].tolist() == [1500, 1000, 1300]
    assert rows["variance"].tolist() == pytest.approx(
        [1500 / 1320 - 1, 1000 / 1320 - 1, -20 / 1320]
    )
    assert rows["variance_percent"].tolist() == [14, -24, -2]
    assert rows["beyond"].tolist() == [10, 10, 0]


def test_areas_without_members_have_no_variance_and_do_not_count():
    rows = electoral_variance([1000, 500, 1000], [1, 0, 1])
    assert rows["variance"].tolist() == pytest.approx([0, np.nan, 0], nan_ok=True)
    assert rows["beyond"].tolist() == [0, 0, 0]


def test_a_council_without_members_has_no_average():
    assert np.isnan(council_average([1000], [0]))
    assert np.isnan(electoral_variance([1000], [0])["variance"]).all()


def test_electors_not_yet_in_an_area_count_towards_the_average():
    assert council_average([900, 700], [1, 1], unassigned=400) == 1000


@pytest.mark.parametrize(("electors", "members"), [([-1], [1]), ([1], [-1])])
def test_negative_numbers_are_refused(electors, members):
    with pytest.raises(InputError, match="electors and members cannot be negative"):
        electoral_variance(electors, members)


def test_an_area_without_electors_is_wholly_below_the_average():
    assert electoral_variance([0, 2000], [1, 1])["variance"].tolist() == [-1, 1]


def test_exactly_ten_per_cent_is_not_beyond_ten_per_cent():
    assert electoral_variance([1100, 900, 1101], [1, 1, 1], average=1000)["beyond"].tolist() == [
        0, 0, 10,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variance", "review"),
    [
        ([0.11] * 3 + [0.0] * 7, False),
        ([0.11] * 4 + [0.0] * 6, True),
        ([0.31] + [0.0] * 9, True),
        ([-0.31] + [0.0] * 9, True),
        ([0.30] + [0.0] * 9, False),
        ([], False),
    ],
)
def test_a_review_is_called_for_by_many_notable_or_one_extreme_variance(variance, review):
    assert review_triggers(variance).review is review


def test_areas_without_a_variance_are_not_counted():
    triggers = review_triggers([0.2, np.nan, 0.4])
    assert (triggers.areas, triggers.notable, triggers.extreme) == (2, 2, 1)


def test_halves_are_rounded_away_from_nought_and_nought_has_no_sign():
    printed = whole_percent([0.025, -0.025, -0.004, np.nan])
    assert [str(value) for value in printed] == ["3.0", "-3.0", "0.0", "nan"]


@pytest.mark.parametrize(("year", "averages"), [(2020, (1708.4, 1709.6)), (2026, (1804.0, 1806.2))])
def test_every_printed_figure_of_a_published_review_is_reproduced(year, averages, real_data):
    rows = pd.read_csv(real_data / "reference-variance-derbyshire-dales-2021.csv")
    for average in np.linspace(*averages, 5)[1:4]:
        ours = electoral_variance(rows[f"electors_{year}"], rows["members"], average=average)
        # Half an elector is printed as one: 3,619 / 2 is 1,810.
        printed = np.floor(ours["per_member"] + 0.5)
        assert printed.tolist() == rows[f"per_member_{year}"].tolist()
        assert ours["variance_percent"].tolist() == rows[f"variance_{year}"].tolist()
