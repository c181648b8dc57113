"""The board at every width: scrolled from top to bottom, no text lies over another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

SIZES = ((390, 844), (1024, 768), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))
_OVERLAPS = """() => {
    // Each line of text that can be shown, clipped by what scrolls around it, and each map.
    const boxes = [];
    const add = (name, element, rect, node = element) => {
        let [left, top, right, bottom] = [rect.left, rect.top, rect.right, rect.bottom];
        // A closed list of the bar keeps its boxes, but nobody sees them.
        if (!element.checkVisibility({ visibilityProperty: true })) return;
        for (let one = element; one; one = one.parentElement) {
            if (getComputedStyle(one).overflow === "visible") continue;
            const clip = one.getBoundingClientRect();
            left = Math.max(left, clip.left); right = Math.min(right, clip.right);
            top = Math.max(top, clip.top); bottom = Math.min(bottom, clip.bottom);
        }
        if (right - left < 2 || bottom - top < 2) return;
        // What stands outside the window is for screen readers, or further down.
        if (right < 0 || bottom < 0 || top > innerHeight) return;
        boxes.push({ name, node, left, top, right, bottom });
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const words = node.textContent.trim();
        if (!words || node.parentElement.closest("script, style, select, svg")) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const name = words.slice(0, 40);
        for (const rect of range.getClientRects()) add(name, node.parentElement, rect, node);
    }
    for (const map of document.querySelectorAll("iframe, .map")) {
        add("the map", map, map.getBoundingClientRect());
    }
    const bar = ({ node }) =>
        Boolean(node.parentElement.closest("#tools, .leaflet-control-attribution"));
    const most = 3;  // pixels by which the lines of one paragraph may touch
    const found = [];
    boxes.forEach((a, at) => boxes.slice(at + 1).forEach((b) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        // A text that ends in … has a box for the whole and one for what is shown, and a map its
        // own texts. Under bars with a ground of their own things pass, and are not seen.
        const one = a.node.contains(b.node) || b.node.contains(a.node) || bar(a) !== bar(b);
        if (wide > most && high > most && !one) found.push(`${a.name} | ${b.name}`);
    }));
    return found;
}"""


def overlaps_when_scrolled(page: Page) -> dict[int, list[str]]:
    """Pairs of boxes that lie over each other, by how far the page was scrolled."""
    height, shown = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    overlaps = {}
    for top in range(0, height, shown // 2):
        page.evaluate(f"window.scrollTo(0, {top})")
        if pairs := page.evaluate(_OVERLAPS):
            overlaps[top] = pairs
    return overlaps


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_lies_over_another_part_wherever_the_board_is_scrolled(
    watched: Watched, address: str, width: int, height: int
) -> None:
    watched.page.set_viewport_size({"width": width, "height": height})
    watched.page.goto(address)
    watched.wait_for_map()
    assert overlaps_when_scrolled(watched.page) == {}


def test_the_story_of_an_area_and_two_maps_leave_the_rest_free(
    watched: Watched, address: str
) -> None:
    watched.page.goto(f"{address}/?period=latest-3m&compare=year&show=pair&at=D05000017")
    watched.page.locator("#story-title").wait_for()
    watched.page.wait_for_load_state("load")
    assert overlaps_when_scrolled(watched.page) == {}


def test_numbers_and_verdict_of_a_place_have_lines_of_their_own(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}/?from=2025-06&to=2025-08&compare=year&category=anti-social-behaviour")
    page.locator(".place").first.wait_for()
    page.wait_for_load_state("load")
    # The widest words that a card has.
    page.evaluate(
        """() => document.querySelectorAll(".place .facts").forEach((facts) => {
            facts.innerHTML = "<strong>1,104</strong> · average 1,104";
            facts.parentElement.querySelector(".verdict")?.remove();
            facts.insertAdjacentHTML("afterend", "<p class='verdict'>too early to say</p>");
        })"""
    )
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".place :is(h3, .facts, .verdict)")]
            .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""
    )
    over = page.evaluate(
        """() => [...document.querySelectorAll(".place")].flatMap((card) => {
            const parts = [...card.querySelectorAll("h3, .where, .facts, .verdict, .spark")];
            const boxes = parts.map((one) => one.getBoundingClientRect());
            return boxes.filter((a) => boxes.some((b) => a !== b && a.width && b.width
                && a.left < b.right - 1 && b.left < a.right - 1
                && a.top < b.bottom - 1 && b.top < a.bottom - 1));
        })"""
    )
    assert (cut, over) == ([], [])
