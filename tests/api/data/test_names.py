"""Names to find places by are added on the page as by the command, and found at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.imports.process import ImportHere
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.api.data.conftest import Caller, page_text
from tests.boundaries.gazetteer.test_files import open_names_zip
from tests.services import run_patchmap


@pytest.fixture
def caller(store: GeoPackageStore, tmp_path: Path) -> Iterator[Caller]:
    """Of a service that knows where its store lies, as the names lie beside it."""
    settings = Settings(store=str(tmp_path / "town.gpkg"))
    app = make_app(store, settings, searches=SearchesHere(), importer=ImportHere(store))
    with TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        follow_redirects=False,
        client=("127.0.0.1", 50_000),
    ) as client:
        yield Caller(client)


def test_published_names_are_recognised_added_and_found(caller: Caller, tmp_path: Path) -> None:
    archive = open_names_zip(tmp_path / "opname_csv_gb.zip")
    address = caller.open((archive.name, archive.read_bytes()))
    text = page_text(caller.client.get(address))
    assert "Names to find places by recognised" in text
    assert "OS Open Names, as os-open-names; a source of this id is replaced whole" in text.replace(
        "Os-open", "os-open"
    )
    caller.choose(address, "import")
    done = page_text(caller.finished(address))
    by_command = run_patchmap("--store", "town.gpkg", "--json", "gazetteer", "list", cwd=tmp_path)
    (facts,) = json.loads(by_command.stdout)
    assert f"{facts['read']:,} rows read = " in done
    assert "Open the tasking board" in done
    assert "Undo this import" not in done
    listed = page_text(caller.client.get("/data"))
    assert f"OS Open Names os-open-names : {facts['names']} names" in listed
    found = caller.client.get("/search?q=saint%20peters").json()["features"]
    assert found[0]["properties"]["name"].startswith("St Peter")


def test_a_layer_gives_names_where_that_is_chosen(caller: Caller, tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [-1.45, 52.92]}
    feature = {"type": "Feature", "properties": {"NAME": "The Anchor"}, "geometry": point}
    document = {"type": "FeatureCollection", "features": [feature]}
    address = caller.open(("pubs.geojson", json.dumps(document).encode()))
    refused = page_text(caller.choose(address, "check", use="names", name_field="MISSING"))
    assert "MISSING" in refused
    caller.choose(address, "import", use="names", name_field="NAME")
    assert "1 rows read = 0 rejected + 1 names" in page_text(caller.finished(address))
    found = caller.client.get("/search?q=anchor").json()["features"]
    assert [one["properties"]["name"] for one in found] == ["The Anchor"]


def test_look_says_which_command_takes_an_archive_of_names(tmp_path: Path) -> None:
    open_names_zip(tmp_path / "opname.zip")
    done = run_patchmap("--json", "look", "opname.zip", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert (facts["kind"], facts["commands"]) == (
        "OS Open Names",
        ["patchmap gazetteer add opname.zip"],
    )
