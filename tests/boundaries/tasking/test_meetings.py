"""Priorities, the roster, and meetings with their agenda and minutes."""

from dataclasses import replace
from datetime import date

import pytest

from boundaries.tasking.meeting import Meeting, MeetingTerms, agenda, meeting_before, minutes, since
from boundaries.tasking.priority import Priority, PriorityTerms
from boundaries.tasking.referrals import answered, late_referrals, refer
from boundaries.tasking.roster import RosterEntry, RosterTerms, contacts
from boundaries.tasking.storage import row_of
from geo.errors import ConflictError, InputError
from tests.boundaries.tasking.tasking_made import START, signed, task


def priority(**changes) -> Priority:
    given = {
        "level": "area",
        "issue": "Off-road bikes in the park",
        "issue_date": date(2026, 1, 12),
        "layer": "wards-2025",
        "area": "W01",
        "measure": "category=anti-social-behaviour",
        "target": "a tenth fewer",
        "quarter": "2026-Q1",
    }
    return Priority.begin("P-0001", PriorityTerms(**given | changes), signed=signed())


def test_a_priority_has_the_four_fields_and_changes_by_steps():
    one = priority()
    acted = one.set(signed=signed(hours=1), action="Gates were set", action_date="2026-02-02")
    assert (acted.issue, acted.action, acted.action_date) == (
        "Off-road bikes in the park",
        "Gates were set",
        date(2026, 2, 2),
    )
    closed = acted.close(signed=signed(hours=2), note="No reports for a quarter.")
    assert (closed.is_open, closed.version) == (False, 3)
    with pytest.raises(ConflictError, match="closed already"):
        closed.close(signed=signed(), note="again")
    assert closed.set(signed=signed(), quarter="2026-Q3").is_open
    assert Priority.of("P-0001", closed.steps) == closed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issue": " "}, "needs an issue"),
        ({"area": ""}, "CODE@LAYER"),
        ({"quarter": "spring"}, "no quarter"),
        ({"level": "ward"}, "unknown level 'ward'"),
    ],
)
def test_a_priority_that_says_too_little_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        priority(**changes)


def entry(entry_id="R-0001", **changes) -> RosterEntry:
    given = {
        "role": "partnership officer",
        "layer": "wards-2025",
        "areas": ("W01", "W02"),
        "contact_for": ("W01",),
        "first": date(2026, 1, 1),
    }
    return RosterEntry.begin(entry_id, RosterTerms(**given | changes), signed=signed())


def test_the_roster_says_who_is_the_contact_of_an_area_and_who_covers_a_vacancy():
    vacant = entry(covered_by="coordinator", last=date(2026, 6, 30))
    other = entry("R-0002", contact_for=("W02",), holder="Officer 12")
    roster = [vacant, other]
    assert contacts(roster, layer="wards-2025", area="W01", day=date(2026, 6, 30)) == [vacant]
    assert contacts(roster, layer="wards-2025", area="W01", day=date(2026, 7, 1)) == []
    assert (vacant.is_vacant, other.is_vacant) == (True, False)
    filled = vacant.set(signed=signed(), holder="Officer 7", covered_by="")
    assert not filled.is_vacant
    gone = filled.redact(step=2, text="holder", signed=signed(), why="left the council")
    assert "Officer 7" not in str(gone.steps)
    with pytest.raises(InputError, match="the contact of W09 must answer for it"):
        entry(contact_for=("W09",))
    with pytest.raises(InputError, match="before it begins"):
        entry(last=date(2025, 1, 1))


def meeting(meeting_id="M-0002", day=date(2026, 3, 30)) -> Meeting:
    terms = MeetingTerms(level="area", layer="wards-2025", area="W01", day=day, roles=("chair",))
    return Meeting.begin(meeting_id, terms, signed=signed())


def test_an_agenda_is_what_is_new_due_overdue_answered_and_assessed():
    before = meeting("M-0001", START.date())
    new = task("T-1")
    own = {"signed": signed(hours=1, meeting="M-0001"), "owner": "coordinator"}
    due = task("T-2", due=date(2026, 4, 10)).take("accept", **own)
    late = task("T-3", due=date(2026, 3, 20)).take("accept", **own)
    far = task("T-4", due=date(2026, 9, 1)).take("accept", **own)
    parent, child = refer(task("T-5"), "T-6", direction="up", to="board", signed=signed())
    child = child.take("answer", signed=signed(hours=48), note="Yes.")
    back = answered(parent, child).take("accept", **own)
    done = task("T-7", due=date(2026, 3, 1)).take("accept", **own)
    done = done.take("finish", signed=signed(hours=3))
    judged = done.take("assess", signed=signed(hours=99), outcome="worked", finding="Fall.")
    early = task("T-8").take("decline", signed=signed(), note="No.")
    now = agenda(meeting(), [new, due, late, far, back, judged, early], before=before)
    assert now.since == START.date()
    assert (now.new, now.due, now.overdue) == ([new], [due], [late])
    assert (now.answered, now.assessed) == ([back], [judged])


def test_a_late_referral_is_on_the_agendas_of_both_levels():
    parent, child = refer(task(), "T-0002", direction="up", to="board", signed=signed())
    soon, asked = refer(
        task("T-0003"), "T-0004", direction="up", to="board", signed=signed(hours=48)
    )
    every = [parent, child, soon, asked]
    ward, city = (
        meeting(day=date(2026, 3, 31)),
        replace(meeting(day=date(2026, 3, 31)), level="city"),
    )
    late = late_referrals(map(row_of, every), day=ward.day)
    assert late == {"T-0001", "T-0002"}
    for board, own in ((ward, [soon, parent]), (city, [asked, child])):
        now = agenda(board, own, before=None, late=late)
        assert now.unanswered == own[1:]
    later = late_referrals(map(row_of, every), day=date(2026, 4, 2))
    assert agenda(ward, [soon, parent], before=None, late=later).unanswered == [parent, soon]


def test_what_a_meeting_decided_itself_is_no_news_to_it():
    decided = task(meeting="M-0001").take("accept", signed=signed(meeting="M-0001"), owner="x")
    later = task("T-2", meeting="M-0001").take("note", signed=signed(hours=1), note="Seen to.")
    assert since([decided, later], START, meeting="M-0001") == [later]
    assert since([decided, later], None) == [decided, later]
    assert since([decided, later], signed(hours=2).at) == []


def test_the_meeting_before_is_the_last_one_of_the_same_board():
    first, second = meeting("M-0001", date(2026, 1, 5)), meeting("M-0002", date(2026, 2, 2))
    city = Meeting.begin(
        "M-0003", MeetingTerms(level="city", day=date(2026, 2, 20)), signed=signed()
    )
    third = meeting("M-0004", date(2026, 3, 2))
    every = [third, second, city, first]
    assert meeting_before(third, every) == second
    assert meeting_before(first, every) is None
    assert meeting_before(city, every) is None


def test_minutes_are_the_steps_taken_in_a_meeting_in_the_order_of_time():
    one = task("T-1", meeting="M-0001").take("note", signed=signed(hours=5), note="later")
    two = task("T-2").take("decline", signed=signed(hours=1, meeting="M-0001"), note="No.")
    rows = minutes("M-0001", [("T-2", two), ("T-1", one), ("P-1", priority())])
    assert [(subject, step.kind) for subject, step in rows] == [
        ("T-1", "raise"),
        ("T-2", "decline"),
    ]
