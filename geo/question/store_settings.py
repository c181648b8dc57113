"""What a store's settings say to a Question: its default layer, harm tables, known places."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geo.errors import NotFoundError, QuestionError
from geo.incidents import NOTES_SETTING, SourceNotes
from geo.question.harm import WEIGHTS_SETTING, HarmTable
from geo.question.model import COUNT, Question
from geo.sources import NOTES
from geo.store.contract import StoreReader
from geo.store.layer_ids import find_layer

PLACES_SETTING = "known places {}"
"""Under which setting a store keeps the ranked places of one radius whose ids stay."""


def default_layer(store: StoreReader) -> str:
    """The layer that a Question means when it names none: the setting's, else the first.

    Raises
    ------
    QuestionError
        If the store holds no layer.
    """
    chosen = store.setting("default_layer")
    layers = store.layers()
    if not layers:
        raise QuestionError("layer", "the store holds none yet; see 'patchmap layers add'")
    try:
        return find_layer(layers, str(chosen)).layer_id
    except NotFoundError:
        return layers[0].layer_id


def harm_table(store: StoreReader, question: Question) -> HarmTable | None:
    """The harm table that a Question weighs by; none where it counts.

    Raises
    ------
    QuestionError
        If there is no such table.
    """
    if question.weight == COUNT:
        return None
    kept = store.setting(WEIGHTS_SETTING.format(question.weight))
    if not isinstance(kept, dict):
        raise QuestionError(
            "weight", f"there is no harm table {question.weight!r}; see 'patchmap weights list'"
        )
    return HarmTable.read(kept)


def known_places(store: StoreReader, question: Question) -> pd.DataFrame | None:
    """The ranked places of the Question's radius whose ids are kept; none where none are."""
    kept = store.setting(PLACES_SETTING.format(question.places.radius))
    return pd.DataFrame(kept) if isinstance(kept, list) else None


def source_notes(store: StoreReader, sources: Iterable[str]) -> dict[str, SourceNotes]:
    """What to know of each source that the store or this version knows anything of."""
    found = dict(NOTES)
    for source in sources:
        kept = store.setting(NOTES_SETTING.format(source))
        if isinstance(kept, dict):
            found[source] = SourceNotes.read(kept)
    return found
