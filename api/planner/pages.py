"""The planner's two HTML pages: the list of plans, and the page of one plan."""

from __future__ import annotations

from fastapi import Response
from markupsafe import Markup

from api.addresses import own_address
from api.basemap.embedding import sources_script
from api.basemap.sources import Basemap
from api.dependencies import HTML
from api.errors import status_of
from api.formats.encoding import to_json
from api.identity.current import signature
from api.imports.housing import sites_layer
from api.pages.assets import BASEMAP_SCRIPTS, has_library
from api.pages.bar import bar, folded
from api.pages.templating import templates
from api.pages.text import reason_of
from api.planner.downloads import download_links
from api.planner.overview import PlanGallery, PlanOverview
from api.security import PAGE_POLICY
from api.settings import VERSION, user_name
from api.snapshot import Snapshot
from geo.errors import NotFoundError, PatchmapError
from geo.question.model import Question
from geo.store.contract import PlanSummary
from geo.store.layer_ids import areas_among

_VIEW_PARAMETERS = ("plan", "area", "view", "over", "compare", "shade", "fit", "take", "parishes")
"""Query parameters of the page that are no option of the Question."""


def planner_page(
    snapshot: Snapshot,
    parameters: list[tuple[str, str]],
    *,
    basemap: Basemap,
    gallery: PlanGallery,
) -> Response:
    """Render the page of the plan that the parameters name, else the list of plans.

    A broken Question or an unknown plan gives the list with the reason above it.

    Parameters
    ----------
    parameters
        Of the address.
    basemap
        Drawn under the map of the plan.
    gallery
        Shows each plan of the list at a glance.
    """
    options = folded(parameters)
    view = {name: options.pop(name) for name in _VIEW_PARAMETERS if name in options}
    try:
        question = Question.read(options)
        if view.get("plan"):
            return _plan_page(snapshot, view["plan"], question, basemap)
    except PatchmapError as error:
        return _list_page(snapshot, gallery, error)
    return _list_page(snapshot, gallery)


def _plan_page(snapshot: Snapshot, plan_id: str, question: Question, basemap: Basemap) -> Response:
    plan = next((plan for plan in snapshot.plans() if plan["plan_id"] == plan_id), None)
    if plan is None:
        raise NotFoundError(f"there is no plan {plan_id!r}")
    sites = sites_layer(plan["blocks_layer"])
    layers = [
        {"id": one.layer_id, "title": one.title or one.layer_id, "kind": one.kind}
        for one in snapshot.layers()
        if (one.kind == "areas" and one.layer_id != plan["blocks_layer"]) or one.layer_id == sites
    ]
    tiles, vectors = basemap.tiles, basemap.vectors if has_library() else ()
    sources = sources_script(vectors, None) if vectors else ""
    text = templates.get_template("planner.html").render(
        plan=plan,
        layers=to_json(layers).decode(),
        query=question.query(),
        tiles=tiles,
        basemap=Markup(sources),  # noqa: S704 - JSON that cannot end its element
        basemap_scripts=[own_address(address) for address in BASEMAP_SCRIPTS] if vectors else (),
        user=signature() or user_name(),
        signed=signature(),
        downloads=download_links(plan_id, question),
        question=question,
        bar=bar(snapshot, question),
        measures=[(one.measure_id, one.title) for one in snapshot.measures() if not one.question],
        version=VERSION,
    )
    policy = PAGE_POLICY
    if tiles and tiles.origin:
        policy = policy.replace("img-src 'self'", f"img-src 'self' {tiles.origin}")
    return Response(text, media_type=HTML, headers={"content-security-policy": policy})


def _list_page(
    snapshot: Snapshot, gallery: PlanGallery, error: PatchmapError | None = None
) -> Response:
    layers = {metadata.layer_id: metadata for metadata in areas_among(snapshot.layers())}
    sizes = {layer_id: len(snapshot.layer(layer_id)[1]) for layer_id in layers}
    text = templates.get_template("planner_list.html").render(
        shelves=_shelves(snapshot, gallery),
        plans=snapshot.plans(),
        layers=[
            {"id": layer_id, "title": metadata.title or layer_id, "areas": sizes[layer_id]}
            for layer_id, metadata in layers.items()
        ],
        # Plans are made of small blocks: the layer with most areas is the likeliest.
        finest=max(sizes, key=sizes.__getitem__, default=""),
        default=snapshot.setting("default_layer") or "",
        reason=reason_of(error) if error else "",
        user=signature() or user_name(),
        signed=signature(),
        version=VERSION,
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)


def _shelves(
    snapshot: Snapshot, gallery: PlanGallery
) -> dict[str, list[tuple[PlanSummary, PlanOverview]]]:
    """The plans at a glance by their layer of blocks: only plans on the same can be compared."""
    shelves: dict[str, list[tuple[PlanSummary, PlanOverview]]] = {}
    for plan in snapshot.plans():
        shelves.setdefault(plan["blocks_layer"], []).append((plan, gallery.overview(plan)))
    return shelves
