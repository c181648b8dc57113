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
    # Over the store's basemap, whose tiles and credit come from the service itself.
    expect(page.locator(".map .leaflet-control-attribution")).to_contain_text("synthetic demo city")
    expect(page.locator(".map canvas.leaflet-tile").first).to_be_attached()
    watched.keep("ogc-items")
    page.get_by_role("link", name="Next page", exact=True).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("from number 1,001")
    page.locator("tbody th a").first.click()
    expect(page.locator(".map[data-drawn='1']")).to_be_visible()
    assert watched.hosts() == {urlsplit(address).netloc}
    assert watched.faults == []


@pytest.mark.parametrize(
    "path",
    [
        *("", "/api", "/conformance", "/styles"),
        *("/collections", "/collections/wards", "/collections/wards/queryables"),
    ],
)
def test_every_document_is_a_page_that_fits_a_phone(
    watched: Watched, address: str, path: str
) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    watched.page.goto(f"{address}/ogc{path}?f=html")
    expect(watched.page.get_by_role("heading", level=2).first).to_be_visible()
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert watched.faults == []


def test_a_collection_is_searched_for_by_finger(watched: Watched, address: str) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/ogc/collections?f=html")
    sizes = "[...document.querySelectorAll('a, button, input:not([type=hidden])')]"
    low = page.evaluate(
        f"{sizes}.filter(one => one.matches('main *') && one.offsetHeight < 44).length"
    )
    assert low == 0
    page.get_by_label("Search in ids, titles and descriptions").fill("ranked-hotspots")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("1 of")
    watched.keep("ogc-search")
    page.get_by_role("link", name="Ranked hotspots").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Ranked hotspots")
    assert watched.faults == []


def test_an_address_of_the_guide_is_copied(watched: Watched, address: str) -> None:
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/help/gis")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}/ogc"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.keep("help-gis")
    assert watched.faults == []
