"""Places of the board: table and map speak of the same ones, and each has its story."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser


def test_a_click_on_the_map_opens_a_story_and_becomes_the_address(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?compare=previous")
    watched.wait_for_map()
    click_the_middle(page)
    expect(page.locator("#story-title")).to_be_visible()
    page.wait_for_url("**at=**")
    watched.keep("board-story")
    story = page.locator("#story").inner_text()
    page.reload()
    assert page.locator("#story").inner_text() == story
    assert watched.faults == []


def test_a_row_is_opened_by_keyboard_and_closed_again(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    watched.wait_for_map()
    page.locator("#areas details.dense summary").click()
    page.locator("#areas a.story").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#story-title")).to_be_focused()
    expect(page.locator("#areas tr.lit")).to_have_count(1)
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#story-title")).to_have_count(0)
    assert "at=" not in page.url
    assert watched.faults == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 720)])
def test_a_place_that_is_chosen_again_shows_its_story_from_the_top(
    watched: Watched, address: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    watched.wait_for_map()
    card = page.locator("#cards .place a.story").first
    card.click()
    title = page.locator("#story-title")
    expect(title).to_be_focused()
    # The card lies below the story: to reach it is to leave the story's top.
    card.evaluate("(link) => link.scrollIntoView({ block: 'start' })")
    expect(title).not_to_be_in_viewport()
    card.click()
    expect(title).to_be_in_viewport(ratio=1)
    expect(title).to_be_focused()
    assert watched.faults == []


def test_pointing_at_a_row_lights_its_place_on_the_map(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    watched.wait_for_map()
    frame = page.frames[1]
    lights = """() => {
        const map = Object.values(window).find((value) => value instanceof L.Map);
        let lit = 0;
        map.eachLayer((layer) => (lit += layer.options?.color === "#ffd166"));
        return lit;
    }"""
    assert frame.evaluate(lights) == 0
    page.locator("#cards .place").first.hover()
    wait_until(page, lambda: frame.evaluate(lights) >= 1)


def test_a_table_is_sorted_by_its_headings(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    page.locator("#areas details.dense summary").click()
    names = page.locator("#areas tbody th")
    page.locator("#areas thead button", has_text="Area").click()
    page.locator("#areas thead button", has_text="Area").click()
    shown = names.all_inner_texts()
    assert shown == sorted(shown)
    expect(page.locator("#areas th[aria-sort=ascending]")).to_have_count(1)


@pytest.mark.parametrize("show", ["density", "change", "persistence"])
def test_the_map_shows_more_than_classes(watched: Watched, address: str, show: str) -> None:
    page = watched.page
    page.goto(address)
    page.locator(".modes a", has_text=show.capitalize()).click()
    page.wait_for_url(f"**show={show}**")
    watched.wait_for_map()
    watched.keep(f"board-{show}")
    legend = page.frame_locator("iframe.map").locator(".legend")
    expect(legend).to_contain_text("cells" if show == "persistence" else "per km²")
    assert watched.faults == []


def test_two_maps_stand_side_by_side_and_move_together(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    page.locator(".modes a", has_text="Before and after").click()
    page.wait_for_url("**show=pair**")
    frames = page.locator("iframe.map")
    expect(frames).to_have_count(2)
    for number in range(2):
        page.frame_locator("iframe.map").nth(number).locator("canvas").first.wait_for()
    watched.keep("board-pair")
    for number in range(2):
        before = views(page)
        assert distance(*before) < 0.001
        box = frames.nth(number).bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.7)
        page.mouse.down()
        page.mouse.move(box["x"] + 40, box["y"] + box["height"] * 0.7 - 60, steps=8)
        page.mouse.up()
        wait_until(page, lambda: min(map(distance, views(page), before)) > 0.005)  # noqa: B023
        # To a pixel or two: each map has its own size.
        wait_until(page, lambda: distance(*views(page)) < 0.001)
    assert watched.faults == []


def click_the_middle(page: Page) -> None:
    """Click on the middle of the map."""
    box = page.locator("iframe.map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


MAP = "Object.values(window).find((value) => value instanceof L.Map)"
View = tuple[float, float, float]


def views(page: Page) -> list[View]:
    """Latitude and longitude of the middle, and zoom, of each map of the page."""
    script = f"() => {{ const map = {MAP}; const at = map.getCenter();"
    script += " return [at.lat, at.lng, map.getZoom()]; }"
    return [tuple(frame.evaluate(script)) for frame in page.frames[1:]]


def distance(one: View, other: View) -> float:
    """How far apart two middles are, in degrees."""
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def wait_until(page: Page, so: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it never does."""
    for _ in range(1_200):  # a minute: the machine may be busy
        if so():
            return
        page.wait_for_timeout(50)
    assert so()


def test_a_month_narrows_every_part_and_back_returns_to_the_period(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-3m")
    watched.wait_for_map()
    whole = page.locator("#headline").inner_text()
    page.locator("#bars a.in").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**month=2026-01**")
    legend = page.frame_locator("iframe.map").locator(".legend")
    expect(legend).to_contain_text(re.compile(r"January 2026: [\d,]+ incidents in 17 areas"))
    expect(page.locator("#headline")).to_contain_text("in January 2026")
    expect(page.locator("#ranked .note").first).to_contain_text("places")
    expect(page.locator("section.accounts dl")).to_contain_text("January 2026")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**month=2026-02**")
    expect(page.locator("#headline")).to_contain_text("in February 2026")
    expect(page.locator("#bars .chosen[aria-current]")).to_be_focused()
    page.go_back()
    expect(page.locator("#headline")).to_contain_text("in January 2026")
    page.reload()
    expect(page.locator("#headline")).to_contain_text("in January 2026")
    page.go_back()
    expect(page.locator("#headline")).to_have_text(whole)
    expect(legend).to_contain_text("January 2026 to March 2026: 6,")
    assert watched.faults == []


def test_a_month_that_is_left_again_is_called_off(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-3m")
    watched.wait_for_map()
    page.route("**month=2026-**", lambda _route: None)  # as if it took long to work out
    bars = page.locator("#bars a.in")
    with page.expect_request("**month=2026-01**"):
        bars.nth(0).hover()
    with page.expect_event("requestfailed") as left, page.expect_request("**month=2026-02**"):
        bars.nth(1).hover()
    assert "month=2026-01" in left.value.url
    with page.expect_event("requestfailed") as left:
        page.locator("#headline").hover()
    assert "month=2026-02" in left.value.url
    assert watched.faults == []


def test_a_month_that_is_pointed_at_is_there_when_it_is_pressed(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-3m")
    watched.wait_for_map()
    bar = page.locator("#bars a.in").first
    with page.expect_response("**month=2026-01**") as fetched:
        bar.hover()
    fetched.value.finished()
    pages = [url for url in watched.requests if "/?" in url]
    milliseconds = bar.evaluate(
        """(bar) => {
        const start = performance.now();
        bar.click();
        return new Promise((resolve) => {
            const shown = () => document.getElementById("headline").textContent;
            const look = () => shown().includes("in January 2026")
                ? resolve(performance.now() - start) : setTimeout(look, 5);
            look();
        });
    }"""
    )
    assert [url for url in watched.requests if "/?" in url] == pages  # nothing was fetched again
    assert milliseconds < 5_000  # some 100 ms on a quiet machine
    assert watched.faults == []


def test_the_map_fills_its_frame(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    watched.wait_for_map()
    watched.page.wait_for_timeout(500)
    filled = watched.page.frames[1].evaluate(
        """() => {
        const map = Object.values(window).find((value) => value instanceof L.Map);
        const [[south, west], [north, east]] = JSON.parse(document.body.dataset.bounds);
        const one = map.latLngToContainerPoint([north, west]);
        const other = map.latLngToContainerPoint([south, east]);
        const size = map.getSize();
        return Math.max((other.x - one.x) / size.x, (other.y - one.y) / size.y);
    }"""
    )
    assert 0.88 < filled <= 1


def test_the_page_prints_on_a_few_sheets_with_the_whole_map(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?compare=previous")
    watched.wait_for_map()
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    # In the presentation, too, the map is drawn for the room that it has on paper.
    for present in ("", "&present=1"):
        page.goto(f"{address}/?period=latest-28d&compare=previous{present}")
        watched.wait_for_map()
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        box = page.locator("iframe.map").bounding_box()
        assert box
        assert box["width"] == pytest.approx(186 / 25.4 * 96, abs=3)
        assert page.frames[1].evaluate(
            """() => {
                const map = Object.values(window).find((one) => one instanceof L.Map);
                const legend = document.querySelector(".legend").getBoundingClientRect();
                const top = map.getContainer().getBoundingClientRect().top;
                return legend.bottom <= top + 1
                    && map.getBounds().contains(JSON.parse(document.body.dataset.bounds));
            }"""
        )
        page.emulate_media(media="screen")
    # A browser shrinks all of a page of which anything is wider than the sheet.
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    page.locator("footer").wait_for()
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.emulate_media(media="screen")
    # The streets took a fifth sheet.
    assert 2 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 5


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_legend_hides_no_area(watched: Watched, address: str, width: int, height: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?period=latest-28d&compare=previous&show=patrols")
    watched.wait_for_map()
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    assert page.frames[1].evaluate(
        """() => {
            const map = Object.values(window).find((one) => one instanceof L.Map);
            const [[south, west], [north, east]] = JSON.parse(document.body.dataset.bounds);
            const corner = map.latLngToContainerPoint([south, west]);
            const legend = document.querySelector(".legend").getBoundingClientRect();
            const inside = map.getBounds().contains([[south, west], [north, east]]);
            return inside && (corner.x >= legend.right || corner.y <= legend.top);
        }"""
    )
    watched.keep(f"board-legend-{width}")


def test_a_pressed_month_is_marked_and_the_answer_before_it_dimmed(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    watched.wait_for_map()
    bar = page.locator("#bars nav a").nth(3)
    # Seen within the press itself: no machine is so quick that it has answered by then.
    chosen, stale = bar.evaluate(
        """(bar) => {
            bar.click();
            const marked = [...document.querySelectorAll("#bars nav .chosen")];
            const main = document.querySelector("main");
            return [marked.length === 1 && marked[0] === bar, main.hasAttribute("data-stale")];
        }"""
    )
    assert (chosen, stale) == (True, True)
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.locator("main[data-stale]")).to_have_count(0)
