"""What an import would do, tried by the readers that it uses; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import shapely

from api.data.choices import USES, is_published, task_of
from api.data.mapping_form import mapping_text
from api.data.table_form import TABLE_USES
from api.data.table_preview import table_preview
from api.data.text import missing
from api.data.tried import Preview
from api.imports.attributes import joined_layer
from api.imports.feature_layers import fields_text, read_points_or_lines
from api.imports.layers import overlap_lines, read_areas, read_content, replaced_lines
from api.imports.tasks import FiguresTask, IncidentsTask, LayerTask, NamesTask, Task
from api.look.facts import Check, FileFacts, Place
from api.look.look import look_at
from api.look.options import Options
from api.look.tally import place_of
from boundaries.layers.features import layer_kind
from geo.errors import InputError, PatchmapError
from geo.formats.geojson import collection_crs, feature_collection
from geo.output import write_text
from geo.question.ask import default_layer
from geo.sources.suggest import suggest_mapping
from geo.store.contract import StoreReader

MOST_DRAWN: Final = 4_000
"""Areas of which the outlines are drawn; of more, the places of their middles."""

FAR_KM: Final = 20.0
"""From this distance on it is said that a file lies far from the layer of the board."""


def with_mapping(facts: FileFacts, path: Path) -> FileFacts:
    """Facts with a proposed mapping, where a table was not recognised as incidents."""
    if facts.proposal.get("mapping") or is_published(facts) or not facts.fields:
        return facts
    try:
        proposed = suggest_mapping(path)
    except InputError:
        return facts
    return replace(facts, proposal={**facts.proposal, "mapping": proposed})


def preview(
    store: StoreReader,
    facts: FileFacts,
    path: Path,
    values: Mapping[str, str],
    *,
    mapping: Path,
    rejects: Path,
    gazetteer: Path | None = None,
) -> Preview:
    """Try an import.

    Parameters
    ----------
    store
        Which it would change.
    facts, path, values, mapping, rejects, gazetteer
        As `task_of` takes them; the mapping file is written here.
    """
    try:
        if values.get("use") in TABLE_USES:
            return table_preview(store, facts, path, values, rejects=rejects)
        published = is_published(facts)
        if values.get("use") == "incidents" and (unsaid := missing(values, published=published)):
            return Preview(problem=" ".join(unsaid))
        if values.get("use") == "incidents" and not published:
            write_text(mapping, mapping_text(values, facts.proposal.get("mapping", "")))
        task = task_of(facts, path, values, mapping=mapping, rejects=rejects, gazetteer=gazetteer)
        return _tried(store, facts, task, use=values.get("use", ""))
    except PatchmapError as error:
        return Preview(problem=str(error).replace(mapping.name, "your choices"))


def _tried(store: StoreReader, facts: FileFacts, task: Task, *, use: str) -> Preview:
    match task:
        case IncidentsTask():
            return _incidents(store, facts, task)
        case LayerTask():
            return _layer(store, facts, task, use=use)
        case FiguresTask():
            return _figures(store, task)
        case NamesTask():
            return _names(store, task)
    raise AssertionError("no form asks for this task")


def _incidents(store: StoreReader, facts: FileFacts, task: IncidentsTask) -> Preview:
    if task.mapping is not None:
        options = Options(
            layer=task.layer,
            mapping=task.mapping,
            projection=store.projection,
            extracted=task.extracted,
        )
        facts = look_at(task.file, options)
    check = facts.check or Check()
    nothing = check.problem and not check.accepted
    return Preview(
        task=task,
        problem=check.problem if nothing else "",
        check=check,
        place=facts.place,
        dates=facts.dates,
        categories=facts.categories,
        lines=(
            *(() if nothing or not check.problem else (check.problem,)),
            *_far_lines(store, facts.place),
        ),
    )


def _layer(store: StoreReader, facts: FileFacts, task: LayerTask, *, use: str) -> Preview:
    notices: list[str] = []
    content = read_content(task.file, task.how, notify=notices.append)
    kind = layer_kind(content, task.metadata.file)
    if (kind == "areas") != (use == "layer"):
        right = USES["layer" if kind == "areas" else "features"][0]
        raise InputError(f"{task.metadata.file} holds {kind}: choose “{right}”")
    if kind != "areas":
        return _features(store, content, task, notices)
    layer = read_areas(store, content, task.metadata, task.how)
    areas = layer.areas
    named = layer.metadata.name_field
    lines = [
        f"codes from {layer.metadata.code_field}, "
        + (f"names from {named}" if named else "no field of names: codes are shown instead"),
        *replaced_lines(store, task.metadata.layer_id, areas),
        *layer.changes,
        *overlap_lines(areas),
        *_far_lines(store, facts.place),
        *notices,
    ]
    return Preview(
        task=task,
        check=Check(len(areas), len(areas)),
        place=facts.place,
        lines=tuple(lines),
        areas=areas if len(areas) <= MOST_DRAWN else None,
    )


def _features(
    store: StoreReader, content: bytes, task: LayerTask, notices: Sequence[str]
) -> Preview:
    layer, read, _ = read_points_or_lines(store, content, task.metadata, task.how)
    shapes = layer.features.geometry.to_numpy()
    middles = shapely.centroid(shapes)
    place = place_of(
        shapely.get_x(middles),
        shapely.get_y(middles),
        crs=collection_crs(feature_collection(content, task.metadata.file), task.metadata.file),
        projection=store.projection,
        what=layer.metadata.kind,
        outline=shapely.get_coordinates(shapes),
    )
    lines = [
        fields_text(layer.metadata),
        *replaced_lines(store, task.metadata.layer_id, layer.features),
        *layer.notes,
        *_far_lines(store, place),
        *notices,
    ]
    rejected = {reason: len(rows) for reason, rows in layer.rejected.items()}
    return Preview(
        task=task,
        check=Check(read, len(layer.features), rejected),
        place=place,
        lines=tuple(lines),
    )


def _figures(store: StoreReader, task: FiguresTask) -> Preview:
    notices: list[str] = []
    joined = joined_layer(store, task.file, task.how, notify=notices.append)
    rows = joined.own_areas - len(joined.missing) + len(joined.unknown)
    unmatched = len(joined.unknown)
    reasons = {f"no area of {task.how.layer} has this code": unmatched} if unmatched else {}
    return Preview(
        task=task,
        check=Check(rows, rows - unmatched, reasons),
        lines=(*joined.lines, *notices),
        areas=joined.areas if joined.own_areas <= MOST_DRAWN else None,
    )


def _names(store: StoreReader, task: NamesTask) -> Preview:
    """What a file of names is; of millions of rows none is read before they are imported."""
    from boundaries.gazetteer.read import recognise  # noqa: PLC0415 - readers take a moment

    notices: list[str] = []
    source = recognise(
        task.file,
        projection=store.projection,
        layer=task.layer,
        name_field=task.name_field,
        notify=notices.append,
    )
    lines = [
        f"{source.title}, as {source.id}; a source of this id is replaced whole",
        "the names lie beside the store: no backup holds them, and adding them is not undone",
        *notices,
    ]
    return Preview(task=task, lines=tuple(lines))


def _far_lines(store: StoreReader, place: Place | None) -> list[str]:
    """That a file lies far from the layer of the board, which a wrong CRS can be the cause of."""
    if place is None or not store.layers():
        return []
    layer_id = default_layer(store)
    west, south, east, north = store.layer(layer_id)[1].total_bounds
    file_west, file_south, file_east, file_north = place.grid_m
    gap = max(file_west - east, west - file_east, file_south - north, south - file_north, 0) / 1000
    if gap < FAR_KM:
        return []
    line = (
        f"this lies {gap:,.0f} km from {layer_id}, the layer of the board; if that is wrong, check "
        "the columns of the place and the coordinate reference system"
    )
    return [line]
