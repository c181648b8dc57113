"""`patchmap layers check` and `layers add --snap`, as their user meets them."""

import json
from pathlib import Path

import geopandas as gpd
import pytest

from tests.api.commands.running import refused, run
from tests.services import run_patchmap

METRES = {"type": "name", "properties": {"name": "EPSG:27700"}}


def box(west: float, east: float) -> list[list[float]]:
    left, right = 435_000 + west, 435_000 + east
    corners = [(left, 336_000), (right, 336_000), (right, 336_100), (left, 336_100)]
    return [list(corner) for corner in (*corners, corners[0])]


def write(path: Path, **rings: list[list[float]]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code.partition("_")[0]},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for code, ring in rings.items()
    ]
    whole = {"type": "FeatureCollection", "crs": METRES, "features": features}
    path.write_text(json.dumps(whole))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "sound.geojson", A=box(0, 100), B=box(100, 200))
    write(tmp_path / "overlap.geojson", A=box(0, 100), B=box(99.5, 200))
    return tmp_path


def test_a_sound_layer_is_fit_for_a_plan(folder: Path) -> None:
    output = run(folder, "layers", "check", "sound.geojson")
    assert output == "sound.geojson: 2 areas, 0 findings; fit for a plan\n"


def test_a_finding_is_told_with_its_size_and_place(folder: Path) -> None:
    assert run(folder, "layers", "check", "overlap.geojson").splitlines() == [
        "overlap.geojson: 2 areas, 1 finding; repair it before you make a plan on it",
        "overlap: 1",
        "  A and B overlap, 50 m², 100 m long, at 435100, 336050",
    ]


def test_findings_are_json_for_machines(folder: Path) -> None:
    facts = json.loads(run(folder, "--json", "layers", "check", "overlap.geojson"))
    assert (facts["areas"], facts["fit_for_plan"], facts["kinds"]) == (2, False, {"overlap": 1})
    (finding,) = facts["findings"]
    assert (finding["codes"], finding["area_m2"]) == ("A, B", 50)


def test_findings_are_a_layer_that_opens_in_longitude_and_latitude(folder: Path) -> None:
    run(folder, "layers", "check", "overlap.geojson", "-o", "findings.geojson")
    layer = gpd.read_file(folder / "findings.geojson")
    assert layer["kind"].tolist() == ["overlap"]
    assert -1.5 < layer.geometry.iloc[0].centroid.x < -1.4


def test_many_findings_are_counted_and_the_first_named(folder: Path) -> None:
    rings = {f"W{n}": box(100 * n, 100 * n + 101) for n in range(6)}
    write(folder / "many.geojson", **rings)
    assert "  and 2 more" in run(folder, "layers", "check", "many.geojson").splitlines()


def test_faults_that_no_store_takes_are_found_all_the_same(folder: Path) -> None:
    tie = [[435_000, 336_000], [435_100, 336_100], [435_100, 336_000], [435_000, 336_100]]
    write(folder / "bad.geojson", A=[*tie, tie[0]], B=box(200, 300), B_2=box(300, 400))
    output = run(folder, "layers", "check", "bad.geojson")
    assert "  A: Self-intersection, at 435050, 336050" in output
    assert "  2 areas have the code B, 10,000 m², 200 m long, at 435350, 336050" in output


def test_codes_that_a_later_layer_lacks_are_stale(folder: Path) -> None:
    write(folder / "later.geojson", A=box(0, 100), C=box(100, 200))
    run(folder, "layers", "add", "later.geojson", "--id", "later")
    output = run(folder, "layers", "check", "sound.geojson", "--current", "later")
    assert "B is not a code in force" in output
    assert "fit for a plan" in output.splitlines()[0]


def test_a_layer_is_repaired_on_the_way_in_and_says_so(folder: Path) -> None:
    output = run(folder, "layers", "add", "overlap.geojson", "--id", "w", "--snap", "1")
    assert output.splitlines()[1:] == [
        "snapped by 1 m: overlap 1",
        "B: area -50.0000 m² (-0.4975 %)",
    ]
    assert "2 areas, 0 findings; fit for a plan" in run(folder, "layers", "check", "w")
    metadata = json.loads(run(folder, "--json", "layers", "list"))
    assert metadata[0]["note"].startswith("snapped by 1 m: overlap 1")


def test_a_fault_too_wide_to_mend_is_refused_and_nothing_added(folder: Path) -> None:
    done = run_patchmap(
        "layers", "add", "overlap.geojson", "--id", "w", "--snap", "0.1", cwd=folder
    )
    assert done.returncode == 1
    assert "A and B overlap by about 0.498 m at 435100, 336050: more than 0.1 m" in done.stderr
    assert not (folder / "patchmap.gpkg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch.geojson"], "there is no file nosuch.geojson"),
        (["overlap.geojson", "-o", "overlap.geojson"], "overlap.geojson is being read"),
        (["overlap.geojson", "-o", "x.docx"], "x.docx: the ending must be one of"),
    ],
)
def test_what_cannot_be_checked_is_refused(arguments, message, folder: Path) -> None:
    done = run_patchmap("layers", "check", *arguments, cwd=folder)
    assert done.returncode == 1
    assert message in done.stderr


def test_overlaps_beyond_a_sliver_are_named_with_what_they_mean(folder: Path) -> None:
    write(folder / "town.geojson", town=box(0, 1000), estate=box(400, 600))
    meaning = (
        "areas overlap by more than a sliver of 10 m (estate and town): each counts its own "
        "incidents, so they add up to more than all; posts, patches and plans need a layer "
        "without overlaps"
    )
    assert run(folder, "layers", "check", "town.geojson").splitlines()[-1] == meaning
    added = run(folder, "layers", "add", "town.geojson", "--id", "town")
    assert added.splitlines()[-1] == meaning
    assert "overlap" not in run(folder, "layers", "add", "overlap.geojson", "--id", "slivers")


def test_a_layer_that_takes_the_place_of_another_says_what_is_lost(folder: Path) -> None:
    write(folder / "old.geojson", A=box(0, 500), B=box(500, 1000))
    write(folder / "new.geojson", C=box(0, 1000))
    (folder / "residents.csv").write_text("code,residents\nA,10\nB,20\n")
    added = run(folder, "layers", "add", "old.geojson", "--id", "w", "--title", "Old wards")
    assert "replaces" not in added
    run(folder, "attributes", "add", "residents.csv", "--layer", "w", "--key", "code")
    lines = run(folder, "layers", "add", "new.geojson", "--id", "w").splitlines()
    assert lines[1:3] == [
        "it replaces Old wards: 2 areas",
        "no longer in w: residents; add them again if needed",
    ]


def test_a_plan_on_overlapping_blocks_is_refused_with_their_codes(folder: Path) -> None:
    write(folder / "town.geojson", town=box(0, 1000), estate=box(400, 600))
    run(folder, "layers", "add", "town.geojson", "--id", "town")
    refusal = refused(folder, "plan", "new", "draft", "--blocks", "town", "--empty")
    assert "areas overlap (estate and town)" in refusal
    assert "remove one area of each pair" in refusal
    write(folder / "halves.geojson", A=box(0, 500), B=box(500, 1000))
    run(folder, "layers", "add", "halves.geojson", "--id", "halves")
    refusal = refused(folder, "plan", "new", "draft", "--blocks", "halves", "--from", "town")
    assert "areas overlap (estate and town)" in refusal
    assert "choose a layer whose areas do not overlap" in refusal
