"""The map of an allocation as a page of its own, which the allocation page shows in a frame."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.answers import SnapshotAnswers
from api.basemap.sources import basemaps_of
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.allocation_map import draw_allocation
from api.maps.pages import MapPage, map_response
from api.pages.allocation_summary import AllocationSummary
from api.pages.allocation_view import AllocationView, folded

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/allocation/map")
def allocation_map(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The folium map of an allocation, with its own content policy."""
    basemap = basemaps_of(request)

    def draw() -> MapPage:
        view = AllocationView.read(folded(request.query_params.multi_items()))
        state = SnapshotAnswers(answers)
        snapshot = state.snapshot()
        return draw_allocation(
            AllocationSummary.ask(state, view),
            projection=snapshot.projection,
            basemap=basemap.under(snapshot, settings.tiles),
        )

    return not_modified_or(
        request,
        answers,
        lambda: map_response(draw),
        media_type=HTML,
        setting=basemap.key(settings.tiles),
    )
