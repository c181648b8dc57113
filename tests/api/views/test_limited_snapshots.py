"""Views of the data are shared, counted as what is cached, and draw maps on what they see."""

import time

from fastapi.testclient import TestClient

from api.answers import Answers
from api.identity.view import DataView
from api.limited import LimitedSnapshots
from geo.question.ask import Question
from geo.question.layer_index import LayerIndexes
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SIDE, WEST
from tests.api.views.conftest import PEOPLE
from tests.geo.stores.lives import extract, record

OFFICER = DataView.of(PEOPLE["ann"])


def test_equal_views_of_one_state_are_one(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    views, whole = LimitedSnapshots(), Answers(store).snapshot()
    first = views.of(whole, OFFICER)
    assert views.of(whole, DataView.of(PEOPLE["olu"])) is first
    assert views.of(whole, DataView.of(PEOPLE["vera"])) is not first
    assert views.of(Answers(store).snapshot(), OFFICER) is not first


def test_their_copies_count_and_the_oldest_can_be_dropped(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    views, whole = LimitedSnapshots(), Answers(store).snapshot()
    first = views.of(whole, OFFICER)
    first.features("wards")
    ((used, name, copies),) = views.entries()
    assert used <= time.monotonic()
    assert copies == first.copies() != []
    views.drop(name)
    assert views.entries() == []
    assert views.of(whole, OFFICER) is not first


def test_an_officer_sees_maps_where_nothing_of_the_layer_below_them_is_theirs(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    client, store = writable
    metadata, wards = store.layer("wards")
    county = wards.dissolve().set_axis(["county"]).rename_axis("area_code")
    with store.transaction():
        store.put_layer(type(metadata)("county", title="County"), county.assign(area_name="All"))
        store.put_setting("ground", "county")
    shown = client.get("/map?period=latest-1m&layer=wards", headers={"x-as": "ann"})
    assert shown.status_code == 200


def test_an_officer_sees_the_records_of_their_own_areas(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    _, store = writable
    stated = {"stated_layer": "wards"}
    records = [
        record("own", WEST + 400.0, service="Streets"),
        record("canary", WEST + SIDE + 700.0),
        record("own-placeless", None, **stated, stated_area="arboretum"),
        record("canary-placeless", None, **stated, stated_area="QB02"),
        record("nowhere", None, stated_layer="wards-1999", stated_area="X"),
    ]
    with store.transaction():
        store.put_partition(extract(records))
    whole = Answers(store).snapshot()
    seen = LimitedSnapshots().of(whole, OFFICER)
    own = ["council:own", "council:own-placeless"]
    assert seen.records().index.tolist() == own
    assert (whole.placeless_count(), seen.placeless_count()) == (3, 1)
    question = Question.read({"layer": "wards", "source": "council", "kind": "request"})
    for one, shown in ((whole, 4), (seen, 2)):
        answer = one.answered(one.narrowed(question), history=False, indexes=LayerIndexes())
        assert (answer.n_shown, answer.accounts.counted) == (shown, 4)
        assert answer.accounts.without_place_outside == 1
    # What is judged is one for all readers; the other area has neither a name nor its code.
    lives = answer.lives
    assert lives.loc[own, "area_code"].tolist() == ["QA01", "QA01"]
    assert len(lives) == 4
    assert "QB02" not in set(lives["area_code"]) | set(lives["stated_area"])
    assert "Canary Wharf" not in set(lives["area_name"])
