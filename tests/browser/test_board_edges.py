"""What stands at the edges of the map and of a phone: no name is cut, and the map begins early."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

MARCH = "period=latest-1m&compare=previous"
LONG = "Egerton Park, Sysonby Lodge and Nottingham Road Neighbourhood"

_CUT = """() => {
    const edge = document.querySelector(".folium-map").getBoundingClientRect();
    return [...document.querySelectorAll(".area-label:not(.hidden)")].filter((label) => {
        const { left, right, top, bottom } = label.getBoundingClientRect();
        return left < edge.left || right > edge.right || top < edge.top || bottom > edge.bottom;
    }).map((label) => label.textContent);
}"""
_NEAR = """() => {
    const map = Object.values(window).find((value) => value instanceof L.Map);
    map.setView(map.getCenter(), map.getZoom() + 1.5, { animate: false });
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
_SCALE_TO_EDGE = """() => {
    const [scale, map] = [".leaflet-control-scale", ".folium-map"]
        .map((one) => document.querySelector(one).getBoundingClientRect());
    return map.right - scale.right;
}"""
_RENAME = """(name) => {
    const label = document.querySelector(".area-label");
    const own = label.offsetHeight;
    label.firstElementChild.textContent = name;
    const letters = parseFloat(getComputedStyle(label).fontSize);
    return [label.offsetWidth, letters, own, label.offsetHeight];
}"""
_WRITE_BASEMAP_NAMES = """
// A canvas cannot be read back: the names are noted with their boxes until it is cleared.
window.written = new Map();
const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    window.written.set(this.canvas, []);
    return clearRect.apply(this, box);
};
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { e, f, a, b } = this.getTransform();
    // Names along a line are turned, and are not looked at.
    const wide = this.measureText(text).width * a;
    if (!b) window.written.get(this.canvas)?.push([text, e + a * x, wide]);
    return fillText.apply(this, [text, x, y]);
};
window.namesCut = () => {
    const edge = document.querySelector(".folium-map").getBoundingClientRect();
    const shown = [...window.written].filter(([canvas]) => canvas.isConnected);
    return shown.flatMap(([canvas, names]) => {
        const box = canvas.getBoundingClientRect(), scale = box.width / canvas.width;
        return names.map(([text, x, width]) => [text, box.left + x * scale, width * scale])
            // Tiles beside the map hold names, too: those that reach over its edge are cut.
            .filter(([, x, width]) =>
                [edge.left, edge.right].some((at) => x + 2 < at && at < x + width - 2))
            .map(([text]) => text);
    });
};
"""


def test_no_name_is_cut_by_the_edge_of_the_map(watched: Watched, address: str) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.add_init_script(_WRITE_BASEMAP_NAMES)
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    frame = page.frames[1]
    page.frame_locator("iframe.map").locator("canvas.leaflet-tile-loaded").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(600)  # names are laid out anew once the map stands
    assert frame.evaluate("namesCut()") == []
    assert frame.evaluate(_CUT) == []
    assert frame.evaluate(_SCALE_TO_EDGE) >= 5
    frame.evaluate(_NEAR)
    assert frame.evaluate(_CUT) == []
    width, letters, own, high = frame.evaluate(_RENAME, LONG)
    assert width <= 10.5 * letters
    assert high > 2 * own


def test_on_a_phone_the_modes_are_one_row_and_the_map_begins_on_its_upper_half(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?{MARCH}&show=patrols")
    modes = page.locator(".modes a")
    tops = {modes.nth(number).evaluate("(one) => one.offsetTop") for number in range(modes.count())}
    assert len(tops) == 1
    assert page.locator(".stage").evaluate("(one) => one.getBoundingClientRect().top") < 844 * 0.6
    # The mode that is shown stands in the row, and the keyboard brings the others up.
    expect(page.locator(".modes [aria-current]")).to_be_in_viewport(ratio=0.9)
    for one in (modes.first, modes.last):
        one.focus()
        expect(one).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
