"""Service requests of Open311 and reports of FixMyStreet, from file to store."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run, run_json
from tests.geo.test_open311 import HEADER, REQUESTS, report


def test_pages_of_a_server_add_to_each_other_and_a_later_one_closes_a_request(
    tmp_path: Path,
) -> None:
    for number, request in enumerate(REQUESTS):
        page = {"requests": [{"request": [request]}]}
        (tmp_path / f"page{number}.json").write_text(json.dumps(page))
    pages = ("page0.json", "page1.json")
    output = run(tmp_path, "ingest", *pages, "--source", "open311", "--extracted", "2026-03-31")
    assert "2 files: 2 read = 2 accepted + 0 rejected" in output
    assert "page1.json: extract of 2026-03-31; since the one before: 1 opened" in output

    closed = {**REQUESTS[0], "status": "closed", "updated_datetime": "2026-04-02T09:00:00Z"}
    (tmp_path / "later.json").write_text(json.dumps([closed]))
    output = run(
        tmp_path, "ingest", "later.json", "--source", "open311", "--extracted", "2026-04-07"
    )
    # The other request is not on this page, and has not vanished for that.
    assert "since the one before: 1 closed" in output
    assert "vanished" not in output
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    assert len(store.incidents()) == 2
    notes = store.setting("source open311")
    store.close()
    assert isinstance(notes, dict)
    assert "last change" in notes["caveats"][0]


def test_an_export_of_fixmystreet_is_read(tmp_path: Path) -> None:
    with (tmp_path / "reports.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, report(), report(**{"Report ID": "2"})])
    output = run(tmp_path, "ingest", "reports.csv", "--source", "fixmystreet")
    assert "reports.csv: 2 read = 2 accepted + 0 rejected [added]" in output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--source", "311"), "choose police.uk or open311 or fixmystreet, or use --mapping"),
        (("--source", "open311", "--mapping", "m.toml"), "has a mapping of its own"),
        (("--source", "open311", "--force", "derbyshire"), "cannot be used with --source open311"),
        (("--source", "open311", "--layer", "points"), "needs --mapping"),
        (("--source", "open311", "--extracted", "June"), "is not a day"),
        (("--source", "open311", "--extracted", "2099-01-01"), "is one of a day to come"),
        (
            (
                "--source",
                "fixmystreet",
            ),
            "is JSON; import it with --source open311",
        ),
        (("--extracted", "2026-03-31"), "which needs --mapping"),
    ],
)
def test_options_of_other_readers_are_refused(
    tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    (tmp_path / "requests.json").write_text(json.dumps(REQUESTS))
    assert reason in refused(tmp_path, "ingest", "requests.json", *options)


def test_look_names_the_command_that_takes_either_file(tmp_path: Path) -> None:
    with (tmp_path / "reports.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, report()])
    facts = run_json(tmp_path, "look", "reports.csv")
    assert facts["commands"] == ["patchmap ingest reports.csv --source fixmystreet"]
    for number, value in enumerate((REQUESTS, {"requests": [{"request": REQUESTS}]})):
        name = f"requests{number}.json"
        (tmp_path / name).write_text(json.dumps(value))
        assert f"patchmap ingest {name} --source open311" in refused(tmp_path, "look", name)
