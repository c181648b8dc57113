"""A task: its steps, what they need, and what they lead to."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boundaries.tasking.accounts import TaskAccounts, accounts_by_level, accounts_of
from boundaries.tasking.assessment import Assessment
from boundaries.tasking.history import Signed, Step, next_id, was_redacted
from boundaries.tasking.referrals import answered, answers, late_referrals, refer
from boundaries.tasking.storage import row_of
from boundaries.tasking.task import Task
from boundaries.tasking.texts import check_texts
from boundaries.tasking.transitions import STATES, TRANSITIONS, steps_from, table_rows, transition
from geo.errors import ConflictError, InputError, NotFoundError
from geo.personal_texts import personal_part
from geo.store.tasking_rows import REDACTED
from tests.boundaries.tasking.tasking_made import SQUARE, START, assessment, signed, task


def done_task() -> Task:
    raised = task(assessment=assessment(), due=date(2026, 4, 1))
    accepted = raised.take("accept", signed=signed(hours=1), owner="coordinator")
    started = accepted.take("start", signed=signed(hours=2))
    return started.take("finish", signed=signed(hours=3), note="The lights are on.")


def test_a_task_goes_from_raised_to_assessed():
    done = done_task()
    assert [step.kind for step in done.steps] == ["raise", "accept", "start", "finish"]
    assert (done.state, done.version, done.owner) == ("done", 4, "coordinator")
    assert done.done_at == START + timedelta(hours=3)
    result = {"outcome": "worked", "finding": "Clear fall.", "figures": {"rate_ratio": 0.5}}
    assessed = done.take("assess", signed=signed("Patchmap"), **result)
    assert (assessed.state, assessed.outcome, assessed.finding) == (
        "assessed",
        "worked",
        "Clear fall.",
    )
    assert done.state == "done", "the task before stays as it was"


def test_a_step_that_is_not_in_the_table_is_refused_with_the_states_it_is_possible_in():
    with pytest.raises(ConflictError, match="cannot start a task that is raised; it must be accep"):
        task().take("start", signed=signed())


@pytest.mark.parametrize(
    ("kind", "message"),
    [("decline", "give a reason"), ("note", "give a text"), ("refer", "say to whom")],
)
def test_a_step_needs_what_the_table_says(kind, message):
    with pytest.raises(InputError, match=message):
        task().take(kind, signed=signed())


def test_a_task_is_accepted_by_somebody():
    with pytest.raises(InputError, match="an owner"):
        task().take("accept", signed=signed())


def test_only_a_referral_is_answered():
    with pytest.raises(ConflictError, match="was not referred"):
        task().take("answer", signed=signed(), note="Yes.")


def test_declined_keeps_the_reason_until_it_is_reopened():
    declined = task().take("decline", signed=signed(), note="Private land.")
    assert (declined.state, declined.reason) == ("declined", "Private land.")
    again = declined.take("reopen", signed=signed(), note="The owner agrees.")
    assert (again.state, again.reason) == ("raised", "")


def test_a_reopened_task_has_no_outcome_any_more_and_its_steps_still_say_it():
    result = {"outcome": "worse", "finding": "Clear rise."}
    assessed = done_task().take("assess", signed=signed(), **result)
    again = assessed.take("reopen", signed=signed(), note="It goes on.")
    assert (again.state, again.outcome, again.finding, again.done_at) == (
        "accepted", None, "", None,
    )  # fmt: skip
    assert again.steps[4].changes["outcome"] == "worse"


def test_an_unknown_outcome_is_refused():
    with pytest.raises(InputError, match="unknown outcome 'fine'; choose worked, no clear effect"):
        done_task().take("assess", signed=signed(), outcome="fine")


def test_the_assessment_is_fixed_once():
    raised = task()
    accepted = raised.take(
        "accept", signed=signed(), owner="coordinator", assessment=assessment().as_dict()
    )
    assert accepted.assessment == assessment()
    with pytest.raises(ConflictError, match="fixed when it was decided"):
        task(assessment=assessment()).take(
            "accept", signed=signed(), owner="x", assessment=assessment(buffer_m=0.0).as_dict()
        )
    with pytest.raises(InputError, match="amend does not change assessment"):
        accepted.take("amend", signed=signed(), assessment=assessment().as_dict())


def test_the_months_before_end_before_the_place_was_chosen():
    with pytest.raises(InputError, match="end them before March 2026"):
        assessment(before=("2025-04", "2026-03"))


def test_amended_is_what_was_given_and_nothing_else():
    amended = task(owner="coordinator").take("amend", signed=signed(), due="2026-05-01")
    assert (amended.due, amended.owner, amended.state) == (
        date(2026, 5, 1),
        "coordinator",
        "raised",
    )
    with pytest.raises(InputError, match="amend does not change place"):
        amended.take("amend", signed=signed(), place={})
    with pytest.raises(InputError, match="unknown kind 'dance'"):
        amended.take("amend", signed=signed(), kind="dance")


def test_the_geometry_of_the_place_is_kept():
    assert task().place.geometry.equals(shapely.from_wkb(SQUARE))
    assert task().place.geometry.area == 150 * 150


def test_steps_survive_json():
    done = done_task()
    written = json.loads(json.dumps([step.as_dict() for step in done.steps]))
    assert Task.of("T-0001", [Step.read(one) for one in written]) == done


def test_times_are_kept_in_utc():
    summer = datetime(2026, 7, 1, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert Signed("Ann", summer).at == datetime(2026, 7, 1, 9, tzinfo=UTC)
    with pytest.raises(InputError, match="no time zone"):
        Signed("Ann", datetime(2026, 7, 1))  # noqa: DTZ001 - it is what is refused


def test_every_state_is_reached_and_every_row_leads_somewhere_known():
    reached = {row.target for row in TRANSITIONS}
    assert set(STATES) <= reached | {"raised"}
    assert all(set(row.sources) <= set(STATES) for row in TRANSITIONS)
    pairs = [(row.step, state) for row in TRANSITIONS for state in row.sources]
    assert len(pairs) == len(set(pairs)), "one row for each step and state"
    assert len(list(table_rows())) == len(TRANSITIONS)
    assert {row.step for row in steps_from("declined", referred=False)} == {
        "reopen",
        "note",
        "redact",
    }


def test_only_a_task_that_was_referred_is_offered_an_answer():
    for referred in (False, True):
        offered = {row.step for row in steps_from("doing", referred=referred)}
        assert ("answer" in offered) == referred
        assert "finish" in offered


def test_a_referral_up_is_answered_and_comes_back_with_both_histories():
    doing = task().take("accept", signed=signed(), owner="coordinator")
    doing = doing.take("start", signed=signed(hours=1))
    parent, child = refer(
        doing, "T-0002", direction="up", to="city board", signed=signed(hours=2), note="Costs more."
    )
    assert (parent.state, parent.referral and parent.referral.child) == ("waiting", "T-0002")
    assert (child.level, child.state, child.parent, child.owner) == (
        "city", "raised", "T-0001", "city board",
    )  # fmt: skip
    assert not answers(child, parent)
    child = child.take("answer", signed=signed("Chair", hours=30), note="Money granted.")
    parent = answered(parent, child)
    assert (parent.state, parent.referral) == ("doing", None)
    assert parent.steps[-1].note == "Done: Money granted."
    assert parent.steps[-1].signed.by == "Chair"
    assert [step.kind for step in child.steps] == ["raise", "answer"]
    with pytest.raises(ConflictError, match="not an answer that T-0001 waits for"):
        answered(parent, child)


def test_a_declined_referral_is_an_answer_too():
    parent, child = refer(task(), "T-0002", direction="out", to="Highways", signed=signed())
    child = child.take("decline", signed=signed("Highways"), note="Not our road.")
    back = answered(parent, child)
    assert (back.state, back.steps[-1].note) == ("raised", "Declined: Not our road.")
    assert (child.level, child.service, child.owner) == ("area", "Highways", "")


def test_nothing_goes_up_from_the_city():
    with pytest.raises(InputError, match="is at level city already; refer it down or out"):
        refer(task(level="city"), "T-2", direction="up", to="board", signed=signed())


def test_a_referral_without_answer_stands_at_both_levels():
    parent, child = refer(task(), "T-0002", direction="up", to="board", signed=signed())
    other = task("T-0003")
    rows = [row_of(one) for one in (parent, child, other)]
    day = START.date() + timedelta(days=15)
    assert late_referrals(rows, day=day, days=14) == {"T-0001", "T-0002"}
    assert late_referrals(rows, day=day, days=15) == set()
    done = row_of(child.take("answer", signed=signed(), note="Yes."))
    back = answered(parent, child.take("answer", signed=signed(), note="Yes."))
    assert late_referrals([row_of(back), done], day=day, days=14) == set()


def test_a_redacted_text_is_gone_and_that_it_stood_there_can_be_shown():
    noted = task().take("note", signed=signed(), note="Ask Mr Smith on 07700 900123")
    gone = noted.redact(step=2, text="note", signed=signed("Chair"), why="It names a person.")
    assert gone.steps[1].note == REDACTED
    assert "Smith" not in json.dumps([step.as_dict() for step in gone.steps])
    assert gone.steps[2].signed.by == "Chair"
    assert (gone.version, gone.state) == (3, "raised")
    assert was_redacted(gone.steps, "Ask Mr Smith on 07700 900123") == [2]
    assert was_redacted(gone.steps, "Ask Mr Smith on 07700 900124") == []


def test_a_redacted_title_is_what_the_task_shows():
    gone = task().redact(step=1, text="title", signed=signed(), why="names somebody")
    assert gone.title == REDACTED
    with pytest.raises(InputError, match="has no text 'title' to redact"):
        gone.redact(step=1, text="title", signed=signed(), why="again")
    with pytest.raises(NotFoundError, match="no step 9"):
        gone.redact(step=9, text="note", signed=signed(), why="x")
    with pytest.raises(InputError, match="has no text 'state' to redact"):
        gone.redact(step=1, text="state", signed=signed(), why="x")


@pytest.mark.parametrize(
    "text",
    ["due", "kind", "level", "question", "priority", "place.wkb", "place.ref", "place.kind"]
    + [f"assessment.{name}" for name in ("control", "chosen", "place")],
)
def test_what_was_decided_is_no_text_to_redact(text):
    decided = task(
        due=date(2026, 4, 1), question="layer=wards", priority="P-1", assessment=assessment()
    )
    with pytest.raises(InputError, match=f"has no text '{text}' to redact"):
        decided.redact(step=1, text=text, signed=signed(), why="x")


@pytest.mark.parametrize("text", ["finding", "outcome"])
def test_what_was_found_is_no_text_to_redact(text):
    judged = done_task().take(
        "assess", signed=signed(hours=9), outcome="worse", finding="Worse: it rose."
    )
    with pytest.raises(InputError, match=f"has no text '{text}' to redact"):
        judged.redact(step=judged.version, text=text, signed=signed(), why="x")


def test_the_label_of_a_place_is_redacted_and_its_geometry_stays():
    gone = task().redact(step=1, text="place.label", signed=signed(), why="a name")
    assert gone.place.label == REDACTED
    assert gone.place.wkb == SQUARE
    assert was_redacted(gone.steps, "Around Market Square") == [1]
    for text in ("place", "place.wkbs", "title.x"):
        with pytest.raises(InputError, match=f"has no text '{text}' to redact"):
            gone.redact(step=1, text=text, signed=signed(), why="x")


def test_ids_run_on():
    assert next_id([]) == "T-0001"
    assert next_id(["T-0009", "T-0123", "M-0500", "T-x"]) == "T-0124"
    assert next_id(["T-10000"]) == "T-10001"
    assert next_id(["T-0009"], letter="P") == "P-0001"


def test_accounts_have_every_task_once():
    parent, child = refer(task(), "T-0002", direction="up", to="board", signed=signed())
    declined = task("T-0003").take("decline", signed=signed(), note="No.")
    tasks = [parent, child, declined, done_task()]
    assert accounts_of(tasks) == TaskAccounts(4, declined=1, open=1, waiting=1, done=1, assessed=0)
    assert str(accounts_of(tasks)) == (
        "4 raised = 1 declined + 1 open + 1 waiting + 1 done + 0 assessed"
    )
    levels = accounts_by_level(tasks)
    assert (levels["city"].raised, levels["area"].raised) == (1, 3)
    with pytest.raises(ValueError, match="2 raised, 1 accounted for"):
        TaskAccounts(2, declined=1, open=0, waiting=0, done=0, assessed=0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask Mr Smith", "a person's name"),
        ("call 07700 900123", "a telephone number"),
        ("write to a.b@example.org", "an e-mail address"),
        ("visit 14 Elm Street", "an address of a home"),
        ("visit 14b Market Place on Friday", "an address of a home"),
        ("noise from Flat 3", "an address of a home"),
        ("Lights in the underpass at Elm Street", ""),
        ("Two visits a week, 18 to 02 hours", ""),
        ("Ward 12: litter in the Market Place", ""),
        ("12 incidents near the park", ""),
    ],
)
def test_texts_that_lead_to_a_person_are_found(text, found):
    assert personal_part(text) == found
    if found:
        with pytest.raises(InputError, match=f"the title seems to hold {found}"):
            check_texts(title=text)


STEPS = st.sampled_from(
    ["accept", "decline", "start", "finish", "refer", "answer", "assess", "reopen", "amend", "note"]
)


@given(st.lists(STEPS, max_size=25))
def test_whatever_is_tried_a_task_is_what_its_steps_say(kinds):
    extra = {
        "accept": {"owner": "coordinator"},
        "refer": {"child": "T-0002", "direction": "up", "to": "board"},
        "assess": {"outcome": "cannot tell", "finding": "Too few."},
        "amend": {"service": "Parks"},
    }
    now = task()
    for number, kind in enumerate(kinds, start=1):
        before = now
        given_ = extra.get(kind, {})
        try:
            now = now.take(kind, signed=signed(hours=number), note="because", **given_)
        except ConflictError:
            allowed = [row.step for row in steps_from(before.state, referred=bool(before.parent))]
            assert kind not in allowed, "refused though it was offered"
            continue
        assert now.steps[:-1] == before.steps, "steps are only added"
        assert Task.of(now.task_id, now.steps) == now
        assert transition(before.state, kind).target in {"", now.state}
        assert accounts_of([now]).raised == 1
        assert (now.referral is not None) == (now.state == "waiting")
        assert (now.outcome is not None) == (now.state == "assessed")
        assert (now.done_at is not None) == (now.state in {"done", "assessed"})


def test_an_assessment_survives_json():
    written = json.loads(json.dumps(assessment().as_dict()))
    assert Assessment.read(written) == assessment()
