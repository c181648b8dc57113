"""Ids of layers: which are allowed, and the public id of a layer whose own id is now reserved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Final, Literal, get_args

from geo.errors import InputError, NotFoundError
from geo.store.contract import LayerMetadata

AnswerCollection = Literal[
    "area-counts",
    "hotspots",
    "hotspot-outlines",
    "density",
    "ranked-hotspots",
    "changes",
    "expected",
    "unusual",
    "unusual-places",
    "emerging-hotspots",
    "repeat-places",
    "street-counts",
    "posts",
    "patches",
    "patrols",
    "profile",
    "track",
    "spend",
    "officer-hours",
    "response-times",
    "backlog",
    "repeat-issues",
    "enforcement",
]
"""Ids of the answers' collections. An analysis can only name one of these (mypy checks it), so
that stores, which know no analyses, still refuse a layer of the same id."""

INCIDENTS: Final = "incidents"
PLANS: Final = "plans"
PLAN_PREFIX: Final = "plan-"
"""Stands before a plan's id where the plan is used as a layer."""

MATCHED: Final = "matched"
"""Stands for untreated places like the treated ones where a layer of controls could be named."""

MEASURE: Final = "measure"
"""Stands before the id of a measure where a layer and its column could be named."""

TaskingCollectionId = Literal["tasks", "task-outlines", "priorities", "roster"]
"""Ids of the collections of tasking."""

RESERVED_IDS: Final = frozenset(
    {
        *(INCIDENTS, PLANS, MATCHED, MEASURE),
        *get_args(AnswerCollection),
        *get_args(TaskingCollectionId),
    }
)

# The first prefix means plans; tables of the file formats and of the store have the others.
_RESERVED_PREFIXES: Final = (PLAN_PREFIX, "patchmap", "gpkg", "rtree", "sqlite", "idx")


def is_reserved(layer_id: str) -> bool:
    """Whether Patchmap uses an id for something other than a layer."""
    return layer_id in RESERVED_IDS or layer_id.startswith(_RESERVED_PREFIXES)


def check_layer_id(layer_id: str) -> None:
    """Refuse an id that cannot be an address, a table name and a word on the command line.

    Raises
    ------
    InputError
        If the id is not made of small letters, digits, `-` and `_`, or is reserved.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", layer_id):
        raise InputError(
            f"{layer_id!r} cannot be a layer's id: use small letters, digits and '-', such as "
            "wards-2025"
        )
    if is_reserved(layer_id):
        raise InputError(
            f"{layer_id!r} cannot be a layer's id: Patchmap uses that name itself; choose another, "
            f"such as my-{layer_id[:60]}"
        )


def stored_metadata(texts: Iterable[str]) -> list[LayerMetadata]:
    """Read the metadata of all layers of a store, each under its public id.

    A layer that an earlier release stored under an id that is reserved now becomes `layer-ID`,
    with a number after it where that is a layer too; `stored_as` then holds its own id.

    Parameters
    ----------
    texts
        The metadata of each layer as `metadata_text` writes it, in the order of the store.
    """
    layers = [LayerMetadata(**json.loads(text)) for text in texts]
    taken = {metadata.layer_id for metadata in layers}
    return [
        replace(metadata, layer_id=_public_id(own, taken), stored_as=own)
        if is_reserved(own := metadata.layer_id)
        else metadata
        for metadata in layers
    ]


def metadata_text(metadata: LayerMetadata, stored_id: str) -> str:
    """Write a layer's metadata as the JSON that a store holds.

    Parameters
    ----------
    metadata
        The metadata under its public id.
    stored_id
        The id that its table has, which the text names instead.

    Returns
    -------
    The JSON.
    """
    values = asdict(metadata)
    # Earlier releases refuse members that they do not know.
    del values["stored_as"]
    if metadata.kind == "areas":
        del values["geometry_type"]
    return json.dumps(values | {"layer_id": stored_id})


def find_layer(layers: Sequence[LayerMetadata], layer_id: str) -> LayerMetadata:
    """Find a layer by its public id, or by a reserved id that it had in an earlier release.

    Parameters
    ----------
    layers
        The metadata of all layers of a store.
    layer_id
        The id to look for. Plans and settings written by an earlier release name a layer by
        the id that it had then, also in a copy of the store, where it has its public id only.

    Returns
    -------
    The metadata under the public id.

    Raises
    ------
    NotFoundError
        If there is no such layer; names those that there are.
    """
    for same in (
        lambda metadata: metadata.layer_id == layer_id,
        lambda metadata: metadata.stored_as == layer_id,
        lambda metadata: is_reserved(layer_id) and metadata.layer_id == f"layer-{layer_id}",
    ):
        if layer := next(filter(same, layers), None):
            return layer
    known = ", ".join(metadata.layer_id for metadata in layers) or "none yet"
    raise NotFoundError(f"there is no layer {layer_id!r}; there are: {known}")


def areas_among(layers: Iterable[LayerMetadata]) -> list[LayerMetadata]:
    """The layers of areas: those that a Question or a plan can name."""
    return [metadata for metadata in layers if metadata.kind == "areas"]


def check_areas(layers: Iterable[LayerMetadata], metadata: LayerMetadata) -> None:
    """Refuse a layer of points or lines where areas are needed.

    Parameters
    ----------
    layers
        The metadata of all layers of the store, to name those that will do.
    metadata
        The layer that was named.

    Raises
    ------
    InputError
        If it is not a layer of areas.
    """
    if metadata.kind == "areas":
        return
    known = ", ".join(one.layer_id for one in areas_among(layers)) or "none yet"
    raise InputError(
        f"{metadata.layer_id} is a layer of {metadata.kind}: a layer of areas is needed here; "
        f"there are: {known}"
    )


def id_to_store(layers: Sequence[LayerMetadata], layer_id: str) -> str:
    """Return the id of the table that a layer of a public id is written to.

    Parameters
    ----------
    layers
        The metadata of all layers of the store.
    layer_id
        The public id of a layer of the store, or the id of a new one.

    Returns
    -------
    The id of the table.

    Raises
    ------
    InputError
        If it is the id of a new layer and cannot be one.
    """
    for metadata in layers:
        if metadata.layer_id == layer_id and metadata.stored_as:
            return metadata.stored_as
    check_layer_id(layer_id)
    return layer_id


def renaming_notices(layers: Iterable[LayerMetadata]) -> list[str]:
    """Say which layers have another id than the one they were added under, a sentence for each."""
    return [
        f"The layer {metadata.stored_as} is served as {metadata.layer_id}: Patchmap now uses the "
        f"id {metadata.stored_as} itself. Use the new id in commands and links."
        for metadata in layers
        if metadata.stored_as
    ]


def _public_id(own: str, taken: set[str]) -> str:
    public = f"layer-{own}"
    number = 2
    while public in taken:
        public, number = f"layer-{own}-{number}", number + 1
    return public
