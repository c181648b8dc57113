"""What the board shows where a part of it is on its way, has failed, or has little to show."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, Route, expect

from api.app import make_app
from api.board.sections import SECTIONS
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.browser.conftest import Watched, patient
from tests.browser.test_board_scrolling import overlaps_when_scrolled

pytestmark = pytest.mark.browser

MARCH = "period=latest-1m&compare=previous"
ESTATES = "period=latest-6m&layer=estates&study=wards"
SIZES = ((390, 844), (1280, 720), (1920, 1080))
_MAP = "Object.values(window).find((one) => one instanceof L.Map)"
_NAMES_CUT = """() => {
    const map = document.querySelector(".leaflet-container").getBoundingClientRect();
    const names = [...document.querySelectorAll(".area-label:not(.hidden)")];
    const cut = names.filter((one) => {
        const { left, top, right, bottom } = one.getBoundingClientRect();
        const seen = right > map.left && left < map.right && bottom > map.top && top < map.bottom;
        return seen && (left < map.left || right > map.right || top < map.top ||
            bottom > map.bottom);
    });
    return [names.length, cut.map((one) => one.textContent)];
}"""
_SHADES_OF_CELLS = f"""() => {{
    const shades = {{}};
    {_MAP}.eachLayer((one) => {{
        if (!/^[hs]\\d/.test(one.feature?.properties.at ?? "")) return;
        const change = one.feature.properties.meaning.split(": ").at(-1);
        const key = `${{one.options.fillColor}}, ${{change}}`;
        shades[key] = (shades[key] ?? 0) + 1;
    }});
    return shades;
}}"""


def test_a_map_on_its_way_says_that_it_is_being_drawn(watched: Watched, address: str) -> None:
    page = watched.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/map?*", hold)
    page.goto(f"{address}/?{MARCH}", wait_until="commit")
    _drawn_when_sent(watched, held)
    # So does the map of another question, in place of the one before.
    page.locator(".modes a", has_text="Density").click()
    _drawn_when_sent(watched, held)
    assert watched.faults == []


def _drawn_when_sent(watched: Watched, held: list[Route]) -> None:
    note = watched.page.locator(".frame .waiting")
    expect(note).to_be_visible()
    expect(note).to_have_text("Drawing the map …")
    while not held:
        watched.page.wait_for_timeout(50)
    expect(note).to_be_visible()
    held.pop().continue_()
    watched.wait_for_map()
    expect(note).to_be_hidden()


@pytest.fixture(scope="module")
def with_a_failure(demo_store: Path) -> str:
    """The page of a board one section of which fails."""

    def fails(*_findings: object) -> dict[str, object]:
        raise ZeroDivisionError("of this test")

    with (
        pytest.MonkeyPatch.context() as patched,
        closing(GeoPackageStore(demo_store)) as store,
        TestClient(
            make_app(store, Settings(), searches=SearchesHere()),
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50_000),
        ) as client,
    ):
        patched.setitem(SECTIONS, "hotspots", fails)
        return client.get(f"/?{MARCH}").text


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_section_that_fails_says_so_and_leaves_the_page_whole(
    watched: Watched, address: str, with_a_failure: str, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.route(f"{address}/?*", lambda route: route.fulfill(body=with_a_failure))
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    section = page.locator("#hotspots")
    section.scroll_into_view_if_needed()
    watched.keep(f"board-failed-{width}")
    expect(section.locator("h2")).to_be_visible()
    expect(section.locator(".reason")).to_have_text(
        re.compile("Patchmap failed; see its log for the reason")
    )
    for name in ("cards", "unusual", "ranked", "areas", "when", "accounts"):
        expect(page.locator(f"#{name} .reason", has_text="Patchmap failed")).to_have_count(0)
        expect(page.locator(f"#{name}")).not_to_be_empty()
    assert overlaps_when_scrolled(page) == {}
    assert watched.faults == []


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("estates", [0, 1, 3])
def test_the_map_is_fitted_to_the_estates_and_cuts_none_of_their_names(
    watched: Watched, address: str, estates: int, width: int, height: int
) -> None:
    with urllib.request.urlopen(f"{address}/ogc/collections/estates/items?f=json") as answer:
        every = json.load(answer)["features"]
    shapes = every[:estates]
    within = ",".join(one["properties"]["area_code"] for one in shapes)
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?{ESTATES}" + (f"&within={within}" if within else ""))
    watched.wait_for_map()
    page.wait_for_timeout(300)
    watched.keep(f"board-estates-{estates}-{width}")
    _, cut = page.frames[1].evaluate(_NAMES_CUT)
    assert cut == []
    west, south, east, north = _box(shapes or every)
    holds, used = page.frames[1].evaluate(
        f"""([west, south, east, north]) => {{
            const map = {_MAP}, box = L.latLngBounds([south, west], [north, east]);
            const [low, high] = [box.getSouthWest(), box.getNorthEast()]
                .map((one) => map.latLngToContainerPoint(one));
            const {{ x, y }} = map.getSize();
            return [map.getBounds().contains(box),
                Math.max((high.x - low.x) / x, (low.y - high.y) / y)];
        }}""",
        [west, south, east, north],
    )
    assert holds
    assert used > 0.4
    assert watched.faults == []


def _box(features: list[dict[str, dict[str, object]]]) -> tuple[float, float, float, float]:
    text = json.dumps([one["geometry"]["coordinates"] for one in features])
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]
    x, y = numbers[::2], numbers[1::2]
    return min(x), min(y), max(x), max(y)


@pytest.mark.parametrize("category", ["", "drugs"])
def test_only_cells_that_changed_by_more_than_chance_are_coloured(
    watched: Watched, address: str, category: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d&compare=previous&show=change&category={category}")
    watched.wait_for_map()
    shades = page.frames[1].evaluate(_SHADES_OF_CELLS)
    quiet = {key.partition(",")[0] for key in shades if key.endswith("no clear change")}
    coloured = {key: n for key, n in shades.items() if key.partition(",")[0] not in quiet}
    assert len(quiet) == 1
    assert all("than chance" in key for key in coloured)
    note = page.frame_locator("iframe.map").locator(".legend").text_content() or ""
    said = re.search(r"([\d,]+) of [\d,]+ cells changed by more than chance", note)
    assert said
    assert sum(coloured.values()) <= int(said[1].replace(",", ""))
    assert watched.faults == []


@pytest.mark.parametrize(("width", "height"), [*SIZES, (3840, 2160)])
def test_the_board_is_whole_in_forced_colours(
    browser: Browser, address: str, width: int, height: int
) -> None:
    context = patient(
        browser.new_context(viewport={"width": width, "height": height}, forced_colors="active")
    )
    page = context.new_page()
    watched = Watched(page)
    page.goto(f"{address}/?{MARCH}")
    watched.wait_for_map()
    watched.keep(f"board-forced-{width}")
    assert overlaps_when_scrolled(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is chosen differs by more than a colour, which is not there.
    _stands_out(page, ".modes a", ".modes [aria-current]")
    _stands_out(page, "#bars nav rect", "#bars .in rect, #bars .chosen rect")
    assert watched.faults == []
    context.close()


def _stands_out(page: Page, all_of: str, chosen: str) -> None:
    looks = page.evaluate(
        """([all, chosen]) => [...document.querySelectorAll(all)].map((one) => {
            const { backgroundColor, borderWidth, fontWeight, fill } = getComputedStyle(one);
            return [one.matches(chosen), [backgroundColor, borderWidth, fontWeight, fill].join()];
        })""",
        [all_of, chosen],
    )
    marked = {look for is_chosen, look in looks if is_chosen}
    others = {look for is_chosen, look in looks if not is_chosen}
    assert marked
    assert others
    assert not marked & others
