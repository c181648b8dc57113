"""`patchmap start --fetch` against publishers' servers on loopback."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.commands.running import run
from tests.api.commands.test_start import national_wards, street
from tests.api.fetch.server import Answer, Received, Server, as_json
from tests.services import Done, run_patchmap

WARDS = "/WD_DEC_2025_UK_BFC/FeatureServer/0"
ARCHIVE = "/data/archive/2024-04.zip"


def feature_server(request: Received) -> Answer:
    """The wards of Derby, or the names of all authorities."""
    query = {name: value[0] for name, value in parse_qs(urlsplit(request.path).query).items()}
    features = json.loads(national_wards())["features"]
    if query.get("returnDistinctValues"):
        names = {tuple(each["properties"].items())[1:] for each in features}
        return as_json({"features": [{"attributes": dict(each)} for each in sorted(names)]})
    assert query["where"] == "LAD25CD='E06000015'"
    own = [each for each in features if each["properties"]["LAD25CD"] == "E06000015"]
    if query.get("returnCountOnly"):
        return as_json({"count": len(own)})
    return as_json({"type": "FeatureCollection", "features": own})


def archive() -> bytes:
    """Three months of Kent, and two of Derbyshire, which published nothing in March."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for month in ("2024-02", "2024-03", "2024-04"):
            for force in ("derbyshire", "kent"):
                if (month, force) != ("2024-03", "derbyshire"):
                    name = f"{month}/{month}-{force}-street.csv"
                    written.writestr(name, street(month, force))
    return content.getvalue()


@pytest.fixture
def publishers(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The Open Geography portal and data.police.uk on one server."""
    names = ["WD_MAY_2024_UK_BFC", "WD_DEC_2025_UK_BFC", "LAD_DEC_2026_UK_BFC"]
    services = [{"name": name, "type": "FeatureServer"} for name in names]
    # A year that cannot be fetched is not the newest.
    services.append({"name": "WD_MAY_2026_UK_BFC", "type": "MapServer"})
    server.answer("/", as_json({"services": services}))
    fields = [{"name": name} for name in ("FID", "WD25CD", "LAD25CD", "LAD25NM")]
    server.answer(WARDS, as_json({"fields": fields, "objectIdField": "FID"}))
    server.answer(f"{WARDS}/query", feature_server)
    server.answer("/api/crime-last-updated", as_json({"date": "2024-04-01"}))
    server.answer(ARCHIVE, (200, {}, archive()))
    monkeypatch.setenv("PATCHMAP_ONS", f"{server.address}/")
    monkeypatch.setenv("PATCHMAP_POLICE_UK", server.address)
    return server


def start(folder: Path, *options: str, authority: str = "Derby") -> Done:
    named = ("--authority", authority, "--force", "derbyshire", "--no-serve")
    return run_patchmap("start", *named, *options, cwd=folder)


def archives_fetched(server: Server) -> int:
    return len(server.headers_of(ARCHIVE))


def test_what_is_lacking_is_fetched_once(publishers: Server, tmp_path: Path) -> None:
    done = start(tmp_path, "--fetch", "--from", "2024-02")
    assert done.returncode == 0, done.stderr
    assert "add wards-2025: 2 areas, from wards-2025-E06000015.geojson" in done.stdout
    assert (
        "2 months of derbyshire are there, February 2024 to April 2024; 1 month between"
        in done.stdout
    )
    assert "fetch layer wards-2025 --authority E06000015 --folder downloads" in done.stdout
    assert "6 incidents of" not in done.stdout
    again = start(tmp_path, "--fetch", "--from", "2024-02")
    assert "Nothing new" in again.stdout, again.stdout
    assert archives_fetched(publishers) == 1


def test_a_start_without_fetch_sends_no_request(publishers: Server, tmp_path: Path) -> None:
    assert start(tmp_path).returncode == 1
    assert publishers.requests == []


def test_an_authority_that_the_portal_does_not_know_is_refused(
    publishers: Server, tmp_path: Path
) -> None:
    done = start(tmp_path, "--fetch", authority="Lester")
    assert done.stderr == (
        "patchmap: --authority 'Lester': the Open Geography portal names no such authority; did "
        "you mean Leicester?\n"
    )
    assert archives_fetched(publishers) == 0


def test_a_fetch_that_fails_is_one_line_and_goes_on_later(
    publishers: Server, tmp_path: Path
) -> None:
    publishers.answer(ARCHIVE, (404, {}, b""))
    done = start(tmp_path, "--fetch", "--from", "2024-02")
    assert done.returncode == 1
    assert "does not exist, or not yet; download https://data.police.uk" in done.stderr
    publishers.answer(ARCHIVE, (200, {}, archive()))
    assert start(tmp_path, "--fetch", "--from", "2024-02").returncode == 0
    assert len([path for path, _ in publishers.requests if "resultOffset" in path]) == 1


def test_a_force_that_has_all_months_fetches_none(publishers: Server, tmp_path: Path) -> None:
    start(tmp_path, "--fetch", "--from", "2024-04")
    publishers.requests.clear()
    output = run(tmp_path, "start", "--authority", "Derby", "--force", "kent", "--no-serve",
                 "--fetch", "--from", "2024-02")  # fmt: skip
    assert "3 months of kent are there" in output
    assert archives_fetched(publishers) == 0
