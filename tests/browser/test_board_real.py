"""The board on published data: snapped points, months only, and months that are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.services import serving

pytestmark = pytest.mark.browser


def test_melton_is_told_by_months_with_its_change_and_persistence(
    watched: Watched, melton_store: Path
) -> None:
    page = watched.page
    with serving(melton_store) as address:
        page.goto(address)
        watched.wait_for_map()
        watched.keep("melton-opened")
        assert page.url.endswith("/?period=latest-1m&compare=previous")
        expect(page.locator("#headline")).to_contain_text("October 2022")
        expect(page.locator("#cards .place")).to_have_count(10)
        asked = "period=latest-12m&category=anti-social-behaviour&compare=previous"
        page.goto(f"{address}/?{asked}")
        watched.wait_for_map()
        watched.keep("melton")
        expect(page.locator(".numbers")).to_contain_text("433 incidents in 16 areas")
        expect(page.locator("select[name=hours]")).to_be_disabled()
        for table, part in (("#ranked", ".pattern"), ("#areas", ".sure")):
            page.locator(f"{table} details.dense summary").click()
            expect(page.locator(f"{table} {part}").first).to_be_visible()
        expect(page.locator("#repeats")).to_contain_text("moves its points to anonymous ones")
        expect(page.locator("section.accounts")).to_contain_text("197,157 not asked")
    assert watched.faults == []


def test_derby_says_which_months_are_unknown(watched: Watched, derby_store: Path) -> None:
    page = watched.page
    with serving(derby_store) as address:
        page.goto(f"{address}/?period=latest-12m&category=anti-social-behaviour")
        watched.wait_for_map()
        watched.keep("derby")
        expect(page.locator(".finding")).to_contain_text("No data imported for 8 of 12 months")
        expect(page.locator("section.accounts")).to_contain_text("looks published twice")
        page.locator(".modes a", has_text="Persistence").click()
        frame = page.frame_locator("iframe.map")
        expect(frame.get_by_role("alert")).to_contain_text("need 10 months with data")
    assert watched.hosts() == {address.removeprefix("http://")}
