"""A window gives the incidents that filtering the whole would give, and the count is true."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.incidents import COLUMNS
from geo.store.contract import Window
from tests.geo.stores.parts import Row, as_tuples, part, put

MOMENTS = [
    "2023-12-31T23:59:59",
    "2024-01-01T00:00:00",
    "2024-03-31T00:59:59",
    "2024-03-31T01:00:00",
    "2024-03-31T23:00:00",
    "2024-10-27T00:30:00",
    "2024-10-27T01:30:00",
    "1970-01-01T00:00:00",
    "2099-12-31T23:59:59",
]


@pytest.fixture
def filled(store):
    rows = [Row(f"k:{number}", when=when) for number, when in enumerate(MOMENTS)]
    put(store, part([*rows, Row("k:m1", when="2024-04"), Row("k:m2", when="2024-01")], month=""))
    return store


def window(start: str, end: str) -> Window:
    return Window(pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"))


def keys(store, *span: str) -> list[str]:
    incidents = store.incidents(window(*span))
    return sorted(incidents["incident_id"].str.removeprefix("k:"))


def test_a_window_holds_its_start_and_not_its_end(filled):
    assert keys(filled, "2024-01-01T00:00:00", "2024-03-31T01:00:00") == ["1", "2", "m2"]
    assert keys(filled, "2024-03-31T01:00:00", "2024-03-31T01:00:01") == ["3"]


@pytest.mark.parametrize(
    "span",
    [("2024-03-31T01:00:00", "2024-03-31T01:00:00"), ("2025-01-01", "2024-01-01"),
     ("1960-01-01", "1970-01-01"), ("2100-01-01", "2101-01-01")],
)  # fmt: skip
def test_a_window_that_holds_nothing_gives_an_empty_frame(span, filled):
    incidents = filled.incidents(window(*span))
    assert len(incidents) == 0
    assert set(incidents.columns) == set(COLUMNS)
    assert str(incidents["occurred_from"].dtype) == "datetime64[s, UTC]"


def test_a_window_in_london_time_is_the_same_moments(filled):
    start, end = (
        pd.Timestamp(moment, tz="Europe/London") for moment in ("2024-04-01", "2024-05-01")
    )
    incidents = filled.incidents(Window(start, end))
    assert sorted(incidents["incident_id"]) == ["k:4", "k:m1"]


def test_an_event_counts_where_it_began(filled):
    """A month's incident ends long after the window that holds its first moment."""
    assert "m2" in keys(filled, "2024-01-01T00:00:00", "2024-01-01T00:00:01")
    assert "m2" not in keys(filled, "2024-01-02", "2024-02-01")


SECONDS = st.one_of(
    st.sampled_from([pd.Timestamp(moment, tz="UTC").to_pydatetime() for moment in MOMENTS]),
    # Hypothesis takes moments without a zone; it is set below.
    st.datetimes(datetime(2023, 12, 1), datetime(2024, 11, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
)


# One store for all examples: none of them changes it.
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=SECONDS, second=SECONDS)
def test_a_window_is_the_whole_filtered(first, second, filled):
    span = Window(pd.Timestamp(first), pd.Timestamp(second))
    whole = filled.incidents()
    occurred = whole["occurred_from"]
    expected = whole[(occurred >= span.start) & (occurred < span.end)]
    assert as_tuples(filled.incidents(span)) == as_tuples(expected)
    assert filled.incident_count() == len(whole) == 11


def test_pages_hold_each_incident_once_in_the_order_of_time(filled):
    pages = [filled.incident_page(start, 4, columns=COLUMNS) for start in (0, 4, 8, 12)]
    assert [len(page) for page in pages] == [4, 4, 3, 0]
    together = pd.concat(pages, ignore_index=True)
    assert as_tuples(together) == as_tuples(filled.incidents())
    assert together["occurred_from"].is_monotonic_increasing
    # Of one moment, in the order in which they were stored.
    first = together.loc[together["occurred_from"] == "2024-01-01T00:00:00Z", "incident_id"]
    assert first.tolist() == ["k:1", "k:m2"]
    assert str(pages[-1]["occurred_from"].dtype) == "datetime64[s, UTC]"


def test_an_incident_is_found_by_its_id(filled):
    one = filled.incident("k:m1", columns=("incident_id", "occurred_from"))
    assert one["incident_id"].tolist() == ["k:m1"]
    assert one["occurred_from"].tolist() == [pd.Timestamp("2024-03-31T23:00:00Z")]
    assert filled.incident("k:none", columns=COLUMNS).empty
