"""The brief as a file: without scripts, and as a PDF where there is a browser."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from geo.store.geopackage import GeoPackageStore
from tests.services import run_patchmap

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def test_the_brief_is_one_file_without_scripts(tmp_path: Path, store: GeoPackageStore) -> None:
    arguments = ["--store", "town.gpkg", "brief", "--layer", "wards", "-o"]
    done = run_patchmap(*arguments, "brief.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "brief.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "322 read" in page
    refused = run_patchmap(*arguments, "brief.txt", cwd=tmp_path)
    assert "name it .html or .pdf" in refused.stderr


def test_the_page_offers_the_same_brief(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&show=density").text
    address = html.unescape(re.search(r'href="(/brief.html[^"]+)"', page)[1])
    brief = town_client.get(address)
    assert "attachment" in brief.headers["content-disposition"]
    assert "<script" not in brief.text
    assert "Density of incidents per km²" in brief.text


def test_a_brief_without_a_browser_says_how(
    tmp_path: Path, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.printing.shutil.which", lambda _name: None)
    done = run_patchmap("--store", "town.gpkg", "brief", "-o", "brief.pdf", cwd=tmp_path)
    assert done.returncode == 1
    assert "write -o brief.html, open it in any browser and print it" in done.stderr


def test_a_pdf_that_the_browser_cut_off_is_refused(
    tmp_path: Path, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) "
        'printf "%%PDF-1.4 half" > "${word#*=}";; esac; done\n'
    )
    browser.chmod(0o755)
    monkeypatch.setattr("api.pages.printing.shutil.which", lambda _name: str(browser))
    done = run_patchmap("--store", "town.gpkg", "brief", "-o", "brief.pdf", cwd=tmp_path)
    assert done.returncode == 1
    assert "brief.pdf cannot be written" in done.stderr
    assert "ended without writing a whole PDF" in done.stderr
    assert not (tmp_path / "brief.pdf").exists()
