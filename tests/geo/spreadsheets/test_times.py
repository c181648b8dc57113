"""Times are believed as far as the file bears them: offsets, numbers, midnights, far years."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import Batch
from geo.sources.dates import DateFormat
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet
from geo.sources.suggest import suggest_mapping

MAPPING = """source = "council"
id = "Ref"
[when]
from = "When"
format = "{form}"
[where]
easting = "E"
northing = "N"
[what]
category = "noise"
"""


def read(folder: Path, form: str, *times: str) -> Batch:
    rows = "".join(f"{n},{time},434500,336500\n" for n, time in enumerate(times))
    (folder / "t.csv").write_text("Ref,When,E,N\n" + rows)
    content = MAPPING.format(form=form).encode()
    mapping = read_mapping(content, file="m.toml", folder=None)
    part = read_spreadsheet(folder / "t.csv", mapping, Projection.choose())
    return Batch.join(part.batches())


def moments(batch: Batch) -> list[str]:
    return batch.accepted["occurred_from"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()


@pytest.mark.parametrize(
    ("form", "time", "utc"),
    [
        ("yyyy/mm/dd HH:MM:SS+00", "2024/07/17 22:30:00+00", "2024-07-17T22:30:00Z"),
        ("yyyy/mm/dd HH:MM:SS+00", "2024/07/17 22:30:00+0130", "2024-07-17T21:00:00Z"),
        ("dd/mm/yyyy HH:MM Z", "17/07/2024 22:30 -05:00", "2024-07-18T03:30:00Z"),
        ("dd/mm/yyyy HH:MMZ", "17/07/2024 22:30Z", "2024-07-17T22:30:00Z"),
        ("iso", "2024-07-17T22:30:00+01", "2024-07-17T21:30:00Z"),
        ("epoch", "1721255400", "2024-07-17T22:30:00Z"),
        ("epoch-ms", "1710538200000", "2024-03-15T21:30:00Z"),
        # A workbook's number has no zone: London's clock, an hour ahead in July.
        ("excel", "45490.9375", "2024-07-17T21:30:00Z"),
        ("dd/mm/yyyy HH:MM", "17/07/2024 22:30", "2024-07-17T21:30:00Z"),
    ],
)
def test_a_time_is_the_moment_that_it_names(tmp_path: Path, form: str, time: str, utc: str) -> None:
    batch = read(tmp_path, form, time)
    assert moments(batch) == [utc]
    assert batch.accepted["precision"].tolist() == ["instant"]


def test_a_whole_number_of_days_is_a_day(tmp_path: Path) -> None:
    batch = read(tmp_path, "excel", "45490")
    assert (moments(batch), batch.accepted["precision"].tolist()) == (
        ["2024-07-16T23:00:00Z"],
        ["day"],
    )


@pytest.mark.parametrize("form", ["dd/mm/yyyy+00", "+00", "dd/mm HH:MM+00"])
def test_an_offset_needs_a_time_before_it(form: str) -> None:
    with pytest.raises(InputError):
        DateFormat.read(form)


@pytest.mark.parametrize("form", ["epoch", "epoch-ms", "excel", "yyyy/mm/dd HH:MM:SS+00"])
@pytest.mark.parametrize(
    "time", ["", "soon", "1e99", "-9999999", "999999999999999", "2024/07/17 22:30"]
)
def test_what_is_no_time_is_rejected_with_a_reason(tmp_path: Path, form: str, time: str) -> None:
    good = {"epoch": "1721255400", "epoch-ms": "1710538200000", "excel": "45490.9"}
    batch = read(tmp_path, form, time, good.get(form, "2024/07/17 22:30:00+00"))
    assert len(batch.accepted) == 1
    assert batch.rejected["line"].tolist() == [2]
    assert batch.rejected["reason"].iloc[0] in (
        "no date", f"not a date as {form}", "before 1970, which no source reaches", "in the future",
    )  # fmt: skip


def test_an_incident_of_the_future_or_of_long_ago_is_rejected(tmp_path: Path) -> None:
    tomorrow = (pd.Timestamp.now() + pd.Timedelta(days=2)).strftime("%d/%m/%Y %H:%M")
    times = ["01/01/1900 00:00", "16/03/2024 22:00", "17/03/2042 22:00", tomorrow]
    batch = read(tmp_path, "dd/mm/yyyy HH:MM", *times)
    assert moments(batch) == ["2024-03-16T22:00:00Z"]
    assert batch.rejected["reason"].tolist() == [
        "before 1970, which no source reaches",
        "in the future",
        "in the future",
    ]
    today = pd.Timestamp.now(tz="Europe/London").strftime("%d/%m/%Y")
    assert len(read(tmp_path, "dd/mm/yyyy", today, "01/01/1970").accepted) == 2


@pytest.mark.parametrize(
    ("form", "times"),
    [
        ("dd/mm/yyyy HH:MM", ["15/03/2024 00:00", "16/07/2024 00:00", "17/07/2024 00:00"]),
        ("iso", ["2024-03-15T00:00:00.000Z", "2024-07-15T23:00:00Z", "2024-07-16T23:00:00Z"]),
        ("iso", ["2024-03-15T00:00:00Z", "2024-07-16T00:00:00Z", "2024-07-17T00:00:00Z"]),
    ],
    ids=["London's clock", "London's midnight in UTC", "UTC's midnight"],
)
def test_a_column_of_midnights_knows_days_only(tmp_path: Path, form: str, times: list[str]) -> None:
    batch = read(tmp_path, form, *times)
    assert batch.accepted["precision"].unique().tolist() == ["day"]
    days = batch.accepted["occurred_from"].dt.tz_convert("Europe/London")
    assert days.dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        "2024-03-15 00:00",
        "2024-07-16 00:00",
        "2024-07-17 00:00",
    ]
    lasts = batch.accepted["occurred_to"] - batch.accepted["occurred_from"]
    assert (lasts == pd.Timedelta(days=1) - pd.Timedelta(seconds=1)).all()


def test_one_midnight_among_other_times_is_a_midnight(tmp_path: Path) -> None:
    times = ["15/03/2024 00:00", "16/03/2024 21:10", "17/03/2024 00:00", "18/03/2024 00:00"]
    batch = read(tmp_path, "dd/mm/yyyy HH:MM", *times)
    assert batch.accepted["precision"].unique().tolist() == ["instant"]


@pytest.mark.parametrize(
    ("times", "form"),
    [
        (["1710538200000", "1710626700000"], "epoch-ms"),
        (["1710538200", "1710626700"], "epoch"),
        (["45366.896", "45367.5"], "excel"),
        (["2024/03/15 21:30:00+00", "2024/07/17 22:30:00+00"], "yyyy/mm/dd HH:MM:SS+00"),
    ],
)
def test_a_mapping_is_proposed_for_each_of_them(
    tmp_path: Path, times: list[str], form: str
) -> None:
    rows = "".join(f"{n},{time},434500,336500\n" for n, time in enumerate(times))
    (tmp_path / "t.csv").write_text("Ref,When reported,E,N\n" + rows)
    proposed = suggest_mapping(tmp_path / "t.csv")
    assert f'from = "When reported"\nformat = "{form}"' in proposed
    assert np.all([line in proposed for line in ('easting = "E"', 'northing = "N"')])
