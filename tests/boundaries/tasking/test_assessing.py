"""A task that is done is judged by itself, by what was fixed when it was decided."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.tasking.assessing import (
    after_period,
    assess,
    assess_due,
    due_for_assessment,
    finding_of,
    question_of,
)
from boundaries.tasking.assessment import REST
from boundaries.tasking.history import Signed
from boundaries.tasking.judged_counts import NotYetError
from boundaries.tasking.task import Place, Task, TaskTerms
from geo.coverage import Coverage, ImportCoverage
from geo.errors import ConflictError, InputError
from geo.question.ask import answer
from geo.question.model import Question
from tests.boundaries.tasking.judged_made import (
    CENTRES,
    CHOSEN,
    DONE,
    MONTHS,
    after,
    assessment,
    circle,
    counts,
    frame,
    frame_of,
    join,
    wards,
)

TODAY = date(2025, 1, 15)
BUSY = 27
AT = datetime(2024, 2, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def quiet():
    """Nothing happens."""
    return frame(counts())


@pytest.fixture(scope="module")
def cleared():
    """From April 2024 a place has a quarter of its incidents."""
    n = counts()
    n[BUSY, after("2024-04") :] //= 4
    return frame(n)


def answered(incidents, asked):
    return answer(asked, incidents, wards(), history=False)


def judge(incidents, fixed, *, day=TODAY, done=DONE):
    own = question_of(fixed, done, Question(layer="wards"))
    return assess(fixed, answered(incidents, own), done=done, day=day)


def test_a_place_that_fell_to_a_quarter_worked(cleared):
    finding = judge(cleared, assessment(circle(BUSY)))
    n = counts()
    n[BUSY, after("2024-04") :] //= 4
    place = [int(n[BUSY, slice(*span)].sum()) for span in WINDOWS]
    assert finding.outcome == "worked"
    assert finding.figures["place"] == place
    ratio, low, high = finding.figures["ratio"]
    own, other = finding.figures["place"], finding.figures["control_counts"]
    assert ratio == pytest.approx((own[1] / own[0]) / (other[1] / other[0]), rel=1e-3)
    assert low < ratio < high < finding.figures["expected"]
    assert finding.figures["before"] == ["2023-02", "2024-01"]
    assert finding.figures["after"] == ["2024-04", "2024-09"]
    assert finding.sentence.startswith(
        f"Worked: incidents fell from {place[0] / 12:.1f} to {place[1] / 6:.1f} a month, and at "
        "the 4 untreated places most like it they "
    )
    assert finding.sentence.count(". ") == 0


WINDOWS = [(after("2023-02"), after("2024-02")), (after("2024-04"), after("2024-10"))]


def test_its_controls_are_named_and_their_counts_are_theirs(cleared):
    finding = judge(cleared, assessment(circle(BUSY)))
    assert len(finding.figures["matched"]) == 4
    x, y = CENTRES[BUSY]
    for name in finding.figures["matched"]:
        _, column, row = name.split(":")
        at = np.array([int(column), int(row)]) * 75 / 15
        assert np.hypot(*(at - (x, y))) > 75 + 100 + 75
    assert finding.figures["control_counts"][0] > 0


def test_places_of_other_tasks_are_no_controls(cleared):
    fixed = assessment(circle(BUSY))
    own = question_of(fixed, DONE, Question(layer="wards"))
    reply = answered(cleared, own)
    matched = assess(fixed, reply, done=DONE, day=TODAY).figures["matched"]
    near = [shapely.Point(*(5 * int(n) for n in one.split(":")[1:])).buffer(60) for one in matched]
    without = assess(fixed, reply, done=DONE, day=TODAY, elsewhere=near).figures["matched"]
    assert len(without) == 4
    assert set(without).isdisjoint(matched)
    whole = wards().geometry.to_list()  # work in all of a ward is no reason to leave out its places
    assert assess(fixed, reply, done=DONE, day=TODAY, elsewhere=whole).figures["matched"] == matched


def test_a_place_that_went_on_has_no_clear_effect_and_one_that_grew_is_worse(quiet):
    finding = judge(quiet, assessment(circle(BUSY)))
    assert finding.outcome == "no clear effect"
    assert finding.sentence.startswith("No clear effect: incidents ")
    assert finding.figures["beside"] is None
    n = counts()
    n[BUSY, after("2024-04") :] *= 3
    worse = judge(frame(n), assessment(circle(BUSY)))
    assert worse.outcome == "worse"
    assert worse.sentence.startswith("Worse: incidents rose from ")


def test_displacement_is_reported_where_the_effect_is_clear():
    n = counts()
    n[BUSY, after("2024-04") :] //= 5
    rng = np.random.default_rng(3)
    # Around the place: two a month before, and twelve from April on.
    x, y = CENTRES[BUSY]
    months = [month for month in MONTHS for _ in range(12 if month >= "2024-04" else 2)]
    angle = rng.uniform(0, 6.28, len(months))
    ring = frame_of((x, y) + 130 * np.column_stack([np.cos(angle), np.sin(angle)]), months)
    both = join(frame(n), ring)
    finding = judge(both, assessment(circle(BUSY)))
    assert finding.outcome == "worked"
    assert "rose against the control within 100 m around it, so some may have moved there" in (
        finding.sentence
    )
    assert finding.figures["beside"][0] > 3
    without = judge(both, assessment(circle(BUSY), buffer_m=0.0))
    assert "around it" not in without.sentence


def test_the_control_may_be_the_rest_or_areas(cleared):
    n = counts()
    n[BUSY, after("2024-04") :] //= 4
    rest = judge(cleared, assessment(circle(BUSY), control=REST))
    others = np.delete(n, BUSY, axis=0)
    assert rest.figures["control_counts"] == [
        int(others[:, slice(*span)].sum()) for span in WINDOWS
    ]
    assert "in the rest of the study area they " in rest.sentence
    areas = judge(cleared, assessment(circle(BUSY), control="A,D"))
    own = [1 if (x < 432_000) == (y < 332_000) else 0 for x, y in CENTRES]
    own[BUSY] = 0
    assert areas.figures["control_counts"] == [
        int(n[np.array(own) == 1, slice(*span)].sum()) for span in WINDOWS
    ]
    assert "in A, D of wards they " in areas.sentence
    unknown = judge(cleared, assessment(circle(BUSY), control="A,Z"))
    assert unknown.outcome == "cannot tell"
    assert "area Z of the control is not in layer wards" in unknown.sentence


def test_with_few_incidents_nobody_can_tell():
    n = counts()
    n[BUSY] = 0
    n[BUSY, WINDOWS[0][0] : WINDOWS[0][0] + 9] = 1
    finding = judge(frame(n), assessment(circle(BUSY)))
    assert (finding.outcome, dict(finding.figures)) == ("cannot tell", {})
    assert finding.sentence == (
        "Cannot tell: there were 9 incidents at the place before and 0 after; with fewer than 10 "
        "chance decides."
    )


def test_an_area_is_compared_with_areas_of_its_layer():
    """Of four wards nobody can tell how much a ward changes by itself."""
    finding = judge(frame(counts()), assessment(wards().geometry["A"]))
    assert finding.outcome == "cannot tell"
    assert "only 0 other places can be compared" in finding.sentence  # all touch its ring


def test_of_what_lies_outside_or_has_no_land_nobody_can_tell(quiet):
    outside = judge(quiet, assessment(shapely.Point(420_000, 330_000).buffer(75)))
    assert outside.sentence == "Cannot tell: the place lies outside layer wards."
    assert "has no land" in judge(quiet, assessment(shapely.Point(CENTRES[BUSY]))).sentence
    early = assessment(circle(BUSY), before=("2021-06", "2022-05"))
    assert "not all of June 2021 to May 2022 is known" in judge(quiet, early).sentence


def test_an_unknown_month_is_never_a_fall(cleared):
    published = cleared[cleared["occurred_from"] < "2024-08-31"]
    with pytest.raises(NotYetError, match="September 2024 is not published in full"):
        judge(published, assessment(circle(BUSY)))
    with pytest.raises(NotYetError, match="end with September 2024"):
        judge(cleared, assessment(circle(BUSY)), day=date(2024, 9, 30))


def test_a_source_that_stopped_is_waited_for(cleared):
    """The council's file reaches to the end; what the police have not published is unknown."""
    council = frame(counts(5, mean=3), 9, source="council")
    police = cleared[cleared["occurred_from"] < "2024-03-31"]
    both = join(police, council)
    with pytest.raises(NotYetError, match="April 2024 to September 2024 is not published in full"):
        judge(both, assessment(circle(BUSY)))
    assert judge(join(cleared, council), assessment(circle(BUSY))).figures["place"][0] > sum(
        counts()[BUSY, slice(*WINDOWS[0])]
    )


def test_a_source_that_began_in_between_is_no_rise(quiet):
    council = frame(counts(5, mean=30), 9, source="council")
    late = council[council["occurred_from"] > "2024-02-01"]
    with_it = judge(join(quiet, late), assessment(circle(BUSY)))
    assert with_it.figures == judge(quiet, assessment(circle(BUSY))).figures


def test_the_months_after_begin_after_the_month_of_the_work():
    fixed = assessment(circle(BUSY), wait_months=1, after_months=2)
    assert after_period(fixed, date(2024, 12, 31)).months == ["2025-02", "2025-03"]


def task(fixed, *steps, at=AT, question="layer=wards&view=map"):
    signed = Signed("manager", at)
    place = Place("polygon", "", "A place", fixed.place)
    terms = TaskTerms(
        title="Patrol at night",
        kind="patrol",
        level="area",
        place=place,
        owner="officer",
        question=question,
        assessment=fixed,
    )
    made = Task.begin("T-0001", terms, signed=signed)
    for step in steps:
        made = made.take(step, signed=replace(signed, at=datetime(2024, 3, 20, 12, tzinfo=UTC)))
    return made


def test_it_is_due_by_itself_once_its_months_are_published(cleared):
    fixed = assessment(circle(BUSY))
    done = task(fixed, "accept", "finish")
    open_one = task(fixed, "accept")
    never = replace(done, assessment=None)
    coverage = Coverage(ImportCoverage.of_frame(cleared))
    assert due_for_assessment([done, open_one, never], coverage, TODAY) == [done]
    assert due_for_assessment([done], coverage, date(2024, 9, 30)) == []
    until_august = Coverage(
        ImportCoverage.of_frame(cleared[cleared["occurred_from"] < "2024-08-31"])
    )
    assert due_for_assessment([done], until_august, TODAY) == []


def test_due_tasks_are_assessed_once_and_signed(cleared):
    done = task(assessment(circle(BUSY)), "accept", "finish")
    coverage = Coverage(ImportCoverage.of_frame(cleared))
    signed = Signed("Patchmap", datetime(2025, 1, 15, tzinfo=UTC))
    judged, waiting = assess_due(
        [done], coverage, TODAY, answer_of=lambda one: answered(cleared, one), signed=signed
    )
    assert waiting == {}
    (one,) = judged
    assert (one.state, one.outcome) == ("assessed", "worked")
    assert one.finding.startswith("Worked: ")
    assert one.updated.by == "Patchmap"
    assert one.steps[-1].changes["figures"]["place"][0] > 0
    assert Task.of("T-0001", one.steps) == one
    assert due_for_assessment(judged, coverage, TODAY) == []


def test_what_cannot_be_judged_yet_is_named(cleared):
    done = task(assessment(circle(BUSY)), "accept", "finish", question="layer=gone&source=none")
    coverage = Coverage(ImportCoverage.of_frame(cleared))
    signed = Signed("Patchmap", datetime(2025, 1, 15, tzinfo=UTC))
    judged, waiting = assess_due(
        [done], coverage, TODAY, answer_of=lambda one: answered(cleared, one), signed=signed
    )
    assert judged == []
    assert "unknown value 'none'" in waiting["T-0001"]


def test_how_it_is_judged_is_fixed_at_the_decision(cleared):
    fixed = assessment(circle(BUSY))
    accepted = task(fixed, "accept")
    other = assessment(circle(BUSY), after_months=1).as_dict()
    for state in (task(fixed), accepted):
        with pytest.raises((ConflictError, InputError)):
            state.take("amend", signed=Signed("x", AT), assessment=other)
    with pytest.raises(ConflictError, match="was fixed when it was decided"):
        task(fixed).take("accept", signed=Signed("x", AT), assessment=other)
    with pytest.raises(InputError, match="end them before February 2024"):
        assessment(circle(BUSY), before=("2023-03", "2024-02"))
    assert CHOSEN.isoformat() == fixed.as_dict()["chosen"]
    with pytest.raises(InputError, match="is not done, or nobody fixed"):
        finding_of(accepted, lambda one: answered(cleared, one), TODAY)


def test_a_month_that_is_not_recorded_to_its_end_is_waited_for(cleared):
    """A council's file of dated incidents ends in the middle of September."""
    dated = cleared.assign(source="council", precision="instant")
    moved = np.random.default_rng(4).integers(0, 28 * 86_400, len(dated))
    start = dated["occurred_from"] + pd.to_timedelta(moved, unit="s")
    dated = dated.assign(occurred_from=start, occurred_to=start)
    until = dated[dated["occurred_from"] < "2024-09-15"]
    with pytest.raises(NotYetError, match="September 2024 is not recorded to its end"):
        judge(until, assessment(circle(BUSY)))
    assert judge(dated, assessment(circle(BUSY))).outcome == "worked"


def test_a_month_that_was_published_twice_is_waited_for(cleared):
    at_points = cleared.assign(x=cleared["x"].round(-2), y=cleared["y"].round(-2))
    august = at_points["occurred_from"].between("2024-07-31T23:00Z", "2024-08-31T22:00Z")
    with pytest.raises(NotYetError, match="August 2024 looks published twice"):
        judge(join(at_points, at_points[august]), assessment(circle(BUSY)))
