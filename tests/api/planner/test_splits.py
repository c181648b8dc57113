"""What the boundaries of a plan split, as its page shows it after every step."""

from __future__ import annotations

import numpy as np

from api.planner.payload import SplitCounter
from boundaries.plans.overlaps import Overlaps
from tests.boundaries.drawn import drawn


def test_what_lies_on_no_block_is_not_split() -> None:
    plan = drawn("AB")
    block, thing = np.array([0, 1]), np.array([1, 1])
    overlaps = Overlaps(("beyond", "across"), thing, block, np.array([1.0, 3.0]))
    with np.errstate(all="raise"):
        counter = SplitCounter.of(overlaps, plan, exact=True)
        payload = counter.payload("hotspots", plan)
    assert (payload["before"], payload["now"]) == (1, 1)
    assert payload["split"] == [{"name": "across", "areas": ["B", "A"]}]


def test_without_hotspots_nothing_is_split() -> None:
    plan = drawn("AB")
    nothing = Overlaps.of_points([], np.empty(0, np.int64))
    counter = SplitCounter.of(nothing, plan, exact=True)
    assert counter.payload("hotspots", plan)["split"] == []
