"""The published months of Derbyshire give one answer, in whatever order they are imported."""

from dataclasses import replace

import pandas as pd
import pytest

from api.formats.encoding import encode_features, feature_collection, feature_ids
from boundaries.layers.read import read_layer
from geo.analyses.places import ranked
from geo.incidents import Partition
from geo.question.ask import Answer, ask
from geo.question.model import Question
from geo.sources.police_uk import read_police_uk
from geo.store.contract import LayerMetadata
from tests.geo.stores.parts import put, put_layer, undo


@pytest.fixture(scope="module")
def months(real_data, projection) -> list[Partition]:
    """The archive's partitions, each read once for all tests."""
    parts = read_police_uk(real_data / "derby/police-uk-derbyshire.zip", projection)
    parts_read = [(part, list(part.batches())) for part in parts]
    return [replace(part, batches=lambda read=read: iter(read)) for part, read in parts_read]


@pytest.fixture(scope="module")
def wards(real_data, projection):
    path = real_data / "derby/wards-2025.geojson"
    metadata = LayerMetadata("wards", file=path.name)
    return read_layer(path.read_bytes(), metadata, projection=projection).areas


def geojson(answer: Answer, store) -> bytes:
    """All that a collection would send, without the name of the store's state."""
    accounts = answer.accounts.as_dict() | {"data_version": ""}
    frames = (answer.area_counts, answer.hotspots, ranked(answer).frame)
    return b"\n".join(
        feature_collection(
            encode_features(frame, feature_ids(frame), projection=store.projection),
            {"accounts": accounts},
        )
        for frame in frames
    )


def test_one_archive_has_one_answer_however_it_was_imported(new_store, months, wards):
    half = len(months) // 2
    ways = {
        "whole, and once more": [months, months],
        "in halves, the later one first and each backwards": [
            months[: half - 1 : -1],
            months[half - 1 :: -1],
        ],
    }
    answers, encoded = [], []
    for steps in ways.values():
        store = new_store()()
        put_layer(store, wards)
        for step in steps:
            put(store, *step)
        assert store.incident_count() == 74_453
        answers.append(ask(Question.read({"period": "latest-12m"}), store))
        encoded.append(geojson(answers[-1], store))
        store.close()
    for frame in ("area_counts", "hotspots"):
        one, other = (pd.DataFrame(getattr(answer, frame)) for answer in answers)
        pd.testing.assert_frame_equal(one, other)
    assert encoded[0] == encoded[1]


def test_a_month_that_was_replaced_and_taken_back_leaves_the_answer(store, months, wards):
    put_layer(store, wards)
    put(store, *months[-3:])
    question = Question.read({"period": "latest-3m"})
    before = geojson(ask(question, store), store)
    shorter = replace(months[-2], sha256="0" * 64, batches=lambda: iter(first_rows(months[-2])))
    assert put(store, shorter) == ["replaced"]
    assert geojson(ask(question, store), store) != before
    undo(store, store.imports(history=True)[-1].import_id)
    assert geojson(ask(question, store), store) == before


def first_rows(month: Partition):
    """The first batch of a month without its later half."""
    batch = next(iter(month.batches()))
    yield replace(batch, accepted=batch.accepted.head(len(batch.accepted) // 2))
