"""Tasks, made for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely

from boundaries.tasking.assessment import Assessment
from boundaries.tasking.history import Signed
from boundaries.tasking.task import Place, Task, TaskTerms

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SQUARE = shapely.to_wkb(shapely.box(435_000, 336_000, 435_150, 336_150))
PLACE = Place("hotspot", "h150:1:2", "Around Market Square", SQUARE)


def signed(by: str = "Officer 12", *, hours: int = 0, meeting: str = "") -> Signed:
    return Signed(by, START + timedelta(hours=hours), meeting)


def assessment(**changes: Any) -> Assessment:
    terms: dict[str, Any] = {
        "category": ("anti-social-behaviour",),
        "before": ("2025-03", "2026-02"),
        "wait_months": 1,
        "after_months": 6,
        "control": "matched",
        "buffer_m": 150.0,
        "chosen": date(2026, 3, 2),
        "place": SQUARE,
    }
    return Assessment(**terms | changes)


def terms(**changes: Any) -> TaskTerms:
    given: dict[str, Any] = {
        "title": "Lights in the underpass",
        "kind": "environment",
        "level": "area",
        "place": PLACE,
    }
    return TaskTerms(**given | changes)


def task(task_id: str = "T-0001", *, meeting: str = "", **changes: Any) -> Task:
    return Task.begin(task_id, terms(**changes), signed=signed(meeting=meeting))
