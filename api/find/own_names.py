"""The names that a store has by itself: areas, premises, streets, and ranked places."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import geopandas as gpd
import pandas as pd

from api.answers import Answers
from api.errors import UNANSWERED
from api.snapshot import Snapshot
from boundaries.gazetteer.index import IndexFacts, fill_index
from boundaries.gazetteer.layer_names import names_of, streets_of
from boundaries.gazetteer.lookup import NameIndex
from boundaries.gazetteer.names import NAME_COLUMNS, NameBatch
from geo.analyses import LAYERS
from geo.question.ask import Question


def own_indexes(answers: Answers, question: Question) -> list[NameIndex]:
    """Indexes of what the store has: built once for each version of the data.

    Parameters
    ----------
    question
        Whose ranked places are found too, by the streets that they are named after.
    """
    indexes = [
        answers.cached("names of layers", lambda snapshot: _index(_layers(snapshot))),
        answers.cached("names of streets", lambda snapshot: _index(_streets(snapshot))),
    ]
    places = _places(answers, question)
    return [*indexes, places] if places else indexes


def _index(batches: Iterator[NameBatch]) -> NameIndex:
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    fill_index(database, IndexFacts("store", "This store"), batches)
    return NameIndex(database)


def _layers(snapshot: Snapshot) -> Iterator[NameBatch]:
    for metadata in snapshot.layers():
        _, frame = snapshot.features(metadata.layer_id)
        named = frame.rename(columns={"area_name": "name"})
        named = named[named["name"].notna() & (named["name"].astype("str") != "")]
        title = metadata.title or metadata.layer_id
        if len(named):
            names = names_of(named, metadata.kind, title=title, layer_id=metadata.layer_id)
            yield NameBatch(len(frame), names)


def _streets(snapshot: Snapshot) -> Iterator[NameBatch]:
    rows = snapshot.incidents(columns=("x", "y", "location"))
    names = streets_of(rows["x"], rows["y"], rows["location"])
    if len(names):
        yield NameBatch(len(rows), names)


def _places(answers: Answers, question: Question) -> NameIndex | None:
    """An index of the ranked places of a Question; None where it has no answer."""
    try:
        _, result = answers.result(LAYERS["ranked-hotspots"], question)
    except UNANSWERED:
        return None
    frame = gpd.GeoDataFrame(result.frame)
    if frame.empty:
        return None
    key = f"names of places?{question.query()}"
    return answers.cached(key, lambda _: _index(iter([_ranked(frame)])))


def _ranked(frame: gpd.GeoDataFrame) -> NameBatch:
    names = pd.DataFrame(
        {
            "name": frame["streets"].astype("str").str.replace("; ", ", ").to_numpy(),
            "also": frame["hotspot_id"].astype("str").to_numpy(),
            "kind": "ranked place",
            "type": [f"number {rank}" for rank in frame["rank"]],
            # After the street that it is named after: there may be several on it.
            "order": 6,
            "place": "",
            "x": frame["x"].to_numpy(float),
            "y": frame["y"].to_numpy(float),
            "half_x": frame["radius_m"].to_numpy(float),
            "half_y": frame["radius_m"].to_numpy(float),
            "ref": frame["hotspot_id"].astype("str").to_numpy(),
        }
    )
    names["name"] = names["name"].where(names["name"] != "", names["also"])
    return NameBatch(len(names), names[list(NAME_COLUMNS)])
