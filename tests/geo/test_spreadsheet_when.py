"""Dates and times: formats, precisions, intervals, and the nights when the clocks change."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.sources.dates import DateFormat
from geo.sources.when import Occurrences, occurrences, read_moments

MINUTES = "dd/mm/yyyy HH:MM"


def column(*values: str) -> pd.Series:
    return pd.Series(values, dtype="str")


def span(start: str, end: str | None = None, *, form: str = MINUTES) -> tuple[str, str, str, str]:
    """First and last second, precision, and reason of one row."""
    read = DateFormat.read(form)
    moments = [read_moments([column(text)], read) for text in (start, end) if text is not None]
    return first_row(occurrences(*moments))


def first_row(result: Occurrences) -> tuple[str, str, str, str]:
    first, last = str(result.first[0]), str(result.last[0])
    return first, last, str(result.precision[0]), str(result.reason[0])


@pytest.mark.parametrize(
    ("text", "form", "first", "last", "precision"),
    [
        ("31/01/2024 14:05", MINUTES, "2024-01-31T14:05:00", "2024-01-31T14:05:00", "instant"),
        ("1/7/2024 9:05", MINUTES, "2024-07-01T08:05:00", "2024-07-01T08:05:00", "instant"),
        ("31/01/2024", MINUTES, "2024-01-31T00:00:00", "2024-01-31T23:59:59", "day"),
        ("01/07/2024", "dd/mm/yyyy", "2024-06-30T23:00:00", "2024-07-01T22:59:59", "day"),
        ("Jul 2024", "mmm yyyy", "2024-06-30T23:00:00", "2024-07-31T22:59:59", "month"),
        ("2024-01-31", "iso", "2024-01-31T00:00:00", "2024-01-31T23:59:59", "day"),
        ("2024-02", "iso", "2024-02-01T00:00:00", "2024-02-29T23:59:59", "month"),
        ("2024-07-01 14:05", "iso", "2024-07-01T13:05:00", "2024-07-01T13:05:00", "instant"),
        ("2024-07-01T14:05:09.5Z", "iso", "2024-07-01T14:05:09", "2024-07-01T14:05:09", "instant"),
        ("2024-07-01T14:05+02:00", "iso", "2024-07-01T12:05:00", "2024-07-01T12:05:00", "instant"),
        ("3 May 24 2:05 PM", "d mmm yy h:MM AM/PM", "2024-05-03T13:05:00", "2024-05-03T13:05:00",
         "instant"),
        ("09:05 31.01.2024", "HH:MM dd.mm.yyyy", "2024-01-31T09:05:00", "2024-01-31T09:05:00",
         "instant"),
        ("202401310905", "yyyymmddHHMM", "2024-01-31T09:05:00", "2024-01-31T09:05:00", "instant"),
    ],
)  # fmt: skip
def test_a_text_is_read_by_its_format(text, form, first, last, precision):
    assert span(text, form=form) == (first, last, precision, "")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("01/31/2024", "dd/mm/yyyy"),
        ("30/02/2024", "dd/mm/yyyy"),
        ("31/01/2024 24:00", MINUTES),
        ("31/01/1024", "dd/mm/yyyy"),
        ("31/01/2100", "dd/mm/yyyy"),
        ("now", MINUTES),
        ("Today", "dd/mm/yyyy"),
        ("today", "iso"),
        ("1012024", "ddmmyyyy"),
        ("2024-13-01", "iso"),
        ("20240131", "iso"),
        ("45322", "dd/mm/yyyy"),
    ],
)
def test_what_is_no_date_is_rejected(text, form):
    assert span(text, form=form)[2:] == ("", f"not a date as {form}")


def test_a_local_time_that_did_not_exist_is_read_as_winter_time():
    assert span("31/03/2024 01:30")[0] == "2024-03-31T01:30:00"
    assert span("31/03/2024 02:30")[0] == "2024-03-31T01:30:00"


def test_a_local_time_that_came_twice_is_the_first():
    assert span("27/10/2024 01:30")[0] == "2024-10-27T00:30:00"
    assert span("27/10/2024 02:00")[0] == "2024-10-27T02:00:00"


def test_an_end_that_came_twice_is_the_second_where_the_first_is_too_early():
    assert span("27/10/2024 01:50", "27/10/2024 01:10")[:3] == (
        "2024-10-27T00:50:00", "2024-10-27T01:10:00", "interval",
    )  # fmt: skip
    assert span("27/10/2024 01:10", "27/10/2024 01:50")[1] == "2024-10-27T00:50:00"


def test_the_days_when_clocks_change_have_23_and_25_hours():
    for day, hours in (("31/03/2024", 23), ("27/10/2024", 25)):
        first, last = map(np.datetime64, span(day)[:2])
        assert last - first == np.timedelta64(hours * 3600 - 1, "s")


@pytest.mark.parametrize(
    ("start", "end", "last", "precision", "reason"),
    [
        ("01/02/2024 10:00", "01/02/2024 12:00", "2024-02-01T12:00:00", "interval", ""),
        ("01/02/2024 10:00", "01/02/2024 10:00", "2024-02-01T10:00:00", "instant", ""),
        ("01/02/2024 10:00", "", "2024-02-01T10:00:00", "instant", ""),
        ("01/02/2024", "01/02/2024", "2024-02-01T23:59:59", "day", ""),
        ("01/02/2024", "03/02/2024", "2024-02-03T23:59:59", "interval", ""),
        ("01/02/2024 10:00", "01/02/2024", "2024-02-01T23:59:59", "interval", ""),
        ("01/02/2024", "01/02/2024 10:00", "2024-02-01T10:00:00", "interval", ""),
    ],
)
def test_from_and_to_make_an_interval(start, end, last, precision, reason):
    assert span(start, end)[1:] == (last, precision, reason)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("01/02/2024 10:00", "01/02/2024 09:59", "it ends before it starts"),
        ("01/02/2024 10:00", "soon", f"the end: not a date as {MINUTES}"),
        ("", "01/02/2024 10:00", "no date"),
    ],
)
def test_an_interval_that_cannot_be_is_rejected(start, end, reason):
    assert span(start, end)[3] == reason


def test_two_columns_are_a_date_and_a_time_or_a_day():
    form = DateFormat.read(MINUTES)
    dates = column("31/01/2024", "31/01/2024", "31/01/2024")
    result = read_moments([dates, column("14:05", "", "25:00")], form)
    assert result.precision.tolist() == ["instant", "day", ""]
    assert str(result.local[0]) == "2024-01-31T14:05:00"
    assert result.reason.tolist() == ["", "", f"not a date as {MINUTES}"]


def test_two_columns_of_iso_are_joined():
    result = read_moments([column("2024-01-31"), column("14:05")], DateFormat.read("iso"))
    assert str(result.local[0]) == "2024-01-31T14:05:00"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("DD/MM/YYYY", "unknown date format .* write it with dd mm yyyy HH MM SS, or iso"),
        ("%d/%m/%Y", "unknown date format"),
        ("dd/mm/yyyy HH:mm", "has mm twice: mm is the month, MM the minute"),
        ("dd/dd/mm/yyyy", "has a part twice"),
        ("dd/mm", "lacks the year or the month"),
        ("dd/MM/yyyy", "lacks the year or the month"),
        ("", "lacks the year or the month"),
        ("dd/mm/yyyy hh:MM", "hh needs AM/PM; use HH"),
        ("dd/mm/yyyy HH:MM AM/PM", "hh needs AM/PM; use HH"),
        ("dd/mm/yyyy HH:SS", "must have one hour, and minutes before seconds"),
        ("dd/mm/yyyy MM", "has minutes but no hour"),
        ("mm/yyyy HH:MM", "has a time of day but no day"),
        ("dd/mm HH:MM yyyy", "has the time inside the date"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused(form, message):
    with pytest.raises(InputError, match=message):
        DateFormat.read(form)


written = st.sampled_from(
    [
        ("dd/mm/yyyy HH:MM:SS", "%d/%m/%Y %H:%M:%S"),
        ("mm-dd-yyyy hh:MM:SS AM/PM", "%m-%d-%Y %I:%M:%S %p"),
        ("d mmmm yyyy, HH.MM.SS", "%d %B %Y, %H.%M.%S"),
        ("yyyymmddTHHMMSS", "%Y%m%dT%H%M%S"),
        ("iso", "%Y-%m-%dT%H:%M:%S"),
    ]
)


@given(
    st.datetimes(dt.datetime.fromisoformat("1970-01-01"), dt.datetime.fromisoformat("2099-12-31")),
    written,
)
def test_a_moment_that_is_written_is_read_again(moment, form):
    moment = moment.replace(microsecond=0)
    result = read_moments([column(moment.strftime(form[1]))], DateFormat.read(form[0]))
    assert result.local[0] == np.datetime64(moment)
    utc = pd.Timestamp(occurrences(result).first[0], tz="UTC").tz_convert("Europe/London")
    gone = utc.tz_localize(None) - moment
    assert gone in (pd.Timedelta(0), pd.Timedelta(hours=1))


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1), written
)
def test_no_text_breaks_the_reading_of_dates(texts, form):
    result = read_moments([column(*texts).str.strip()], DateFormat.read(form[0]))
    assert ((result.reason == "") == ~result.missing).all()


@given(st.text(max_size=12) | st.text("dmyHhMST/: AP", max_size=20))
def test_no_format_brings_anything_but_a_refusal(form):
    try:
        read = DateFormat.read(form)
    except InputError:
        return
    read_moments([column("31/01/2024 14:05"), column("14:05")], read)
