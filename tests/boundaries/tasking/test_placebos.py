"""Of tasks by which nothing was done, in a real city, hardly any is said to have worked."""

from __future__ import annotations

from collections import Counter

from tests.boundaries.tasking.placebos import CHOICES, leicester, placebos

JUDGED = {"worked", "no clear effect", "worse"}


def test_at_most_one_placebo_in_twenty_worked(real_data):
    """All of it, at more months and places: `python -m tests.boundaries.tasking.placebos`."""
    city = leicester(real_data)
    every = [
        one
        for category in ("anti-social-behaviour", "public-order", "shoplifting")
        for one in placebos(city, category, "2021-10", many=5, seed=1)
    ]
    judged = [one for one in every if one.outcome in JUDGED]
    assert Counter(one.chosen_by for one in every) == dict.fromkeys(CHOICES, 15)
    assert len(judged) >= 40
    assert sum(one.outcome == "worked" for one in judged) <= 0.05 * len(judged)
    assert {one.outcome for one in every} <= {*JUDGED, "cannot tell"}
