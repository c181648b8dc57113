"""Decided from the story of a cell, area, ranked place or street: Question and shape are kept."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import shapely
from fastapi.testclient import TestClient

from boundaries.tasking.actions import raise_task
from boundaries.tasking.storage import read_task
from boundaries.tasking.task import Place, TaskTerms
from geo.store.contract import LayerMetadata, Store
from tests.api.conftest import town_streets
from tests.api.tasks.conftest import signed, square
from tests.api.tasks.test_task_pages import text_of

ASKED = "datetime=2024-01/2024-02&category=burglary&layer=wards"


def decide_link(page: TestClient, at: str) -> str:
    """The address to which the story of a place leads."""
    story = page.get(f"/story?{ASKED}&show=density&at={quote(at)}").text
    found = re.search(r'class="decide" href="([^"]+)"', story)
    assert found, text_of(story)
    return found[1].replace("&amp;", "&")


def place_of(page: TestClient, kind: str) -> str:
    """The first place of a kind among the answers to the Question."""
    collection, name, before = {
        "cell": ("hotspots", "cell_id", ""),
        "ranked": ("ranked-hotspots", "hotspot_id", ""),
        "street": ("street-counts", "street_id", "street:"),
    }[kind]
    items = page.get(f"/ogc/collections/{collection}/items?f=json&limit=500&{ASKED}").json()
    rows = [feature["properties"] for feature in items["features"]]
    return before + str(max(rows, key=lambda row: row["n"] or 0)[name])


@pytest.mark.parametrize("kind", ["cell", "area", "ranked", "street"])
def test_a_decision_keeps_its_question_and_its_place_and_leads_back_to_it(
    page: TestClient, own_store: Store, kind: str
) -> None:
    with own_store.transaction():
        own_store.put_layer(*town_streets())
    at = "A" if kind == "area" else place_of(page, kind)
    address = decide_link(page, at)
    form = page.get(address)
    assert form.status_code == 200, text_of(form.text)
    done = page.post(address, data={"title": "Locks", "kind": "educate", "owner": "warden"})
    assert done.status_code == 303, text_of(done.text)
    task = read_task(own_store, "T-0001")
    assert task.question == ASKED
    kinds = {"cell": "cell", "area": "area", "ranked": "hotspot", "street": "polygon"}
    assert task.place.kind == kinds[kind]
    assert task.place.ref == ("wards:A" if kind == "area" else at)
    assert shapely.is_valid(task.place.geometry)
    if kind == "street":
        # The whole street, of four kilometres, and 25 m to each side of it.
        assert task.place.label.startswith("Street ")
        assert task.place.geometry.area == pytest.approx(4_000 * 50, rel=0.02)
    shown = page.get("/tasks/T-0001").text
    board = re.search(r'<dt>Question</dt><dd><a href="([^"]+)"', shown)
    assert board
    assert f"{ASKED}&at=" in board[1].replace("&amp;", "&")
    assert "decided on January 2024 to February 2024; Burglary; layer wards" in text_of(shown)
    story = page.get(board[1].replace("&amp;", "&").replace("/?", "/story?")).text
    assert "T-0001</a> Locks: new" in story


def test_a_street_that_is_not_there_is_refused(page: TestClient, own_store: Store) -> None:
    with own_store.transaction():
        own_store.put_layer(*town_streets())
    data = {"title": "Locks", "kind": "educate"}
    refused = page.post(f"/tasks/new?{ASKED}&at=street:Nowhere", data=data)
    assert refused.status_code == 400
    assert "there is no street" in text_of(refused.text).lower()
    assert own_store.tasks() == []


def test_a_task_of_an_old_layer_says_where_it_lies_today(
    page: TestClient, own_store: Store
) -> None:
    data = {"title": "Locks", "kind": "educate"}
    assert page.post("/tasks/new?area=A@wards", data=data).status_code == 303
    assert (
        "in &lt;b&gt;Abbey&lt;/b&gt; &amp; Co of Wards of the town"
        in page.get("/tasks/T-0001").text
    )
    with own_store.transaction():
        _, areas = own_store.layer("wards")
        new = areas.assign(area_name=["West", "East"]).set_axis(["W", "E"]).rename_axis("area_code")
        own_store.put_layer(LayerMetadata("wards-2025", title="Wards 2025"), new)
        own_store.put_setting("default_layer", "wards-2025")
    html = page.get("/tasks/T-0001").text
    assert "in West of Wards 2025. It was decided on Wards of the town" in text_of(html)
    assert "Locks" in page.get("/tasks?area=W@wards-2025").text
    place = Place("area", "wards-2011:X", "Old ward", square(east=60_000))
    terms = TaskTerms(title="Bins", kind="patrol", level="area", place=place)
    raise_task(own_store, terms, signed=signed())
    text = text_of(page.get("/tasks/T-0002").text)
    assert "in none of the areas of Wards 2025. It was decided on wards-2011, which is not" in text
    assert "Old ward in none of the areas" in text_of(page.get("/tasks").text)
