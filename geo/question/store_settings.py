"""Reads what a Question needs from a store's settings: default layer, harm table, known places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from geo.errors import NotFoundError, QuestionError
from geo.incidents import COVERS_SETTING, LONDON, NOTES_SETTING, Covers, SourceNotes
from geo.question.harm import WEIGHTS_SETTING, HarmTable
from geo.question.model import COUNT, Question
from geo.sources import NOTES
from geo.store.contract import LayerMetadata, Setting, StoreReader
from geo.store.layer_ids import areas_among, find_layer

_VINTAGE: Final = re.compile(r"[-_]?((?:19|20)\d\d)$")

PLACES_SETTING = "known places {}"
"""Name of the setting that stores the ids of ranked places, by their radius."""


def default_layer(store: StoreReader) -> str:
    """The layer of a Question that names none: the setting's, else the first one of areas.

    Of several vintages of that one, such as `wards-2013` and `wards-2025`, it is the newest that
    is in force today.

    Raises
    ------
    QuestionError
        If the store has no layer.
    """
    layer = default_of(store.layers(), store.setting("default_layer"), day=london_day())
    if not layer:
        raise QuestionError("layer", "the store has no layer yet; see 'patchmap layers add'")
    return layer


def default_of(layers: Sequence[LayerMetadata], chosen: Setting, *, day: str) -> str:
    """The default layer of a store as it is on a day.

    Parameters
    ----------
    layers
        All of the store.
    chosen
        Its setting `default_layer`.
    day
        `YYYY-MM-DD`.

    Returns
    -------
    Its id; '' where there is no layer of areas.
    """
    areas = areas_among(layers)
    try:
        return find_layer(areas, str(chosen)).layer_id
    except NotFoundError:
        return _newest(areas, day) if areas else ""


def london_day() -> str:
    """The present day in London, `YYYY-MM-DD`."""
    return f"{pd.Timestamp.now(LONDON):%Y-%m-%d}"


def _newest(layers: Sequence[LayerMetadata], day: str) -> str:
    """The newest vintage of the first layer that is in force on a day."""
    kind = _VINTAGE.sub("", layers[0].layer_id)
    vintages = [one for one in layers if _VINTAGE.sub("", one.layer_id) == kind]
    begun = [one for one in vintages if _begun(one) <= day]
    in_force = [one for one in begun if not one.valid_to or day <= one.valid_to]
    # The first of equals, as without a date nothing says which is newer.
    return max(in_force or begun or vintages[:1], key=_begun).layer_id


def _begun(layer: LayerMetadata) -> str:
    """When a layer came into force: by its metadata, else by the year that its id ends with."""
    year = _VINTAGE.search(layer.layer_id)
    return layer.valid_from or (year[1] if year else "")


def harm_table(store: StoreReader, question: Question) -> HarmTable | None:
    """Read the harm table that a Question weighs by.

    Parameters
    ----------
    store
        Where harm tables are stored.
    question
        Its `weight` is the table's id.

    Returns
    -------
    None where the Question counts.

    Raises
    ------
    QuestionError
        If there is no such table.
    """
    if question.weight == COUNT:
        return None
    setting = store.setting(WEIGHTS_SETTING.format(question.weight))
    if not isinstance(setting, dict):
        raise QuestionError(
            "weight", f"unknown harm table {question.weight!r}; see 'patchmap weights list'"
        )
    return HarmTable.read(setting)


def known_places(store: StoreReader, question: Question) -> pd.DataFrame | None:
    """Read the ranked places with saved ids.

    Parameters
    ----------
    store
        Where they are stored.
    question
        Its radius is theirs.

    Returns
    -------
    `hotspot_id`, `x` and `y` in metres, and `chosen`, the last day of the period by which each was
    chosen, unless an earlier release saved them; None where no id was saved.
    """
    places = store.setting(PLACES_SETTING.format(question.places.radius))
    return pd.DataFrame(places) if isinstance(places, list) else None


def source_notes(store: StoreReader, sources: Iterable[str]) -> dict[str, SourceNotes]:
    """Read licence, caveats and attribution of sources.

    Parameters
    ----------
    store
        Where the notes of mapped sources are stored.
    sources
        Their ids.

    Returns
    -------
    By id: the notes that ship with Patchmap, and those of the store.
    """
    notes = dict(NOTES)
    for source in sources:
        setting = store.setting(NOTES_SETTING.format(source))
        if isinstance(setting, dict):
            notes[source] = SourceNotes.read(setting)
    return notes


def covers_of(store: StoreReader, sources: Iterable[str]) -> dict[str, Covers]:
    """Read what the mappings of partitions say they cover.

    Parameters
    ----------
    store
        Where it is stored; a store of an earlier release has none.
    sources
        Ids of sources.

    Returns
    -------
    By the id of the partition.
    """
    covers: dict[str, Covers] = {}
    for source in sorted(set(sources)):
        setting = store.setting(COVERS_SETTING.format(source))
        if isinstance(setting, dict):
            covers |= {
                name: Covers.read(part) for name, part in setting.items() if isinstance(part, dict)
            }
    return covers
