"""Names from a user's file mean nothing but themselves, wherever they are shown."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.maps.answer_map import draw
from api.maps.parts import inert
from api.settings import Settings
from geo.question.ask import Question, ask
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

# branca reads every script as a Jinja template once more: the first two would run here.
# What they would leave is too long to stand in a page, or in a random id, by chance.
HOSTILE = [
    "{{ cycler.__init__.__globals__.os.getenv('PATCHMAP_TEST_SECRET') }}",
    "{% endraw %}{{ 7654321 * 1234567 }}{% raw %}",
    "${document.title = 1337}",
    "O`Brien ward",
    "\\x3cimg src=x onerror=alert(1)\\x3e",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "{# hidden #}",
]


@pytest.fixture(params=HOSTILE)
def named(request: pytest.FixtureRequest, store: GeoPackageStore) -> tuple[str, GeoPackageStore]:
    """The town with its first ward called something hostile."""
    wards = two_wards()
    wards["area_name"] = [request.param, "Brook"]
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
    return request.param, store


@pytest.mark.parametrize("standalone", [True, False])
def test_a_name_stays_text_in_the_map(
    named: tuple[str, GeoPackageStore], standalone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHMAP_TEST_SECRET", "read-from-the-environment")
    name, store = named
    answer = ask(Question.read({"layer": "wards"}), store)
    page = draw(answer, projection=store.projection, standalone=standalone).html
    assert name not in page
    # In scripts the ampersand of `&#123;` stands as an escape of JSON.
    assert inert(name).replace("&", "\\u0026") in page
    assert "read-from-the-environment" not in page
    assert str(7654321 * 1234567) not in page


@pytest.mark.parametrize("code", [text.replace(",", "") for text in HOSTILE])
def test_a_code_stays_text_in_the_map(
    code: str, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHMAP_TEST_SECRET", "read-from-the-environment")
    wards = two_wards().rename(index={"A": code})
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
    page = draw(ask(Question.read({"layer": "wards"}), store), projection=store.projection).html
    assert "read-from-the-environment" not in page
    assert str(7654321 * 1234567) not in page
    # Scripts read the very code.
    texts = re.findall(r'"at":("(?:[^"\\]|\\.)*")', page)
    assert code in {json.loads(text) for text in texts}


def test_a_map_file_allows_only_its_own_scripts(store: GeoPackageStore) -> None:
    answer = ask(Question.read({"layer": "wards"}), store)
    page = draw(answer, projection=store.projection, standalone=True)
    script = page.policy.partition("script-src ")[2].partition(";")[0]
    assert "unsafe-inline" not in script
    assert script.count("sha256-") == page.html.count("<script>")


def test_property_names_of_a_layer_do_not_become_feature_ids(
    store: GeoPackageStore,
) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("odd"), two_wards().assign(cell_id=[None, None], month="x"))
    client = TestClient(make_app(store, Settings()), base_url="http://127.0.0.1")
    features = client.get("/ogc/collections/odd/items").json()["features"]
    assert [feature["id"] for feature in features] == ["A", "B"]
