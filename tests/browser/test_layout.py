"""No two texts lie over each other on any page, at four widths, wherever it is scrolled."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Watched
from tests.browser.test_board_scrolling import overlaps_when_scrolled

pytestmark = pytest.mark.browser

SIZES = ((390, 844), (1024, 768), (1280, 720), (1920, 1080))
PAGES = (
    "/allocation",
    "/allocation?tab=patches",
    "/allocation?tab=patrols",
    "/allocation/cards",
    "/planner",
    "/tasks",
    "/tasks?area=D05000002@wards&sort=due",
    "/tasks/T-0001",
    "/tasks/T-0029",
    "/tasks/new?area=D05000010@wards",
    "/meetings",
    "/meetings/M-0007",
    "/tasks/T-0013",
    "/priorities",
    "/priorities/P-0003",
    "/roster",
    "/roster/R-0007",
    "/areas/wards/D05000002/charter",
    "/areas",
    "/areas/wards",
    "/areas/wards/D05000010",
    "/areas/estates",
    "/money",
    "/data",
    "/help",
    "/help/methods",
    "/help/tasks",
    "/reports",
    "/reports/spend",
    "/reports/six-monthly?layer=estates&study=wards&measures=satisfaction",
    "/reports/profile?within=D05000010",
    "/reports/officer-hours?rate=31.50",
    "/answers/profile?within=D05000010",
    "/answers/track?within=D05000010&measures=satisfaction",
    "/answers/spend",
    "/search?q=mill",
    "/ogc",
    "/ogc/collections",
    "/ogc/collections/wards",
    "/ogc/collections/wards/items",
    "/ogc/tileMatrixSets",
    "/nothing",
)


def crowding(watched: Watched, name: str) -> dict[str, object]:
    """What lies over another text, or makes the page wider than the window, by the window's size.

    Parameters
    ----------
    name
        Of the pictures that are left.
    """
    page, found = watched.page, {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(100)  # what follows the size of the window has followed
        watched.keep(f"layout-{name}-{width}")
        overlaps: object = overlaps_when_scrolled(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if overlaps or wide > width:
            found[f"{width} × {height}, {wide} wide"] = overlaps
        page.evaluate("window.scrollTo(0, 0)")
    return found


@pytest.mark.parametrize("path", PAGES)
def test_no_text_lies_over_another(watched: Watched, address: str, path: str) -> None:
    watched.page.goto(address + path)
    assert crowding(watched, path.partition("?")[0].strip("/").replace("/", "-")) == {}
