"""All routes of the pages of tasking, those with fixed addresses before those with ids."""

from __future__ import annotations

from fastapi import APIRouter

from api.tasks import list_page, meetings, raising, steps, task_page

router = APIRouter()
for _pages in (list_page, raising, task_page, steps, meetings):
    router.include_router(_pages.router)
