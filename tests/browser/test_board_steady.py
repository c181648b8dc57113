"""The board where something goes wrong or is left: it stands, and the keyboard goes on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from api.errors import FAILED
from tests.browser.conftest import Watched
from tests.browser.test_board_one_state import OPENED, asked, view_of, wait_until

pytestmark = pytest.mark.browser

REFUSED = f"{OPENED}&hours=25-99&view=a,b,c"


def test_beside_a_refused_option_stories_and_search_still_serve(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + REFUSED)
    watched.wait_for_map()
    page.locator("#cards a.story").first.click()
    expect(page.locator("#story-title")).to_contain_text("Place 1")
    # What is wrong with the address is still said after a reload.
    assert asked(page)["hours"] == "25-99"
    box = page.get_by_role("combobox", name="Find a place")
    box.fill("priory park")
    page.locator("#find-list li").first.wait_for()
    box.press("Enter")
    expect(page.locator("#story-title")).to_contain_text("Priory Park")
    # A view that is none is no view: the next move of the map is noted.
    page.go_back()
    page.go_back()
    page.frames[1].evaluate("document.querySelector('.leaflet-control-zoom-in').click()")
    page.wait_for_url("**view=5**")
    assert [fault for fault in watched.faults if "400 (Bad Request)" not in fault] == []


def test_the_keyboard_moves_the_map_and_goes_on_where_something_closes(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    before = view_of(page)
    page.frame_locator("iframe.map").locator(".leaflet-container").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**view=**")
    assert view_of(page)["lng"] > before["lng"]

    first = page.locator("#cards a.story").first
    first.press("Enter")
    expect(page.locator("#story-title")).to_be_focused()
    page.locator("#story a.close").press("Enter")
    expect(first).to_be_focused()
    page.keyboard.press("p")
    page.locator("#present .now a.leave").press("Enter")
    expect(page.locator(".bar a.present")).to_be_focused()
    # The button that the script has no need of takes no step of the keyboard.
    page.locator("#find-text").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "BUTTON"

    page.locator("#shortcuts").click()
    for key in ("p", "/"):
        page.keyboard.press(key)
    expect(page.locator("#shortcuts")).to_be_focused()
    expect(page.locator("body.presenting")).to_have_count(0)
    page.reload()
    expect(page.locator("#shortcuts")).to_have_attribute("aria-pressed", "false")
    assert watched.faults == []


def test_enter_takes_what_is_typed_and_its_mark_is_part_of_the_address(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    box = page.get_by_role("combobox", name="Find a place")
    box.fill("mill")
    page.locator("#find-list li").first.wait_for()
    # Typed on and sent before the results have followed.
    box.fill("SK 0")
    box.fill("causeway")
    box.press("Enter")
    expect(box).to_have_value("Causeway")
    marks = page.frame_locator("iframe.map").locator(".leaflet-tooltip", has_text="Causeway")
    if "mark" not in asked(page):  # a ranked place of that street came first
        box.fill("causeway")
        page.locator("#find-list li", has_text="street").first.click()
    expect(marks).to_be_visible()
    page.wait_for_timeout(400)  # longer than a search waits for more letters
    expect(page.locator("#find-popup")).to_be_hidden()
    assert asked(page)["mark"].endswith(":Causeway")
    page.reload()
    watched.wait_for_map()
    expect(marks).to_be_visible()
    box.press("Escape")
    expect(marks).to_have_count(0)
    page.go_back()
    expect(marks).to_be_visible()
    assert watched.faults == []


def test_a_page_in_memory_is_asked_for_again_and_a_refusal_can_be_tried_again(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    _turned(page, "Density")
    _turned(page, "Hotspots")

    def failed(route: Route) -> None:
        answer = route.fetch()
        text = answer.text().replace('<h2 id="areas-title">', f'<h2 id="areas-title">{FAILED} ')
        route.fulfill(response=answer, body=text)

    # What the service says now takes the place of what is in memory, and is not kept for good.
    page.route("**/?*show=density", failed)
    _turned(page, "Density")
    expect(page.locator("#areas-title")).to_contain_text(FAILED)
    page.unroute("**/?*show=density")
    _turned(page, "Hotspots")
    _turned(page, "Density")
    expect(page.locator("#areas-title")).not_to_contain_text(FAILED)

    busy = '<!DOCTYPE html><title>Not now</title><main><a href="">Try again</a></main></html>'
    page.route(
        "**/?*show=persistence",
        lambda route: route.fulfill(status=503, content_type="text/html", body=busy),
    )
    page.locator(".modes a", has_text="Persistence").click()
    again = page.get_by_role("link", name="Try again")
    again.wait_for()
    page.unroute("**/?*show=persistence")
    again.click()
    expect(page.locator(".modes a[aria-current]")).to_have_text("Persistence")
    watched.wait_for_map()
    # The box of the new page finds as the one before.
    page.get_by_role("combobox", name="Find a place").fill("priory")
    expect(page.locator("#find-list li").first).to_contain_text("Priory")
    assert [fault for fault in watched.faults if "503" not in fault] == []


def test_a_story_that_fails_can_be_tried_again_and_a_page_brought_back_is_asked_for_again(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    page.route("**/story?*", lambda route: route.abort())
    page.locator("#cards a.story").first.click()
    again = page.locator("#story").get_by_role("button", name="Try again")
    again.wait_for()
    page.unroute("**/story?*")
    again.click()
    expect(page.locator("#story-title")).to_be_focused()
    page.wait_for_load_state("load")
    with page.expect_request(lambda request: request.url.startswith(f"{address}/?")):
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    wait_until(page, lambda: page.locator("main").get_attribute("aria-busy") == "false")
    expect(page.locator("#story-title")).to_be_visible()
    assert [fault for fault in watched.faults if "ERR_FAILED" not in fault] == []


def _turned(page: Page, mode: str) -> None:
    page.locator(".modes a", has_text=mode).click()
    expect(page.locator(".modes a[aria-current]")).to_have_text(mode)
    wait_until(page, lambda: page.locator("main").get_attribute("aria-busy") == "false")


_HELD_BACK = """() => {
    const real = window.fetch;
    window.fetch = async (address, options) => {
        const response = await real(address, options);
        if (!String(address).includes("month=")) return response;
        const text = await response.text(), end = text.indexOf("</iframe>") + "</iframe>".length;
        const bytes = (part) => new TextEncoder().encode(part);
        const body = new ReadableStream({
            async start(stream) {
                stream.enqueue(bytes(text.slice(0, end)));
                await new Promise((done) => (window.sendTheRest = done));
                stream.enqueue(bytes(text.slice(end)));
                stream.close();
            },
        });
        return new Response(body, { headers: { "content-type": "text/html" } });
    };
}"""


def test_a_month_on_its_way_shows_its_finding_and_map_before_the_rest_is_there(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    page.wait_for_load_state("load")
    page.evaluate(_HELD_BACK)
    month = page.locator("#bars nav a").nth(20)
    month.hover()
    page.wait_for_function("() => window.sendTheRest")
    month.click()
    expect(page.locator("#headline")).to_contain_text("in December 2025")
    expect(page.locator("iframe.map")).to_have_attribute("src", re.compile("datetime=2025-12"))
    # Marked at once, so that whoever pressed it sees which month is on its way.
    expect(page.locator("#bars nav .chosen")).to_have_count(1)
    page.evaluate("() => window.sendTheRest()")
    expect(page.locator("#bars nav .chosen")).to_have_count(1)
    pages = [url for url in watched.requests if "month=2025-12" in url and "/map" not in url]
    assert len(pages) == 1
    assert watched.faults == []
