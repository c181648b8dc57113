"""The collections: layers, answers and incidents, with their metadata and their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from api.answers import Answers
from api.formats.encoding import feature_ids
from api.ogc.collection_links import collection_links, layer_metadata
from api.ogc.coordinates import offered
from api.ogc.incident_items import every_incident, no_incidents, times_of
from api.ogc.items import Items
from api.ogc.plan_items import PLANS, PLANS_TOLD, plan_items
from api.ogc.properties import Property, properties_of_answer
from api.settings import VERSION
from api.snapshot import Snapshot
from boundaries.plans.plan_layers import plan_of
from geo.analyses import LAYERS, AnalysisResult
from geo.errors import InputError, NotFoundError, QuestionError
from geo.period import Period
from geo.question.ask import Answer, Question, default_layer
from geo.question.model import OPTIONS
from geo.question.store_settings import source_notes

INCIDENTS = "incidents"

_QUESTION_NAMES = frozenset({option.name for option in OPTIONS} | {"from", "to"})
_ASSUMED: Mapping[str, Mapping[str, str]] = {
    "changes": {"compare": "previous"},
    "patches": {"groups": "2"},
}
"""What a collection's Question means where it does not say; clients open it without a word."""

_SAID_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "patches": ("groups", "size", "members"),
    "posts": ("posts", "money"),
}
"""Options of which any one says enough."""


_TOLD: Mapping[str, str] = {
    "changes": "Compared with the period before, where the Question does not say.",
    "patches": "Two patches, where the Question does not say.",
    "posts": "As many posts as areas, where the Question does not say.",
}


def collection_ids(snapshot: Snapshot, *, local: bool) -> list[str]:
    """Every collection: layers, plans, answers and, for who may see them, incidents."""
    layers = [metadata.layer_id for metadata in snapshot.choices()]
    return [*layers, PLANS, *LAYERS, *([INCIDENTS] if local else [])]


def check_collection(snapshot: Snapshot, collection_id: str, *, local: bool = False) -> None:
    """Refuse a collection that is not there.

    Raises
    ------
    NotFoundError
        With the collections there are.
    """
    names = collection_ids(snapshot, local=local)
    if collection_id not in names:
        raise NotFoundError(
            f"there is no collection {collection_id!r}; there are: {', '.join(names)}"
        )


def items_of(answers: Answers, collection_id: str, query: Mapping[str, str]) -> Items:
    """The features of a collection; those of an answer for the Question in the parameters.

    Raises
    ------
    QuestionError
        If the parameters are no Question that the data can answer.
    """
    if collection_id == INCIDENTS:
        return answers.cached(INCIDENTS, every_incident)
    if collection_id == PLANS:
        return answers.cached(PLANS, plan_items)
    if collection_id not in LAYERS:
        return answers.cached(collection_id, lambda snapshot: _layer_items(snapshot, collection_id))
    question, analysis = question_of(answers, collection_id, query), LAYERS[collection_id]
    return answers.cached(
        f"{collection_id}?{question.query()}",
        lambda snapshot: _answer_items(snapshot, *answers.result(analysis, question)),
    )


def question_of(answers: Answers, collection_id: str, query: Mapping[str, str]) -> Question:
    """The Question that the parameters of a collection ask.

    Raises
    ------
    QuestionError
        If they are none.
    """
    given = {name: text for name, text in query.items() if name in _QUESTION_NAMES and text}
    if not given.keys() & set(_SAID_INSTEAD.get(collection_id, ())):
        given = {**_assumed(answers, collection_id, given), **given}
    return Question.read(given)


def _assumed(answers: Answers, collection_id: str, given: Mapping[str, str]) -> Mapping[str, str]:
    if collection_id != "posts":
        return _ASSUMED.get(collection_id, {})
    snapshot = answers.snapshot()
    areas = snapshot.areas_or_none(given.get("layer") or default_layer(snapshot))
    # One post for each area; an unknown layer is refused where the Question is asked.
    return {} if areas is None else {"posts": str(len(areas))}


def _layer_items(snapshot: Snapshot, layer_id: str) -> Items:
    plan_id = plan_of(layer_id)
    # A plan without any area has no features, and is no error.
    areas = snapshot.plan_areas(plan_id) if plan_id else snapshot.layer(layer_id)[1]
    codes = [str(code) for code in areas.index]
    return Items.of_frame(areas.reset_index(), codes, projection=snapshot.projection)


def _answer_items(snapshot: Snapshot, answer: Answer, found: AnalysisResult) -> Items:
    frame = gpd.GeoDataFrame(found.frame)
    return Items.of_frame(
        frame,
        feature_ids(frame),
        projection=snapshot.projection,
        members=members_of(answer, found),
    )


def members_of(answer: Answer, found: AnalysisResult) -> dict[str, object]:
    """What every JSON answer says of itself beside its rows."""
    accounts = answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
    return {"accounts": accounts, **found.as_dict()}


def properties_of(answers: Answers, collection_id: str) -> list[Property]:
    """The properties that a collection's features can have."""
    if collection_id == INCIDENTS:
        return no_incidents(answers.snapshot().projection).properties
    told = properties_of_answer(collection_id) if collection_id in LAYERS else []
    if told:
        return told
    try:
        return items_of(answers, collection_id, {}).properties
    except (InputError, QuestionError):
        # An answer whose Question must say something has none to tell beforehand, nor has a
        # plan whose blocks are no longer those of its layer.
        return []


def described(answers: Answers, collection_id: str, *, root: str) -> dict[str, Any]:
    """The description of one collection, as the standard asks for it."""
    snapshot = answers.snapshot()
    metadata = {metadata.layer_id: metadata for metadata in snapshot.choices()}
    published = [each.layer_id for each in snapshot.layers()]
    if collection_id == INCIDENTS:
        about: dict[str, Any] = {
            "title": "Incidents",
            "description": "Every accepted incident; served to callers on this machine only.",
        } | _sources(snapshot)
        layers = published
    elif collection_id == PLANS:
        about = {"title": "Plans", "description": PLANS_TOLD}
        layers = sorted({told["blocks_layer"] for told in snapshot.plans()}) or published
    elif collection_id in LAYERS:
        kind = LAYERS[collection_id]
        assumed = _TOLD.get(collection_id, "")
        description = f"{kind.description} {assumed}".strip()
        about = {"title": kind.title, "description": description} | _sources(snapshot)
        layers = published
    else:
        about = layer_metadata(metadata[collection_id])
        layers = [_ground_of(snapshot, collection_id)]
    systems = offered(snapshot.projection)
    timed = collection_id == INCIDENTS or collection_id in LAYERS
    return {
        "id": collection_id,
        **about,
        "itemType": "feature",
        "crs": list(systems),
        "storageCrs": next(uri for uri, axes in systems.items() if not axes.in_degrees),
        "extent": _extent(snapshot, layers, times_of(snapshot) if timed else None),
        "links": collection_links(
            f"{root}/collections/{collection_id}",
            root=root,
            about=about,
            layer=_related(snapshot) if collection_id in LAYERS else "",
        ),
    }


def _ground_of(snapshot: Snapshot, layer_id: str) -> str:
    """The layer that says where another lies: a plan lies on its blocks."""
    grounds = {told["plan_id"]: str(told["blocks_layer"]) for told in snapshot.plans()}
    return grounds.get(plan_of(layer_id), layer_id)


def _related(snapshot: Snapshot) -> str:
    return default_layer(snapshot) if snapshot.layers() else ""


def _sources(snapshot: Snapshot) -> dict[str, Any]:
    """Who published the incidents, on which terms, and what to keep in mind."""
    names = {record.source for record in snapshot.imports()}
    notes = [note for name, note in source_notes(snapshot, names).items() if name in names]
    told = {
        "attribution": "; ".join(dict.fromkeys(note.attribution for note in notes)),
        "license": "; ".join(dict.fromkeys(note.licence for note in notes)),
        "caveats": [caveat for note in notes for caveat in note.caveats],
    }
    return {name: value for name, value in told.items() if value}


def _extent(snapshot: Snapshot, layers: Sequence[str], times: Period | None) -> dict[str, Any]:
    extent: dict[str, Any] = {}
    boxes = [snapshot.layer(name)[1].total_bounds for name in layers]
    if boxes:
        extent["spatial"] = {
            "bbox": [_degrees(np.array(boxes), snapshot)],
            "crs": next(iter(offered(snapshot.projection))),
        }
    if times:
        moments = [f"{times.first}T00:00:00Z", f"{times.last}T23:59:59Z"]
        extent["temporal"] = {"interval": [moments]}
    return extent


def _degrees(boxes: NDArray[np.float64], snapshot: Snapshot) -> list[float]:
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    lon, lat = snapshot.projection.to_lonlat([west, east, west, east], [south, south, north, north])
    return [round(float(value), 6) for value in (lon.min(), lat.min(), lon.max(), lat.max())]
