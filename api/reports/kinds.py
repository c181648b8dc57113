"""The reports that there are, declared once for the command line and for the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geo.question.model import OPTIONS
from geo.question.options import Option


@dataclass(frozen=True)
class ReportKind:
    """A kind of report.

    Attributes
    ----------
    name
        Its command, and its address below `/reports`.
    title
        Its name on pages.
    summary
        What the command does: an imperative sentence of at most 80 characters.
    analyses
        The commands of the analyses whose options it takes.
    names
        The only options that it takes, where it rests on no analysis.
    of_today
        Whether it says other things on another day, of the same data.
    """

    name: str
    title: str
    summary: str
    analyses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    of_today: bool = False

    @property
    def options(self) -> tuple[Option, ...]:
        """The options that it takes: those of every analysis, and of its own."""
        if self.names:
            return tuple(option for option in OPTIONS if option.name in self.names)
        return tuple(
            option for option in OPTIONS if any(option.serves(name) for name in self.analyses)
        )


REPORTS: Final[Mapping[str, ReportKind]] = {
    kind.name: kind
    for kind in (
        ReportKind(
            "six-monthly",
            "Six-monthly report",
            "Write how priority areas fare against the rest, over four half-years.",
            ("profile", "track"),
        ),
        ReportKind(
            "profile",
            "Area profiles",
            "Write every measure of areas, dated and sourced, on two sheets each.",
            ("profile",),
        ),
        ReportKind(
            "spend",
            "Money",
            "Write money by area and priority: allocated, committed, paid and left.",
            ("spend",),
        ),
        ReportKind(
            "officer-hours",
            "Officer hours",
            "Write hours of officers by area, activity and quarter, with their cost.",
            ("officer-hours",),
        ),
        ReportKind(
            "response-times",
            "Raised and answered",
            "Write what was answered in time, and how long records wait, by area and quarter.",
            ("response-times",),
        ),
        ReportKind(
            "members-enquiries",
            "Members’ enquiries",
            "Write what members asked, by area and quarter: in time, median wait, and open.",
            ("response-times",),
        ),
        ReportKind(
            "log",
            "Log of records",
            "Write records by area, month, type and state, and the oldest open ones.",
            ("backlog",),
        ),
        ReportKind(
            "repeat-issues",
            "Repeat issues",
            "Write which issues came back, and what had been done before.",
            ("repeat-issues",),
        ),
        ReportKind(
            "task-tracker",
            "Task tracker",
            "Write every task by ward, with where it stands and what became of it.",
            names=("layer", "within"),
            of_today=True,
        ),
        ReportKind(
            "city-board",
            "City board",
            "Write which tasks came up and went down, and how long they wait for an answer.",
            names=("layer",),
            of_today=True,
        ),
        ReportKind(
            "board-pack",
            "Board pack",
            "Write priorities, decisions, results and money on two sheets of A4.",
            names=("datetime", "layer", "within"),
            of_today=True,
        ),
        ReportKind(
            "assessed-tasks",
            "Assessed tasks",
            "Write which tasks worked, had no clear effect, or made it worse.",
            names=("layer", "within"),
            of_today=True,
        ),
    )
}
