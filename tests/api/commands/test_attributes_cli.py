"""Attributes on the command line: of the areas themselves, or carried from another layer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import planned
from tests.api.commands.running import refused, run, run_json
from tests.services import run_patchmap


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planned(tmp_path)


def table(folder: Path, **values: int) -> str:
    pd.DataFrame({"code": list(values), "dwellings": values.values()}).to_csv(
        folder / "d.csv", index=False
    )
    return "d.csv"


def layer(folder: Path, name: str):
    store = GeoPackageStore(folder / "patchmap.gpkg")
    layer = store.layer(name)
    store.close()
    return layer


CARRY = ["--key", "code", "--best-fit-from", "blocks", "--sum", "dwellings"]


def test_figures_of_blocks_are_added_up_by_ward_and_noted_in_its_metadata(folder: Path) -> None:
    codes = [f"{column}{row}" for column in "abcdef" for row in range(1, 5)]
    file = table(folder, **dict.fromkeys(codes, 10))
    output = run(folder, "attributes", "add", file, "--layer", "wards", *CARRY)
    assert (
        "wards: dwellings: by best fit of 24 whole areas; totals preserved: dwellings 240" in output
    )
    metadata, wards = layer(folder, "wards")
    assert wards["dwellings"].tolist() == [120, 120]
    assert metadata.note.endswith("dwellings 240 (from blocks)")
    assert "dwellings" not in layer(folder, "blocks")[1]


def test_figures_of_wards_reach_blocks_by_surface_only_and_say_so(folder: Path) -> None:
    file = table(folder, E=1200, W=600)
    carried = ["--key", "code", "--best-fit-from", "wards", "--sum", "dwellings"]
    message = refused(folder, "attributes", "add", file, "--layer", "blocks", *carried)
    assert "no area fits" in message
    facts = run_json(
        folder, "attributes", "add", file, "--layer", "blocks", *carried, "--by-surface"
    )
    assert "estimated by surface" in facts["note"]
    assert layer(folder, "blocks")[1]["dwellings"].sum() == pytest.approx(1800)


@pytest.mark.parametrize(
    "arguments", [["--sum", "dwellings"], ["--best-fit-from", "blocks"], ["--by-surface"]]
)
def test_options_that_go_together_are_asked_for_together(
    folder: Path, arguments: list[str]
) -> None:
    file = table(folder, E=1)
    add = ["attributes", "add", file, "--layer", "wards", "--key", "code"]
    assert run_patchmap(*add, *arguments, cwd=folder).returncode == 2


def test_residents_of_small_areas_are_carried_to_derbys_wards(
    tmp_path: Path, real_data: Path
) -> None:
    derby = real_data / "derby"
    for name in ("lsoa-2021", "wards-2025"):
        run(tmp_path, "layers", "add", str(derby / f"{name}.geojson"), "--id", name)
    facts = run_json(
        tmp_path, "attributes", "add", str(derby / "residents-2021-lsoa-2021.csv"),
        "--layer", "wards-2025", "--key", "mnemonic", "--rename", "total=residents",
        "--best-fit-from", "lsoa-2021", "--sum", "residents",
    )  # fmt: skip
    total = pd.read_csv(derby / "residents-2021-lsoa-2021.csv")["total"].sum()
    assert f"totals preserved: residents {total:,}" in facts["note"]
    wards = layer(tmp_path, "wards-2025")[1]
    assert (len(wards), wards["residents"].sum()) == (18, total)
    assert facts["straddling"] > 0
