"""Layers that an earlier release stored under an id that Patchmap now uses itself."""

from __future__ import annotations

import pytest

from geo.analyses import ANALYSES
from geo.errors import InputError, NotFoundError
from geo.question.store_settings import default_layer
from geo.store.contract import LayerMetadata
from geo.store.copying import copy_store
from geo.store.layer_ids import RESERVED_IDS, renaming_notices


def add(store, layer_id, areas, **metadata):
    with store.transaction():
        store.put_layer(LayerMetadata(layer_id, **metadata), areas)


@pytest.fixture
def old_store(store, four_squares, monkeypatch):
    """A store as a release wrote it that knew no collections `posts` and `patches`."""
    with monkeypatch.context() as earlier:
        earlier.setattr("geo.store.layer_ids.RESERVED_IDS", frozenset())
        add(store, "posts", four_squares, title="Posts of 2019")
        add(store, "wards", four_squares)
        add(store, "patches", four_squares)
        add(store, "layer-patches", four_squares.iloc[:1])
    return store


def test_every_collection_of_an_answer_has_a_reserved_id():
    collections = {analysis.collection for analysis in ANALYSES if analysis.collection}
    tasking = {"tasks", "task-outlines", "priorities", "roster"}
    others = {"incidents", "plans", "matched", "measure"} | tasking
    assert collections | others == RESERVED_IDS


def test_a_layer_with_a_reserved_id_is_read_under_another(old_store):
    listed = {metadata.layer_id: metadata.stored_as for metadata in old_store.layers()}
    assert listed == {
        "layer-posts": "posts",
        "wards": "",
        "layer-patches-2": "patches",
        "layer-patches": "",
    }
    metadata, areas = old_store.layer("layer-posts")
    assert (metadata.title, len(areas)) == ("Posts of 2019", 4)
    assert len(old_store.layer("layer-patches")[1]) == 1
    assert len(old_store.layer("layer-patches-2")[1]) == 4


def test_the_notices_name_the_old_id_and_the_new_one(old_store):
    first, second = renaming_notices(old_store.layers())
    assert first.startswith("The layer posts is served as layer-posts: Patchmap now uses the id")
    assert second.startswith("The layer patches is served as layer-patches-2:")


def test_the_old_id_still_finds_the_layer_for_plans_and_settings(old_store):
    assert old_store.layer("posts")[0].layer_id == "layer-posts"
    with old_store.transaction():
        old_store.put_setting("default_layer", "patches")
    assert default_layer(old_store) == "layer-patches-2"


def test_a_layer_with_a_reserved_id_is_replaced_under_its_public_id(old_store, reader):
    metadata, areas = old_store.layer("layer-posts")
    with old_store.transaction():
        old_store.put_layer(metadata, areas.iloc[:2])
    assert len(reader.layer("layer-posts")[1]) == 2
    assert reader.layers()[0].layer_id == "layer-posts"
    assert len(reader.layers()) == 4


def test_the_reserved_id_stays_refused_beside_such_a_layer(old_store, four_squares):
    with pytest.raises(InputError, match="'posts' cannot be a layer's id: Patchmap uses"):
        add(old_store, "posts", four_squares)


def test_a_copy_holds_the_layer_under_its_public_id(old_store, new_store):
    target = new_store()()
    copy_store(old_store, target)
    assert [metadata.stored_as for metadata in target.layers()] == [""] * 4
    assert len(target.layer("layer-posts")[1]) == 4
    assert target.layer("posts")[0].layer_id == "layer-posts"
    target.close()


def test_an_unknown_layer_is_refused_with_the_public_ids(old_store):
    with pytest.raises(NotFoundError, match="'x'; there are: layer-posts, wards, layer-patches-2"):
        old_store.layer("x")


def test_a_layer_called_matched_is_refused_and_an_old_one_is_read(store, four_squares, monkeypatch):
    # `--control matched` chooses untreated places like the treated ones.
    with pytest.raises(InputError, match="'matched' cannot be a layer's id"):
        add(store, "matched", four_squares)
    with monkeypatch.context() as earlier:
        earlier.setattr("geo.store.layer_ids.RESERVED_IDS", frozenset())
        add(store, "matched", four_squares, title="Matched estates")
    assert store.layer("layer-matched")[0].title == "Matched estates"
    assert renaming_notices(store.layers())[0].startswith("The layer matched is served as")
