"""Figures of reports of records, cell by cell, against tallies of the cases themselves."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import numpy as np
import openpyxl
import pandas as pd
import pytest

from api.answers import Answers
from api.reports.model import Report
from api.reports.registry import MAKERS
from api.reports.rendering import report_sheets
from geo.formats.workbook import to_workbook
from geo.question.model import Question
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.made_cases import EXTRACTED, PERIOD, WEST, WIDE, made_cases, put_cases

END = pd.Timestamp(EXTRACTED) + pd.Timedelta(hours=23, minutes=59, seconds=59)
FIRST = pd.Timestamp("2026-01-01")
STATES = ["open", "answered", "closed", "withdrawn", "vanished"]
YEAR = {"layer": "wards-2022", "datetime": PERIOD}
FEWEST = 10


@pytest.fixture
def answers(store: GeoPackageStore) -> Answers:
    """Of a store with 2,000 cases; both stores give the same bytes of what they rest on."""
    put_cases(store)
    return Answers(store)


def cases() -> pd.DataFrame:
    """The cases with the names of their areas on both layers, '' where they count in none."""
    frame = made_cases()
    width = WIDE / 13
    place = frame["x"].notna()
    number = ((frame["x"].fillna(WEST) - WEST) // width).astype(int) + 1
    frame["wards-2025"] = np.where(place, [f"Ward N{one:02}" for one in number], "")
    frame["wards-2022"] = np.where(place | (frame["stated"] != ""), "Ward " + frame["ward"], "")
    times = [frame["answered"], frame["closed"].mask(frame["withdrawn"])]
    frame["first_answer"] = pd.concat(times, axis=1).min(axis=1)
    return frame


def received(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["received"] >= FIRST) & (frame["received"] <= END)]


def share_in_time(part: pd.DataFrame) -> float:
    # What is due on the last day can be answered until its very end.
    last = part["due"] + pd.Timedelta(days=1)
    gone = part["withdrawn"] & part["first_answer"].isna()
    due = part[part["due"].notna() & (last <= END) & ~gone]
    in_time = due["first_answer"] < due["due"] + pd.Timedelta(days=1)
    return float(in_time.mean()) if len(due) >= FEWEST else float("nan")


def median_days(part: pd.DataFrame) -> float:
    """By the curve made day by day."""
    over = part["first_answer"].notna()
    last = part["first_answer"].fillna(part["closed"].where(part["withdrawn"])).fillna(END)
    days = (last - part["received"]) / pd.Timedelta(days=1)
    waiting = 1.0
    for day in np.sort(days[over].unique()) if len(part) >= FEWEST else []:
        waiting *= 1 - (days[over] == day).sum() / (days >= day).sum()
        if waiting <= 0.5 + 1e-12:
            return float(day)
    return float("nan")


def number_of(text: str) -> float:
    """The number at the beginning of a cell, NaN where nothing is said."""
    return float("nan") if text == "–" else float(re.match(r"[\d.]+", text)[0])  # type: ignore[index]


def check_crossed(
    table: pd.DataFrame, layer: str, figure: Callable[[pd.DataFrame], float], *, within: float
) -> int:
    """Hold each cell of areas and quarters against its tally; how many say something."""
    own = received(cases())
    quarter = own["received"].dt.year.astype(str) + "-Q" + own["received"].dt.quarter.astype(str)
    wide = table.set_index("area_name")
    assert list(wide) == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    said = 0
    for area, row in wide.iterrows():
        for label, text in row.items():
            expected = figure(own[(own[layer] == area) & (quarter == label)])
            assert number_of(text) == pytest.approx(expected, abs=within, nan_ok=True), (
                area,
                label,
            )
            said += text != "–"
    return said


def test_a_report_by_two_layers_has_the_figures_of_both_in_each_quarter(answers: Answers) -> None:
    chosen = {**YEAR, "layer": "wards-2025", "study": "wards-2022"}
    report = MAKERS["response-times"](answers, Question.read(chosen))
    first, other, second = report.parts
    every = [*report.tables, *other.tables]
    for layer, table, part, areas in zip(
        ("wards-2025", "wards-2022"), every, (first, second), (13, 17), strict=True
    ):
        own = received(cases())
        counts = own[own[layer] != ""].groupby(layer).size()
        frame = table.frame.set_index("area_name")
        assert frame["received"].to_dict() == counts.to_dict()
        for area, row in frame.iterrows():
            share = share_in_time(own[own[layer] == area])
            assert number_of(row["share"]) == pytest.approx(100 * share, abs=0.05 + 1e-6)
            assert number_of(row["wait"]) == pytest.approx(
                median_days(own[own[layer] == area]), abs=0.05 + 1e-6
            )
        shares, waits = (one.frame for one in part.tables)
        assert len(shares) == len(waits) == areas
        said = check_crossed(
            shares, layer, lambda some: 100 * share_in_time(some), within=0.05 + 1e-6
        )
        assert said > 2.5 * areas
        assert check_crossed(waits, layer, median_days, within=0.05 + 1e-6) > 3 * areas


def test_members_enquiries_have_the_figures_of_those_alone(answers: Answers) -> None:
    report = MAKERS["members-enquiries"](answers, Question.read(YEAR))
    own = cases()
    own = own[(own["channel"] == "member") & (own["kind"] == "enquiry")]
    own = own[own["wards-2022"] != ""]
    by_area, still = (table.frame.set_index("area_name") for table in report.tables)
    areas = by_area.index
    counts = received(own).groupby("wards-2022").size().reindex(areas, fill_value=0)
    assert by_area["received"].to_dict() == counts.to_dict()
    open_now = own[own["closed"].isna()].groupby("wards-2022").size()
    assert still["open_after"].to_dict() == open_now.reindex(areas, fill_value=0).to_dict()
    before = own[(own["received"] < FIRST) & ~(own["closed"] < FIRST)].groupby("wards-2022").size()
    assert still["open_before"].to_dict() == before.reindex(areas, fill_value=0).to_dict()
    for area, row in by_area.iterrows():
        part = received(own)[lambda frame, area=area: frame["wards-2022"] == area]
        share = 100 * share_in_time(part)
        assert number_of(row["share"]) == pytest.approx(share, abs=0.05 + 1e-6, nan_ok=True)
        wait = median_days(part)
        assert number_of(row["wait"]) == pytest.approx(wait, abs=0.05 + 1e-6, nan_ok=True)
    assert (by_area["wait"] != "–").sum() > 3


def sheet_rows(report: Report, title: str) -> Iterator[dict[str, object]]:
    """The rows below the row of headings that has this one."""
    book = openpyxl.load_workbook(io.BytesIO(to_workbook(report_sheets(report))))
    for sheet in book:
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        heads = [at for at, row in enumerate(rows) if title in row]
        for row in rows[heads[0] + 1 :] if heads else []:
            if isinstance(row[-1], int):
                yield dict(zip(rows[heads[0]], row, strict=True))


def test_each_cell_of_the_logs_workbook_is_that_of_a_tally(answers: Answers) -> None:
    report = MAKERS["log"](answers, Question.read(YEAR))
    own = received(cases())
    state = np.select(
        [own["withdrawn"], own["closed"].notna(), own["answered"].notna()],
        ["withdrawn", "closed", "answered"],
        "open",
    )
    where = own["wards-2022"].mask(
        own["wards-2022"] == "", "Without a place or an area of this layer"
    )
    months = own["received"].dt.strftime("%Y-%m")
    expected = pd.crosstab([where, months, own["category"].str.capitalize()], state)
    expected = expected.reindex(columns=STATES, fill_value=0)
    rows = pd.DataFrame(sheet_rows(report, "Received in")).rename(columns=str.lower)
    assert len(rows) == len(expected) > 400
    table = rows.set_index(["area", "received in", "type"]).sort_index()
    assert table.index.tolist() == expected.sort_index().index.tolist()
    assert table[STATES].to_numpy(int).tolist() == expected.sort_index().to_numpy(int).tolist()
    assert (table[STATES].sum(axis=1) == table["received"]).all()
    accounts = [
        [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", one)]
        for one in report.methods[:2]
    ]
    assert table["received"].sum() == accounts[0][0] == accounts[1][1] == len(own)
    every = cases()
    older = every[(every["received"] < FIRST) & every["closed"].isna()]
    assert table[["open", "answered"]].to_numpy().sum() + len(older) == accounts[1][-1]
