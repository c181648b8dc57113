"""Which imports are about a study area, how far their data reaches, and what they can answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from geo.coverage import ImportCoverage
from geo.errors import QuestionError
from geo.question.ask import Answer, answer
from geo.question.model import Question
from geo.question.resolve import ResolvedQuestion, resolve
from geo.store.contract import ImportRecord
from tests.geo.import_records import record_of

HERE = (435_050.0, 336_050.0)
MIRRORED = (336_050.0, 435_050.0)
"""The same numbers the other way round: hundreds of kilometres away."""

ASB = "anti-social-behaviour"


class Town:
    """Four squares, and the imports of several publishers."""

    def __init__(self, squares, incident_frame) -> None:
        self._squares, self._frame_of = squares, incident_frame
        self._frames: list[pd.DataFrame] = []
        self._records: list[ImportRecord] = []

    def publish(
        self,
        name: str,
        rows: list[tuple[float, float, str]],
        *,
        month: str = "",
        source: str = "police.uk",
        precision: str = "",
    ) -> Town:
        """Add an import of rows (x, y, when)."""
        frame = self._frame_of([(x, y, ASB, when) for x, y, when in rows]).assign(source=source)
        frame["incident_id"] = [f"{source}:{name}:{month}:{i}" for i in range(len(frame))]
        if precision:
            frame["precision"] = precision
        self._frames.append(frame)
        record = record_of(frame, month=month)
        partition = f"{source}/{name}/{month}"
        self._records.append(replace(record, name=name, source=source, partition_id=partition))
        return self

    def months(self, name: str, place: tuple[float, float], months: list[str], n: int) -> Town:
        """Add an import for each month, of n incidents around a place."""
        for month in months:
            self.publish(name, [(*place, month)] * n, month=month)
        return self

    def resolve(self, **options: str) -> ResolvedQuestion:
        parts = [ImportCoverage.of_import(record) for record in self._records]
        return resolve(Question.read(options), parts, self._squares)

    def ask(self, **options: str) -> Answer:
        frame = pd.concat(self._frames, ignore_index=True)
        return answer(Question.read(options), frame, self._squares, imports=self._records)


@pytest.fixture
def town(four_squares, incident_frame) -> Town:
    return Town(four_squares, incident_frame)


def latest(town: Town) -> str:
    return town.resolve(period="latest-1m").months_published[-1]


@pytest.mark.parametrize(
    ("place", "near"),
    [
        (MIRRORED, False),
        # Incidents are known by squares of five kilometres: the study area lies in one, and
        # touches the next to the west.
        ((439_900.0, 336_050.0), True),
        ((440_100.0, 336_050.0), False),
        ((434_900.0, 336_050.0), True),
        ((429_900.0, 336_050.0), False),
        ((435_050.0, 339_900.0), True),
        ((435_050.0, 340_100.0), False),
        ((435_050.0, 334_900.0), False),
    ],
)
def test_a_force_that_publishes_elsewhere_does_not_say_which_month_is_the_latest(town, place, near):
    town.months("north", HERE, ["2024-01", "2024-02"], 10)
    town.months("south", place, ["2024-01", "2024-02", "2024-03"], 10)
    assert latest(town) == ("2024-03" if near else "2024-02")


@pytest.mark.parametrize(("strays", "near"), [(4, False), (5, True), (6, True)])
def test_a_few_strays_of_another_force_are_not_its_coverage(town, strays, near):
    town.months("north", HERE, ["2024-01"], 100)
    town.publish("south", [(*MIRRORED, "2024-01")] * 300, month="2024-01")
    town.publish("south", [(*HERE, "2024-02")] * strays, month="2024-02")
    assert latest(town) == ("2024-02" if near else "2024-01")


def test_strays_are_counted_force_by_force_and_not_file_by_file(town):
    # Ten months of 10 each are 100: two of a month would be a tenth of such a month.
    town.months("north", HERE, [f"2023-{month:02}" for month in range(1, 11)], 10)
    town.publish("south", [(*HERE, "2024-02")] * 2, month="2024-02")
    assert latest(town) == "2023-10"


def test_strays_are_measured_against_the_busiest_force_of_their_own_source(town):
    town.months("north", HERE, ["2024-01"], 100)
    town.publish("cases", [(*HERE, "2024-02-03T10:00:00")], source="council")
    assert latest(town) == "2024-02"
    assert town.ask(period="latest-1m").accounts.source == ["council", "police.uk"]


def test_where_nobody_published_anything_here_all_are_taken(town):
    town.months("south", MIRRORED, ["2024-01", "2024-02"], 3)
    town.months("west", (336_050.0, 336_050.0), ["2024-03"], 1)
    resolved = town.resolve(period="latest-3m")
    assert resolved.months_published == ["2024-01", "2024-02", "2024-03"]
    accounts = town.ask(period="latest-3m").accounts
    assert (accounts.counted, accounts.outside) == (0, 7)


def test_data_by_month_reaches_to_the_end_of_its_last_month(town):
    town.months("north", HERE, ["2024-01", "2024-02"], 3)
    result = town.ask(datetime="2024-02/..")
    assert (result.accounts.period.first, result.accounts.period.last) == (
        date(2024, 2, 1),
        date(2024, 2, 29),
    )
    assert result.accounts.counted == 3


def test_data_by_day_reaches_to_its_last_day(town):
    town.publish("cases", [(*HERE, f"2024-02-{day:02}T12:00:00") for day in (3, 20)])
    period = town.ask(datetime="2024-02-03/..").accounts.period
    assert (period.first, period.last) == (date(2024, 2, 3), date(2024, 2, 20))


def test_the_last_day_of_the_data_is_that_of_london(town):
    town.publish("cases", [(*HERE, "2024-03-02T12:00:00"), (*HERE, "2024-03-31T23:30:00")])
    assert town.ask(datetime="2024-03-02/..").accounts.period.last == date(2024, 4, 1)
    assert latest(town) == "2024-04"


def test_an_import_without_a_month_covers_from_its_first_to_its_last(town):
    town.publish("cases", [(*HERE, f"{day}T12:00:00") for day in ("2023-11-30", "2024-02-01")])
    accounts = town.ask(period="latest-5m").accounts
    assert accounts.months_published == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert accounts.months_missing == ["2023-10"]


def test_what_is_dated_by_day_answers_days_and_no_hours(town):
    days = [(*HERE, f"2024-02-{day:02}T00:00:00") for day in (3, 20)]
    town.publish("cases", days, source="council", precision="day")
    assert town.ask(datetime="2024-02-03").accounts.counted == 1
    with pytest.raises(QuestionError, match="does not say at what hour incidents happened") as no:
        town.ask(datetime="2024-02", hours="18-02")
    assert no.value.option == "hours"


@pytest.mark.parametrize(("period", "said"), [("2024-01", False), ("2024-02", True)])
def test_two_sources_are_said_to_overlap_in_the_months_that_both_cover(town, period, said):
    town.months("north", HERE, ["2024-01", "2024-02"], 3)
    town.publish("cases", [(*HERE, f"2024-0{m}-05T12:00:00") for m in (2, 3)], source="council")
    caveats = " ".join(town.ask(datetime=period).accounts.caveats)
    assert ("Two sources cover the same months (council, police.uk)" in caveats) is said


@pytest.mark.parametrize("text", ["../2024-02", "2024-02/..", "../..", ""])
def test_an_open_end_needs_incidents_to_end_with(text, four_squares, incident_frame):
    with pytest.raises(QuestionError, match="the store holds no incidents yet"):
        answer(Question.read({"datetime": text}), incident_frame([]), four_squares)
    closed = answer(Question.read({"datetime": "2024-02"}), incident_frame([]), four_squares)
    assert closed.accounts.period.days == 29


def test_days_at_the_end_without_any_incident_are_said_to_be_unknown(town):
    town.publish("cases", [(*HERE, f"2024-02-{day:02}T12:00:00") for day in (3, 20)])
    assert "20 February 2024" in " ".join(
        town.ask(datetime="2024-02-01/2024-02-23").accounts.caveats
    )
    assert "20 February 2024" not in " ".join(
        town.ask(datetime="2024-02-01/2024-02-22").accounts.caveats
    )


def test_a_compared_period_is_named_and_counted_in_the_accounts(town):
    town.months("north", HERE, ["2023-02", "2024-01"], 3)
    town.months("north", HERE, ["2024-02"], 5)
    members = town.ask(datetime="2024-02", compare="year").accounts.as_dict()
    compared = {"from": "2023-02-01", "to": "2023-02-28", "counted": 3, "months_missing": []}
    assert compared.items() <= members["compared"].items()
    members = town.ask(datetime="2024-01/2024-02", compare="year").accounts.as_dict()
    assert members["compared"]["months_missing"] == ["2023-01"]
    assert members["period"] == {
        "from": "2024-01-01",
        "to": "2024-02-29",
        "months_published": ["2024-01", "2024-02"],
        "months_missing": [],
    }
    assert "compared" not in town.ask(datetime="2024-02").accounts.as_dict()
    assert np.sum([members[name] for name in ("rejected", "not_asked", "outside", "counted")]) == 11


@pytest.mark.parametrize("compare", ["previous", "year"])
def test_a_compared_period_of_which_nothing_was_published_is_refused(town, compare):
    town.months("north", HERE, ["2024-02", "2024-03"], 3)
    with pytest.raises(QuestionError, match="compare: no data is imported for"):
        town.ask(datetime="2024-02", compare=compare)


def test_a_month_that_looks_incomplete_is_said_of_the_sources_that_answer(town):
    months = [f"2023-{month:02}" for month in range(1, 13)]
    town.months("north", HERE, months, 60).months("north", HERE, ["2024-01"], 3)
    town.publish(
        "cases", [(*HERE, f"2024-01-{day:02}T12:00:00") for day in (3, 31)], source="council"
    )
    said = "January 2024: north has 3 rows"
    assert said in " ".join(town.ask(datetime="2024-01").accounts.caveats)
    assert said in " ".join(town.ask(datetime="2024-01", source="police.uk").accounts.caveats)
    assert said not in " ".join(town.ask(datetime="2024-01", source="council").accounts.caveats)
    assert said not in " ".join(town.ask(datetime="2023-12").accounts.caveats)


@pytest.mark.parametrize(("n", "short"), [(29, True), (30, False), (31, False)])
def test_a_month_with_half_of_the_usual_rows_looks_complete(town, n, short):
    town.months("north", HERE, ["2023-11", "2023-12", "2024-02"], 60)
    town.months("north", HERE, ["2024-01"], n)
    caveats = " ".join(town.ask(datetime="2024-01").accounts.caveats)
    expected = "January 2024: north has 29 rows; its median month has 60. The month looks"
    assert (expected in caveats) is ("looks incomplete" in caveats) is short
    assert "looks incomplete" not in " ".join(town.ask(datetime="2024-02").accounts.caveats)


@pytest.mark.parametrize(("months", "short"), [(1, False), (2, True)])
def test_a_median_month_needs_three(town, months, short):
    town.months("north", HERE, ["2023-11", "2023-12"][:months], 60)
    town.months("north", HERE, ["2024-01"], 9)
    caveats = " ".join(town.ask(datetime="2024-01").accounts.caveats)
    assert ("looks incomplete" in caveats) is short
