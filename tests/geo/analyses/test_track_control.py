"""A track is held against the areas that lie in a layer, as against the same areas by code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.analyses import ANALYSES
from geo.errors import QuestionError
from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore

TRACK = next(one for one in ANALYSES if one.command == "track")


@pytest.fixture(scope="module")
def store(demo_store: Path) -> Iterator[GeoPackageStore]:
    with closing(GeoPackageStore(demo_store)) as opened:
        yield opened


def since(store: GeoPackageStore, control: str, layer: str = "blocks") -> pd.DataFrame:
    texts = {"layer": layer, "datetime": "2025-10/2026-03", "since": "2025-10"}
    question = Question.read({**texts, "measures": "incidents", "control": control})
    answer = ask(question, store, history=TRACK.history)
    return TRACK.compute(answer).tables["since"]


def test_a_layer_is_the_control_that_its_areas_are(store: GeoPackageStore) -> None:
    blocks, estates = (store.layer(name)[1] for name in ("blocks", "estates"))
    pieces = gpd.overlay(
        blocks[["geometry"]].reset_index(), estates[["geometry"]], keep_geom_type=False
    )
    share = pieces.area.groupby(pieces["area_code"]).sum() / blocks.area
    inside = share[share > 0.5].index
    assert 5 < len(inside) < len(blocks)
    table = since(store, "estates")
    pd.testing.assert_frame_equal(table, since(store, ",".join(inside)))
    control = table[table["why"] == "is part of the control"]
    assert sorted(control["area_code"]) == sorted(inside)


def test_a_layer_in_which_no_area_lies_is_no_control(store: GeoPackageStore) -> None:
    with pytest.raises(QuestionError, match="no area lies in the layer of the control"):
        since(store, "estates", layer="wards")
