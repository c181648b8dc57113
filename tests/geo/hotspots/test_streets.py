"""A street is a name and the points that belong together."""

import numpy as np
import pytest

from geo.hotspots.street_names import street_names, streets


def test_names_lose_their_prefix_and_the_nameless_have_none():
    texts = ["On or near Peel Street", "on or near ", "On or near", "No Location", "", "1 Mill Rd"]
    assert street_names(texts).tolist() == ["Peel Street", "", "", "", "", "Mill Rd"]
    assert street_names(["On or nearby Lane"]).tolist() == ["On or nearby Lane"]


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("8 Corn Hill", "Corn Hill"),
        ("12a Corn Hill, Derby, DE1 2AB", "Corn Hill"),
        ("Flat 2, 8-10 Corn Hill", "Corn Hill"),
        ("Apartment B2 8 Corn Hill", "Corn Hill"),
        ("1st Avenue", "1st Avenue"),
        ("A52", "A52"),
        ("52 53", "52 53"),
        ("The Lamb, Corn Hill", "The Lamb, Corn Hill"),
    ],
)
def test_an_address_is_on_its_street(address, street):
    assert street_names([address]).tolist() == [street]


def test_one_name_far_apart_is_two_streets():
    x, name = [0, 200, 400, 5_000, 0], ["High Street"] * 4 + ["Mill Road"]
    number = streets(x, [0] * 5, name)
    assert number[0] == number[1] == number[2]
    assert len({number[0], number[3], number[4]}) == 3


def test_a_gap_as_wide_as_stated_is_still_one_street():
    assert len(set(streets([0, 300], [0, 0], ["A", "A"]))) == 1
    assert len(set(streets([0, 300.5], [0, 0], ["A", "A"]))) == 2
    assert len(set(streets([0, 300.5], [0, 0], ["A", "A"], gap=301))) == 1


def test_incidents_without_a_street_have_no_number():
    assert streets([0, 0, 9], [0, 0, 9], ["", "On or near A", "On or near"]).tolist() == [-1, 0, -1]
    assert streets([], [], []).shape == (0,)


def test_the_order_of_the_rows_changes_no_street():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 3_000, (2, 200)).round(-1)
    names = rng.choice(["A", "B", "Parking Area", ""], 200)
    order = rng.permutation(200)
    number = streets(x, y, names)
    assert streets(x[order], y[order], names[order]).tolist() == number[order].tolist()
    assert sorted(set(number)) == list(range(-1, number.max() + 1))
