"""`patchmap count` and `hotspots` with `--engine dask`: files counted without a store."""

import json
import socket
import sys
from contextlib import suppress

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.counts.file import CountsFile
from api.counts.page import make_counts_app
from tests.geo.scale.counting import scheduler_of
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


@pytest.fixture(scope="module")
def scheduler():
    with scheduler_of(1) as address:
        yield address


@pytest.fixture
def ask(folder, scheduler):
    """Ask one of the commands that take --engine of the files in the folder."""

    def run_engine(command: str, *arguments: str, before: tuple[str, ...] = ()):
        where = ["--areas", "squares.geojson", "--scheduler", scheduler]
        return run_patchmap(*before, command, "--engine", "dask", *where, *arguments, cwd=folder)

    return run_engine


@pytest.fixture
def port_of_dask():
    """The port that Dask takes unless another is named, taken."""
    with socket.socket() as taken:
        with suppress(OSError):  # by somebody else
            taken.bind(("127.0.0.1", 8787))
            taken.listen()
        yield


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("port_of_dask")
def test_counts_by_area_category_and_month_are_written_with_their_accounts(folder):
    done = run_patchmap(
        "count", "--engine", "dask", "--areas", "squares.geojson", "--workers", "1", "months",
        "-o", "counts.csv", cwd=folder,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[:3] == [
        "counts.csv: 4 rows",
        "10 read = 2 rejected + 0 not asked + 2 outside + 6 counted",
        "2 parts, January 2024 to February 2024",
    ]
    assert (folder / "counts.csv").read_text().splitlines() == [
        "area_code,area_name,category,month,n",
        "A,Ward A,anti-social-behaviour,2024-01,3",
        "A,Ward A,anti-social-behaviour,2024-02,1",
        "B,Ward B,drugs,2024-01,1",
        "B,Ward B,drugs,2024-02,1",
    ]


def test_a_broken_file_is_named_and_counted_and_the_rest_goes_on(ask):
    done = ask("count", "2024-01-kent-street.csv", "months", "-o", "counts.csv")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "not counted, because they cannot be read (1):",
        (
            "  2024-01-kent-street.csv lacks the column Longitude, Latitude, Location, Crime type; "
            "it has: Month, x"
        ),
    ]
    assert "6 counted" in done.stdout


def test_a_machine_reads_where_every_row_went(folder, ask):
    narrowed = ["--from", "2024-02", "--category", "drugs"]
    done = ask("count", "months", *narrowed, "-o", "counts.parquet", before=("--json",))
    facts = json.loads(done.stdout)
    assert facts["published"] == {"derbyshire": ["2024-02"]}
    assert facts["not_read"] == 1
    assert [facts[name] for name in ("read", "rejected", "not_asked", "outside", "counted")] == [
        4, 1, 2, 0, 1,
    ]  # fmt: skip
    frame = pd.read_parquet(folder / "counts.parquet")
    assert frame["n"].tolist() == [1]
    assert json.loads(frame.attrs["accounts"]) == facts


def test_what_was_counted_can_be_served(folder, ask):
    ask("count", "months", "-o", "all.parquet")
    file = CountsFile.read(folder / "all.parquet")
    page = TestClient(make_counts_app(file), base_url="http://localhost").get("/").text
    assert "<strong>6</strong> incidents in <strong>4</strong> areas" in page
    assert "Ward A" in page


def test_hot_cells_and_their_months_are_written(folder, ask):
    done = ask("hotspots", "months", "--cell", "50", "-o", "hot.geojson")
    hot = gpd.read_file(folder / "hot.geojson")
    assert done.stdout.startswith(f"hot.geojson: {len(hot)} rows")
    assert hot["n"].sum() == 6
    ask("hotspots", "months", "--by", "month", "-o", "cells.parquet")
    cells = pd.read_parquet(folder / "cells.parquet")
    assert list(cells.columns) == ["cell_id", "category", "month", "n"]
    assert cells["n"].sum() == 6
    refused = run_patchmap("serve", "--counts", "cells.parquet", cwd=folder)
    assert refused.stderr == (
        "patchmap: cells.parquet has counts by cell; this page needs counts by area\n"
    )


def test_emerging_cells_need_their_months(ask):
    done = ask("emerging", "months", "--cell", "50", "-o", "emerging.geojson")
    assert done.returncode == 1
    assert "period: emerging hotspots need" in done.stderr
    assert "months with data or more, and the period has 2" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--engine", "spark", "months"], "unknown --engine 'spark'; choose dask"),
        (["--engine", "dask"], "--engine dask counts files; name some"),
        (["months"], ("FILES, --areas, --scheduler, --workers and --halve need --engine dask; "
                     "add it, or leave them out to use the store")),
        (["--engine", "dask", "months"], ("areas: is missing; name a file of areas, or a layer of "
                                         "the store")),
        (["--engine", "dask", "--areas", "squares.geojson", "--from", "2020-01", "--to", "2020-02",
          "months"], "--from and --to: no file covers January 2020 to February 2020"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused_in_one_line(folder, arguments, line):
    done = run_patchmap("count", *arguments, "-o", "x.csv", cwd=folder)
    assert (done.returncode, done.stderr) == (1, f"patchmap: {line}\n")


def test_files_of_which_none_can_be_read_are_refused_with_the_first_fault(ask):
    done = ask("count", "2024-01-kent-street.csv", "-o", "x.csv")
    assert (done.returncode, done.stderr) == (
        1,
        (
            "patchmap: no file can be read; the first error: 2024-01-kent-street.csv lacks the "
            "column Longitude, Latitude, Location, Crime type; it has: Month, x\n"
        ),
    )


def test_an_ending_that_cannot_be_written_is_refused_before_anything_is_counted(ask):
    done = ask("count", "months", "-o", "counts.xlsx")
    assert done.stderr == (
        "patchmap: counts.xlsx: the ending must be one of .csv, .json, .gpkg, .parquet (this "
        "answer is a table, not a layer)\n"
    )


def test_without_dask_one_line_says_how_to_install_it(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = ask("count", "months", "-o", "counts.csv")
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
    assert refused.stderr == ("patchmap: --country writes files only; name a folder with --files\n")
