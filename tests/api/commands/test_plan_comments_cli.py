"""`patchmap plan comments` on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.api.commands.plan_folders import planned
from tests.api.commands.running import refused, run, run_json

IMPORT = ("plan", "comments", "import", "north", "c.csv", "--by", "Ann")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    planned(tmp_path)
    (tmp_path / "c.csv").write_text(
        "name,date,area,easting,northing,comment,phone\n"
        "A. Reed,2026-05-01,,435050,336050,The brook divides us,01332 123456\n"
        ",,East,,,Keep the school,\n"
        ",,Nowhere,,,Hm,\n"
    )
    return tmp_path


def test_comments_are_imported_listed_and_written(folder: Path) -> None:
    said = run(folder, *IMPORT)
    assert "c.csv: 3 rows read = 2 added + 0 added before + 1 rejected" in said
    assert "rejected, 1: the plan has no area 'Nowhere', or several of that name" in said
    assert "columns not read, nothing of them is stored: phone" in said
    with (folder / "c.rejects.csv").open(encoding="utf-8", newline="") as stream:
        head, row = csv.reader(stream)
    assert head[:3] == ["file", "line", "reason"]
    assert row[:2] == ["c.csv", "4"]
    assert "2 added before" in run(folder, *IMPORT)
    facts = run_json(folder, "plan", "comments", "list", "north", "--area", "W", "-o", "w.csv")
    assert [one["comment"] for one in facts["comments"]] == ["The brook divides us"]
    assert "The brook divides us" in (folder / "w.csv").read_text(encoding="utf-8-sig")
    listed = run(folder, "plan", "comments", "list", "north")
    assert "Keep the school" in listed
    assert "01332" not in listed
    assert "no area 'X'" in refused(folder, "plan", "comments", "list", "north", "--area", "X")


def test_what_was_listed_can_be_imported_again(folder: Path) -> None:
    run(folder, *IMPORT)
    run(folder, "plan", "comments", "list", "north", "-o", "all.csv")
    run(folder, "plan", "new", "south", "--blocks", "blocks", "--from", "wards")
    said = run(folder, "plan", "comments", "import", "south", "all.csv")
    assert "2 rows read = 2 added" in said


def test_comments_are_added_redacted_and_removed(folder: Path) -> None:
    add = ("plan", "comments", "add", "north", "--by", "Ann", "--text")
    assert "comment 1 added" in run(folder, *add, "The lady at the corner", "--name", "B. Lee")
    assert "--confirm" in refused(folder, *add, "Ring 01332 123456")
    run(folder, *add, "Ring 01332 123456", "--confirm", "--place", "-1.477", "52.92")
    assert "no comment 9" in refused(folder, "plan", "comments", "redact", "north", "9")
    run(folder, "plan", "comments", "redact", "north", "1", "2")
    facts = run_json(folder, "plan", "comments", "list", "north")
    assert {(one["name"], one["comment"]) for one in facts["comments"]} == {("", "[taken out]")}
    assert all(one["longitude"] is None for one in facts["comments"])
    content = (folder / "patchmap.gpkg").read_bytes()
    assert b"lady at the corner" not in content
    assert b"B. Lee" not in content
    remove = ("plan", "comments", "remove", "north")
    assert "confirm with --yes" in refused(folder, *remove, "1")
    assert "1 comment removed" in run(folder, *remove, "1", "--yes")
    run(folder, *IMPORT)
    assert "2 comments removed" in run(folder, *remove, "--file", "c.csv", "--yes")
    assert "no comments from" in refused(folder, *remove, "--file", "c.csv", "--yes")
    run(folder, "plan", "remove", "north", "--yes")


def test_only_on_demand_a_report_has_names(folder: Path) -> None:
    run(folder, *IMPORT)
    export = ("plan", "export", "north", "-o")
    run(folder, *export, "public.html")
    run(folder, *export, "council.html", "--comments")
    assert "A. Reed" not in (folder / "public.html").read_text(encoding="utf-8")
    assert "A. Reed" in (folder / "council.html").read_text(encoding="utf-8")


def test_points_of_a_geojson_file_are_imported(folder: Path) -> None:
    point = {"type": "Point", "coordinates": [-1.477, 52.92]}
    one = {"type": "Feature", "geometry": point, "properties": {"comment": "Here"}}
    (folder / "p.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [one]}), encoding="utf-8"
    )
    facts = run_json(folder, "plan", "comments", "import", "north", "p.geojson")
    assert (facts["added"], facts["rejected"]) == (1, 0)
