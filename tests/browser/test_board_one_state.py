"""The board as one state: its address holds it, and each part of the page shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from api.pages.assets import STATIC
from tests.browser.conftest import Watched, patient

pytestmark = pytest.mark.browser

OPENED = "/?period=latest-28d&compare=previous"
LEAST_PX = 19
"""What a chair reads from five metres."""
LEAST_PRESENTED_PX = 28
LEAST_SHARE = {1280: 0.5, 1920: 0.55}
_MAP = "Object.values(window).find((value) => value instanceof L.Map)"
_VIEW = f"""() => {{
    const map = {_MAP}, at = map.getCenter();
    let lit = 0;
    map.eachLayer((layer) => (lit += layer.options?.color === "#ffd166"));
    return {{ lat: at.lat, lng: at.lng, zoom: map.getZoom(), lit }};
}}"""
_SMALL = """([least, inside]) => {
    const texts = document.createTreeWalker(document.querySelector(inside), NodeFilter.SHOW_TEXT);
    const small = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const element = node.parentElement, words = node.textContent.trim();
        if (!words || !element.checkVisibility({ visibilityProperty: true })) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const { top, bottom, right } = range.getBoundingClientRect();
        if (bottom <= 0 || top >= innerHeight || right <= 0) continue;
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size < least) small.push(`${words.slice(0, 40)}: ${size}`);
    }
    return small;
}"""


_CUT = """() => {
    const parts = ".asked, .finding h1, .lead, .which, .place p, .place h3, .foot";
    return [...document.querySelectorAll(parts)].filter((one) => one.checkVisibility()
        && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 4)
    ).map((one) => one.textContent);
}"""


def view_of(page: Page) -> dict[str, float]:
    """Where the map stands, and how many shapes it outlines."""
    view: dict[str, float] = page.frames[1].evaluate(_VIEW)
    return view


def wait_until(page: Page, so: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it never does."""
    for _ in range(1_200):  # a minute: the machine may be busy
        if so():
            return
        page.wait_for_timeout(50)
    assert so()


def stands_at(page: Page, view: dict[str, float]) -> bool:
    """Whether the map stands there, to a tenth of a zoom and ten metres."""
    try:
        now = view_of(page)
    except Error:  # the frame is just being replaced
        return False
    near = {"lat": 1e-4, "lng": 1e-4, "zoom": 0.11}
    return all(abs(now[name] - view[name]) < most for name, most in near.items())


def written(page: Page) -> dict[str, float]:
    """Where the map stands by the address."""
    parts = map(float, asked(page)["view"].split(","))
    return dict(zip(("lat", "lng", "zoom"), parts, strict=True))


def asked(page: Page) -> dict[str, str]:
    """The parameters of the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_first_screen_is_read_from_five_metres(
    watched: Watched, address: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address + OPENED)
    watched.wait_for_map()
    expect(page.get_by_role("heading", level=1)).to_contain_text("no clear change")
    expect(page.locator(".lead")).to_contain_text("unusual in March 2026")
    for part in ("#cards .place", "#bars a", ".jump"):
        expect(page.locator(part).first).to_be_in_viewport(ratio=1)
    assert page.evaluate(_SMALL, [LEAST_PX, "body"]) == []
    box = page.locator("iframe.map").bounding_box()
    assert box
    assert box["width"] * box["height"] >= LEAST_SHARE[width] * width * height
    assert page.evaluate(_CUT) == []
    # What explains it is one click away, and not in the chair's way.
    words = page.locator(".overview").inner_text()
    assert not [word for word in ("Getis", "n =", "p150:", "not asked") if word in words]


def test_a_place_is_centred_outlined_and_left_by_back(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    home = view_of(page)
    place = page.locator("#cards .place").nth(4)
    place.locator("a.story").click()
    page.wait_for_url("**at=p150:**")
    expect(page.locator("#story-title")).to_contain_text("Place 5")
    expect(place).to_have_class("place lit")
    wait_until(page, lambda: view_of(page)["zoom"] > home["zoom"] + 1)
    near = view_of(page)
    assert near["lit"]
    watched.keep("board-place")
    page.go_back()
    expect(page.locator("#story-title")).to_have_count(0)
    assert "at" not in asked(page)
    wait_until(page, lambda: stands_at(page, home))
    page.go_forward()
    expect(page.locator("#story-title")).to_contain_text("Place 5")
    page.reload()
    watched.wait_for_map()
    wait_until(page, lambda: stands_at(page, near))
    page.locator("#story a.close").click()
    wait_until(page, lambda: stands_at(page, home))
    assert watched.faults == []


def test_a_map_that_is_ready_before_the_page_listens_shows_the_place_all_the_same(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address + OPENED)
    story = page.locator("#cards a.story").nth(4).get_attribute("href")
    page.wait_for_load_state("networkidle")
    held: dict[str, Route] = {}

    def hold(route: Route) -> None:
        held[urlsplit(route.request.url).path.rpartition("/")[2]] = route

    page.route(re.compile(r"/static/page/(board|labels)\.js"), hold)
    page.goto(f"{address}{story}", wait_until="commit")
    page.locator("iframe.map").wait_for()
    page.frames[1].wait_for_function(
        """() => {
            const map = window.L && Object.values(window).find((one) => one instanceof L.Map);
            return map && Object.hasOwn(map.getContainer(), "focus");  // map.js has run
        }"""
    )
    wait_until(page, lambda: len(held) == 2)
    held["board.js"].continue_()
    page.locator("#find.live").wait_for()  # and so has board.js
    held["labels.js"].continue_()
    wait_until(page, lambda: bool(view_of(page)["lit"]))


def test_where_the_map_stands_is_kept_at_a_tab_and_a_reload(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address + OPENED)
    watched.wait_for_map()
    box = page.locator("iframe.map").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    page.mouse.wheel(0, -400)
    page.wait_for_url("**view=**")
    wait_until(page, lambda: stands_at(page, written(page)))
    # The wheel turns on for a while.
    page.wait_for_timeout(500)
    shown = written(page)
    page.reload()
    watched.wait_for_map()
    wait_until(page, lambda: stands_at(page, shown))
    page.locator(".modes a", has_text="Density").click()
    page.wait_for_url("**show=density**")
    expect(page.frame_locator("iframe.map").locator(".legend")).to_contain_text("per km²")
    assert written(page) == shown
    wait_until(page, lambda: stands_at(page, shown))
    page.go_back()
    expect(page.locator(".modes a[aria-current]")).to_have_text("Hotspots")
    assert watched.faults == []


def test_the_presentation_is_walked_by_a_clicker(watched: Watched, address: str) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(address + OPENED)
    watched.wait_for_map()
    page.keyboard.press("p")
    step = page.locator("#present article.now")
    expect(step.locator("h2")).to_contain_text("Since the last meeting")
    page.keyboard.press("PageDown")
    expect(step.locator("h2")).to_contain_text("incidents from 4 to 31 March 2026")
    page.keyboard.press("PageDown")
    expect(step.locator("h2")).to_contain_text("unusual in March 2026")
    home = view_of(page)["zoom"]
    page.keyboard.press("ArrowRight")
    expect(step.locator(".count")).to_have_text("Place 1 of 10")
    wait_until(page, lambda: view_of(page)["zoom"] > home + 1)
    assert view_of(page)["lit"]
    assert page.evaluate(_SMALL, [LEAST_PRESENTED_PX, "#present"]) == []
    assert step.evaluate("one => one.scrollHeight <= innerHeight")
    expect(step.get_by_role("link", name="Next")).to_be_in_viewport(ratio=1)
    # Beside the map and the step nothing of the board is left over.
    expect(page.locator("#bars")).to_be_hidden()
    watched.keep("present-1280")
    page.reload()
    expect(step.locator(".count")).to_have_text("Place 1 of 10")
    page.keyboard.press("PageUp")
    expect(step.locator(".count")).to_have_text("What is unusual")
    page.go_back()
    expect(step.locator(".count")).to_have_text("Place 1 of 10")
    page.keyboard.press("Escape")
    expect(page.locator("body.presenting")).to_have_count(0)
    expect(page.locator("#story-title")).to_contain_text("Place 1")
    assert "present" not in asked(page)
    assert watched.faults == []


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_the_finding_of_the_presentation_fills_the_screen(
    watched: Watched, address: str, size: tuple[int, int]
) -> None:
    page = watched.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address}{OPENED}&present=2")
    watched.wait_for_map()
    step = page.locator("#present article.now")
    # The months of all incidents, as the strip of the board has them.
    expect(step.locator(".spark rect")).to_have_count(page.locator("#bars rect").count())
    assert step.evaluate("one => one.scrollHeight <= innerHeight")
    expect(step.get_by_role("link", name="Next")).to_be_in_viewport(ratio=1)
    words = "one => one.querySelector('.axis').getBoundingClientRect().bottom"
    assert step.evaluate(words) > 0.8 * size[1]


def test_a_refused_option_leaves_the_board_with_the_form(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}{OPENED}&hours=25-99")
    expect(page.get_by_role("alert")).to_contain_text("Not applied: hours “25-99”")
    expect(page.locator("#question")).to_be_visible()
    expect(page.locator("#headline")).to_contain_text("incidents")
    expect(page.locator("#cards .place").first).to_be_visible()
    watched.wait_for_map()
    watched.keep("board-refused")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", [OPENED, f"{OPENED}&present=1"])
def test_axe_finds_nothing_serious_in_either_scheme(
    browser: Browser, address: str, scheme: str, query: str
) -> None:
    context = patient(
        browser.new_context(
            viewport={"width": 1920, "height": 1080},
            bypass_csp=True,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
    )
    page = context.new_page()
    page.goto(address + query)
    page.frame_locator("iframe.map").locator(".legend").wait_for()
    for fold in page.locator("#sections details").all():
        fold.evaluate("one => (one.open = true)")
    page.evaluate((STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate(
        "() => axe.run({ exclude: [['iframe']] }, { resultTypes: ['violations'] })"
    )
    serious = {
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    }
    assert not serious
    context.close()
