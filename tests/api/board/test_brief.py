"""The brief: what stands on each sheet, and how it is asked again."""

from __future__ import annotations

import html
import re
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from api.access_settings import PublicUrl
from api.answers import Answers
from api.board import brief, printing
from api.board.brief import brief_page
from api.board.findings import Findings
from api.board.rounds import letters
from api.board.view import BoardView
from geo.store.geopackage import GeoPackageStore

QUESTION = "?period=latest-2m&layer=wards&cell=200"


@pytest.fixture(scope="module")
def page(town_client: TestClient) -> str:
    """The brief of the town."""
    return html.unescape(town_client.get(f"/brief.html{QUESTION}").text)


def test_sheets_follow_the_order_of_a_meeting(page: str) -> None:
    parts = ("headline", "unusual", "ranked", "areas", "when", "patrols", "asked", "accounts")
    assert sorted(parts, key=lambda part: page.index(f'id="{part}"')) == list(parts)
    assert all(page.count(f'id="{part}"') == 1 for part in parts)
    assert page.count('class="sheet') == 4


def test_each_stop_of_the_list_is_on_the_map_of_the_rounds(page: str) -> None:
    drawn = re.findall(r'class="stop"[^>]*>(\w+)<', page)
    listed = re.findall(r"<li><strong>(\w+)</strong>", page)
    assert drawn == listed
    assert "A1" in listed


def test_its_address_has_dates_and_its_head_the_question(page: str) -> None:
    assert "<code>/?layer=wards&cell=200&datetime=2024-01-01/2024-02-29</code>" in page
    assert r"All\000020incidents\000020" in page  # the head of each sheet, in its style


def test_its_address_bears_the_host_where_that_is_known(made_town: Path, page: str) -> None:
    assert "the address of your Patchmap, which is not known here: <code>/?layer" in page
    with closing(GeoPackageStore(made_town)) as store:
        view = BoardView.read({"datetime": "2024-01/2024-02", "layer": "wards", "cell": "200"})
        findings = Findings(Answers(store), view.question)
        text = brief_page(findings, view, public=PublicUrl.parse("https://maps.example/patch/"))
    assert "at this address: <code>https://maps.example/patch/?" in html.unescape(text)


def test_a_brief_of_too_many_sheets_goes_without_sections_and_says_so(
    made_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets = iter([6, 5, 4])
    printed = tmp_path / "brief.pdf"

    def print_pdf(_page: str, target: Path) -> None:
        target.write_bytes(b"<< /Type /Page >>\n" * next(sheets) + b"<< /Type /Pages >>")

    monkeypatch.setattr(printing, "print_pdf", print_pdf)
    tried: list[int] = []
    printing.print_brief(lambda spared: tried.append(spared) or "", printed)  # type: ignore[func-returns-value]
    assert tried == [0, 1, 2]
    with closing(GeoPackageStore(made_town)) as store:
        view = BoardView.read({"datetime": "2024-01/2024-02", "layer": "wards", "cell": "200"})
        text = brief_page(Findings(Answers(store), view.question), view, spared=2)
    assert 'id="repeats"' not in text
    assert 'id="concentration"' in text
    assert "to keep the brief short: places with repeats. The board has them." in text


def test_areas_that_do_not_fit_the_sheet_are_counted(
    made_town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "SHEET_AREAS", 1)
    with closing(GeoPackageStore(made_town)) as store:
        view = BoardView.read({"datetime": "2024-01/2024-02", "layer": "wards", "cell": "200"})
        findings = Findings(Answers(store), view.question)
        most, least = (int(n) for n in findings.areas["n"])
        text = brief_page(findings, view)
    table = text.partition('<section class="areas"')[2].partition("</section>")[0]
    assert f'<td class="number">{most}</td>' in table
    rest = table.partition('id="areas-left-out">')[2].partition("</tr>")[0]
    assert re.sub("<[^>]+>", " ", rest).split() == ["1", "more", "area", str(least)]


def test_more_officers_than_letters_have_names_of_their_own() -> None:
    crews = [SimpleNamespace(officer=f"day {number}") for number in range(60)]
    called = letters(cast("Any", crews))
    assert called["day 0"] == "A"
    assert called["day 27"] == "B2."
    assert len(set(called.values())) == 60


def test_a_title_cannot_leave_the_style() -> None:
    style = brief._style('</style><script>"\\')
    assert "<script" not in style
    assert "</style" not in style


def test_a_map_that_cannot_be_drawn_leaves_the_brief_standing(town_client: TestClient) -> None:
    asked = "datetime=2024-01/2024-02&layer=wards&cell=200"
    response = town_client.get(f"/brief.html?{asked}&show=persistence&over=nowhere")
    page = html.unescape(response.text)
    assert response.status_code == 200
    assert "Persistence cannot be mapped: " in page
    assert "Shown: the hotspots." in page
    assert "Nothing is drawn over the map: there is no layer 'nowhere'" in page
    assert page.rstrip().endswith("</html>")
    # A name that no data could answer is refused as at every door, to people as a page.
    refused = town_client.get(f"/brief.html?{asked}&show=x", headers={"accept": "text/html"})
    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("text/html")
