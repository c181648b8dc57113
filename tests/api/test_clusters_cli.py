"""`patchmap count` and `hotspots` with `--engine dask`: files counted without a store."""

import json
import sys

import geopandas as gpd
import pandas as pd
import pytest

from tests.geo.street_files import row, write
from tests.services import run_patchmap


@pytest.fixture(scope="module")
def folder(tmp_path_factory, four_squares, projection):
    """Two months of Derby in four squares, and one file that is broken."""
    path = tmp_path_factory.mktemp("files")
    x, y = projection.to_lonlat([435_050, 435_150, 437_000], [336_050, 336_050, 336_050])
    places = [{"lon": f"{a:.6f}", "lat": f"{b:.6f}"} for a, b in zip(x, y, strict=True)]
    for month, first in (("2024-01", 3), ("2024-02", 1)):
        rows = [row(month=month, **places[0])] * first
        rows += [row("Drugs", month=month, **places[1]), row(month=month, **places[2])]
        rows.append(row(month=month, lon="", lat=""))
        write(path / "months", *rows, name=f"{month}-derbyshire-street.csv")
    write(path, "1,2", name="2024-01-kent-street.csv", header="Month,x")
    metres = projection.geometries_to_lonlat(four_squares.geometry.to_numpy())
    areas = four_squares.set_geometry(metres, crs="OGC:CRS84").reset_index()
    areas.to_file(path / "squares.geojson", driver="GeoJSON")
    return path


def patchmap(folder, *arguments: str):
    return run_patchmap(*arguments, cwd=folder)


def count(folder, *arguments: str, areas: str = "squares.geojson"):
    return patchmap(
        folder, "count", "--engine", "dask", "--areas", areas, "--workers", "1", *arguments
    )


def test_counts_by_area_category_and_month_are_written_with_their_accounts(folder):
    done = count(folder, "months", "-o", "counts.csv")
    assert done.stderr == ""
    assert done.stdout.splitlines()[:3] == [
        "counts.csv: 4 rows",
        "10 read = 2 rejected + 0 not asked + 2 outside + 6 counted",
        "2 parts, 2024-01 to 2024-02",
    ]
    assert (folder / "counts.csv").read_text().splitlines() == [
        "area_code,area_name,category,month,n",
        "A,Ward A,anti-social-behaviour,2024-01,3",
        "A,Ward A,anti-social-behaviour,2024-02,1",
        "B,Ward B,drugs,2024-01,1",
        "B,Ward B,drugs,2024-02,1",
    ]


def test_a_broken_file_is_named_and_counted_and_the_rest_goes_on(folder):
    done = count(folder, "2024-01-kent-street.csv", "months", "-o", "counts.csv")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "1 broken, not counted:",
        (
            "  2024-01-kent-street.csv lacks the column Longitude, Latitude, Location, Crime type; "
            "it has: Month, x"
        ),
    ]
    assert "6 counted" in done.stdout


def test_a_machine_reads_where_every_row_went(folder):
    done = patchmap(
        folder, "--json", "count", "--engine", "dask", "--areas", "squares.geojson", "--workers",
        "1", "months", "--from", "2024-02", "--category", "drugs", "-o", "counts.parquet",
    )  # fmt: skip
    facts = json.loads(done.stdout)
    assert facts["published"] == {"derbyshire": ["2024-02"]}
    assert facts["not_read"] == 1
    assert [facts[name] for name in ("read", "rejected", "not_asked", "outside", "counted")] == [
        4, 1, 2, 0, 1,
    ]  # fmt: skip
    frame = pd.read_parquet(folder / "counts.parquet")
    assert frame["n"].tolist() == [1]
    assert json.loads(frame.attrs["accounts"]) == facts


def test_hot_cells_and_their_months_are_written(folder):
    command = ["hotspots", "--engine", "dask", "--areas", "squares.geojson", "--workers", "1"]
    done = patchmap(folder, *command, "months", "--cell", "50", "-o", "hot.geojson")
    hot = gpd.read_file(folder / "hot.geojson")
    assert done.stdout.startswith(f"hot.geojson: {len(hot)} rows")
    assert hot["n"].sum() == 6
    done = patchmap(folder, *command, "months", "--by", "month", "-o", "cells.parquet")
    cells = pd.read_parquet(folder / "cells.parquet")
    assert list(cells.columns) == ["cell_id", "category", "month", "n"]
    assert cells["n"].sum() == 6


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--engine", "spark", "months"], "--engine 'spark' is not known; there is: dask"),
        (["--engine", "dask"], "--engine dask counts files: name some"),
        (["months"], ("FILES, --areas, --scheduler, --workers and --halve go with --engine dask; "
                     "without it the store is asked")),
        (["--engine", "dask", "months"], ("areas: say by which areas: a file, or a layer of the "
                                         "store")),
        (["--engine", "dask", "--areas", "squares.geojson", "--from", "2020-01", "--to", "2020-02",
          "months"], "datetime: no file is of January 2020 to February 2020"),
        (["--engine", "dask", "--areas", "squares.geojson", "2024-01-kent-street.csv", "--workers",
          "1"], ("nothing can be read; the first fault: 2024-01-kent-street.csv lacks the column "
                "Longitude, Latitude, Location, Crime type; it has: Month, x")),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_in_one_line(folder, arguments, line):
    done = patchmap(folder, "count", *arguments, "-o", "x.csv")
    assert (done.returncode, done.stderr) == (1, f"patchmap: {line}\n")


def test_an_ending_that_cannot_be_written_is_refused_before_anything_is_counted(folder):
    done = count(folder, "months", "-o", "counts.xlsx")
    assert done.stderr == (
        "patchmap: counts.xlsx: the ending must be one of .csv, .json, .gpkg, .parquet (this "
        "answer is a table, not a layer)\n"
    )


def test_without_dask_one_line_says_how_to_install_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = count(folder, "months", "-o", "counts.csv")
    assert done.stderr == (
        "patchmap: counting on a cluster needs Dask, which is not installed; install it with: "
        'pip install "dask[distributed]"\n'
    )


def test_a_country_is_written_as_files_and_needs_a_folder(tmp_path):
    done = run_patchmap("demo", "--country", "500", "--files", "land", cwd=tmp_path)
    assert done.stdout == "land: 2 files, 500 incidents of a synthetic country\n"
    assert sorted(path.name for path in (tmp_path / "land").iterdir()) == [
        "2014-01.zip",
        "wards.geojson",
    ]
    refused = run_patchmap("demo", "--country", "500", cwd=tmp_path)
    assert refused.stderr == ("patchmap: --country writes files only: name a folder with --files\n")
