"""The board, used as a meeting uses it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore
from tests.browser.conftest import Watched, patient
from tests.services import run_patchmap

pytestmark = pytest.mark.browser


def open_question(page: Page) -> None:
    """Unfold the question, by keyboard."""
    page.locator("#ask > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_visible()


def test_the_board_opens_with_its_map_and_asks_no_other_machine(
    watched: Watched, address: str
) -> None:
    watched.page.goto(address)
    watched.wait_for_map()
    watched.keep("board-1920")
    expect(watched.page.locator(".asked")).to_contain_text("All incidents")
    expect(watched.page.locator("section.accounts")).to_contain_text("counted")
    expect(watched.page.locator(".foot .sum")).to_be_in_viewport()
    expect(watched.page.get_by_text("Synthetic: this city")).to_be_visible()
    assert watched.hosts() == {urlsplit(address).netloc}
    assert watched.faults == []


def test_a_choice_changes_the_answer_and_the_address(
    watched: Watched, address: str, demo_store: Path
) -> None:
    page = watched.page
    page.goto(f"{address}/?category=anti-social-behaviour")
    open_question(page)
    page.locator("select[name=period]").select_option("latest-3m")
    page.wait_for_url("**period=latest-3m**")
    watched.wait_for_map()
    store = GeoPackageStore(demo_store)
    query = parse_qs(urlsplit(page.url).query)
    answer = ask(Question.read({name: values[0] for name, values in query.items()}), store)
    store.close()
    expect(page.locator(".numbers strong").first).to_have_text(f"{answer.accounts.counted:,}")
    expect(page.locator("#headline")).to_contain_text("from January to March 2026")
    assert watched.faults == []


def test_days_can_be_chosen_by_keyboard(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/?datetime=2024-03/2024-05")
    open_question(page)
    for label, day in (("from", "03032024"), ("to", "05052024")):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.type(day)
    page.locator("#question > button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**datetime=2024-03-03/2024-05-05**")
    expect(page.locator("#headline")).to_contain_text("from 3 March to 5 May 2024")


def test_several_categories_are_ticked_by_keyboard(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    open_question(page)
    page.locator("#question summary", has_text="All incidents").focus()
    page.keyboard.press("Enter")
    for name in ("Burglary", "Drugs"):
        page.get_by_label(name, exact=True).focus()
        page.keyboard.press("Space")
    watched.keep("board-categories")
    page.keyboard.press("Escape")
    page.wait_for_url("**category=burglary,drugs**")
    expect(page.locator("#headline")).to_contain_text("Burglary, Drugs")
    assert watched.faults == []


@pytest.mark.parametrize(
    ("name", "choice", "query"),
    [
        ("period", "latest-28d", "period=latest-28d"),
        ("compare", "year", "compare=year"),
        ("layer", "estates", "layer=estates"),
        ("hours", "23-07", "hours=23-07"),
    ],
)
def test_every_choice_of_the_bar_becomes_the_address(
    watched: Watched, address: str, name: str, choice: str, query: str
) -> None:
    watched.page.goto(address)
    open_question(watched.page)
    watched.page.locator(f"select[name={name}]").select_option(choice)
    watched.page.wait_for_url(f"**{query}**")
    watched.wait_for_map()
    expect(watched.page.locator(".refusal")).to_have_count(0)
    assert watched.faults == []


def test_hours_of_ones_own_are_asked_by_the_button(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    open_question(page)
    page.get_by_label("Time of day").select_option("other")
    page.get_by_label("until").select_option("03")
    page.locator("#question > button[type=submit]").click()
    page.wait_for_url("**hours=18-03**")
    assert watched.faults == []


def test_a_shared_link_gives_the_same_page(
    watched: Watched, browser: Browser, address: str
) -> None:
    query = "?period=latest-6m&category=burglary,vehicle-crime&layer=estates&study=wards&cell=200"
    watched.page.goto(address + "/" + query)
    watched.wait_for_map()
    first = watched.page.locator("main").inner_text()
    # A lower window has fewer cards.
    other = patient(browser.new_context(viewport=watched.page.viewport_size)).new_page()
    other.goto(watched.page.url)
    assert other.locator("main").inner_text() == first
    assert "Outside these areas" in (watched.page.locator("main").text_content() or "")  # folded
    other.context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
def test_nothing_runs_over_the_edge(
    watched: Watched, address: str, width: int, height: int
) -> None:
    watched.page.set_viewport_size({"width": width, "height": height})
    watched.page.goto(f"{address}/?category=anti-social-behaviour")
    watched.wait_for_map()
    watched.keep(f"board-{width}")
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_cell_tells_its_count_when_pointed_at(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/map?category=anti-social-behaviour")
    watched.page.locator("canvas").first.wait_for()
    box = watched.page.locator(".folium-map").bounding_box()
    assert box
    # The town centre lies in the middle of the demo city; its cells are never empty.
    for step in range(12):
        watched.page.mouse.move(
            box["x"] + box["width"] / 2 + 8 * step, box["y"] + box["height"] / 2
        )
    tooltip = watched.page.locator(".leaflet-tooltip.foliumtooltip").first
    expect(tooltip).to_contain_text("Incidents")


def test_the_map_file_opens_from_disk_without_any_request(
    watched: Watched, demo_store: Path, tmp_path: Path
) -> None:
    arguments = ["--store", str(demo_store), "map", "--category", "anti-social-behaviour"]
    done = run_patchmap(*arguments, "-o", "map.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    watched.page.context.set_offline(True)
    watched.page.goto((tmp_path / "map.html").as_uri())
    watched.page.locator("canvas.leaflet-zoom-animated").wait_for()
    watched.keep("map-file")
    expect(watched.page.locator(".legend")).to_contain_text(": 11,")
    assert [url for url in watched.requests if not url.startswith("data:")] == [watched.page.url]
    assert watched.faults == []


def test_print_holds_the_map_the_tables_and_the_accounts(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/?category=anti-social-behaviour")
    watched.wait_for_map()
    watched.page.emulate_media(media="print")
    watched.keep("print")
    expect(watched.page.locator("#question")).to_be_hidden()
    for part in (".map", "#ranked table", "#areas table", "#when", "section.accounts"):
        expect(watched.page.locator(part)).to_be_visible()
