"""How the board looks: one style of numbers, text that is read from five metres, light paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watched, patient

pytestmark = pytest.mark.browser

MARCH = "period=latest-1m&compare=previous"
READ_FROM_FIVE_METRES_PX = 24
"""On a screen of 1,080 pixels; on one of 2,160 twice as many."""

LEAST_ON_A_LOW_SCREEN_PX = 19

SQUARE_PX = 8
"""What the corners of a square number are rounded by at most."""

_SIZES = """() => Object.fromEntries([".place-number:not(.dot)", ".area-label", ".legend li"].map(
    (one) => [one, parseFloat(getComputedStyle(document.querySelector(one)).fontSize)]
))"""
_SHAPE = """(disc) => {
    const { width, height } = disc.getBoundingClientRect();
    const { backgroundColor } = getComputedStyle(disc);
    return [disc.textContent.trim(), Math.abs(width - height) < 2, backgroundColor];
}"""
# What is written on a canvas cannot be read back: sizes are noted until the canvas is cleared.
_NOTE_SIZES = """
const sizes = new Map();
const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    sizes.set(this.canvas, []);
    return clearRect.apply(this, box);
};
CanvasRenderingContext2D.prototype.fillText = function (...text) {
    const size = parseFloat(/([\\d.]+)px/.exec(this.font)[1]);
    const { a, b } = this.getTransform();  // names of streets are turned
    sizes.get(this.canvas)?.push(size * Math.hypot(a, b) / this.canvas.width);
    return fillText.apply(this, text);
};
window.namesSmallerThan = (least) => [...sizes].filter(([canvas]) => canvas.isConnected)
    .flatMap(([canvas, own]) => own.map((size) => size * canvas.getBoundingClientRect().width))
    .filter((size) => size < least);
"""
_PARTED = """() => {
    const parts = ".legend, .leaflet-control-scale, .leaflet-control-attribution";
    const boxes = [...document.querySelectorAll(parts)].map((one) => one.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left ||
        a.bottom <= b.top || b.bottom <= a.top;
    return boxes.length === 3 && boxes.every((a) => boxes.every((b) => a === b || apart(a, b)));
}"""
_NAMES_COVERED = """() => {
    const boxOf = (one) => one.getBoundingClientRect();
    const covers = [...document.querySelectorAll(".legend, .leaflet-control")].map(boxOf);
    return [...document.querySelectorAll(".area-label:not(.hidden)")].filter((label) => {
        const { left, top, right, bottom } = boxOf(label);
        return covers.some((one) => one.left < right && left < one.right &&
            one.top < bottom && top < one.bottom);
    }).map((label) => label.textContent);
}"""
_CONTRAST_OF_NOW = """(spark) => {
    const light = (one) => {
        const parts = getComputedStyle(one).fill.match(/[\\d.]+/g).slice(0, 3);
        const [r, g, b] = parts.map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [dark, bright] = ["rect.now", "rect:not(.now)"]
        .map((one) => light(spark.querySelector(one))).sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}"""
_LINES = "(one) => new Set([...one.getClientRects()].map(({ top }) => Math.round(top))).size"


def text_sizes(page: Page) -> dict[str, float]:
    """The heights of the letters on the map, in pixels."""
    page.wait_for_timeout(300)  # the map has followed its frame
    sizes: dict[str, float] = page.frames[1].evaluate(_SIZES)
    return sizes


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_the_map_of_a_presentation_is_read_from_five_metres(
    watched: Watched, address: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?{MARCH}&present=1")
    watched.wait_for_map()
    scale = height / 1080
    presented = text_sizes(page)
    watched.keep(f"present-{width}")
    assert min(presented.values()) >= READ_FROM_FIVE_METRES_PX * scale, presented
    page.keyboard.press("Escape")
    expect(page.locator("body.presenting")).to_have_count(0)
    board = text_sizes(page)
    assert all(15 * scale <= size < presented[one] for one, size in board.items()), board
    assert watched.faults == []


def test_the_map_of_a_presentation_is_read_on_a_low_screen_and_on_a_phone_too(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?{MARCH}&present=1")
    watched.wait_for_map()
    watched.keep("present-phone")
    assert page.frames[1].evaluate(_NAMES_COVERED) == []
    assert parted(page) == [True]
    buttons, legend = (
        page.frame_locator("iframe.map").locator(part).bounding_box()
        for part in (".leaflet-control-zoom", ".legend")
    )
    assert buttons
    assert legend
    assert buttons["y"] + buttons["height"] <= legend["y"]
    page.set_viewport_size({"width": 1280, "height": 720})
    page.add_init_script(_NOTE_SIZES)
    page.goto(f"{address}/?{MARCH}&present=1")
    watched.wait_for_map()
    page.frame_locator("iframe.map").locator("canvas.leaflet-tile-loaded").first.wait_for()
    sizes = text_sizes(page)
    page.wait_for_load_state("networkidle")
    assert page.frames[1].evaluate(f"namesSmallerThan({LEAST_ON_A_LOW_SCREEN_PX - 0.5})") == []
    assert min(sizes.values()) >= LEAST_ON_A_LOW_SCREEN_PX, sizes
    assert parted(page) == [True]


def test_the_last_month_stands_out_in_forced_colours_too(browser: Browser, address: str) -> None:
    context = patient(browser.new_context(forced_colors="active"))
    page = context.new_page()
    page.goto(f"{address}/?{MARCH}&present=2")
    spark = page.locator("#present .now .spark")
    assert spark.evaluate(_CONTRAST_OF_NOW) > 3
    context.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768), (1280, 720), (1920, 1080)])
def test_before_and_after_are_covered_by_nothing(
    watched: Watched, address: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?{MARCH}&show=pair")
    for number in range(2):
        page.frame_locator("iframe.map").nth(number).locator(".legend").wait_for()
    page.wait_for_timeout(300)
    watched.keep(f"pair-{width}")
    field, *maps = page.evaluate(
        """() => [...document.querySelectorAll("#find, iframe.map")].map((one) => {
            const { left, top, right, bottom } = one.getBoundingClientRect();
            return { left, top, right, bottom };
        }).sort((a, b) => a.top - b.top)"""
    )
    assert field["bottom"] <= min(one["top"] for one in maps)
    assert parted(page) == [True, True]
    for frame in page.frames[1:]:
        assert frame.evaluate(_NAMES_COVERED) == []


def test_the_scale_of_a_map_that_was_moved_follows_the_size_of_its_letters(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    frame = page.frames[1]
    frame.evaluate(
        """() => {
            const map = Object.values(window).find((value) => value instanceof L.Map);
            map.setZoom(map.getZoom() + 1, { animate: false });
        }"""
    )
    page.evaluate("document.documentElement.style.fontSize = '44px'")
    cut = frame.evaluate(
        """() => {
            window.dispatchEvent(new CustomEvent("patchmap:fit"));
            const lines = [...document.querySelectorAll(".leaflet-control-scale-line")];
            return lines.map((one) => one.scrollWidth > one.clientWidth + 1);
        }"""
    )
    assert cut == [False, False]


def parted(page: Page) -> list[bool]:
    """Whether on each map the legend, the scale and the credit are apart from one another."""
    return [bool(frame.evaluate(_PARTED)) for frame in page.frames[1:]]


def test_a_place_has_one_number_of_one_style_everywhere(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    page.wait_for_load_state("load")
    for table in ("#hotspots", "#ranked", "#streets"):
        page.locator(f"{table} details.dense summary").click()
    frame = page.frame_locator("iframe.map")
    numbers = frame.locator(".place-number:not(.dot)")
    first = [
        one.evaluate(_SHAPE)
        for one in (
            numbers.last,
            page.locator("#cards .rank").first,
            page.locator("#ranked .rank").first,
            page.locator("#hotspots .rank").first,
        )
    ]
    assert first == [["1", True, "rgb(17, 17, 17)"]] * 4
    # A hotspot has the numbers of the places in it, and none of its own.
    ranks = set(page.locator("#ranked .rank").all_inner_texts())
    within = page.locator("#hotspots .rank").all_inner_texts()
    assert set(within) <= ranks
    assert len(within) == len(set(within))
    # Streets are numbered, too: their numbers are squares.
    page.goto(f"{address}/?{MARCH}&show=streets")
    watched.wait_for_map()
    corners = [
        one.evaluate("(one) => parseFloat(getComputedStyle(one).borderRadius)") < SQUARE_PX
        for one in (numbers.last, page.locator("#streets .rank").first)
    ]
    assert corners == [True, True]
    assert numbers.last.inner_text() == "1"


def test_an_unusual_place_has_the_colour_of_its_card_on_the_map(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    page.wait_for_load_state("load")
    # Whatever is unusual in the data: a map that is drawn follows the cards.
    page.locator("#cards .place").nth(1).evaluate("(card) => card.classList.add('unusual')")
    page.locator("iframe.map").evaluate("(frame) => frame.contentWindow.location.reload()")
    unusual = page.locator("#cards .place.unusual .rank").all_inner_texts()
    assert "2" in unusual
    frame = page.frame_locator("iframe.map")
    expect(frame.locator(".place-number.unusual")).to_have_count(len(unusual))


@pytest.mark.parametrize("width", [1280, 390])
def test_no_link_of_the_lead_breaks_and_the_question_is_whole(
    watched: Watched, address: str, width: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 844 if width == 390 else 720})
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    page.locator(".lead .rest").wait_for()
    assert page.locator(".lead .rest").evaluate(_LINES) == 1
    asked = page.locator(".asked")
    assert asked.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1")
    expect(page.locator(".change")).to_have_text("Change")
    assert page.locator(".change > span").evaluate("(one) => one.getBoundingClientRect().left") > 0


def test_the_basemap_stays_on_paper_and_is_light_there(browser: Browser, address: str) -> None:
    context = patient(
        browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    )
    page = context.new_page()
    page.goto(f"{address}/?{MARCH}")
    page.frame_locator("iframe.map").locator("canvas.leaflet-tile-loaded").first.wait_for()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    # Chromium prints the strokes of a canvas. Only within a group of its own, as anything less than
    # opaque is, does what it clears spare the basemap under it.
    opacity, filters = page.frames[1].evaluate(
        """() => {
            const style = (selector) => getComputedStyle(document.querySelector(selector));
            const panes = [".leaflet-tile-pane", ".leaflet-basemap-names-pane"];
            const { opacity } = style(".leaflet-overlay-pane canvas");
            return [opacity, panes.map((one) => style(one).filter)];
        }"""
    )
    assert 0.99 < float(opacity) < 1
    assert all(one.startswith("invert(1)") for one in filters)
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_legend_of_an_allocation_leaves_the_areas_free(
    watched: Watched, address: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/allocation")
    watched.wait_for_map()
    page.wait_for_timeout(300)
    watched.keep(f"allocation-legend-{width}")
    covered = page.frames[1].evaluate(
        """() => {
            const [key, map] = [".legend", ".leaflet-container"].map(
                (one) => document.querySelector(one).getBoundingClientRect());
            return (key.width * key.height) / (map.width * map.height);
        }"""
    )
    assert covered < 0.25
