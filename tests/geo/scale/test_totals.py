"""What the sums of parts report, and the methods that take them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.cells import Grid
from geo.errors import InputError, QuestionError
from geo.hotspots.baselines import Baseline
from geo.hotspots.emerging import emerging
from geo.incidents import Batch
from geo.period import Interval
from geo.question.ask import answer
from geo.question.model import Question
from geo.scale import (
    AreaUnits,
    BrokenPart,
    CellUnits,
    CountJob,
    Criteria,
    Totals,
    count_part,
    find_parts,
    hotspots,
)
from geo.scale.counting import COUNTED_AGAIN
from geo.sources.police_uk import read_police_uk
from tests.geo.scale.counting import counted_here
from tests.geo.street_files import row, write

DERBY_MONTHS = [f"2023-{month:02}" for month in range(1, 13)]


@pytest.fixture
def months(tmp_path, four_squares, projection):
    """A year without June, of the square A of Derby; July is broken."""
    x, y = projection.to_lonlat([435_050], [336_050])
    place = {"lon": f"{x[0]:.6f}", "lat": f"{y[0]:.6f}"}
    for number, month in enumerate(DERBY_MONTHS, start=1):
        if month != "2023-06":
            rows = [row(month=month, **place)] * number
            header = {"header": "Month"} if month == "2023-07" else {}
            write(tmp_path, *rows, name=f"{month}-derbyshire-street.csv", **header)
    return counted_here(find_parts([tmp_path]).parts, CountJob(AreaUnits(four_squares), projection))


def test_every_row_is_accounted_for(counted):
    sums = counted.accounts()
    assert sums["read"] == 40_000
    assert sums["read"] == sum(
        sums[name] for name in ("rejected", "not_asked", "outside", "counted")
    )
    assert counted.frame()["n"].sum() == sums["counted"]
    assert counted.rejected == {"no location": sums["rejected"]}


def test_counts_by_area_are_those_of_an_answer(country, wards, counted, projection):
    parts = list(read_police_uk(next(country.glob("*.zip")), projection))
    incidents = Batch.join(batch for part in parts for batch in part.batches()).accepted
    result = answer(Question(period=Interval.read("2014-01"), layer="w"), incidents, wards)
    assert (result.area_counts["n"].to_numpy() == counted.by_unit()).all()
    for slug in ("drugs", "anti-social-behaviour"):
        answered = answer(
            Question(period=Interval.read("2014-01"), layer="w", category=(slug,)), incidents, wards
        )
        assert (answered.area_counts["n"].to_numpy() == counted.by_month([slug])["2014-01"]).all()


def test_hot_cells_are_those_of_an_answer(country, wards, parts, projection):
    few = wards.iloc[:600]
    incidents = Batch.join(
        batch
        for part in read_police_uk(next(country.glob("*.zip")), projection)
        for batch in part.batches()
    ).accepted
    # Counts of files are held against an even spread alone.
    question = Question(period=Interval.read("2014-01"), layer="w", cell=2_000, baseline="even")
    units = CellUnits.over(AreaUnits(few), Grid(2_000))
    result = hotspots(counted_here(parts, CountJob(units, projection)), units)
    expected = answer(question, incidents, few).hotspots
    assert expected["class"].str.startswith("hot").any()
    assert result.equals(expected[result.columns])


def test_months_that_were_not_published_or_only_in_part_are_unknown(months):
    cube = months.by_month()
    assert cube.columns.tolist() == DERBY_MONTHS
    assert cube.columns[cube.isna().all()].tolist() == ["2023-06", "2023-07"]
    assert cube.loc["A"].dropna().tolist() == [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]
    assert cube.loc["B"].dropna().tolist() == [0] * 10


def test_counts_by_cell_and_month_feed_the_hotspot_methods(country, wards, parts, projection):
    few = AreaUnits(wards.iloc[:60])
    cells = CellUnits.over(few, Grid(5_000))
    cube = counted_here(parts, CountJob(cells, projection)).by_month()
    months = np.repeat(cube.to_numpy(), 12, axis=1)
    names = [f"2014-{month:02}" for month in range(1, 13)]
    result = emerging(
        months, cells.cells.neighbours, Baseline(cells.cells.inside_area), months=names
    )
    assert result["n"].tolist() == (cube["2014-01"] * 12).tolist()


def test_an_empty_count_has_no_months(job):
    assert counted_here([], job).by_month().shape == (len(job.units.codes), 0)


def test_a_question_narrows_what_is_counted(parts, job, counted):
    question = Question.read({"category": "drugs,burglary", "period": "latest-1m"})
    wanted = Criteria.of(question, parts)
    result = counted_here(parts, CountJob(job.units, job.projection, wanted))
    chosen = counted.frame()
    chosen = chosen[chosen["category"].isin(["drugs", "burglary"])]
    assert result.frame()["n"].sum() == chosen["n"].sum()
    assert result.accounts()["read"] == counted.accounts()["read"]
    assert wanted.period.title == "January 2014"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hours": "18-02"}, "hours: cannot be used with files; import them into a store"),
        ({"from": "2014-01-05"}, "datetime: files are counted by month; choose whole months"),
        ({"by": "week"}, "by: files are counted by month; use by=month"),
    ],
)
def test_what_counts_by_month_cannot_tell_is_refused(parts, options, message):
    with pytest.raises(QuestionError, match=message):
        Criteria.of(Question.read(options), parts)


def test_the_latest_months_of_files_that_name_no_month_are_refused(tmp_path):
    with pytest.raises(QuestionError, match="period: these files do not name their months"):
        Criteria.of(Question.read({"period": "latest-3m"}), [])


def test_cells_that_are_too_many_are_refused(wards):
    with pytest.raises(InputError, match="choose wider cells"):
        CellUnits.over(AreaUnits(wards), Grid(150))


def test_a_broken_file_that_does_not_tell_its_months_leaves_none_whole(parts, job):
    totals = Totals([BrokenPart("cut.zip", "cut.zip is a damaged zip archive")])
    totals.add(count_part(parts[0], job))
    result = totals.result(job.units.codes)
    assert (result.months, result.whole_months) == (["2014-01"], [])
    assert [broken.name for broken in result.broken] == ["cut.zip"]


def test_overlapping_areas_count_each_incident_in_both_and_the_total_once(
    country, wards, parts, counted, projection
):
    county = gpd.GeoDataFrame(
        {"area_name": ["County"]},
        index=pd.Index(["A0"], name="area_code"),
        geometry=[shapely.union_all(wards.geometry.iloc[:50].to_numpy())],
        crs=wards.crs,
    )
    both = gpd.GeoDataFrame(pd.concat([wards[["area_name", "geometry"]], county]))
    result = counted_here(parts, CountJob(AreaUnits(both), projection))
    n = dict(zip(result.codes, result.by_unit(), strict=True))
    assert [n[code] for code in counted.codes] == counted.by_unit().tolist()
    assert n["A0"] == counted.by_unit()[:50].sum() == result.in_several > 0
    assert result.accounts() == counted.accounts()
    assert sum(row[3] for row in result.overlap_rows() if row[2] == COUNTED_AGAIN) == n["A0"]
    assert counted.overlap_rows() == []


def test_cells_name_all_the_areas_of_their_centre(four_squares, parts, projection):
    west = shapely.union_all(four_squares.geometry.loc[["A", "C"]].to_numpy())
    whole = gpd.GeoDataFrame(index=["W"], geometry=[west], crs=four_squares.crs)
    both = gpd.GeoDataFrame(pd.concat([four_squares[["geometry"]], whole]))
    units = CellUnits.over(AreaUnits(both), Grid(50, "square"))
    frame = hotspots(counted_here([], CountJob(units, projection)), units)
    assert sorted(set(frame["area_code"])) == ["A;W", "B", "C;W", "D"]
