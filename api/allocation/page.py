"""The allocation page: officers over areas, patches of areas, patrols of places.

Its address is its Question and the tab. A changed number is answered at once; what the data or
the rules forbid is explained above the unchanged form.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.allocation.adopt import may_adopt
from api.allocation.form import area_count, form_variables
from api.answers import Answers, SnapshotAnswers
from api.dependencies import HTML, AnswersDep
from api.errors import status_of
from api.etags import not_modified_or
from api.identity.current import signature
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.allocation_summary import AllocationSummary
from api.pages.allocation_view import TABS, AllocationView, folded, started
from api.pages.templating import templates
from api.pages.text import reason_of
from api.settings import VERSION, user_name
from geo.errors import PatchmapError
from geo.question.store_settings import london_day

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/allocation")
def allocation(request: Request, answers: AnswersDep) -> Response:
    """The page. A form's fields are redirected to the address of their Question."""
    params = request.query_params.multi_items()
    try:
        fields = folded(params)
        areas = area_count(answers.snapshot(), fields.get("layer", ""))
        view = AllocationView.read(started(fields, areas=areas))
    except PatchmapError as error:
        return _page(answers, AllocationView.read_valid(dict(params)), error=error)
    if view.options() != dict(params) or len(dict(params)) < len(params):
        return RedirectResponse(view.address(), 303)
    return not_modified_or(
        request, answers, lambda: _page(answers, view), media_type=HTML, setting=london_day()
    )


def _page(
    answers: Answers, view: AllocationView, *, error: PatchmapError | None = None
) -> Response:
    """The page of a view, or the form with the reason why there is no allocation."""
    answers = SnapshotAnswers(answers)  # whatever the page shows is of one state of the data
    summaries: list[AllocationSummary] = []
    if error is None:
        try:
            summaries = [AllocationSummary.ask(answers, view)]
            if view.other:
                summaries.append(AllocationSummary.ask(answers, view.other))
        except PatchmapError as refusal:
            error = refusal
    text = templates.get_template("allocation.html").render(
        view=view,
        question=view.question,
        error=error,
        reason=reason_of(error) if error else "",
        summaries=summaries,
        changed=_changed(*summaries) if len(summaries) == 2 else {},
        tabs={
            tab: (title, view.address(tab=tab, plan="", beside="")) for tab, title in TABS.items()
        },
        form=form_variables(answers.snapshot(), view.question),
        may_adopt=may_adopt() and view.tab != "patrols",
        signs_as=signature(),
        by=user_name(),
        today=london_day(),
        version=VERSION,
    )
    status = status_of(error) if error else 200
    # Without a referrer a browser sends forms with the origin `null`, which the guard refuses.
    headers = {"referrer-policy": "same-origin"}
    return Response(text, status_code=status, media_type=HTML, headers=headers)


def _changed(summary: AllocationSummary, other: AllocationSummary) -> dict[str, int]:
    """How many more officers each area has than in the other allocation, by its code."""
    if not all("posts" in one.rows for one in (summary, other)):
        return {}
    posts, before = (one.rows.set_index("area_code")["posts"] for one in (summary, other))
    more = posts.sub(before, fill_value=0).astype(int)
    return {str(code): int(number) for code, number in more.items()}
