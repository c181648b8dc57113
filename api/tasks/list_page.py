"""`/tasks`: what was decided and what became of it; of one ward it is the action tracker."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.dependencies import HTML
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.tasking_text import STATE_WORDS, outcome_words
from api.query import only
from api.tasks.listing import FILTERS, NAMES, is_late, task_list
from api.tasks.request import CallerDep
from api.tasks.responses import address_of, page
from api.tasks.text import COLUMNS
from api.tasks.where import area_choices
from boundaries.tasking.task import LEVELS

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/tasks")
def tasks(request: Request, caller: CallerDep) -> Response:
    """The tasks of an area, owner, state or level, with their accounts."""

    def make() -> Response:
        query = only(request, NAMES)
        listed = task_list(caller.snapshot, query)
        meeting = caller.meeting(query.get("meeting", ""))

        def address(**others: object) -> str:
            return address_of("/tasks", **{**listed.options(), **others})

        def download(name: str) -> str:
            """The same tasks as a file; a calendar has no order."""
            names = FILTERS if name == "ics" else (*FILTERS, "sort")
            chosen = {one: text for one, text in listed.options().items() if one in names}
            return address_of(f"/tasks.{name}", **chosen)

        return page(
            "tasks.html",
            **caller.shared(meeting),
            listed=listed,
            columns=[
                (name, title, address_of("/tasks", **listed.sorted_by(name)))
                for name, title in COLUMNS
            ],
            address=address,
            download=download,
            feed=listed.area.feed if listed.area else "",
            is_late=is_late,
            outcome_words=outcome_words,
            areas=area_choices(caller.snapshot, listed.area),
            states=STATE_WORDS,
            levels=LEVELS,
        )

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)
