"""A Question proposes how a task that comes from it will be judged."""

from datetime import date

import pytest
import shapely

from boundaries.tasking.deciding import assessment_for, buffer_by_size
from geo.errors import InputError
from geo.incidents import months_between
from geo.question.model import Question

CHOSEN = date(2025, 2, 14)
ASKED = Question.read({"category": "drugs,burglary", "layer": "wards", "radius": "120"})
PLACE = shapely.box(0, 0, 300, 300)


def proposed(published=("2023-01", "2025-01"), place=PLACE, question=ASKED, **options):
    months = months_between(*published) if isinstance(published, tuple) else published
    return assessment_for(question, place, CHOSEN, published=months, **options)


def test_it_compares_the_year_before_the_choice_with_six_months_after():
    fixed = proposed()
    assert fixed.category == ("burglary", "drugs")
    assert fixed.before == ("2024-02", "2025-01")
    assert (fixed.wait_months, fixed.after_months, fixed.control) == (0, 6, "matched")
    assert fixed.geometry.equals(PLACE)
    assert fixed.buffer_m == 170  # a circle of 9 ha has a radius of 169 m
    changed = proposed(control="A,B", wait_months=1, after_months=3, buffer_m=0)
    assert (changed.control, changed.wait_months, changed.after_months) == ("A,B", 1, 3)
    assert changed.buffer_m == 0


def test_months_that_are_only_published_later_count():
    assert proposed(("2023-01", "2024-11")).before == ("2024-02", "2025-01")
    assert proposed(("2023-01", "2026-06")).before == ("2024-02", "2025-01")


def test_it_begins_after_the_last_gap():
    months = [one for one in months_between("2023-01", "2025-01") if one != "2024-06"]
    assert proposed(months).before == ("2024-07", "2025-01")
    assert proposed(("2024-05", "2025-01")).before == ("2024-05", "2025-01")


@pytest.mark.parametrize(
    ("published", "words"),
    [
        ([], "no data is known before February 2025"),
        (["2025-03"], "no data is known before February 2025"),
        (["2024-12"], "only December 2024 has it"),
        (months_between("2024-02", "2024-06"), "only February 2024 to June 2024 has it"),
        (["2021-01"], "none of them has it"),
        (
            [one for one in months_between("2023-01", "2025-01") if one != "2024-10"],
            "only November 2024 to January 2025 has it",
        ),
    ],
)
def test_too_little_data_is_refused_with_the_reason(published, words):
    with pytest.raises(InputError, match=words):
        proposed(published)


def test_a_point_becomes_a_circle_as_large_as_the_questions_places():
    fixed = proposed(place=shapely.Point(5, 5))
    assert fixed.geometry.area == pytest.approx(3.14159 * 120**2, rel=0.01)
    assert fixed.buffer_m == 120


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(InputError, match="no geometry"):
        proposed(place=shapely.Polygon())
    with pytest.raises(InputError, match="chooses records by state"):
        proposed(question=Question.read({"state": "open"}))


@pytest.mark.parametrize(("side", "metres"), [(10, 100), (300, 170), (5000, 500)])
def test_the_ring_is_as_wide_as_the_place(side, metres):
    assert buffer_by_size(shapely.box(0, 0, side, side)) == metres
