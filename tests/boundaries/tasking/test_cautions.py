"""What is odd about a step is pointed out, and the step stays taken: on a store of each kind."""

from datetime import date

import shapely

from boundaries.tasking.actions import (
    ReferralTerms,
    call_meeting,
    raise_task,
    refer_task,
    take_step,
)
from boundaries.tasking.cautions import cautions
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.task import Place
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.geo.stores.parts import WARDS

PAST = "The due day of {}, 1 March 2026, is over already: change it if it is wrong."


def in_area(areas, code):
    """A place in the middle of an area."""
    point = areas.geometry.loc[code].centroid
    return Place("point", "", "Corner", shapely.to_wkb(point))


def test_a_due_day_that_is_over_is_told_when_it_is_set(store):
    one = raise_task(store, terms(due=date(2026, 3, 1)), signed=signed())
    assert cautions(store, one) == [PAST.format("T-0001")]
    assert cautions(store, raise_task(store, terms(due=date(2026, 3, 2)), signed=signed())) == []
    noted = take_step(store, "T-0001", "note", signed=signed(), note="seen")
    assert cautions(store, noted) == []
    later = take_step(store, "T-0001", "amend", signed=signed(), due="2026-03-09")
    assert cautions(store, later) == []
    taken = raise_task(
        store, terms(due=date(2026, 3, 1), owner="warden"), signed=signed(), accept=True
    )
    assert cautions(store, taken) == [PAST.format("T-0003")]


def test_a_referral_that_is_due_already_is_told_of_the_task_that_it_raised(store):
    own = raise_task(store, terms(), signed=signed()).task_id
    due = ReferralTerms("up", "city board", due=date(2026, 3, 1))
    parent, child = refer_task(store, own, due, signed=signed())
    assert cautions(store, parent) == []
    assert cautions(store, child) == [PAST.format("T-0002")]


def test_a_place_elsewhere_is_told_in_the_meeting_of_an_area(store, four_squares):
    codes = [str(code) for code in four_squares.index]
    own, other = codes[:2]
    names = dict(zip(codes, four_squares["area_name"], strict=True))
    with store.transaction():
        store.put_layer(WARDS, four_squares)
    board = {"layer": WARDS.layer_id, "area": own, "day": date(2026, 3, 2)}
    call_meeting(store, MeetingTerms(level="area", **board), signed=signed())
    call_meeting(store, MeetingTerms(level="city", day=date(2026, 3, 2)), signed=signed())

    def cautions_of(place, meeting):
        return cautions(
            store, raise_task(store, terms(place=place), signed=signed(meeting=meeting))
        )

    assert cautions_of(in_area(four_squares, own), "M-0001") == []
    [elsewhere] = cautions_of(in_area(four_squares, other), "M-0001")
    assert elsewhere == (
        f"T-0002 lies in {names[other]}, and this is the meeting of {names[own]}: it stands in the "
        "minutes of M-0001, but not among the tasks of its area."
    )
    assert cautions_of(in_area(four_squares, other), "M-0002") == []
    assert cautions_of(in_area(four_squares, other), "") == []
    outside = Place("point", "", "Far", shapely.to_wkb(shapely.Point(0, 0)))
    [sentence] = cautions_of(outside, "M-0001")
    assert sentence.startswith("T-0005 lies outside all areas of ")
