"""All routes of the pages of tasking, those with fixed addresses before those with ids."""

from __future__ import annotations

from fastapi import APIRouter

from api.tasks import (
    downloads,
    list_page,
    meetings,
    priorities,
    raising,
    roster,
    steps,
    task_page,
)

router = APIRouter()
for _pages in (downloads, list_page, raising, task_page, steps, meetings, priorities, roster):
    router.include_router(_pages.router)
