"""A store with nothing in it: how it is made, and where its pages lead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.services import run_patchmap


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    store = GeoPackageStore(tmp_path / "new.gpkg", create=True)
    with TestClient(make_app(store, Settings()), base_url="http://127.0.0.1") as client:
        yield client
    store.close()


def test_the_board_leads_to_the_page_for_importing(client: TestClient) -> None:
    page = client.get("/").text
    assert "There is no data yet" in page
    assert '<a href="/data">Add a boundary layer, then incidents</a>' in page
    assert "see 'patchmap layers add'" not in page.replace("&#39;", "'")


def test_serve_makes_an_empty_store_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "patchmap.gpkg"
    with mock.patch("api.commands.service._run") as run:
        refused = run_patchmap("serve", cwd=tmp_path)
        assert refused.returncode == 1
        assert not path.exists()
        assert run_patchmap("serve", "--create", cwd=tmp_path).returncode == 0
        assert run.call_count == 1
    with closing(GeoPackageStore(path)) as store:
        assert store.layers() == []
