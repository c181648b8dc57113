"""Many look at one board: what is the same for all of them is rendered once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import api.board.page
from api.app import make_app
from api.board.lasting import outdate_boards
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere

QUESTION = "datetime=2024-01/2024-02&layer=wards&cell=200"


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each section has been rendered."""
    counts: Counter[str] = Counter()
    render = api.board.page.render_or_explain

    def counting(name: str, *args: object) -> object:
        counts[name] += 1
        return render(name, *args)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(api.board.page, "render_or_explain", counting)
    return counts


@pytest.fixture
def browser(made_town: Path) -> Iterator[TestClient]:
    with closing(GeoPackageStore(made_town)) as store:
        app = make_app(store, Settings(), searches=SearchesHere())
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            yield client


def test_a_second_look_renders_no_section_again(
    browser: TestClient, rendered: Counter[str]
) -> None:
    first, second = browser.get(f"/?{QUESTION}"), browser.get(f"/?{QUESTION}")
    assert second.text == first.text
    assert rendered["areas"] == 1
    assert set(rendered.values()) == {1}


def test_another_map_or_place_is_another_board(browser: TestClient, rendered: Counter[str]) -> None:
    browser.get(f"/?{QUESTION}")
    other = browser.get(f"/?{QUESTION}&show=density")
    assert "show=density" in other.text
    assert rendered["areas"] == 2


def test_a_refused_option_is_said_to_those_who_gave_it_alone(
    browser: TestClient, rendered: Counter[str]
) -> None:
    refused = browser.get(f"/?{QUESTION}&top=nonsense")
    assert refused.status_code == 400
    assert "nonsense" in refused.text
    assert "nonsense" not in browser.get(f"/?{QUESTION}").text
    assert rendered["areas"] == 2


def test_a_section_that_failed_for_a_reason_that_passes_is_rendered_again(
    browser: TestClient, rendered: Counter[str]
) -> None:
    browser.get(f"/?{QUESTION}")
    outdate_boards()
    browser.get(f"/?{QUESTION}")
    assert rendered["areas"] == 2


def test_two_addresses_of_one_service_get_links_of_their_own(
    browser: TestClient, rendered: Counter[str]
) -> None:
    browser.get(f"/?{QUESTION}")
    other = browser.get(f"http://localhost:8000/?{QUESTION}")
    assert other.status_code == 200
    assert "http://127.0.0.1" not in other.text
    assert rendered["areas"] == 2


def test_a_brief_is_made_once_and_the_same_for_all(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    page = api.board.brief.brief_page
    monkeypatch.setattr(
        api.board.brief,
        "brief_page",
        lambda *args, **options: made.append("") or page(*args, **options),
    )
    first, second = (browser.get(f"/brief.html?{QUESTION}") for _ in range(2))
    assert first.status_code == 200
    assert second.text == first.text
    assert len(made) == 1
