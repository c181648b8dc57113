"""The page for importing in a real browser: cases from practice with their right values."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from geo.store.geopackage import GeoPackageStore
from tests.browser.conftest import SCREENSHOTS, Watched, patient
from tests.services import serving

# Beside the real data, as they were given.
CASES = Path(os.environ.get("PATCHMAP_REAL_DATA", "none/none")).parent / "cases"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="set PATCHMAP_REAL_DATA to try the cases from practice beside it"
)


@dataclass(frozen=True)
class Case:
    """Files of one case, what the page says of them, and what the import then gives.

    Attributes
    ----------
    shown
        Words on the page before anything is imported.
    choices
        What has to be corrected: fields of the form and their values.
    accounts
        Of incidents, rows read, accepted and rejected.
    line
        Of a layer or figures, what the page says of it afterwards.
    """

    files: tuple[str, ...]
    shown: tuple[str, ...]
    choices: dict[str, str] = field(default_factory=dict)
    accounts: tuple[int, int, int] | None = None
    line: str = ""


INCIDENTS = {
    "own-crs": Case(("own-crs-points/irish.geojson",), ("EPSG:29902",), accounts=(2, 2, 0)),
    "utf16": Case(
        ("csv-encodings/utf16.csv",),
        ("UTF-16 text.", "Say how dates are written."),
        {"format": "dd/mm/yyyy HH:MM"},
        accounts=(2, 2, 0),
    ),
    "placeholder": Case(
        ("dates/placeholder.csv",),
        ("2 would be accepted", "in the future", "before 1970"),
        accounts=(4, 2, 2),
    ),
    "offset": Case(("dates/hub.csv",), ("15 March 2024 to 17 July 2024",), accounts=(4, 4, 0)),
    "epoch-ms": Case(("hub/epochms.geojson",), ("15 March 2024",), accounts=(1, 1, 0)),
    "cover-sheet": Case(
        ("xlsx/cover-sheet.xlsx",), ("Sheet 'Data' is read, not Read me.",), accounts=(12, 12, 0)
    ),
    "postcodes": Case(
        ("postcodes/inc.csv", "postcodes/m.toml", "postcodes/onspd.csv"),
        ("7 would be accepted", "not a whole postcode"),
        accounts=(13, 7, 6),
    ),
}
LAYERS = {
    "base": Case(
        ("base.geojson",),
        ("Codes from WD25CD, names from WD25NM.",),
        {"layer_id": "base"},
        line="Base: 4 areas, codes from WD25CD",
    ),
    "view": Case(
        ("gpkg-with-view/city.gpkg",),
        ("beats (4), wards (4)",),
        {"part": "wards", "layer_id": "city"},
        line="City: 4 areas, codes from WD25CD",
    ),
    "welsh": Case(
        tuple(f"shp-encoding/welsh.{ending}" for ending in ("shp", "dbf", "shx", "prj", "cpg")),
        ("codes in wd23cd",),
        {"layer_id": "welsh"},
        line="Welsh: 2 areas, codes from wd23cd",
    ),
}


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "council.gpkg"
    GeoPackageStore(path, create=True).close()
    return path


@pytest.fixture(scope="module")
def council(store_path: Path) -> Iterator[str]:
    """Where an empty store is served."""
    with serving(store_path) as running:
        yield running


@pytest.fixture(scope="module")
def imported(browser: Browser, council: str) -> dict[str, str]:
    """Every case driven through the page, and what the page said in the end."""
    context = patient(browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-GB"))
    watched = Watched(context.new_page())
    texts = {name: drive(watched.page, council, name, case) for name, case in LAYERS.items()}
    texts |= {name: drive(watched.page, council, name, case) for name, case in INCIDENTS.items()}
    assert watched.faults == []
    assert watched.hosts() == {council.removeprefix("http://")}
    context.close()
    return texts


def drive(page: Page, address: str, name: str, case: Case) -> str:
    """Choose the files, correct the choices, import; return what the page says then."""
    page.goto(f"{address}/data")
    page.set_input_files("#file", [CASES / file for file in case.files])
    page.wait_for_selector("#choices")
    for words in case.shown:
        expect(page.locator("main")).to_contain_text(words)
    choices = case.choices if name in LAYERS else {"source": name, **case.choices}
    for label, value in choices.items():
        control = page.locator(f"#{label}")
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
        with page.expect_response(lambda response: "/map.json" in response.url):
            control.dispatch_event("change")
    page.click("button[value=import]")
    page.wait_for_selector("#done")
    return page.locator("main").inner_text()


@pytest.fixture(scope="module")
def incidents(store_path: Path, imported: dict[str, str]) -> pd.DataFrame:
    assert imported
    with closing(GeoPackageStore(store_path)) as store:
        return store.incidents().set_index("source")


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_accounts_of_incidents_are_right(imported: dict[str, str], name: str) -> None:
    read, accepted, rejected = INCIDENTS[name].accounts or (0, 0, 0)
    line = f"1 file: {read} read = {accepted} accepted + {rejected} rejected"
    assert line in imported[name]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_its_areas_and_its_fields(imported: dict[str, str], name: str) -> None:
    assert LAYERS[name].line in imported[name]


def test_points_lie_where_their_own_crs_puts_them(incidents: pd.DataFrame) -> None:
    # Belfast, as the Irish grid of the file says: not Merseyside.
    point = incidents.loc[["own-crs"]].sort_values("occurred_from").iloc[0]
    assert point["x"] == pytest.approx(145_900, abs=100)
    assert point["y"] == pytest.approx(529_700, abs=100)


def test_times_are_those_of_their_offset_and_their_epoch(incidents: pd.DataFrame) -> None:
    moments = incidents.loc[["offset"]]["occurred_from"].dt.strftime("%m-%d %H:%M").tolist()
    assert "07-17 22:30" in moments
    epoch = incidents.loc[["epoch-ms"]]["occurred_from"].iloc[0]
    assert epoch == pd.Timestamp("2024-03-15 21:30", tz="UTC")


def test_welsh_names_are_whole(store_path: Path, imported: dict[str, str]) -> None:
    assert imported
    with closing(GeoPackageStore(store_path)) as store:
        names = store.layer("welsh")[1]["area_name"].tolist()
    assert not any("Å" in name or "�" in name or "?" in name for name in names)
    assert any(ord(letter) > 127 for name in names for letter in name)


def test_rejected_rows_are_downloaded_and_the_import_is_undone(
    watched: Watched, council: str, imported: dict[str, str], tmp_path: Path
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    assert imported
    text = drive(page, council, "again", INCIDENTS["placeholder"])
    assert "2 accepted" in text
    with page.expect_download() as download:
        page.click("#rejects")
    download.value.save_as(tmp_path / "rejects.csv")
    rows = [*csv.DictReader((tmp_path / "rejects.csv").read_text("utf-8").splitlines())]
    assert [row["line"] for row in rows] == ["2", "4"]
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator(".success")).to_contain_text("undone: 2 incidents removed, 0 restored")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    assert watched.faults == []


def test_figures_join_the_layer_of_their_codes(
    watched: Watched, council: str, imported: dict[str, str], store_path: Path
) -> None:
    assert imported
    page = watched.page
    page.goto(f"{council}/data")
    page.set_input_files("#file", CASES / "attributes/title.csv")
    expect(page.locator("#result")).to_contain_text("residents")
    expect(page.locator("main")).to_contain_text("The header is line 3")
    page.locator("#figures_layer").select_option("base")
    page.click("button[value=import]")
    expect(page.locator("#done")).to_contain_text("for 1 of 4 areas")
    with closing(GeoPackageStore(store_path)) as store:
        assert store.layer("base")[1]["residents"]["E05900001"] == 1234


def test_a_file_is_dropped_and_chosen_by_the_keyboard(watched: Watched, council: str) -> None:
    page = watched.page
    page.goto(f"{council}/data")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "file":
            break
    assert page.evaluate("document.activeElement.id") == "file"
    dropped = page.evaluate_handle(
        """() => { const files = new DataTransfer();
        files.items.add(new File(["a,b\\n1,2\\n"], "dropped.csv")); return files; }"""
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    expect(page.locator(".file-name")).to_have_text("dropped.csv")
    page.get_by_role("button", name="Discard this file").click()
    expect(page.locator("#add-title")).to_be_visible()
    assert watched.faults == []


def test_the_form_works_without_scripts(browser: Browser, council: str) -> None:
    context = patient(browser.new_context(java_script_enabled=False))
    page = context.new_page()
    page.goto(f"{council}/data")
    page.set_input_files("#file", CASES / "dates/placeholder.csv")
    page.get_by_role("button", name="Continue").click()
    page.locator("#source").fill("plain")
    page.get_by_role("button", name="Check these choices").click()
    expect(page.locator("#source")).to_have_value("plain")
    page.get_by_role("button", name="Import").click()
    # The page reloads by itself until the import is over.
    expect(page.locator("#done")).to_contain_text("4 read = 2 accepted + 2 rejected")
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator(".success")).to_contain_text("2 incidents removed")
    context.close()


def check(page: Page, *, scripts: bool) -> None:
    """Have the choices of the form tried: without scripts by its button."""
    if scripts:
        page.get_by_label("Day of the extract").dispatch_event("change")
    else:
        page.get_by_role("button", name="Check these choices").click()


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (390, False)])
def test_an_extract_of_records_is_given_its_day(
    browser: Browser, council: str, tmp_path: Path, width: int, *, scripts: bool
) -> None:
    files = tmp_path / "desk.csv", tmp_path / "desk.toml"
    files[0].write_text("Ref,Logged,Shut,E,N\n1,2024-03-16,2024-03-20,436101,337500\n")
    files[1].write_text(
        f'source = "desk-{width}"\nid = "Ref"\n[when]\nfrom = "Logged"\nformat = "yyyy-mm-dd"\n'
        '[where]\neasting = "E"\nnorthing = "N"\n[what]\ncategory = "litter"\n'
        '[life]\nevery_kind = "request"\nclosed = "Shut"\nextract = "whole"\n'
    )
    context = patient(
        browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=scripts, locale="en-GB"
        )
    )
    page = context.new_page()
    page.goto(f"{council}/data")
    page.set_input_files("#file", files)
    if not scripts:
        page.get_by_role("button", name="Continue").click()
    day = page.get_by_label("Day of the extract")
    expect(day).to_have_accessible_description(
        "When the council’s system wrote this file. Leave empty if that was today"
    )
    day.fill("2024-03-18")
    box = day.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["height"] >= 32
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"data-extract-{width}.png", full_page=True)
    # It was closed two days later: nothing would be accepted.
    check(page, scripts=scripts)
    expect(page.locator("main")).to_contain_text("closed after the day of the extract")
    page.get_by_label("Day of the extract").fill("2024-03-31")
    check(page, scripts=scripts)
    expect(page.locator("main")).to_contain_text("1 would be accepted")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#done")).to_contain_text("1 read = 1 accepted + 0 rejected")
    expect(page.locator("main")).to_contain_text("Extract of 2024-03-31")
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator(".success")).to_contain_text("1 incident removed")
    context.close()
