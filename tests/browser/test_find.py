"""The box over the map: found as one types, by keyboard, and without scripts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from api.pages.assets import STATIC
from tests.browser.conftest import Watched, patient

pytestmark = pytest.mark.browser


def look(page: Page) -> dict[str, str]:
    """What the address says of place and map."""
    query = parse_qs(urlsplit(page.url).query)
    return {name: query[name][0] for name in ("at", "view") if name in query}


def options(page: Page) -> list[str]:
    return page.locator("#find-list b").all_text_contents()


def test_a_place_is_found_while_it_is_typed_and_the_map_moves_there(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address)
    watched.wait_for_map()
    box = page.get_by_role("combobox", name="Find a place")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    # Also the letter that elsewhere begins a presentation.
    box.press_sequentially("priory p")
    expect(page.locator("#find-list li").first).to_contain_text("Priory Park")
    expect(box).to_have_attribute("aria-expanded", "true")
    watched.keep("find-1920")
    box.press("ArrowDown")
    second = page.locator("#find-list li").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(second.get_attribute("id")))
    box.press("ArrowUp")
    # An area opens its story; the map is at it.
    box.press("Enter")
    expect(page.locator("#story-title")).to_contain_text("Priory Park")
    assert look(page)["at"].startswith("D05")
    expect(box).to_have_attribute("aria-expanded", "false")

    # A street has no story: the map marks it, and the address says where the map stands.
    box.fill("causeway")
    street = page.locator("#find-list li", has_text="street").first
    street.click()
    expect(page.locator("#story")).to_be_empty()
    assert look(page).keys() == {"view"}
    mark = page.frame_locator("iframe.map").locator(".leaflet-tooltip", has_text="Causeway")
    expect(mark).to_be_visible()
    watched.keep("find-street-1920")
    box.press("Escape")
    expect(mark).to_have_count(0)
    # The mark is a step of its own.
    page.go_back()
    expect(mark).to_be_visible()
    page.go_back()
    expect(page.locator("#story-title")).to_contain_text("Priory Park")

    # Escape closes the list; what is not known is said with what to do.
    box.fill("DE1 1AA")
    expect(page.locator("#find-note")).to_contain_text("Add Code-Point Open")
    box.press("Escape")
    expect(page.locator("#find-popup")).to_be_hidden()
    assert watched.hosts() == {urlsplit(address).netloc}
    assert watched.faults == []


def test_the_open_list_has_no_serious_fault_in_light_and_dark(
    browser: Browser, address: str
) -> None:
    script = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        context = patient(
            browser.new_context(
                viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
            )
        )
        page = context.new_page()
        page.goto(address)
        page.get_by_role("combobox", name="Find a place").fill("mill")
        page.locator("#find-list li").first.wait_for()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        page.evaluate(script)
        result = page.evaluate("() => axe.run('#find', { resultTypes: ['violations'] })")
        serious = [one for one in result["violations"] if one["impact"] in ("serious", "critical")]
        assert serious == []
        context.close()


def test_without_scripts_the_results_are_a_page(browser: Browser, address: str) -> None:
    context = patient(browser.new_context(java_script_enabled=False))
    page = context.new_page()
    page.goto(f"{address}/?category=burglary")
    page.locator("#find-text").fill("priory park")
    page.locator("#find button").click()
    expect(page.locator(".results li").first).to_contain_text("area")
    page.locator(".results a").first.click()
    query = parse_qs(urlsplit(page.url).query)
    assert query["category"] == ["burglary"]
    assert query["at"][0].startswith("D05")
    expect(page.locator("#story-title")).to_contain_text("Priory Park")
    context.close()
