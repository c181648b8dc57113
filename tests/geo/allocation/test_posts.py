"""Officers and money go over areas by a need that is stated, and the answer shows its margins."""

import re

import numpy as np
import pandas as pd
import pytest

from geo.allocation.needs import mixed_need
from geo.allocation.posts import read_pence, share_money, share_posts, verify_posts
from geo.allocation.solver import require_sound
from geo.errors import InputError, SolverError


def areas(*needs: float, codes: str = "ABCDEFGH") -> pd.DataFrame:
    names = [f"Ward {code}" for code in codes[: len(needs)]]
    return pd.DataFrame({"area_name": names, "need": needs}, index=list(codes[: len(needs)]))


def test_each_area_has_its_floor_and_the_rest_goes_by_need():
    result = share_posts(areas(60, 30, 10, 0), posts=10)
    assert result["posts"].tolist() == [5, 3, 1, 1]
    assert result["quota"].tolist() == [6, 3, 1, 0]


def test_the_order_of_the_rows_changes_nothing():
    table = areas(60, 30, 30, 11)
    pd.testing.assert_frame_equal(
        share_posts(table, posts=9), share_posts(table.iloc[[2, 0, 3, 1]], posts=9)
    )


def test_a_tie_goes_to_the_lowest_code():
    assert share_posts(areas(5, 5, 5), posts=4)["posts"].tolist() == [2, 1, 1]


def test_the_next_in_line_has_the_next_post_and_a_vacancy_is_shown():
    result = share_posts(areas(5117, 4400, 162, 161, 160), posts=20).set_index("area_code")
    assert result["posts"].tolist() == [9, 8, 1, 1, 1]
    assert result["in_line"].tolist() == [1, 2, 3, 4, 5]
    assert result["posts_if_one_more"].tolist() == [10, 8, 1, 1, 1]
    assert result["posts_if_one_fewer"].tolist() == [9, 7, 1, 1, 1]


def test_where_floors_take_every_post_a_vacancy_has_no_answer():
    assert share_posts(areas(3, 2), posts=2)["posts_if_one_fewer"].isna().all()


def test_a_need_that_changes_by_more_than_the_margin_changes_the_posts():
    result = share_posts(areas(60, 30, 10), posts=10).set_index("area_code")
    up, down = result["gains_above"]["B"], result["loses_below"]["B"]
    for change, expected in ((up + 0.01, 1), (up - 0.01, 0), (down - 0.01, -1), (down + 0.01, 0)):
        moved = share_posts(areas(60, 30 * (1 + change), 10), posts=10).set_index("area_code")
        assert moved["posts"]["B"] - result["posts"]["B"] == expected


def test_pinned_officers_stay_where_they_are_and_count_as_posts():
    result = share_posts(
        areas(90, 10, 0), posts=6, pinned={"PC Shah": "C", "PC Hall": "C"}
    ).set_index("area_code")
    assert result["posts"].tolist() == [3, 1, 2]
    assert result["officers"]["C"] == "PC Hall, PC Shah"


def test_money_is_shared_flat_and_by_need_to_the_penny():
    result = share_money(areas(1, 1, 1, 4), pence=1_000_001)
    assert result["flat_pence"].tolist() == [250_001, 250_000, 250_000, 250_000]
    assert result["need_pence"].sum() == 1_000_001
    assert result["difference_pence"].sum() == 0


@pytest.mark.parametrize(
    ("text", "pence"),
    [("£10,000", 1_000_000), ("10000.5", 1_000_050), ("£ 1,234.56", 123_456), ("0", 0)],
)
def test_pounds_are_read_as_people_write_them(text, pence):
    assert read_pence(text) == pence


@pytest.mark.parametrize("text", ["ten", "1.234", "-5", "1,23", "1e6", ""])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InputError, match="is not an amount of money; write it as 10000"):
        read_pence(text)


def test_a_mix_weighs_shares_and_not_numbers():
    table = pd.DataFrame({"incidents": [3, 1], "residents": [1000, 3000]}, index=["A", "B"])
    assert mixed_need(table, {"incidents": 2, "residents": 1}).tolist() == pytest.approx(
        [2 / 3 * 0.75 + 1 / 3 * 0.25, 2 / 3 * 0.25 + 1 / 3 * 0.75]
    )


def test_a_rank_is_turned_over_so_that_the_most_deprived_needs_most():
    table = pd.DataFrame({"imd_rank": [1, 50, 100]}, index=list("ABC"))
    need = mixed_need(table, {"imd_rank": 1}, low_is_worse=["imd_rank"])
    assert need.tolist() == pytest.approx(np.array([100, 51, 1]) / 152)


TABLE = pd.DataFrame(
    {"n": [1.0, 2.0], "gap": [1.0, np.nan], "less": [1, -1], "none": [0, 0], "word": ["a", "b"]},
    index=["A", "B"],
)


@pytest.mark.parametrize(
    ("mix", "turned", "message"),
    [
        ({}, [], "no need is given; name at least one column"),
        ({"n": 0}, [], "the weight of n must be above 0"),
        ({"m": 1}, [], "the areas have no column 'm'; columns of numbers are: n, gap, less, none"),
        ({"gap": 1}, [], "gap must be a number of at least 0 in every area; it is not in B"),
        ({"less": 1}, [], "less must be a number of at least 0 in every area; it is not in B"),
        ({"word": 1}, [], "it is not in A, B"),
        ({"none": 1}, [], "none is 0 in every area, so there is nothing to share by"),
        ({"n": 1}, ["m"], "low values of m are to mean more need"),
    ],
)
def test_a_mix_that_cannot_be_is_refused(mix, turned, message):
    with pytest.raises(InputError, match=re.escape(message)):
        mixed_need(TABLE, mix, low_is_worse=turned)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"posts": 2}, "a floor of 1 in each of 3 areas takes 3 posts, and there are 2"),
        (
            {"posts": 3, "pinned": {"x": "A", "y": "A"}},
            "a floor of 1 in each of 3 areas with the pinned officers takes 4 posts, and there",
        ),
        (
            {"posts": 9, "pinned": {"PC Hall": "Z"}},
            "PC Hall is pinned to Z, which is not one of these areas",
        ),
        ({"posts": 9, "floor": -1}, "a floor must be at least 0"),
    ],
)
def test_posts_that_cannot_be_shared_are_refused(options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        share_posts(areas(1, 2, 3), **options)


def test_areas_must_be_there_once():
    with pytest.raises(InputError, match="there are no areas to share over"):
        share_posts(areas(), posts=1)
    with pytest.raises(InputError, match="the area A is listed twice"):
        share_posts(areas(1, 2, codes="AA"), posts=3)


def test_a_sharing_that_breaks_its_rules_is_told():
    table = pd.DataFrame({"area_code": ["A", "B", "B"], "posts": [0, 2, 1]})
    faults = verify_posts(table.iloc[:2], posts=3, floor=1, pinned={"x": "A"})
    assert faults == [
        "2 posts are shared, not 3",
        "A has 0, less than the floor of 1",
        "A has 0, fewer than the 1 pinned there",
    ]
    with pytest.raises(
        SolverError, match="the answer breaks its own rules: an area is listed twice"
    ):
        require_sound(verify_posts(table, posts=3))
