"""What counts tell, and what they feed."""

import numpy as np
import pytest

from geo.cells import Grid
from geo.errors import InputError, QuestionError
from geo.hotspots.emerging import emerging
from geo.incidents import Batch
from geo.period import Interval
from geo.question.ask import answer
from geo.question.model import Question
from geo.scale import (
    AreaPlaces,
    Broken,
    CellPlaces,
    Job,
    Totals,
    Wanted,
    count_part,
    find_parts,
    hotspots,
)
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
    return counted_here(find_parts([tmp_path]).parts, Job(AreaPlaces(four_squares), projection))


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
    found = answer(Question(period=Interval.read("2014-01"), layer="w"), incidents, wards)
    assert (found.area_counts["n"].to_numpy() == counted.by_place()).all()
    for slug in ("drugs", "anti-social-behaviour"):
        asked = answer(
            Question(period=Interval.read("2014-01"), layer="w", category=(slug,)), incidents, wards
        )
        assert (asked.area_counts["n"].to_numpy() == counted.by_month([slug])["2014-01"]).all()


def test_hot_cells_are_those_of_an_answer(country, wards, parts, projection):
    few = wards.iloc[:600]
    incidents = Batch.join(
        batch
        for part in read_police_uk(next(country.glob("*.zip")), projection)
        for batch in part.batches()
    ).accepted
    question = Question(period=Interval.read("2014-01"), layer="w", cell=2_000)
    places = CellPlaces.over(AreaPlaces(few), Grid(2_000))
    found = hotspots(counted_here(parts, Job(places, projection)), places)
    expected = answer(question, incidents, few).hotspots
    assert expected["class"].str.startswith("hot").any()
    assert found.equals(expected[found.columns])


def test_months_that_were_not_published_or_only_in_part_are_unknown(months):
    cube = months.by_month()
    assert cube.columns.tolist() == DERBY_MONTHS
    assert cube.columns[cube.isna().all()].tolist() == ["2023-06", "2023-07"]
    assert cube.loc["A"].dropna().tolist() == [1, 2, 3, 4, 5, 8, 9, 10, 11, 12]
    assert cube.loc["B"].dropna().tolist() == [0] * 10


def test_counts_by_cell_and_month_feed_the_hotspot_methods(country, wards, parts, projection):
    few = AreaPlaces(wards.iloc[:60])
    cells = CellPlaces.over(few, Grid(5_000))
    cube = counted_here(parts, Job(cells, projection)).by_month()
    months = np.repeat(cube.to_numpy(), 12, axis=1)
    names = [f"2014-{month:02}" for month in range(1, 13)]
    found = emerging(months, cells.cells.neighbours, cells.cells.inside_area, months=names)
    assert found["n"].tolist() == (cube["2014-01"] * 12).tolist()


def test_an_empty_count_has_no_months(job):
    assert counted_here([], job).by_month().shape == (len(job.places.codes), 0)


def test_a_question_narrows_what_is_counted(parts, job, counted):
    question = Question.read({"category": "drugs,burglary", "period": "latest-1m"})
    wanted = Wanted.of(question, parts)
    found = counted_here(parts, Job(job.places, job.projection, wanted))
    kept = counted.frame()
    kept = kept[kept["category"].isin(["drugs", "burglary"])]
    assert found.frame()["n"].sum() == kept["n"].sum()
    assert found.accounts()["read"] == counted.accounts()["read"]
    assert wanted.period.title == "January 2014"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hours": "18-02"}, "hours: cannot be asked of files; import them into a store"),
        ({"from": "2014-01-05"}, "datetime: files are counted by month: ask for whole months"),
    ],
)
def test_what_counts_by_month_cannot_tell_is_refused(parts, options, message):
    with pytest.raises(QuestionError, match=message):
        Wanted.of(Question.read(options), parts)


def test_the_latest_months_of_files_that_name_no_month_are_refused(tmp_path):
    with pytest.raises(QuestionError, match="period: these files do not name their months"):
        Wanted.of(Question.read({"period": "latest-3m"}), [])


def test_cells_that_are_too_many_are_refused(wards):
    with pytest.raises(InputError, match="choose wider cells"):
        CellPlaces.over(AreaPlaces(wards), Grid(150))


def test_a_broken_file_that_does_not_tell_its_months_leaves_none_whole(parts, job):
    totals = Totals([Broken("cut.zip", "cut.zip is a damaged zip archive")])
    totals.add(count_part(parts[0], job))
    found = totals.counted(job.places.codes)
    assert (found.months, found.whole_months) == (["2014-01"], [])
    assert [broken.name for broken in found.broken] == ["cut.zip"]
