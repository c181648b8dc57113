"""Counts by cell and month feed every method that takes counts: what a store's incidents give."""

import numpy as np
import pandas as pd
import pytest

from geo.analyses import surfaces
from geo.cells import Grid
from geo.errors import InputError
from geo.hotspots import change, concentration, density, evaluation
from geo.hotspots.verdict import Earlier
from geo.incidents import Batch, months_between
from geo.period import Interval
from geo.question.answer import Answer
from geo.question.ask import answer
from geo.question.model import Question
from geo.scale import (
    AreaUnits,
    CellUnits,
    CountJob,
    CountResult,
    emerging_hotspots,
    find_parts,
    hotspots,
)
from tests.geo.scale.counting import counted_here
from tests.geo.street_files import read_all, row, write

MONTHS = [month for month in months_between("2020-01", "2023-12") if month != "2021-05"]
QUESTION = {"layer": "w", "cell": 40}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, projection):
    """Four years but one month of the four squares of Derby, most of it in the corner of A."""
    path = tmp_path_factory.mktemp("years")
    rng = np.random.default_rng(10)
    for month in MONTHS:
        near = rng.uniform([435_000, 336_000], [435_050, 336_050], (rng.poisson(12), 2))
        wide = rng.uniform([434_990, 335_990], [435_210, 336_210], (rng.poisson(30), 2))
        degrees = np.transpose(projection.to_lonlat(*np.concatenate([near, wide]).T))
        rows = [row(month=month, lon=f"{x:.6f}", lat=f"{y:.6f}") for x, y in degrees]
        write(path, *rows, name=f"{month}-derbyshire-street.csv")
    return path


@pytest.fixture(scope="module")
def answered(folder, four_squares, projection) -> Answer:
    """The last year against the one before, by incidents."""
    incidents = Batch.join(read_all(folder, projection)).accepted
    question = Question(period=Interval.read("2023-01/2023-12"), compare="year", **QUESTION)
    return answer(question, incidents, four_squares)


@pytest.fixture(scope="module")
def units(four_squares) -> CellUnits:
    return CellUnits.over(AreaUnits(four_squares), Grid(40))


@pytest.fixture(scope="module")
def cells(folder, units, projection) -> CountResult:
    return counted_here(find_parts([folder]).parts, CountJob(units, projection))


@pytest.fixture(scope="module")
def last_year(cells) -> pd.DataFrame:
    cube = cells.by_month()
    return cube[[name for name in cube.columns if name.startswith("2023")]]


@pytest.fixture(scope="module")
def areas(folder, four_squares, projection) -> pd.DataFrame:
    parts = find_parts([folder]).parts
    return counted_here(parts, CountJob(AreaUnits(four_squares), projection)).by_month()


def test_hot_and_cold_cells_are_those_of_the_incidents(folder, units, projection, answered):
    parts = [part for part in find_parts([folder]).parts if part.month.startswith("2023")]
    result = hotspots(counted_here(parts, CountJob(units, projection)), units)
    even = Question(period=Interval.read("2023-01/2023-12"), baseline="even", **QUESTION)
    rows = answered.rows.everything.read()
    expected = answer(even, rows, answered.areas).hotspots
    assert expected["class"].str.startswith("hot").any()
    names = [name for name in expected.columns if name != "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(result[names]), pd.DataFrame(expected[names]))


def test_emerging_cells(folder, units, projection, cells, four_squares):
    incidents = Batch.join(read_all(folder, projection)).accepted
    question = Question(period=Interval.read("2020-01/2023-12"), baseline="even", **QUESTION)
    expected = surfaces.emerging_hotspots(answer(question, incidents, four_squares)).frame
    result = emerging_hotspots(cells, units)
    shared = [name for name in result.columns if name in expected.columns]
    assert {"cell_id", "n", "steps", "pattern", "trend_p"} <= set(shared)
    pd.testing.assert_frame_equal(pd.DataFrame(result[shared]), pd.DataFrame(expected[shared]))
    assert result["steps"].max() == len(MONTHS)


def test_concentration_and_the_curve_behind_it(last_year, answered):
    for method in (concentration.concentration, concentration.lorenz_curve):
        assert method(last_year.sum(axis=1)).equals(method(answered.cell_counts))


def test_density_at_the_centres_of_cells(last_year, units, answered):
    centres = units.cells.grid.centres(units.cells.positions)
    inside = units.cells.grid.centres(units.cells.positions[answered.cell_of_counted])
    spread = density.quartic_density(
        *centres, at=centres, bandwidth=100.0, weights=last_year.sum(axis=1).to_numpy()
    )
    assert spread == pytest.approx(density.quartic_density(*inside, at=centres, bandwidth=100.0))


def test_change_by_area_and_how_alike_two_years_are(areas, answered):
    now, before = (
        areas[[name for name in areas.columns if name[:4] == year]].sum(axis=1).to_numpy()
        for year in ("2023", "2022")
    )
    months = [f"{one.first:%Y-%m}" for one in answered.earlier_periods]
    assert set(months) == set(MONTHS[:23])
    days = np.array([one.days for one in answered.earlier_periods], float)
    earlier = Earlier(areas[months].to_numpy(float), days)
    result = change.changes(now, before, days=answered.days, earlier=earlier).areas
    expected = surfaces.changes(answered)
    for name in ("n", "n_compared", "certainty"):
        assert (result[name].to_numpy() == expected.frame[name].to_numpy()).all()
    assert result["p"].tolist() == pytest.approx(expected.frame["p"].tolist())
    assert change.similarity(now, before).s == expected.parameters["s"]


def test_the_band_that_a_month_was_to_be_expected_in(areas, answered):
    result = change.expected_band(areas.dropna(axis=1), "2023-12")
    expected = surfaces.expected(answered).frame
    assert result["years"].unique().tolist() == [3]
    for name in ("n", "expected", "low", "high", "band"):
        assert result[name].tolist() == expected[name].tolist()


def test_how_well_a_map_foretold_what_came(last_year, units, answered):
    train, later = last_year.iloc[:, :9].sum(axis=1), last_year.iloc[:, 9:].sum(axis=1)
    cube = surfaces.cell_months(answered, months_between("2023-01", "2023-12"))
    area = units.cells.inside_area
    result = evaluation.accuracy(train, later, area)
    expected = evaluation.accuracy(cube[:, :9].sum(axis=1), cube[:, 9:].sum(axis=1), area)
    assert result.equals(expected)


def test_too_few_months_for_a_pattern_are_refused(folder, units, projection):
    parts = find_parts([folder / "2023-12-derbyshire-street.csv"]).parts
    result = counted_here(parts, CountJob(units, projection))
    assert len(hotspots(result, units)) == len(units.codes)
    with pytest.raises(InputError, match="months with data or more"):
        emerging_hotspots(result, units)
