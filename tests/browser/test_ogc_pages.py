"""The pages of the OGC door, as a person who follows its links sees them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser


def test_a_person_walks_from_the_start_to_one_feature(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/ogc")
    page.get_by_role("navigation").get_by_role("link", name="Collections").click()
    page.get_by_role("link", name="Hotspot cells").click()
    expect(page.locator(".map[data-drawn]")).to_be_visible()
    page.get_by_role("link", name="View the features").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1,000 of 4,106 features")
    expect(page.locator(".map[data-drawn='1000']")).to_be_visible()
    watched.keep("ogc-items")
    page.get_by_role("link", name="Next page", exact=True).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("from number 1,001")
    page.locator("tbody th a").first.click()
    expect(page.locator(".map[data-drawn='1']")).to_be_visible()
    assert watched.hosts() == {urlsplit(address).netloc}
    assert watched.faults == []


@pytest.mark.parametrize(
    "path", ["", "/api", "/conformance", "/collections/wards", "/collections/wards/queryables"]
)
def test_every_document_is_a_page_that_fits_a_phone(
    watched: Watched, address: str, path: str
) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    watched.page.goto(f"{address}/ogc{path}?f=html")
    expect(watched.page.get_by_role("heading", level=2).first).to_be_visible()
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert watched.faults == []
