"""What makes each kind of report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from api.answers import Answers
from api.reports.boards import board_pack_report, city_board_report
from api.reports.hours import officer_hours_report
from api.reports.model import Report
from api.reports.records import (
    log_report,
    members_report,
    repeats_report,
    response_report,
)
from api.reports.six_monthly import six_monthly_report
from api.reports.spend import spend_report
from api.reports.task_tracker import assessed_report, tracker_report
from api.reports.ward_profile import ward_profile_report
from geo.question.model import Question

MAKERS: Final[Mapping[str, Callable[[Answers, Question], Report]]] = {
    "six-monthly": six_monthly_report,
    "profile": ward_profile_report,
    "spend": spend_report,
    "officer-hours": officer_hours_report,
    "response-times": response_report,
    "members-enquiries": members_report,
    "log": log_report,
    "repeat-issues": repeats_report,
    "task-tracker": tracker_report,
    "city-board": city_board_report,
    "board-pack": board_pack_report,
    "assessed-tasks": assessed_report,
}
"""By the name of its kind."""
