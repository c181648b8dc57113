"""The reports on real data: Derby's wards and money, Melton's priority areas over four halves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from api.answers import Answers
from api.pages.printing import print_pdf, sheets_of
from api.reports.model import Report
from api.reports.registry import MAKERS
from api.reports.rendering import report_page
from geo.measures.model import entries_frame
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.services import run_patchmap

ASB = "anti-social-behaviour"
SUMMER = (pd.Timestamp("2022-03-31T23:00Z"), pd.Timestamp("2022-09-30T22:59:59Z"))
"""April to September 2022 in London."""


def frame(report: Report, title: str) -> pd.DataFrame:
    tables = [*report.tables, *(table for part in report.parts for table in part.tables)]
    return next(table.frame for table in tables if table.title == title)


def made(store: GeoPackageStore, name: str, **texts: str) -> Report:
    return MAKERS[name](Answers(store), Question.read(texts))


@pytest.fixture(scope="module")
def derby(
    derby_store: Path, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GeoPackageStore]:
    """Derby with residents of 2021 by best fit, the wards of 2022, and £5,000 for each of them."""
    folder = tmp_path_factory.mktemp("derby")
    shutil.copyfile(derby_store, folder / "patchmap.gpkg")
    files = real_data / "derby"
    lines: list[tuple[str, ...]] = [
        ("layers", "add", str(files / f"{name}.geojson"), "--id", name)
        for name in ("lsoa-2021", "wards-2022")
    ]
    residents = pd.read_csv(files / "residents-2021-lsoa-2021.csv")
    residents[["mnemonic", "total"]].rename(columns={"total": "residents"}).to_csv(
        folder / "residents.csv", index=False
    )
    carry = ("--best-fit-from", "lsoa-2021", "--sum", "residents")
    lines.append(
        ("attributes", "add", "residents.csv", "--layer", "wards-2025", "--key", "mnemonic", *carry)
    )
    for line in lines:
        done = run_patchmap(*line, cwd=folder)
        assert done.returncode == 0, done.stderr
    with closing(GeoPackageStore(folder / "patchmap.gpkg")) as store:
        codes = store.layer("wards-2022")[1].index.astype(str)
        given: dict[str, Any] = {"kind": "money", "layer_id": "wards-2022", "state": "allocated"}
        rows = [
            {**given, "entry_id": f"{year}-{code}", "area_code": code, "day": f"{year}-04-01"}
            for year in (2023, 2024)
            for code in codes
        ]
        with store.transaction():
            entries = entries_frame(pd.DataFrame(rows).assign(amount=500_000))
            store.put_entries(entries, TableFile("given.csv", "1", len(entries)))
        yield store


def test_each_ward_of_derby_is_held_against_the_city_without_it(derby: GeoPackageStore) -> None:
    asked = {"layer": "wards-2025", "datetime": "2018-10/2019-02", "category": ASB}
    report = made(derby, "profile", **asked)
    parts = {part.title: part for part in report.parts}
    assert len(parts) == 18
    assert list(parts) == sorted(parts)
    (row,) = parts["Arboretum"].tables[0].frame.to_dict("records")
    assert (row["numerator"], row["denominator"]) == (1_118, 17_049)
    # The exact interval, of a conditional binomial; counted and worked out elsewhere.
    limits = [round(row[name], 3) for name in ("ratio", "lower", "upper")]
    assert limits == [4.466, 4.172, 4.777]
    assert row["verdict"] == "worse"
    (quiet,) = parts["Allestree"].tables[0].frame.to_dict("records")
    assert [round(quiet[name], 3) for name in ("ratio", "lower", "upper")] == [0.345, 0.275, 0.426]
    assert "worse, 4.47 times (4.17 to 4.78)" in " ".join(parts["Arboretum"].sentences)


def test_a_half_of_which_three_months_are_known_says_so_and_has_no_empty_columns(
    derby: GeoPackageStore, real_data: Path
) -> None:
    """Derby has October 2018 to February 2019 and January to April 2024, and no half in full."""
    report = made(derby, "six-monthly", layer="wards-2025", category=ASB)
    assert report.period == "2023/24 H2 (October 2023 to March 2024)"
    (shown,) = next(part for part in report.parts if part.title == "Arboretum").tables
    assert [column.title for column in shown.columns][:3] == ["Measure", "2023/24 H2", "Rest"]
    table = pd.read_csv(real_data / "derby/reference-asb-by-ward.csv")
    own = table[(table["ward_name"] == "Arboretum") & (table["boundary_vintage"] == "WD25")]
    assert shown.frame["2023/24 H2"].iloc[0] == pytest.approx(
        1_000 * own[["2024-01", "2024-02", "2024-03"]].sum().sum() / 17_049
    )
    missing = "no data for October 2023 to December 2023; "
    missing += "value and verdict are of the rest of the period."
    assert f"Anti-social behaviour: {missing}" in report.parts[-1].unknown
    assert not any("compare:" in text for text in report.methods)


def test_what_was_given_to_old_wards_stands_where_it_went_or_says_that_it_cannot(
    derby: GeoPackageStore,
) -> None:
    for end, total in (("2024-03", 85_000), ("2025-03", 170_000)):
        report = made(derby, "spend", layer="wards-2025", datetime=f"2023-04/{end}")
        rows = frame(report, "Money by area").set_index("area_name")["allocated"]
        assert rows["Total"] == total
        lost = rows[rows.index.str.contains("not placed")]
        assert len(lost) > 0
        assert rows.drop("Total").sum() == total
        assert report.sentences[0].startswith(f"Of £{total:,}.00 allocated, £0.00 is paid")
    old = made(derby, "spend", layer="wards-2022", datetime="2023-04/2024-03")
    rows = frame(old, "Money by area")["allocated"]
    assert rows.tolist() == [5_000] * 17 + [85_000]


@pytest.fixture(scope="module")
def melton(
    melton_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GeoPackageStore]:
    """Melton with made-up residents, and four of its LSOAs as priority areas."""
    path = tmp_path_factory.mktemp("melton") / "patchmap.gpkg"
    shutil.copyfile(melton_store, path)
    with closing(GeoPackageStore(path)) as store:
        small = store.layer("lsoa-2021")[1].assign(residents=1_600)
        with store.transaction():
            store.put_layer(LayerMetadata("lsoa-2021", "Melton"), small)
            store.put_layer(LayerMetadata("priority", "Priority areas"), small.iloc[:4])
        yield store


def test_melton_s_halves_are_what_was_published(melton: GeoPackageStore) -> None:
    report = made(melton, "six-monthly", layer="priority", study="lsoa-2021", category=ASB)
    assert report.period == "2022/23 H1 (April 2022 to September 2022) and the 2 halves before"
    areas = melton.layer("lsoa-2021")[1]
    rows = melton.incidents()
    rows = rows[(rows["category"] == ASB) & rows["occurred_from"].between(*SUMMER)]
    points = gpd.GeoDataFrame(
        rows, geometry=gpd.points_from_xy(rows["x"], rows["y"], crs=areas.crs)
    )
    counts = gpd.sjoin(points, areas)["area_code"].value_counts()
    for part, code in zip(
        report.parts, areas.iloc[:4].sort_values("area_name").index, strict=False
    ):
        (row,) = part.tables[0].frame.to_dict("records")
        own, rest = counts.get(code, 0), counts.drop(code, errors="ignore").sum()
        assert row["2022/23 H1"] == pytest.approx(1_000 * own / 1_600)
        assert row["rest"] == pytest.approx(1_000 * rest / (1_600 * (len(areas) - 1)))


def test_a_new_list_of_snap_points_is_no_change_of_small_areas(melton: GeoPackageStore) -> None:
    # Leicestershire replaced its points in July 2022: what moved between LSOAs is no fall.
    report = made(melton, "six-monthly", layer="priority", study="lsoa-2021", category=ASB)
    for part in report.parts[:4]:
        assert part.sentences[1] == "Nothing can be compared with the same half a year before."


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
def test_melton_s_report_is_a_pdf_of_few_sheets(melton: GeoPackageStore, tmp_path: Path) -> None:
    report = made(melton, "six-monthly", layer="priority", study="lsoa-2021")
    print_pdf(report_page(report), tmp_path / "melton.pdf")
    assert sheets_of((tmp_path / "melton.pdf").read_bytes()) <= 3
