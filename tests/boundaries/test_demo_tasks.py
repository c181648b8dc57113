"""The demo city's boards decided, and what was due was judged by itself, failures too."""

from datetime import date
from functools import partial

import pytest
import shapely

from api.imports.opening import open_store
from boundaries.demo.tasking.made import ASSESSED, make_tasking
from boundaries.tasking.accounts import accounts_of
from boundaries.tasking.assessing import finding_of
from boundaries.tasking.meeting import overdue
from boundaries.tasking.referrals import late_referrals
from boundaries.tasking.roster import contacts
from boundaries.tasking.storage import read_priorities, read_roster, read_tasks, row_of
from boundaries.tasking.task import Task
from boundaries.tasking.transitions import STATES
from geo.personal_texts import personal_part
from geo.question.ask import ask

CLEARED, WENT_ON, FEW = "T-0001", "T-0002", "T-0003"
TODAY = date(2026, 4, 1)


@pytest.fixture(scope="module")
def year(demo_city):
    return make_tasking(demo_city)


@pytest.fixture(scope="module")
def tasks(year):
    return {task.task_id: task for task in year.tasks}


def test_the_task_at_the_cleared_hotspot_worked_and_was_decided_before(tasks, demo_city):
    task = tasks[CLEARED]
    spot = demo_city.planted.set_index("kind").loc["cleared"]
    assert task.place.geometry.contains(shapely.Point(spot["x"], spot["y"]))
    assert task.assessment.chosen.isoformat() < spot["to"]
    assert task.assessment.before[1] < f"{task.assessment.chosen:%Y-%m}"
    assert task.outcome == "worked"
    assert task.updated.by == "Patchmap"
    low, high = task.steps[-1].changes["figures"]["ratio"][1:]
    assert low < high < 0.5


def test_a_place_that_went_on_has_no_clear_effect_and_few_incidents_tell_nothing(tasks):
    assert tasks[WENT_ON].outcome == "no clear effect"
    assert tasks[FEW].outcome == "cannot tell"
    assert "fewer than 10" in tasks[FEW].finding


def test_the_store_judges_them_alike(tasks, demo_store):
    """From the published months of all categories, by the door through which imports come."""
    with open_store(str(demo_store)) as store:
        stored = read_tasks(store)
        assert stored == list(tasks.values())
        answer_of = partial(ask, store=store)
        for own in (CLEARED, WENT_ON, FEW):
            done = Task.of(own, tasks[own].steps[:-1])
            finding = finding_of(done, answer_of, ASSESSED.date(), others=stored)
            assert (finding.outcome, finding.sentence) == (tasks[own].outcome, tasks[own].finding)
        assert len(read_roster(store)) == 13
        assert len(read_priorities(store)) == 18


def test_tasks_stand_in_every_state_and_are_accounted_for(tasks):
    assert {task.state for task in tasks.values()} == set(STATES)
    assert accounts_of(tasks.values()).raised == len(tasks) == 31
    late = [task.task_id for task in overdue(tasks.values(), TODAY)]
    assert late == ["T-0015", "T-0024", "T-0020"]
    assert all(task.reason for task in tasks.values() if task.state == "declined")


def test_a_referral_went_up_was_answered_and_came_back(tasks):
    asked, answered = tasks["T-0004"], tasks["T-0005"]
    assert (asked.level, answered.level, answered.parent) == ("area", "city", "T-0004")
    assert [step.kind for step in asked.steps] == [
        *("raise", "accept", "start", "refer", "answered", "finish")
    ]  # fmt: skip
    assert "Paid from the city's fund" in asked.steps[4].note
    late = late_referrals(map(row_of, tasks.values()), day=date(2026, 8, 20), days=90)
    assert sorted(late) == ["T-0014", "T-0015", "T-0023", "T-0024"]


def test_every_ward_has_a_contact_and_a_vacant_post_is_covered(year, demo_city):
    codes = demo_city.wards.index.astype(str)
    named = {code: contacts(year.roster, layer="wards", area=code, day=TODAY) for code in codes}
    assert len(codes) >= 12
    assert all(len(entries) == 1 for entries in named.values())
    vacant = [entry for entry in year.roster if entry.is_vacant]
    cover = {entry.entry_id: entry for entry in year.roster}[vacant[0].covered_by]
    assert len(vacant) == 1
    assert cover.holder
    assert not set(cover.areas) & set(vacant[0].areas)


def test_meetings_decided_and_nobody_is_named(year, tasks):
    decided = {step.signed.meeting for task in tasks.values() for step in task.steps}
    assert {meeting.meeting_id for meeting in year.meetings} <= decided
    texts = {
        text
        for task in tasks.values()
        for step in task.steps
        for text in (task.title, task.place.label, task.owner, step.note)
    }
    assert [text for text in texts if personal_part(text)] == []


def test_the_same_city_has_the_same_year(demo_city, year):
    assert make_tasking(demo_city) == year
