"""The guide: every page is served, every link leads somewhere, every command line is one."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.help.guide import FOLDER, PAGES, address_of, guide_page
from api.identity.roles import CAPABILITIES, Capability, Role
from api.settings import Settings
from tests.command_lines import check_command_line, command_lines, commands

ROOT = Path(__file__).parents[3]
DOCUMENTS = (ROOT / "README.md", *sorted(FOLDER.glob("*.md")))
LINES = [(document.name, line) for document in DOCUMENTS for line in command_lines(document)]


def test_every_file_of_the_guide_is_a_page_of_it() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_guide_is_served(client: TestClient, name: str) -> None:
    response = client.get(address_of(name))
    assert response.status_code == 200
    assert guide_page(name).title in response.text


def test_an_unknown_page_of_the_guide_is_not_there(client: TestClient) -> None:
    response = client.get("/help/nonsense")
    assert response.status_code == 404
    assert "the guide has no page 'nonsense'; choose start, board" in response.json()["detail"]


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_the_guide_leads_to_a_page_and_a_section(name: str) -> None:
    addresses = {address_of(page): guide_page(page) for page in PAGES}
    for target in re.findall(r'href="(/help[^"]*)"', guide_page(name).html):
        address, _, anchor = target.partition("#")
        assert address in addresses
        assert not anchor or f'id="{anchor}"' in addresses[address].html


def test_every_address_for_other_programs_is_that_of_the_service(client: TestClient) -> None:
    # Under another name, as a service on another port would be.
    page = html.unescape(client.get("/help/gis", headers={"host": "localhost:9123"}).text)
    assert "127.0.0.1:8000" not in page
    addresses = set(re.findall(r"http://localhost:9123([^\s\"<]*)", page))
    assert {"/ogc", "/ogc/qgis.qgs", "/arcgis/rest/services"} <= addresses
    assert len(addresses) >= 9
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        assert not response.text.startswith('{"error"'), address


@pytest.mark.parametrize("command", commands())
def test_the_guide_lists_every_command(command: str) -> None:
    assert f"`patchmap {command}`" in (FOLDER / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "setting", sorted(set(re.findall(r"PATCHMAP_[A-Z_]+", str(Settings.__doc__))))
)
def test_the_guide_lists_every_setting(setting: str) -> None:
    assert f"`{setting}" in (FOLDER / "service.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("document", "line"), LINES)
def test_every_command_line_that_is_shown_can_be_given(document: str, line: str) -> None:
    check_command_line(line)


def test_html_in_the_guide_is_shown_and_not_run(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "start.md").write_text("# <script>alert(1)</script>\n", encoding="utf-8")
    monkeypatch.setattr("api.help.guide.FOLDER", tmp_path)
    assert "<script>" not in guide_page.__wrapped__("start").html


def test_the_three_questions_have_a_picture_each_in_the_page_itself(client: TestClient) -> None:
    page = client.get("/help/methods").text
    section = page[page.index('id="three-questions"') : page.index('id="hot-and-cold-cells"')]
    assert section.count("<svg") == 3
    assert section.count("aria-label=") == 3
    assert "<img" not in page


def test_the_guide_says_what_each_role_may() -> None:
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", (FOLDER / "access.md").read_text(), re.MULTILINE)
    texts = {name: text for name, text in rows if name in {role.value for role in Role}}
    assert set(texts) == {role.value for role in Role}
    words = {
        Capability.READ_PLANS: "plans",
        Capability.EDIT_PLANS: "edit plans",
        Capability.EDIT_TASKS: "decide on tasks",
        Capability.EDIT_ROSTER: "edit the roster",
        Capability.MANAGE_USERS: "users",
        Capability.IMPORT: "import",
        Capability.MAKE_RELEASES: "make and review releases",
        Capability.APPROVE_RELEASES: "approve",
        Capability.READ_AUDIT: "audit",
        Capability.ERASE: "erase",
        Capability.READ_METRICS: "figures",
    }
    for role, text in texts.items():
        named = {capability for capability, word in words.items() if word in text}
        assert named == CAPABILITIES[Role(role)] & set(words), role
