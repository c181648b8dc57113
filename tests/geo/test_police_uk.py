"""Published street-level files: both schemas, every row accounted for, nothing dropped."""

import hashlib
from functools import partial

import pandas as pd
import pytest

from geo.errors import InputError
from geo.incidents import COLUMNS, Batch
from geo.sources import police_uk
from tests.geo.street_files import (
    ASB,
    HEADER,
    NAME,
    OLD_HEADER,
    read_all,
    read_one,
    row,
    rows_of,
    street_file,
    write,
)


def test_a_row_becomes_an_incident(tmp_path, projection):
    result = rows_of(write(tmp_path, row("Drugs", crime_id="abc")), projection)
    assert tuple(result.accepted.columns) == COLUMNS
    incident = result.accepted.iloc[0]
    assert incident["incident_id"] == "police.uk/derbyshire/2024-01:2"
    assert (incident["source"], incident["category"]) == ("police.uk", "drugs")
    assert (incident["reference"], incident["precision"]) == ("abc", "month")
    assert incident["location"] == "On or near High Street"
    assert (incident["x"], incident["y"]) == pytest.approx((433_863, 335_230), abs=5)


def test_an_incident_spans_its_month_in_london(tmp_path, projection):
    path = write(tmp_path, row(month="2024-07"), name="2024-07-derbyshire-street.csv")
    incident = rows_of(path, projection).accepted.iloc[0]
    assert incident["occurred_from"] == pd.Timestamp("2024-06-30T23:00:00Z")
    assert incident["occurred_to"] == pd.Timestamp("2024-07-31T22:59:59Z")


def test_the_partition_tells_what_was_read(tmp_path, projection):
    result = read_one(write(tmp_path, row()), projection)
    assert result.partition_id == "police.uk/derbyshire/2024-01"
    assert (result.file, result.month, result.name) == (NAME, "2024-01", "derbyshire")
    assert result.fields == tuple(HEADER.split(","))
    assert result.sha256 == hashlib.sha256(street_file(row())).hexdigest()
    assert not result.keyed


def test_a_partition_can_be_read_again_from_its_beginning(tmp_path, projection):
    result = read_one(write(tmp_path, row(), row("Drugs")), projection)
    first, second = Batch.join(result.batches()), Batch.join(result.batches())
    pd.testing.assert_frame_equal(first.accepted, second.accepted)
    assert len(first.accepted) == 2


def test_a_long_file_comes_in_batches_with_its_lines_numbered_through(
    tmp_path, projection, monkeypatch
):
    few = partial(police_uk.read_tables, rows=2)
    monkeypatch.setattr(
        police_uk, "read_tables", lambda stream, *, file, **_: few(stream, file=file)
    )
    rows = [row(), row(lon="", lat=""), row(), row(), row(kind="")]
    batches = list(read_one(write(tmp_path, *rows), projection).batches())
    assert [len(batch.accepted) + len(batch.rejected) for batch in batches] == [2, 2, 1]
    joined = Batch.join(batches)
    assert joined.accepted["incident_id"].str.rpartition(":")[2].tolist() == ["2", "4", "5"]
    assert joined.rejected["line"].tolist() == [3, 6]


def test_the_old_schema_with_eastings_is_read(tmp_path, projection):
    old = f"2011-02,West Midlands Police,West Midlands Police,408811.0,284398.0,On or near,{ASB},"
    path = write(tmp_path, old, name="2011-02-west-midlands-street.csv", header=OLD_HEADER)
    incident = rows_of(path, projection).accepted.iloc[0]
    assert (incident["x"], incident["y"]) == (408_811.0, 284_398.0)
    assert (incident["reference"], incident["category"]) == ("", "anti-social-behaviour")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(lon="", lat=""), "no location"),
        (row(lon="52.91346", lat="-1.4979"), "longitude and latitude look swapped"),
        (row(lon="433863", lat="335230"), "not degrees: these look like metres"),
        (row(lon="-1.4979", lat=""), "coordinates are not numbers"),
        (row(lon="here", lat="there"), "coordinates are not numbers"),
        (row(lon="0", lat="0"), "coordinates are 0, 0"),
        (row(lon="2.35", lat="48.86"), "outside the area where EPSG:27700 is used"),
        (row(kind=""), "no crime type"),
        (row(month="2024-02"), "the month is not 2024-01, the month of the file"),
        (row() + ",one,more", "not 12 columns wide"),
        ("short,row", "not 12 columns wide"),
    ],
)
def test_a_row_that_cannot_be_taken_is_kept_with_its_line_and_reason(
    bad, reason, tmp_path, projection
):
    result = rows_of(write(tmp_path, row(), bad, row()), projection)
    assert result.rejected[["line", "reason"]].to_numpy().tolist() == [[3, reason]]
    assert result.rejected["row"].tolist() == [tuple(bad.split(","))]
    assert result.accepted["incident_id"].str.rpartition(":")[2].tolist() == ["2", "4"]


def test_every_row_read_is_accepted_or_rejected(tmp_path, projection):
    rows = [row(), row(lon="", lat=""), row("Drugs"), row(kind=""), row(lon="", lat="")]
    result = rows_of(write(tmp_path, *rows), projection)
    assert (len(result.accepted), len(result.rejected)) == (2, 3)
    reasons = result.rejected["reason"].value_counts().to_dict()
    assert reasons == {"no location": 2, "no crime type": 1}


def test_rows_that_are_the_same_are_all_kept(tmp_path, projection):
    result = rows_of(write(tmp_path, row(), row(), row()), projection)
    assert len(result.accepted) == 3
    assert result.accepted["incident_id"].is_unique


def test_a_crime_id_that_repeats_is_a_reference_and_no_id(tmp_path, projection):
    rows = [row("Drugs", crime_id="x"), row("Drugs", crime_id="x", lat="52.92")]
    result = rows_of(write(tmp_path, *rows), projection)
    assert result.accepted["reference"].tolist() == ["x", "x"]


def test_a_file_of_another_month_is_refused_whole(tmp_path, projection):
    path = write(tmp_path, row(month="2023-12"), row(month="2023-12"))
    message = (
        "all of its 2 rows are rejected, mostly: the month is not 2024-01, the month of the file"
    )
    with pytest.raises(InputError, match=message):
        read_all(path, projection)


def test_a_file_without_the_published_columns_is_refused(tmp_path, projection):
    path = write(tmp_path, "1,2", header="a,b")
    with pytest.raises(InputError, match="lacks the column Month, Longitude, Latitude, Location"):
        read_all(path, projection)
