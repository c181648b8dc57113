"""Council size: seats by electorate, what-ifs, and variances against the whole council."""

import numpy as np
import pandas as pd
import pytest

from boundaries.plans.checks import plan_warnings
from boundaries.plans.council import council_options, sizes_to_compare
from boundaries.plans.draft import new_plan, open_plan, save_plan
from boundaries.plans.export import history_frame
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.serialization import read_plan, write_plan
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import ConflictError, InputError
from tests.boundaries.drawn import SIGNED, drawn, grid

HAS_3 = "wards; this plan has 3"
SUMS = ["electors", "electors_forecast"]


def measured(plan, electors):
    """The measures of a plan of one row of blocks, of which each has these electors."""
    blocks = grid(len(electors), 1)
    blocks["electors"] = electors
    blocks["electors_forecast"] = electors
    return PlanMeasures.of(plan.now, MeasuredBlocks.of(blocks, sums=SUMS))


def test_variance_is_held_against_all_electors_by_the_council_size():
    plan = drawn("ABC").set_council_size(5, signed=SIGNED)
    measures = measured(plan, [1000, 1000, 500])
    assert measures.average() == 500
    assert measures.frame["variance_percent"].tolist() == [100, 100, 0]


def test_removing_a_ward_or_leaving_its_members_open_does_not_shrink_the_council():
    plan = drawn("ABC", members=2).set_council_size(6, signed=SIGNED)
    electors = [1200, 1000, 800]
    before = measured(plan, electors).frame["variance"]
    removed = measured(plan.remove_area("C", signed=SIGNED), electors).frame["variance"]
    assert removed.to_dict() == before.drop("C").to_dict()
    opened = measured(plan.set_members("C", None, signed=SIGNED), electors).frame["variance"]
    assert opened.dropna().to_dict() == before.drop("C").to_dict()


def test_without_a_council_size_the_average_is_that_of_the_areas():
    plan = drawn("ABC", members=2)
    assert measured(plan, [1200, 1000, 800]).average() == 500
    removed = plan.remove_area("C", signed=SIGNED)
    assert measured(removed, [1200, 1000, 800]).average() == 750


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (5, "the areas elect 3 of the council's 5 members: 2 not given to any area yet"),
        (2, "the areas elect 3 of the council's 2 members: 1 too many"),
        (1, "the areas elect 3 of the council's 1 member: 2 too many"),
    ],
)
def test_seats_that_are_not_given_or_too_many_are_said(size, text):
    plan = drawn("ABC").set_council_size(size, signed=SIGNED)
    first, *_ = plan_warnings(measured(plan, [1, 1, 1]))
    assert (first.kind, first.text) == ("council", text)
    assert plan_warnings(measured(drawn("ABC").set_council_size(3, signed=SIGNED), [1] * 3)) == []


@pytest.mark.parametrize("size", [-3, 0, 201, 10**9])
def test_an_impossible_council_size_is_refused_with_the_range(size):
    with pytest.raises(InputError, match=r"a council cannot have .* members; give 1 to 200"):
        drawn("AB").set_council_size(size, signed=SIGNED)
    with pytest.raises(InputError, match=r"a council cannot have .* members; give 1 to 200"):
        council_options(measured(drawn("AB"), [1, 1]), [size])


def test_both_steps_are_written_read_and_undone():
    plan = drawn("ABC").set_council_size(6, signed=SIGNED)
    plan = plan.share_seats({"A": 3, "B": 2, "C": 1}, signed=SIGNED, council_size=6)
    plan = plan.share_seats({"A": 1, "B": 1, "C": 1}, signed=SIGNED, council_size=3)
    sentences = history_frame(plan)["what"]
    assert sentences[0] == "changed the council size from open to 6"
    assert sentences[1] == "changed A: members 1 to 3; changed B: members 1 to 2"
    assert sentences[2].startswith("changed the council size from 6 to 3; changed A: members 3 to")
    back = read_plan(write_plan(plan.undo(signed=SIGNED)), plan.start.graph)
    assert back.now.council_size == 6
    assert [area.members for area in back.now.areas.values()] == [3, 2, 1]
    with pytest.raises(InputError, match="the council size is 6 already"):
        back.set_council_size(6, signed=SIGNED)
    with pytest.raises(InputError, match="every area elects that number already"):
        back.share_seats({"A": 3}, signed=SIGNED)


def test_a_plan_of_an_earlier_release_has_no_council_size():
    record = write_plan(drawn("AB"))
    del record["council_size"]
    assert read_plan(record, drawn("AB").start.graph).now.council_size is None


def test_a_locked_area_keeps_its_members():
    plan = drawn("AB").lock("A", signed=SIGNED)
    with pytest.raises(ConflictError, match=r"Ward A \(A\) is locked"):
        plan.share_seats({"A": 2, "B": 2}, signed=SIGNED)
    shared = plan.share_seats({"A": 1, "B": 2}, signed=SIGNED)
    assert [area.members for area in shared.now.areas.values()] == [1, 2]


def test_seats_follow_the_electors_of_each_area():
    (option,) = council_options(measured(drawn("ABC"), [2900, 2100, 1000]), [6])
    assert option.averages == {"electors": 1000, "electors_forecast": 1000}
    assert option.table["entitlement"].tolist() == [2.9, 2.1, 1.0]
    assert option.table["seats"].tolist() == [3, 2, 1]
    assert option.table["variance"].tolist() == pytest.approx([-1 / 30, 0.05, 0])
    assert option.triggers["electors"].notable == 0


def test_no_area_has_more_than_three_nor_none():
    (option,) = council_options(measured(drawn("ABC"), [9000, 500, 500]), [6])
    assert option.table["seats"].tolist() == [3, 2, 1]


def test_an_area_without_electors_gets_no_seat():
    plan = drawn("AAB")
    (option,) = council_options(measured(plan, [800, 800, 0]), [3])
    assert option.table["seats"].tolist() == pytest.approx([3, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("size", "pattern", "wards", "why"),
    [
        (6, "two", (3, 3), ""),
        (7, "two", (0, 0), "7 is no multiple of 2; 6 or 8 is"),
        (8, "two", (4, 4), "8 members in wards of 2 members need 4 wards; this plan has 3"),
        (9, "three", (3, 3), ""),
        (2, "three", (0, 0), "2 is no multiple of 3; 3 is"),
        (3, "one", (3, 3), ""),
        (1, "one", (1, 1), "1 member in wards of 1 member need 1 ward; this plan has 3"),
        (10, "mixed", (4, 10), f"10 members in wards of 1 to 3 members need 4 to 10 {HAS_3}"),
    ],
)  # fmt: skip
def test_a_pattern_needs_its_number_of_wards(size, pattern, wards, why):
    (option,) = council_options(measured(drawn("ABC"), [5, 6, 7]), [size], pattern=pattern)
    assert (option.fewest_wards, option.most_wards) == wards
    assert option.why == why
    assert option.table["seats"].isna().all() == bool(why)
    assert bool(option.triggers) != bool(why)


def test_what_cannot_be_compared_is_refused():
    measures = measured(drawn("AB"), [1, 1])
    with pytest.raises(InputError, match="unknown pattern 'four'; choose mixed, one, two, three"):
        council_options(measures, [4], pattern="four")
    with pytest.raises(InputError, match="unknown electorate 'residents'; choose electors or"):
        council_options(measures, [4], electorate="residents")
    with pytest.raises(InputError, match="compare 1 to 12 council sizes at once"):
        council_options(measures, range(1, 20))
    bare = PlanMeasures.of(drawn("AB").now, MeasuredBlocks.of(grid(2, 1), sums=["residents"]))
    with pytest.raises(InputError, match="the blocks have no electors"):
        council_options(bare, [4])


def test_sizes_around_the_present_one_come_first():
    assert sizes_to_compare(measured(drawn("ABC"), [1] * 3)) == [1, 3, 6]
    sized = drawn("ABC").set_council_size(51, signed=SIGNED)
    assert sizes_to_compare(measured(sized, [1] * 3)) == [48, 51, 54]


def test_a_plan_of_wards_begins_with_the_size_of_its_council(city):
    draft, _ = new_plan(city, "north", blocks_layer="blocks", from_layer="wards")
    assert draft.plan.now.council_size == draft.plan.now.members_elected > 0
    save_plan(city, draft.plan.set_council_size(7, signed=SIGNED))
    assert open_plan(city, "north").plan.now.council_size == 7
    copied, _ = new_plan(city, "copy", from_plan="north")
    assert copied.plan.now.council_size == 7


@pytest.mark.parametrize("year", [2020, 2026])
def test_the_seats_of_a_published_review_are_those_of_its_electorates(real_data, year):
    wards = pd.read_csv(real_data / "reference-variance-derbyshire-dales-2021.csv")
    plan = drawn("ABCDEFGHIJKLMNO"[: len(wards)])
    size = int(wards["members"].sum())
    (option,) = council_options(measured(plan, wards[f"electors_{year}"].tolist()), [size])
    assert option.table["seats"].tolist() == wards["members"].tolist()
