"""The brief has the tasks of its areas, on paper too."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.pages.printing import print_pdf, sheets_of
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import serve_town
from tests.api.reports.tasking_town import fill_with_tasks
from tests.postgres import Cluster

BRIEF = "/brief.html?period=latest-1m&layer=wards"


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    if request.param == "PostGIS":
        cluster: Cluster = request.getfixturevalue("cluster")
        with closing(PostgisStore(cluster.new_database(), create=True)) as server:
            yield serve_town(fill_with_tasks(server))  # type: ignore[arg-type]
        return
    path = tmp_path_factory.mktemp("brief") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        yield serve_town(fill_with_tasks(store))


def section(page: str) -> str:
    return page.partition('<section id="tasks"')[2].partition("</section>")[0]


def test_a_brief_has_the_tasks_of_its_areas(client: TestClient) -> None:
    whole = section(client.get(BRIEF).text)
    accounts = "12 raised = 2 declined + 4 open + 1 waiting + 3 done + 2 assessed."
    assert accounts in whole
    assert "2 are overdue." in whole
    assert whole.count('<th scope="row">T-') == 5
    of_a = section(client.get(f"{BRIEF}&within=A").text)
    assert "4 raised = 0 declined + 2 open + 1 waiting + 0 done + 1 assessed." in of_a
    assert [one[:6] for one in of_a.split('<th scope="row">')[1:]] == ["T-0001", "T-0008", "T-0002"]
    assert "Money for lights" in of_a


def test_a_brief_of_a_store_without_tasks_has_no_part_for_them(town_client: TestClient) -> None:
    assert '<section id="tasks"' not in town_client.get(BRIEF).text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
def test_the_printed_brief_has_them_on_its_four_sheets(client: TestClient, tmp_path: Path) -> None:
    pdf = tmp_path / "brief.pdf"
    print_pdf(client.get(BRIEF).text, pdf)
    assert sheets_of(pdf.read_bytes()) <= 4
    if reader := shutil.which("pdftotext"):
        done = subprocess.run([reader, pdf, "-"], check=True, capture_output=True)
        text = " ".join(done.stdout.decode().split())
        assert "12 raised = 2 declined + 4 open + 1 waiting + 3 done + 2 assessed." in text
        assert "Money for lights" in text
