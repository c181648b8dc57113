"""`/areas`, `/areas/LAYER` and `/areas/LAYER/CODE`: a page for every area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.answers import Answers, SnapshotAnswers
from api.areas.area import Area
from api.areas.decided import SHOWN, decided_in
from api.areas.facts import LayerFacts, layer_facts
from api.areas.layer_measures import layer_measures
from api.areas.layers import layer_table, layers_listed
from api.areas.lead import lead_of
from api.areas.money import left_words
from api.areas.sheets import area_sheets, layer_sheets
from api.areas.sorting import SORT, sorting_of
from api.areas.view import form_variables, measures_of, named_file, options_of, wants_workbook
from api.basemap.cached import cached_reader
from api.basemap.sources import Basemaps, basemaps_of
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.etags import not_modified_or
from api.formats.registry import XLSX
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.area_drawing import AreaDrawing, LayerDrawing, draw_area, draw_layer
from api.pages.measure_text import pounds
from api.pages.tasking_text import day_words
from api.pages.templating import templates
from api.pages.text import period_words
from api.query import only
from api.settings import VERSION, Settings
from api.snapshot import Snapshot
from geo.formats.workbook import Sheet, to_workbook
from geo.question.store_settings import london_day

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/areas")
def layers_page(request: Request, answers: AnswersDep) -> Response:
    """The layers and plans whose areas have pages."""

    def make() -> Response:
        options_of(request)
        text = templates.get_template("areas.html").render(
            layers=layers_listed(answers.snapshot()), version=VERSION
        )
        return Response(text, media_type=HTML)

    return not_modified_or(request, answers, make, media_type=HTML)


@router.get("/areas/{layer_id}")
def layer_page(
    request: Request, answers: AnswersDep, settings: SettingsDep, layer_id: str
) -> Response:
    """All areas of a layer in the order of their names, and its map."""
    basemaps = basemaps_of(request)

    def make() -> Response:
        options = options_of(request, further=(SORT,))
        # The areas' own pages have all measures, and what is known of incidents is one for all.
        options.pop("measures", None)
        facts, chosen = layer_facts(answers, layer_id, options), measures_of(request)
        measures = layer_measures(answers, facts, chosen, every=wants_workbook(request))
        if wants_workbook(request):
            return _workbook(layer_sheets(facts, measures), layer_id)
        sort = request.query_params.get(SORT, "")
        query = facts.question.options() if options else {}
        query |= {"measures": ",".join(chosen)} if chosen else {}
        query.pop("layer", None)
        sorting = sorting_of(facts, measures, sort, query)
        drawn = _drawn_layer(answers, facts, basemaps, settings)
        text = templates.get_template("areas_layer.html").render(
            **_shared(facts),
            **layer_table(facts, sorting),
            drawn=drawn,
            measures=measures,
            chosen_measures=",".join(chosen),
        )
        return Response(text, media_type=HTML)

    key = basemaps.key(settings.tiles)
    return not_modified_or(request, answers, make, media_type=_media_type(request), setting=key)


@router.get("/areas/{layer_id}/{code:path}/charter")
def charter_page(request: Request, answers: AnswersDep, *, layer_id: str, code: str) -> Response:
    """What an area is promised: its priorities, who answers for them, and what is being done."""

    def make() -> Response:
        only(request, ())
        facts = layer_facts(answers, layer_id, {})
        area = Area(facts, code, SnapshotAnswers(answers))
        text = templates.get_template("area_charter.html").render(
            version=VERSION,
            facts=facts,
            area=area,
            decided=decided_in(answers.snapshot(), facts.layer_id, code),
            day=day_words(date.fromisoformat(london_day())),
            day_words=day_words,
        )
        return Response(text, media_type=HTML)

    return not_modified_or(request, answers, make, media_type=HTML, setting=london_day())


@router.get("/areas/{layer_id}/{code:path}")
def area_page(
    request: Request,
    answers: AnswersDep,
    settings: SettingsDep,
    *,
    layer_id: str,
    code: str,
) -> Response:
    """One area: its map, how it fares, its incidents, its surroundings."""
    basemaps = basemaps_of(request)

    def make() -> Response:
        facts = layer_facts(answers, layer_id, options_of(request))
        area = Area(facts, code, SnapshotAnswers(answers))
        if wants_workbook(request):
            return _workbook(area_sheets(area), f"{layer_id} {area.name}")
        text = templates.get_template("area.html").render(
            **_shared(area.facts),
            area=area,
            incidents=area.incidents,
            fares=area.fares.rows,
            no_fares=area.fares.reason,
            fare_caveats=area.fares.caveats,
            lead=lead_of(area),
            pounds=pounds,
            left_words=left_words,
            drawn=_drawn_area(answers, area, basemaps, settings),
            decided=decided_in(answers.snapshot(), facts.layer_id, code),
            decided_shown=SHOWN,
        )
        return Response(text, media_type=HTML)

    key = f"{basemaps.key(settings.tiles)} {london_day()}"
    return not_modified_or(request, answers, make, media_type=_media_type(request), setting=key)


def _media_type(request: Request) -> str:
    return XLSX.media_type if request.query_params.get("f") == "xlsx" else HTML


def _shared(facts: LayerFacts) -> dict[str, object]:
    """The variables of the pages of a layer and of its areas."""
    answer = facts.answer
    return {
        "facts": facts,
        "layer": facts.layer,
        "question": facts.question,
        "answer": answer,
        "accounts": answer.accounts if answer else None,
        "period": period_words(answer) if answer else "",
        "trend": facts.trend,
        "form": form_variables(facts),
        "version": VERSION,
    }


def _drawn_area(
    answers: Answers, area: Area, basemaps: Basemaps, settings: Settings
) -> AreaDrawing:
    """The map of an area, drawn once for each version of the data."""
    own = area.facts

    def draw(_: Snapshot) -> AreaDrawing:
        # Read inside: what is drawn is as old as what it was made of.
        facts = layer_facts(answers, own.layer_id, own.options)
        return draw_area(
            facts.areas,
            area.row.index[0],
            hotspots=facts.hotspots,
            places=facts.places,
            read_basemap=cached_reader(answers, basemaps, settings.tiles),
        )

    return answers.cached(f"map of {area.code!r} {_key(own, basemaps, settings)}", draw)


def _drawn_layer(
    answers: Answers, own: LayerFacts, basemaps: Basemaps, settings: Settings
) -> LayerDrawing | None:
    """The map of a layer, drawn once for each version of the data."""

    def draw(_: Snapshot) -> LayerDrawing | None:
        facts = layer_facts(answers, own.layer_id, own.options)
        return draw_layer(
            facts.areas,
            hotspots=facts.hotspots,
            read_basemap=cached_reader(answers, basemaps, settings.tiles),
        )

    return answers.cached(f"map of all {_key(own, basemaps, settings)}", draw)


def _key(facts: LayerFacts, basemaps: Basemaps, settings: Settings) -> str:
    query = urlencode(sorted(facts.options.items()))
    return f"{facts.layer_id!r}?{query} {basemaps.key(settings.tiles)}"


def _workbook(sheets: Sequence[Sheet], name: str) -> Response:
    """Tables as a file to save."""
    return Response(
        to_workbook(sheets),
        media_type=XLSX.media_type,
        headers=XLSX.attachment(named_file(name)),
    )
