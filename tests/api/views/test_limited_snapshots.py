"""Views of the data are shared, counted as what is cached, and draw maps on what they see."""

import time

from fastapi.testclient import TestClient

from api.answers import Answers
from api.identity.view import DataView
from api.limited import LimitedSnapshots
from geo.store.geopackage import GeoPackageStore
from tests.api.views.conftest import PEOPLE

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
