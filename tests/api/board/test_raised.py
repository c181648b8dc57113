"""The board's section of records: there where a source has them, and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.analyses import record_rows
from geo.records.flow import backlog_account
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.geo.stores.made_cases import SLOW, made_cases, put_cases

QUERY = "/?layer=wards-2022&datetime=2026-01/2026-11"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of a store with 2,000 cases."""
    with closing(
        GeoPackageStore(tmp_path_factory.mktemp("raised") / "c.gpkg", create=True)
    ) as store:
        put_cases(store)
        with TestClient(
            make_app(store, Settings(), searches=SearchesHere()),
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50_000),
        ) as made:
            yield made


def section(page: str) -> str:
    """The text of the section."""
    part = page.partition('<section id="raised"')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", part)))


def test_the_board_says_what_was_answered_and_what_is_open(client: TestClient) -> None:
    page = client.get(QUERY).text
    text = section(page)
    cases = made_cases()
    n = len(cases[cases["received"] >= "2026-01-01"])
    open_after = int((cases["closed"].isna()).sum())
    assert f"{n:,} records received" in text
    assert f"Slower than the rest: Ward {SLOW}." in text
    assert f"{open_after:,} records were open on 30 November 2026" in text
    assert f"{n:,} received = " in text
    assert f"= {open_after:,} open after." in text
    assert text.count(" no clear difference ") == 16
    assert 'href="#raised"' in page


def test_both_accounts_are_made_once_for_all_that_says_them(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counting(*args: Any, **kwargs: Any) -> Any:
        made.append(1)
        return backlog_account(*args, **kwargs)

    monkeypatch.setattr(record_rows, "backlog_account", counting)
    assert " received = " in section(client.get("/?layer=wards-2022&datetime=2026-01/2026-10").text)
    assert len(made) == 1


@pytest.mark.parametrize("command", ["response-times", "backlog", "repeat-issues", "enforcement"])
def test_its_links_lead_to_pages_with_both_accounts(client: TestClient, command: str) -> None:
    page = client.get(QUERY).text
    (address,) = re.findall(rf'href="([^"]*/answers/{command}\?[^"]*)"', page)
    text = client.get(html.unescape(address), headers={"accept": "text/html"}).text
    assert " received = " in text
    assert " open after." in text
    assert " records counted" in text


def test_it_is_of_the_areas_and_categories_of_the_board(client: TestClient) -> None:
    text = section(client.get(f"{QUERY}&category=litter&within=W01").text)
    cases = made_cases()
    own = cases[(cases["received"] >= "2026-01-01") & (cases["category"] == "litter")]
    assert f"{len(own):,} records received" in text
    assert "Ward W01" in text
    assert "Ward W02" not in text


def test_the_page_of_an_area_has_a_card_of_it(client: TestClient) -> None:
    page = client.get(f"/areas/wards-2022/{SLOW}?datetime=2026-01/2026-11").text
    text = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))
    assert "Raised and answered January 2026 to November 2026" in text
    assert "against the rest: slower." in text
    assert " are open at the end." in text


def test_a_board_without_records_has_no_such_section(town_client: TestClient) -> None:
    page = town_client.get("/").text
    assert 'id="raised"' not in page
    assert "#raised" not in page
