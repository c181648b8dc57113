"""What the demo city's boards decided, task by task: the list from which its tasks are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from boundaries.tasking.task import Direction, Level, TaskKind
from boundaries.tasking.transitions import TaskStep

CASTLE, EASTBANK, FRIARGATE, HARBOUR, HERONSWOOD, LIGHTHOUSE, NORTHMERE, PRIORY, SALTMARSH = (
    f"D050000{number:02d}" for number in (2, 3, 4, 6, 7, 8, 9, 10, 12)
)
"""The wards of which there are tasks."""

MANAGER, PARTNERSHIP, COORDINATOR = (
    "city tasking manager",
    "partnership officer",
    "neighbourhood coordinator",
)
PROTECTION: Final = "public protection officer"


@dataclass(frozen=True)
class At:
    """A step: which, on what day, and what was said.

    Attributes
    ----------
    step, day, note
        As the step of a task has them.
    due
        A new due day; '' for none.
    """

    step: TaskStep
    day: str
    note: str = ""
    due: str = ""


@dataclass(frozen=True)
class Passed:
    """A referral, and what became of it there."""

    direction: Direction
    to: str
    day: str
    note: str
    there: tuple[At, ...] = ()
    due: str = ""


@dataclass(frozen=True)
class Planned:
    """A task and its steps.

    Attributes
    ----------
    title, kind, level
        As `TaskTerms` has them.
    place
        `busy`, `quiet` or `ward` with the code of a ward, or the kind of a planted hotspot.
    day
        When it was raised.
    steps
        What was done with it.
    owner, service, due
        As `TaskTerms` has them.
    rank
        Of a busy square in its ward.
    priority
        The code of the ward whose priority it serves; '' for none.
    is_judged
        Whether it was fixed how it is judged.
    """

    title: str
    kind: TaskKind
    level: Level
    place: tuple[str, str]
    day: str
    steps: tuple[At | Passed, ...] = ()
    owner: str = PROTECTION
    service: str = ""
    due: str = ""
    rank: int = 0
    priority: str = ""
    is_judged: bool = False


_WORKED = (At("accept", "2024-12-10"), At("start", "2024-12-16"), At("finish", "2025-01-31"))

PLANNED: Final = (
    Planned(
        "Close the empty shops and patrol on Friday and Saturday evenings",
        "enforce", "city", ("cleared", ""), "2024-12-10", _WORKED,
        owner=MANAGER, due="2025-01-31", priority=CASTLE, is_judged=True,
    ),
    Planned(
        "Talk to traders about deliveries at night", "engage", "city", ("busy", EASTBANK),
        "2024-12-10",
        (At("accept", "2024-12-10"), At("start", "2025-01-06"), At("finish", "2025-01-24")),
        owner=PARTNERSHIP, due="2025-01-31", is_judged=True,
    ),
    Planned(
        "Mend the fence of the playground", "environment", "city", ("quiet", HERONSWOOD),
        "2024-12-10",
        (At("accept", "2024-12-10"), At("finish", "2025-01-17", "The fence stands.")),
        owner=COORDINATOR, service="Parks", due="2025-01-31", is_judged=True,
    ),
    Planned(
        "Lights on the path along the quay", "environment", "area", ("busy", CASTLE), "2025-04-08",
        (
            At("accept", "2025-04-08"),
            At("start", "2025-04-22"),
            Passed(
                "up", MANAGER, "2025-05-13", "The quay has no budget for lights; can the city pay?",
                (
                    At("accept", "2025-06-10"),
                    At("answer", "2025-06-10", "Paid from the city's fund for safer streets."),
                ),
                due="2025-06-10",
            ),
            At("finish", "2025-08-15", "Six lights were put up."),
        ),
        service="Streets", priority=CASTLE, rank=2,
    ),
    Planned(
        "Ask residents where they feel unsafe", "engage", "area", ("ward", CASTLE), "2025-04-08",
        (At("accept", "2025-04-08"), At("finish", "2025-05-30", "A hundred and twelve answers.")),
        owner=COORDINATOR, due="2025-06-03", priority=CASTLE,
    ),
    Planned(
        "Close the lane at night", "environment", "area", ("busy", CASTLE), "2025-04-08",
        (At("decline", "2025-04-08", "The lane is a right of way and cannot be closed."),),
        rank=4,
    ),
    Planned(
        "Visits to licensed premises", "educate", "city", ("busy", FRIARGATE), "2025-06-10",
        (At("accept", "2025-06-10"), At("start", "2025-07-01"), At("finish", "2025-09-26")),
        owner=PARTNERSHIP, service="Licensing", due="2025-09-30", priority=FRIARGATE,
    ),
    Planned(
        "Patrol from 18:00 to 22:00 in the summer holidays", "patrol", "city",
        ("busy", LIGHTHOUSE), "2025-06-10",
        (At("accept", "2025-06-10"), At("start", "2025-07-21"), At("finish", "2025-08-31")),
        due="2025-08-31", priority=LIGHTHOUSE,
    ),
    Planned(
        "Each ward names a place for a youth shelter", "engage", "city", ("ward", SALTMARSH),
        "2025-06-10",
        (
            At("accept", "2025-06-10"),
            Passed(
                "down", PROTECTION, "2025-06-10", "Name one by September.",
                (
                    At("accept", "2025-06-17"),
                    At("answer", "2025-09-02", "Beside the sports hall; residents agree."),
                ),
                due="2025-09-09",
            ),
            At("start", "2025-09-09"),
        ),
        owner=MANAGER, due="2026-06-30",
    ),
    Planned(
        "Reward for reports of fly-tipping", "educate", "city", ("ward", HARBOUR), "2025-06-10",
        (
            At("decline", "2025-06-10", "Reports are many enough; what is missing is collection."),
            At("reopen", "2025-12-09", "Reports have halved since."),
        ),
        owner=COORDINATOR, service="Waste",
    ),
    Planned(
        "Patrol at school closing time", "patrol", "area", ("busy", CASTLE), "2025-09-09",
        (At("accept", "2025-09-09"), At("start", "2025-09-15"), At("finish", "2025-12-19")),
        due="2025-12-19", rank=6,
    ),
    Planned(
        "Remove graffiti under the bridge", "environment", "area", ("busy", CASTLE), "2025-09-09",
        (
            At("accept", "2025-09-09"),
            Passed(
                "out", "Network Rail", "2025-09-16", "The bridge is theirs; will they clean it?",
                due="2025-10-31",
            ),
        ),
        owner=COORDINATOR, rank=8,
    ),
    Planned(
        "Find out who gathers here, and why, before anything is done", "engage", "city",
        ("emerging", ""), "2025-12-09",
        (At("accept", "2025-12-09"), At("start", "2025-12-15"), At("finish", "2026-02-27")),
        owner=COORDINATOR, due="2026-02-28", priority=NORTHMERE,
    ),
    Planned(
        "Patrol on weekday evenings", "patrol", "city", ("emerging", ""), "2026-03-10",
        (At("accept", "2026-03-10"), At("start", "2026-03-16")),
        owner=MANAGER, due="2026-06-30", priority=NORTHMERE, is_judged=True,
    ),
    Planned(
        "Go on with visits while it falls", "patrol", "city", ("fading", ""), "2025-12-09",
        (At("accept", "2025-12-09"), At("start", "2026-01-05")),
        due="2026-07-31", priority=HARBOUR,
    ),
    Planned(
        "Warn landlords of houses with repeated noise", "enforce", "city", ("busy", PRIORY),
        "2025-12-09",
        (At("accept", "2025-12-09"), At("start", "2026-01-12"), At("finish", "2026-03-06")),
        service="Housing", due="2026-03-31", is_judged=True,
    ),
    Planned(
        "Bollards against cars on the pavement", "environment", "city", ("busy", FRIARGATE),
        "2025-12-09", (At("accept", "2025-12-09"),),
        service="Streets", due="2026-03-20", rank=2,
    ),
    Planned(
        "Check the camera at the bus station", "environment", "city", ("busy", FRIARGATE),
        "2025-12-09", (At("accept", "2025-12-09"), At("start", "2026-02-02")),
        owner=PARTNERSHIP, due="2026-06-30", rank=4,
    ),
    Planned(
        "Open the youth club on Fridays", "engage", "area", ("busy", CASTLE), "2026-02-10",
        (At("accept", "2026-02-10"), At("start", "2026-02-20")),
        owner=COORDINATOR, due="2026-06-30", priority=CASTLE, rank=10,
    ),
    Planned(
        "A mobile camera for three months", "enforce", "area", ("busy", CASTLE), "2026-02-10",
        (
            At("accept", "2026-02-10"),
            Passed(
                "up", MANAGER, "2026-02-10", "The only mobile camera is the city's.",
                due="2026-03-10",
            ),
        ),
        rank=12,
    ),
    Planned(
        "More bins along the quay", "environment", "area", ("busy", CASTLE), "2026-02-10",
        (At("accept", "2026-02-10"),),
        owner=COORDINATOR, service="Waste", due="2026-06-12", rank=14,
    ),
    Planned(
        "Fines for dogs off the lead", "enforce", "area", ("ward", CASTLE), "2026-02-10",
        (At("decline", "2026-02-10", "There is no order that would allow it."),),
    ),
    Planned(
        "Street surgery once a month", "engage", "city", ("ward", NORTHMERE), "2026-03-10",
        (At("accept", "2026-03-10"),),
        owner=COORDINATOR, due="2026-06-30", priority=NORTHMERE,
    ),
    Planned(
        "Leaflets on hate crime in four languages", "educate", "city", ("ward", EASTBANK),
        "2026-03-10", (At("accept", "2026-03-10"), At("start", "2026-03-23")),
        owner=PARTNERSHIP, due="2026-07-31",
    ),
    Planned(
        "Cut back the hedge at the crossing", "environment", "area", ("busy", SALTMARSH),
        "2026-03-17", owner="", service="Parks",
    ),
    Planned(
        "Talk to the club about closing time", "engage", "area", ("busy", LIGHTHOUSE),
        "2026-03-24", owner="",
    ),
    Planned(
        "Patrol around the shops on Saturdays", "patrol", "area", ("busy", HERONSWOOD),
        "2026-03-26", owner="",
    ),
)  # fmt: skip
"""In the order in which they were raised. The first one's place cleared after it was decided."""
