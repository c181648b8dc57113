"""The demo city's roster, priorities, meetings and tasks, replayed from what was planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

import shapely

from boundaries.demo.city import DemoCity
from boundaries.demo.events.streams import ASB
from boundaries.demo.tasking.places import WARDS, Squares, planted_place, ward_place
from boundaries.demo.tasking.planned import (
    CASTLE,
    COORDINATOR,
    MANAGER,
    PARTNERSHIP,
    PLANNED,
    PROTECTION,
    At,
    Passed,
    Planned,
)
from boundaries.tasking import referrals
from boundaries.tasking.assessing import BY, assess_due
from boundaries.tasking.assessment import Assessment
from boundaries.tasking.deciding import assessment_for
from boundaries.tasking.history import Signed, next_id
from boundaries.tasking.meeting import Meeting, MeetingTerms
from boundaries.tasking.priority import Priority, PriorityTerms
from boundaries.tasking.roster import RosterEntry, RosterTerms
from boundaries.tasking.task import Place, Task, TaskTerms
from geo.coverage import Coverage, ImportCoverage
from geo.incidents import london_months, months_between
from geo.question.answer import Answer
from geo.question.ask import answer
from geo.question.model import Question

ASSESSED: Final = datetime(2025, 8, 20, 6, tzinfo=UTC)
"""When July 2025 was published, and with it the last month that the first tasks are judged by."""

BOARDS: Final = ("2024-12-10", "2025-06-10", "2025-12-09", "2026-03-10")
WARD_MEETINGS: Final = ("2025-04-08", "2025-09-09", "2026-02-10")
"""The city's boards, and the meetings of the neighbourhood that has most to decide."""

_START: Final = date(2024, 4, 1)
_VACANT: Final = 3
"""The pair of wards whose officer's post is vacant; the next one covers it."""


@dataclass(frozen=True)
class DemoTasking:
    """Who answers for what, what was decided, and where it stands.

    Attributes
    ----------
    roster, priorities, meetings, tasks
        Each with its steps. The tasks that were due in August 2025 are assessed.
    """

    roster: tuple[RosterEntry, ...]
    priorities: tuple[Priority, ...]
    meetings: tuple[Meeting, ...]
    tasks: tuple[Task, ...]

    @property
    def everything(self) -> list[Task | Priority | RosterEntry | Meeting]:
        """What a store saves."""
        return [*self.roster, *self.meetings, *self.priorities, *self.tasks]


def make_tasking(city: DemoCity) -> DemoTasking:
    """Make the tasking year of a demo city.

    Parameters
    ----------
    city
        Its wards, incidents and planted hotspots.

    Returns
    -------
    The same for the same city. Holders are numbers: nobody is named.
    """
    meetings = _meetings()
    priorities = _priorities(city)
    decided = _Diary(city, meetings, priorities).tasks
    assessed = {task.task_id: task for task in _assessed(city, decided)}
    tasks = tuple(assessed.get(task.task_id, task) for task in decided)
    return DemoTasking(_roster(city), tuple(priorities.values()), meetings, tasks)


def _assessed(city: DemoCity, tasks: tuple[Task, ...]) -> list[Task]:
    """The tasks that were due by then, judged as a store judges them."""
    incidents, day = city.incidents, ASSESSED.date()
    # Of what is judged there is one category, and no later month had happened.
    own = incidents[
        (incidents["category"] == ASB) & (incidents["occurred_from"] < f"{day:%Y-%m}-01")
    ]
    coverage = Coverage(ImportCoverage.of_frame(own))

    @lru_cache(maxsize=1)
    def answer_of(question: Question) -> Answer:
        return answer(question, own, city.wards, history=False)

    signed = Signed(BY, ASSESSED)
    return assess_due(tasks, coverage, day, answer_of=answer_of, signed=signed)[0]


def _signed(day: str, by: str = "Officer 1", *, hour: int = 10, meeting: str = "") -> Signed:
    return Signed(by, datetime.combine(date.fromisoformat(day), time(hour), UTC), meeting)


def _meetings() -> tuple[Meeting, ...]:
    boards = [MeetingTerms(
        level="city", day=date.fromisoformat(day), title="City tasking board",
        roles=(MANAGER, PARTNERSHIP, COORDINATOR),
    ) for day in BOARDS]  # fmt: skip
    areas = [MeetingTerms(
        level="area", layer=WARDS, area=CASTLE, day=date.fromisoformat(day),
        title="Neighbourhood tasking", roles=(PROTECTION, COORDINATOR),
    ) for day in WARD_MEETINGS]  # fmt: skip
    ordered = sorted([*boards, *areas], key=lambda one: one.day)
    return tuple(
        Meeting.begin(f"M-{number:04d}", terms, signed=_signed(terms.day.isoformat(), hour=8))
        for number, terms in enumerate(ordered, start=1)
    )


def _roster(city: DemoCity) -> tuple[RosterEntry, ...]:
    """Three roles for the whole city, and an officer for each two wards; one post is vacant."""
    codes = [str(code) for code in city.wards.index]
    every = tuple(codes)
    terms = [
        RosterTerms(role=role, holder=f"Officer {number}", layer=WARDS, areas=every, first=_START)
        for number, role in enumerate((MANAGER, PARTNERSHIP, COORDINATOR), start=1)
    ]
    for number, start in enumerate(range(0, len(codes), 2)):
        own = tuple(codes[start : start + 2])
        vacant = number == _VACANT
        terms.append(
            RosterTerms(
                role=PROTECTION,
                holder="" if vacant else f"Officer {number + 10}",
                covered_by=f"R-{len(terms) + 2:04d}" if vacant else "",
                layer=WARDS,
                areas=own,
                contact_for=own,
                first=date(2025, 11, 1) if vacant else _START,
            )
        )
    left = tuple(codes[2 * _VACANT : 2 * _VACANT + 2])
    terms.append(
        RosterTerms(
            role=PROTECTION, holder="Officer 9", layer=WARDS, areas=left, contact_for=left,
            first=_START, last=date(2025, 10, 31),
        )
    )  # fmt: skip
    return tuple(
        RosterEntry.begin(f"R-{number:04d}", one, signed=_signed(one.first.isoformat()))
        for number, one in enumerate(terms, start=1)
    )


_ISSUES: Final = (
    ("Groups gather in the evening", "asb", "20 % fewer incidents than a year before"),
    ("People feel unsafe after dark", "felt-safety", "more than 75 % feel safe"),
    ("Burglaries of flats", "burglary", "fewer per 1,000 residents than the city"),
    ("Requests are answered late", "requests-in-time", "90 % in time"),
)
"""Issue, the measure that shows progress, and what it is to reach."""


def _priorities(city: DemoCity) -> dict[str, Priority]:
    """One for each ward, by its code, and one for the city, by ''. One is reached, and closed."""
    codes = [str(code) for code in city.wards.index]
    priorities = {}
    for number, code in enumerate(["", *codes], start=1):
        issue, measure, target = _ISSUES[(number - 1) % len(_ISSUES)]
        terms = PriorityTerms(
            level="area" if code else "city",
            layer=WARDS if code else "",
            area=code,
            issue=issue,
            issue_date=date(2025, 12, 9),
            action="" if number % 3 else "Patrols, and a talk with residents",
            action_date=None if number % 3 else date(2026, 1, 20),
            measure=measure,
            target=target,
            quarter="2026-Q1",
        )
        priorities[code] = Priority.begin(
            f"P-{number:04d}", terms, signed=_signed("2025-12-09", hour=9)
        )
    reached = codes[-1]
    signed = _signed("2026-03-10", hour=9)
    priorities[reached] = priorities[reached].close(signed=signed, note="The target is reached.")
    return priorities


class _Diary:
    """Plays what was planned, one task after the other."""

    def __init__(
        self, city: DemoCity, meetings: tuple[Meeting, ...], priorities: dict[str, Priority]
    ) -> None:
        self._city, self._meetings, self._priorities = city, meetings, priorities
        self._squares = Squares.of(city.incidents, city.wards)
        ends = city.incidents["occurred_from"].iloc[[0, -1]]
        self._published = months_between(*map(str, london_months(ends)))
        self._tasks: dict[str, Task] = {}
        for one in PLANNED:
            self._play(one)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All of them, by id."""
        return tuple(self._tasks[own] for own in sorted(self._tasks))

    def _play(self, planned: Planned) -> None:
        place = self._place(planned)
        question = Question.read({"category": ASB, "layer": WARDS, "datetime": _year(planned.day)})
        terms = TaskTerms(
            title=planned.title,
            kind=planned.kind,
            level=planned.level,
            place=place,
            owner=planned.owner,
            service=planned.service,
            due=date.fromisoformat(planned.due) if planned.due else None,
            priority=self._priorities[planned.priority].priority_id if planned.priority else "",
            question=question.query(),
            assessment=self._assessment(planned, place, question) if planned.is_judged else None,
        )
        own = next_id(self._tasks)
        task = Task.begin(own, terms, signed=self._signed(planned.day, 10, terms.level, place))
        self._tasks[own] = task
        for step in planned.steps:
            task = self._refer(task, step) if isinstance(step, Passed) else self._take(task, step)
            self._tasks[own] = task

    def _take(self, task: Task, step: At) -> Task:
        # A meeting raises a task before it decides; whatever is answered is answered after that.
        hour = {"accept": 11, "decline": 11}.get(step.step, 14)
        signed = self._signed(step.day, hour, task.level, task.place)
        return task.take(step.step, signed=signed, note=step.note)

    def _refer(self, task: Task, step: Passed) -> Task:
        own = next_id(self._tasks)
        parent, child = referrals.refer(
            task,
            own,
            direction=step.direction,
            to=step.to,
            signed=self._signed(step.day, 12, task.level, task.place),
            note=step.note,
            due=date.fromisoformat(step.due) if step.due else None,
        )
        self._tasks[own] = child
        for one in step.there:
            child = self._take(child, one)
        self._tasks[own] = child
        return referrals.answered(parent, child) if referrals.answers(child, parent) else parent

    def _signed(self, day: str, hour: int, level: str, place: Place) -> Signed:
        """Signed in the meeting of that level on that day, if there was one."""
        here = shapely.intersects(
            self._city.wards.geometry[CASTLE], shapely.point_on_surface(place.geometry)
        )
        meeting = next(
            (
                one.meeting_id
                for one in self._meetings
                if one.level == level and one.day.isoformat() == day and (level == "city" or here)
            ),
            "",
        )
        return _signed(
            day, "Officer 1" if level == "city" else "Officer 10", hour=hour, meeting=meeting
        )

    def _place(self, planned: Planned) -> Place:
        kind, ward = planned.place
        if kind == "busy":
            return self._squares.busy(ward, planned.rank)
        if kind == "quiet":
            return self._squares.quiet(ward)
        if kind == "ward":
            return ward_place(self._city.wards, ward)
        return planted_place(self._city.planted, kind)

    def _assessment(self, planned: Planned, place: Place, question: Question) -> Assessment:
        return assessment_for(
            question,
            shapely.from_wkb(place.wkb),
            # The map showed the months before the one of the meeting.
            date.fromisoformat(f"{planned.day[:7]}-01"),
            published=[month for month in self._published if month < planned.day[:7]],
        )


def _year(day: str) -> str:
    """The twelve months before a day's month, as a board that met then looked at."""
    year, month = int(day[:4]), int(day[5:7])
    first = f"{year - 1}-{month:02d}"
    last = f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"
    return f"{first}/{last}"
