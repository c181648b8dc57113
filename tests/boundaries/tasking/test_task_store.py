"""Tasks in a store of either kind: what is saved is read, and nobody saves over another."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boundaries.tasking.accounts import accounts_of
from boundaries.tasking.actions import (
    ReferralTerms,
    call_meeting,
    change_priority,
    change_roster_entry,
    close_priority,
    raise_task,
    refer_task,
    set_priority,
    set_roster_entry,
    take_step,
)
from boundaries.tasking.history import was_redacted
from boundaries.tasking.meeting import MeetingTerms, minutes
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.redacting import redact_text, tasks_with_copies
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.storage import (
    read_meeting,
    read_meetings,
    read_priorities,
    read_priority,
    read_roster,
    read_task,
    read_tasks,
    row_of,
    save,
)
from boundaries.tasking.task import Place, Task
from geo.errors import ConflictError, InputError, NotFoundError
from geo.store.copying import copy_store, holds_data
from geo.store.geopackage import GeoPackageStore
from geo.store.tasking_rows import REDACTED
from tests.boundaries.tasking.tasking_made import PLACE, START, assessment, signed, task, terms
from tests.processor import json_seconds, quickest


def saved(store, changed):
    with store.transaction():
        save(store, changed)


def test_a_task_is_read_as_it_was_saved(open_store):
    store = open_store()
    one = raise_task(store, terms(assessment=assessment(), due=date(2026, 4, 1)), signed=signed())
    two = take_step(store, one.task_id, "accept", signed=signed(hours=1), owner="coordinator")
    reader = open_store()
    assert read_task(reader, "T-0001") == two
    assert reader.tasks() == [row_of(two)]
    assert reader.tasks()[0].due == date(2026, 4, 1)
    assert shapely.from_wkb(reader.tasks()[0].wkb).equals(PLACE.geometry)
    assert reader.tasks()[0].updated_at == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def test_a_task_at_a_point_keeps_its_point(store):
    point = Place("point", "", "Bench", shapely.to_wkb(shapely.Point(435_012.25, 336_000.5)))
    raise_task(store, terms(place=point), signed=signed())
    read = shapely.from_wkb(store.tasks()[0].wkb)
    assert (read.x, read.y) == (435_012.25, 336_000.5)


def test_saving_a_task_leaves_the_versions_of_what_answers_are_made_of(store):
    before = store.data_version()
    raise_task(store, terms(), signed=signed())
    after = store.data_version()
    answers = ("incidents", "layers", "plans", "settings", "measures", "entries")
    assert after.of(*answers) == before.of(*answers)
    assert (before.tasks, after.tasks) == (0, 1)


def test_two_people_save_one_task_and_the_second_reads_what_changed(open_store):
    ann, bob = open_store(), open_store()
    own = raise_task(ann, terms(), signed=signed()).task_id
    as_read = read_task(bob, own).version
    take_step(ann, own, "accept", signed=signed("Ann", hours=1), owner="Ann's team", version=1)
    with pytest.raises(ConflictError) as refused:
        take_step(bob, own, "decline", signed=signed("Bob"), note="No.", version=as_read)
    assert str(refused.value) == (
        "task T-0001 is now version 2; you edited version 1. Since: accept by Ann, "
        "2026-03-02 10:30 UTC"
    )
    assert read_task(bob, own).state == "accepted"


def test_a_step_that_is_stored_is_never_another_one(store):
    one = raise_task(store, terms(), signed=signed(), note="first")
    forged = Task.of("T-0001", [*task(title="Something else").steps, *one.steps[1:]])
    with pytest.raises(ConflictError, match="step 1 of task T-0001 differs from the stored one"):
        saved(store, [(forged.take("note", signed=signed(), note="x"), 1)])
    assert read_task(store, "T-0001") == one


def test_what_one_of_two_records_lacks_is_saved_of_neither(store):
    one = raise_task(store, terms(), signed=signed())
    other = task("T-0002")
    with pytest.raises(ConflictError):
        saved(store, [(other, 0), (one.take("note", signed=signed(), note="x"), 7)])
    assert store.tasking_ids("task") == ["T-0001"]


def test_a_referral_goes_up_and_its_answer_comes_back(store):
    own = raise_task(store, terms(), signed=signed()).task_id
    parent, child = refer_task(
        store, own, ReferralTerms("up", "city board", "It costs more."), signed=signed(hours=1)
    )
    assert (parent.state, child.task_id, child.level) == ("waiting", "T-0002", "city")
    take_step(store, "T-0002", "answer", signed=signed("Chair", hours=2), note="Money granted.")
    back = read_task(store, own)
    assert (back.state, back.steps[-1].note) == ("raised", "Done: Money granted.")
    assert [row.state for row in store.tasks()] == ["raised", "done"]


def test_a_redacted_text_is_in_no_table_and_after_compacting_in_no_byte(store_path):
    with_text = GeoPackageStore(store_path)
    one = raise_task(with_text, terms(), signed=signed(), note="Zephyrine lives there")
    take_step(with_text, one.task_id, "amend", signed=signed(), title="Zephyrine again")
    redact_text(with_text, one.task_id, step=1, text="note", signed=signed("Chair"), why="a name")
    redact_text(with_text, one.task_id, step=2, text="title", signed=signed("Chair"), why="a name")
    assert with_text.tasks()[0].title == REDACTED
    with_text.compact()
    with_text.close()
    assert b"Zephyrine" not in store_path.read_bytes()


def test_what_a_referral_copied_is_redacted_there_too(store):
    own = raise_task(store, terms(title="Zephyrine’s wall"), signed=signed()).task_id
    note, further = "Zephyrine asks for money.", "Zephyrine asks again."
    refer_task(store, own, ReferralTerms("up", "city board", note), signed=signed(hours=1))
    refer_task(store, "T-0002", ReferralTerms("out", "Highways", further), signed=signed(hours=1))
    answer = "Zephyrine gets it."
    take_step(store, "T-0003", "answer", signed=signed(hours=2), note=answer)
    take_step(store, "T-0002", "answer", signed=signed(hours=3), note="It is granted.")
    assert tasks_with_copies(store, own, step=1, text="title") == ["T-0002", "T-0003"]
    assert tasks_with_copies(store, "T-0002", step=1, text="note") == [own]
    for task_id, step, text in (
        *((own, 1, "title"), ("T-0002", 1, "note")),
        *(("T-0003", 1, "note"), ("T-0003", 2, "note")),
    ):
        redact_text(store, task_id, step=step, text=text, signed=signed("Chair"), why="a name")
    tasks = read_tasks(store)
    assert len(tasks) == 3
    assert "Zephyrine" not in str([task.steps for task in tasks])
    assert {row.title for row in store.tasks()} == {REDACTED}
    assert [task.state for task in tasks] == ["raised", "done", "done"]
    assert [was_redacted(task.steps, note) for task in tasks] == [[2], [1], []]
    assert [was_redacted(task.steps, further) for task in tasks] == [[], [2], [1]]


def test_a_text_that_is_only_alike_stays_where_it_is(store):
    said = "Agreed: close the alley."
    own = raise_task(
        store, terms(level="city", owner="Police", service="Police"), signed=signed(), note=said
    ).task_id
    refer_task(
        store, own, ReferralTerms("down", "area officer", "Please do it."), signed=signed(hours=1)
    )
    for note in (said, "Police"):
        take_step(store, "T-0002", "note", signed=signed(hours=2), note=note)
    for step in (2, 3):
        assert tasks_with_copies(store, "T-0002", step=step, text="note") == []
        redact_text(store, "T-0002", step=step, text="note", signed=signed("Officer"), why="a name")
    city, area = read_tasks(store)
    assert city.steps[0].note == said
    assert (city.owner, city.service, area.owner) == ("Police", "Police", "area officer")


def test_a_title_that_was_changed_before_the_referral_is_no_copy(store):
    own = raise_task(store, terms(title="Zephyrine’s wall"), signed=signed()).task_id
    take_step(store, own, "amend", signed=signed(), title="The wall")
    refer_task(store, own, ReferralTerms("up", "city board"), signed=signed())
    redact_text(store, own, step=1, text="title", signed=signed("Chair"), why="a name")
    assert [task.title for task in read_tasks(store)] == ["The wall", "The wall"]
    redact_text(store, "T-0002", step=1, text="title", signed=signed("Chair"), why="a name")
    assert [task.title for task in read_tasks(store)] == [REDACTED, REDACTED]
    assert was_redacted(read_task(store, own).steps, "The wall") == [2]


def test_a_store_takes_no_redaction_that_changes_more_than_its_text(store):
    one = raise_task(store, terms(), signed=signed(), note="It names somebody.")
    gone = one.redact(step=1, text="note", signed=signed(), why="a name")
    first, said = gone.steps
    forged = replace(first, changes={**first.changes, "title": "Another one"})
    with pytest.raises(ConflictError, match="step 1 of task T-0001 differs from the stored one"):
        saved(store, [(Task.of("T-0001", [forged, said]), 1)])
    by_another = replace(first, signed=signed("Somebody else"))
    with pytest.raises(ConflictError, match="step 1 of task T-0001 differs from the stored one"):
        saved(store, [(Task.of("T-0001", [by_another, said]), 1)])
    assert read_task(store, "T-0001") == one
    saved(store, [(gone, 1)])
    assert read_task(store, "T-0001") == gone


def test_a_task_that_is_taken_on_at_once_is_raised_with_its_owner_or_not_at_all(store):
    with pytest.raises(InputError, match="say who takes it on"):
        raise_task(store, terms(), signed=signed(), accept=True)
    assert store.tasks() == []
    task = raise_task(store, terms(owner="coordinator"), signed=signed(), accept=True)
    assert (task.state, read_task(store, "T-0001")) == ("accepted", task)


def test_a_text_that_names_somebody_is_refused_until_a_person_confirms(store):
    with pytest.raises(InputError, match="the title seems to hold a person's name"):
        raise_task(store, terms(title="Lights for Mr Smith"), signed=signed())
    raise_task(store, terms(title="Lights for Mr Smith"), signed=signed(), names_nobody=True)
    assert len(store.tasks()) == 1


def test_unknown_ids_are_refused_with_those_that_exist(store):
    with pytest.raises(NotFoundError, match="no task 'T-9'; there are: none yet"):
        read_task(store, "T-9")
    with pytest.raises(NotFoundError, match="no meeting 'M-0001'"):
        raise_task(store, terms(), signed=signed(meeting="M-0001"))
    with pytest.raises(NotFoundError, match="no priority 'P-0009'"):
        raise_task(store, terms(priority="P-0009"), signed=signed())
    assert store.tasks() == []


def test_priorities_roster_and_meetings_are_read_as_they_were_saved(open_store):
    store = open_store()
    meeting = call_meeting(store, MeetingTerms(level="city", day=date(2026, 3, 2)), signed=signed())
    priority = set_priority(
        store,
        PriorityTerms(level="city", issue="Litter", issue_date=date(2026, 1, 1)),
        signed=signed(meeting="M-0001"),
    )
    priority = change_priority(
        store, "P-0001", signed=signed(hours=1), action="More bins", version=1
    )
    with pytest.raises(ConflictError, match=r"Since: set \(action\) by Officer 12"):
        change_priority(store, "P-0001", signed=signed(), action="Fewer bins", version=1)
    entry = set_roster_entry(
        store,
        RosterTerms(role="coordinator", first=date(2026, 1, 1), layer="w", areas=("W1",)),
        signed=signed(),
    )
    entry = change_roster_entry(store, "R-0001", signed=signed(), holder="Officer 12")
    own = raise_task(store, terms(), signed=signed(meeting="M-0001")).task_id
    reader = open_store()
    assert read_meetings(reader) == [meeting]
    assert read_priorities(reader) == [priority]
    assert read_roster(reader) == [entry]
    assert read_meeting(reader, "M-0001") == meeting
    assert reader.tasking_of_meeting("M-0001") == [("priority", "P-0001"), ("task", own)]
    taken = minutes("M-0001", [("P-0001", priority), (own, read_task(reader, own))])
    assert [(one, step.kind) for one, step in taken] == [("P-0001", "set"), (own, "raise")]
    closed = close_priority(store, "P-0001", signed=signed(), note="Reached.")
    assert read_priority(reader, "P-0001") == closed


def test_a_copy_has_all_of_it(new_store):
    source, target = (opened() for opened in (new_store(), new_store()))
    own = raise_task(source, terms(assessment=assessment()), signed=signed()).task_id
    refer_task(source, own, ReferralTerms("up", "board"), signed=signed())
    call_meeting(source, MeetingTerms(level="city", day=date(2026, 3, 2)), signed=signed())
    copy_store(source, target)
    assert target.tasks() == source.tasks()
    assert read_tasks(target) == read_tasks(source)
    assert read_meetings(target) == read_meetings(source)
    assert holds_data(target)
    with pytest.raises(ConflictError, match="already holds data"):
        copy_store(source, target)
    source.close(), target.close()


def test_a_backup_and_a_restore_have_all_of_it(geopackage, tmp_path):
    raise_task(geopackage, terms(), signed=signed())
    geopackage.back_up(tmp_path / "b.gpkg")
    take_step(geopackage, "T-0001", "decline", signed=signed(), note="No.")
    geopackage.restore(tmp_path / "b.gpkg")
    assert read_task(geopackage, "T-0001").state == "raised"


def test_other_programs_read_tasks_as_features(geopackage):
    raise_task(geopackage, terms(due=date(2026, 4, 1)), signed=signed())
    raise_task(
        geopackage,
        terms(place=Place("point", "", "x", shapely.to_wkb(shapely.Point(435_000, 336_000)))),
        signed=signed(),
    )
    take_step(geopackage, "T-0002", "decline", signed=signed(), note="No.")
    frame = gpd.read_file(geopackage.path, layer="patchmap_tasks")
    assert frame["task_id"].tolist() == ["T-0001", "T-0002"]
    assert frame["state"].tolist() == ["raised", "declined"]
    assert frame.crs == geopackage.projection.crs
    assert frame.geometry.iloc[0].area == pytest.approx(150 * 150)
    assert frame["due"].iloc[0].date() == date(2026, 4, 1)
    near = gpd.read_file(
        geopackage.path, layer="patchmap_tasks", bbox=(434_990, 335_990, 435_001, 336_001)
    )
    assert len(near) == 2
    far = gpd.read_file(geopackage.path, layer="patchmap_tasks", bbox=(0, 0, 1, 1))
    assert far.empty


@pytest.fixture(scope="module")
def ten_thousand():
    """Tasks, of which two of three were declined."""
    raised = [
        task(f"T-{number:05d}", due=date(2026, 4, 1), level=("area", "city")[number % 2])
        for number in range(10_000)
    ]
    by = signed(hours=1)
    return [
        one.take("decline", signed=by, note="No.") if number % 3 else one
        for number, one in enumerate(raised)
    ]


def test_ten_thousand_tasks_are_listed_in_under_300_ms(open_store, ten_thousand):
    saved(open_store(), [(one, 0) for one in ten_thousand])
    reader = open_store()

    def listed():
        rows = reader.tasks()
        return rows, accounts_of(rows)

    most = 9 * json_seconds(10_000)
    seconds, (rows, accounts) = quickest(listed, enough=most)
    assert (accounts.raised, accounts.declined, accounts.open) == (10_000, 6_666, 3_334)
    assert len(rows) == 10_000
    assert seconds < most


@pytest.fixture
def two_people(open_store):
    """One store, as two people have it open."""
    return open_store(), open_store()


STEPS = ("accept", "decline", "start", "finish", "refer", "answer", "reopen", "note", "amend")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ann", "Bob"]),
            st.sampled_from(STEPS),
            st.integers(0, 3),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_whatever_two_people_try_no_step_is_lost_and_none_is_changed(two_people, tries):
    ann, bob = two_people
    people = {"Ann": ann, "Bob": bob}
    first = raise_task(ann, terms(), signed=signed())
    begun = len(ann.tasks())
    known = {first.task_id: first.version}
    mine = [first.task_id]
    for hour, (name, step, which, is_fresh) in enumerate(tries, start=1):
        own = mine[which % len(mine)]
        store = people[name]
        before = read_task(store, own)
        version = before.version if is_fresh else known.get(own, 1)
        who = signed(name, hours=hour)
        extra = {"accept": {"owner": "team"}, "amend": {"service": f"S{hour}"}}.get(step, {})
        try:
            if step == "refer":
                way = "up" if before.level == "area" else "down"
                after, child = refer_task(
                    store, own, ReferralTerms(way, "board"), signed=who, version=version
                )
                mine.append(child.task_id)
            else:
                after = take_step(
                    store, own, step, signed=who, note="because", version=version, **extra
                )
        except ConflictError as refused:
            assert read_task(store, own) == before, "what is refused changes nothing"
            if version < before.version:
                since = before.steps[version]
                said = str(refused)
                assert "Since:" not in said or f"{since.kind}" in said
            continue
        assert version == before.version, "nobody saves over steps that they have not read"
        assert after.steps[:-1] == before.steps
        assert after.steps[-1].signed == who
        known[own] = after.version
    rows = {row.task_id: row for row in bob.tasks()}
    for one in read_tasks(ann, mine):
        assert row_of(one) == rows[one.task_id], "the list says what the steps lead to"
        if one.state == "waiting":
            child = read_task(ann, one.referral.child)
            assert child.state not in {"done", "declined"}, "no answer is left lying"
            assert child.parent == one.task_id
    assert accounts_of(rows.values()).raised == begun + len(mine) - 1


def test_a_referral_waits_for_days_in_the_list(store):
    own = raise_task(store, terms(), signed=signed()).task_id
    refer_task(store, own, ReferralTerms("out", "Highways"), signed=signed(hours=2))
    row = store.tasks()[0]
    assert (row.referral, row.referred_to) == ("T-0002", "Highways")
    assert row.waiting_since == START + timedelta(hours=2)
    assert json.loads(json.dumps(row.place_label)) == "Around Market Square"
