"""The board as a whole: how it opens, what it is like at odd data, and who can use it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from api.pages.assets import STATIC
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents, two_wards
from tests.browser.conftest import Watched, patient
from tests.services import run_patchmap, serving

pytestmark = pytest.mark.browser

SIZES = ((1280, 720), (1920, 1080), (390, 844))
MOST_BYTES = 3_000_000
LEAST_NOTICED = 0.05
"""Half of the layout shift that Web Vitals still call good."""
_SHIFTS = """() => new Promise((done) => {
    const moved = [];
    new PerformanceObserver((list) => {
        for (const { hadRecentInput, value, sources } of list.getEntries()) {
            if (hadRecentInput) continue;
            moved.push([value, sources.map(({ node }) => node?.outerHTML?.slice(0, 80))]);
        }
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(moved), 200);
})"""


def test_the_board_opens_on_what_has_changed_in_the_latest_28_days(
    watched: Watched, address: str
) -> None:
    watched.page.goto(address)
    watched.wait_for_map()
    query = urlsplit(watched.page.url).query
    assert query == "period=latest-28d&compare=previous"
    expect(watched.page.locator("select[name=period]")).to_have_value("latest-28d")
    expect(watched.page.locator("#headline")).to_contain_text("from 4 to 31 March 2026")
    expect(watched.page.locator(".asked")).to_contain_text("compared with the 28 days before")
    expect(watched.page.locator(".accounts dl")).to_contain_text("4 February 2026 to 3 March 2026")


def test_the_stops_of_patrols_are_numbered_on_the_map_and_open_their_place(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(address)
    page.locator(".modes a", has_text="Patrols").click()
    page.wait_for_url("**show=patrols**")
    watched.wait_for_map()
    frame = page.frame_locator("iframe.map")
    stops = page.locator("#patrols li")
    expect(frame.locator(".leaflet-tooltip.stop")).to_have_count(stops.count())
    expect(frame.locator(".legend")).to_contain_text("Numbers are the stops of a patrol")
    watched.keep("board-patrols")
    # The third stands on its place; the fifth, of a place that two officers visit, beside it.
    for number in (2, 4):
        box = frame.locator(".leaflet-tooltip.stop").nth(number).bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#story-title")).to_contain_text("Place")
        # A press that scrolls the page would be let go over another part of the map.
        assert page.evaluate("scrollY") == 0
        page.locator("#story a.close").click()
        expect(page.locator("#story-title")).to_have_count(0)
        page.evaluate("scrollTo(0, 0)")
    assert watched.faults == []


def test_the_bar_says_what_is_asked_after_every_step(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    for title in ("Unusual", "Density", "Persistence"):
        page.locator(".modes a", has_text=title).click()
        expect(page.locator(".modes a[aria-current]")).to_have_text(title)
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        expect(page.locator(".bar .asked")).to_contain_text("compared with the 28 days before")


def test_a_frame_without_a_size_is_no_fault(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d&compare=previous")
    watched.wait_for_map()
    for size in ("0", "15px", ""):
        page.locator("iframe.map").evaluate(
            "(frame, size) => Object.assign(frame.style, { width: size, height: size })", size
        )
        page.frames[1].evaluate("window.dispatchEvent(new Event('patchmap:fit'))")
        page.wait_for_timeout(100)
    zoom = page.frames[1].evaluate(
        "Object.values(window).find((one) => one instanceof L.Map).getZoom()"
    )
    assert 5 < zoom < 20
    assert watched.faults == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_jumps_while_the_page_comes_in(
    browser: Browser, address: str, width: int, height: int
) -> None:
    context = patient(browser.new_context(viewport={"width": width, "height": height}))
    page = context.new_page()
    # A question that nobody has asked yet, so that its parts come one by one.
    page.goto(f"{address}/?period=latest-6m&compare=year&cell=200&category=burglary,drugs")
    page.frame_locator("iframe.map").locator(".legend").wait_for()
    page.wait_for_load_state("load")
    moved = page.evaluate(_SHIFTS) + page.frames[1].evaluate(_SHIFTS)
    assert sum(value for value, _ in moved) < LEAST_NOTICED, moved
    context.close()


@pytest.mark.parametrize("query", ["", "/?period=latest-3m&show=patrols&at=D05000017"])
def test_axe_finds_nothing_serious(browser: Browser, address: str, query: str) -> None:
    # The page lets no foreign script in, so the tool of the test must pass its policy.
    context = patient(
        browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
    )
    page = context.new_page()
    page.goto(address + query)
    page.frame_locator("iframe.map").locator(".legend").wait_for()
    script = (STATIC / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    for frame in page.frames:
        frame.evaluate(script)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    violations = {
        f"{one['impact']}: {one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]
    }
    assert not {one for one in violations if one.startswith(("serious", "critical"))}
    assert len(found["passes"]) > 10
    context.close()


def test_the_whole_board_can_be_used_by_keyboard(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d")
    watched.wait_for_map()
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    # Past the skip link the sections begin: their tables unfold, the first heading sorts, the
    # first place opens.
    expect(page.locator("#hotspots summary").first).to_be_focused()
    for table in ("#ranked", "#areas"):
        page.locator(f"{table} details.dense summary").press("Enter")
    page.locator("#hotspots summary").first.focus()
    reached = reached_by_tab(page, steps=60)
    assert {"BUTTON", "A"} <= {tag for tag, _ in reached}
    assert any("p150:" in href for _, href in reached)
    assert any("leave" in href or "at=D05" in href for _, href in reached)
    assert watched.faults == []


def reached_by_tab(page: Page, *, steps: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        where = "() => [document.activeElement.tagName, document.activeElement.href ?? '']"
        found.append(tuple(page.evaluate(where)))
    return found


def test_a_place_is_left_out_by_a_click_and_said_in_the_legend(
    watched: Watched, address: str
) -> None:
    page = watched.page
    page.goto(f"{address}/?period=latest-28d")
    watched.wait_for_map()
    page.locator("#cards a.story").first.click()
    out = page.locator("#story a.out").first
    out.wait_for()
    before = page.locator(".foot .sum strong").inner_text()
    out.click()
    page.wait_for_url("**without=**")
    watched.wait_for_map()
    expect(page.frame_locator("iframe.map").locator(".legend")).to_contain_text("Excluded:")
    expect(page.locator("section.accounts")).to_contain_text("at excluded places")
    assert page.locator(".foot .sum strong").inner_text() != before
    watched.keep("board-left-out")


SHEETS = (
    ("2,038 incidents from 4 to 31 March 2026", "unusual in March 2026", "Ranked places"),
    ("Areas, and what changed", "When"),
    ("Who goes where", "Officer 2", "A1", "Lines show the order of stops"),
    ("What was asked", "datetime=2026-03-04/2026-03-31", "Where every row went"),
)
"""What stands on each sheet of the demo city's brief."""


def test_the_brief_is_a_pdf_of_a_few_sheets_that_says_it_all(
    demo_store: Path, tmp_path: Path
) -> None:
    asked = ["--period", "latest-28d", "--compare", "previous", "-o", "brief.pdf"]
    done = run_patchmap("--store", str(demo_store), "brief", *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    pdf = (tmp_path / "brief.pdf").read_bytes()
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 4
    if reader := shutil.which("pdftotext"):
        printed = tmp_path / "brief.pdf"
        text = subprocess.run([reader, printed, "-"], check=True, capture_output=True).stdout
        sheets = text.decode().split("\f")[: len(SHEETS)]
        for number, (sheet, titles) in enumerate(zip(sheets, SHEETS, strict=True), 1):
            assert f"Page {number} of 4" in sheet
            assert all(title in sheet for title in titles), number


def test_the_brief_to_send_is_small_and_opens_without_a_network(
    watched: Watched, demo_store: Path, tmp_path: Path
) -> None:
    asked = ["--period", "latest-12m", "--compare", "previous", "-o", "brief.html"]
    done = run_patchmap("--store", str(demo_store), "brief", *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "brief.html"
    assert file.stat().st_size < MOST_BYTES
    watched.page.context.set_offline(True)
    watched.page.goto(file.as_uri())
    watched.keep("brief-file")
    for title in ("Ranked places", "Who goes where", "Areas", "Where every row went"):
        expect(watched.page.locator("h2", has_text=title).first).to_be_visible()
    assert watched.requests == [watched.page.url]
    assert watched.faults == []


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service of one ward with two months, neither with days."""
    folder = tmp_path_factory.mktemp("odd")
    store = GeoPackageStore(folder / "odd.gpkg", create=True)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="One ward"), two_wards().iloc[:1])
        for month in ("2024-01", "2024-03"):
            store.put_partition(month_of_incidents(month))
    store.close()
    with serving(folder / "odd.gpkg") as running:
        yield running


def test_one_ward_of_months_alone_looks_right(watched: Watched, odd: str) -> None:
    page = watched.page
    page.goto(odd)
    watched.wait_for_map()
    watched.keep("board-one-ward")
    # February was never published, so there is nothing to compare with.
    assert urlsplit(page.url).query == "period=latest-1m"
    expect(page.locator(".numbers")).to_contain_text("in 1 area,")
    expect(page.locator("#when")).to_contain_text("The hours of the week are not known")
    expect(page.locator("#areas tbody tr")).to_have_count(1)
    assert watched.faults == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("datetime=2024-02", "no data is imported here for February 2024"),
        ("period=latest-28d", "dates incidents by month only"),
        ("period=latest-1m&category=cattle", "unknown value 'cattle'"),
    ],
)
def test_a_question_without_an_answer_is_told_and_kept_in_the_bar(
    watched: Watched, odd: str, query: str, message: str
) -> None:
    watched.page.goto(f"{odd}/?{query}")
    expect(watched.page.get_by_role("alert")).to_contain_text(message)
    watched.keep(f"board-refused-{query.partition('=')[0]}")
    expect(watched.page.locator("#question")).to_be_visible()


def test_an_empty_store_says_how_to_begin(watched: Watched, tmp_path: Path) -> None:
    store = GeoPackageStore(tmp_path / "empty.gpkg", create=True)
    store.close()
    with serving(tmp_path / "empty.gpkg") as running:
        watched.page.goto(running)
        expect(watched.page.get_by_role("alert")).to_contain_text("patchmap ingest")
        watched.keep("board-empty")


def test_who_looks_through_categories_is_told_once_that_some_map_is_hot_by_chance(
    watched: Watched, address: str
) -> None:
    page = watched.page
    note = page.locator("#many-maps")
    shown = []
    for category in ("burglary", "drugs", "burglary", "vehicle-crime", "shoplifting"):
        page.goto(f"{address}/?period=latest-28d&category={category}")
        page.wait_for_load_state()
        shown.append(note.is_visible())
    assert shown == [False, False, False, True, False]
