"""The records of the demo city: files that a council could have, with what was planted in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boundaries.demo import DemoCity
from boundaries.demo.council.cases import (
    ASB_REPORTS,
    CASES,
    EXTRACTS,
    MAPPING,
    REOPENED,
    REPEATS,
    SHEET_COLUMNS,
    SLOW_WARDS,
    VANISHED,
    extract_sheet,
)
from geo.crs import Projection
from geo.formats.csv_text import to_csv
from geo.judging import NO_CLEAR_DIFFERENCE
from geo.records.enforcement import STEPS, enforcement_ladder
from geo.records.flow import backlog_account, received_account
from geo.records.repeats import came_back_after, case_review_places, repeat_issues
from geo.records.waits import FASTER, SLOWER, against_rest, wait_of, waits_at
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet

MOMENT = pd.Timestamp("2026-04-01", tz="Europe/London").tz_convert("UTC")


def read(folder: Path, day: date) -> pd.DataFrame:
    """The lives of an extract as the import reads them, with category, place and ward."""
    mapping = read_mapping(MAPPING.encode(), file="records.toml", folder=None)
    part = read_spreadsheet(
        folder / f"records-{day}.csv", mapping, Projection.choose(), extracted=day
    )
    batches = list(part.batches())
    assert [len(batch.rejected) for batch in batches] == [0]
    incidents = pd.concat(
        [frame for batch in batches for frame in (batch.accepted, batch.placeless)]
    ).set_index("incident_id")
    return batches[0].lives.join(incidents[["category", "x", "y"]])


@pytest.fixture(scope="module")
def lives(demo_folder: Path) -> pd.DataFrame:
    return read(demo_folder / "files", EXTRACTS[-1])


def test_the_files_hold_a_year_of_every_kind_and_channel(lives: pd.DataFrame) -> None:
    assert len(lives) == CASES - VANISHED
    assert set(lives["kind"]) == {"request", "case", "enquiry", "complaint", "enforcement"}
    assert set(lives["channel"]) == {"meeting", "member", "resident", "officer", "partner"}
    received = lives["received"].dt.tz_convert("Europe/London")
    assert received.min() >= pd.Timestamp("2025-04-01", tz="Europe/London")
    assert received.max() < MOMENT
    assert received.dt.strftime("%Y-%m").nunique() == 12
    assert 0.02 < lives["withdrawn"].mean() < 0.05
    placeless = lives["x"].isna()
    assert 0.05 < placeless.mean() < 0.15
    assert (lives["stated_area"] != "").all()
    # Enforcement has no day by which it is due.
    assert (lives["due"].isna() == (lives["kind"] == "enforcement")).all()


def test_the_extracts_differ_by_what_was_planted(demo_city: DemoCity) -> None:
    first, last = (
        extract_sheet(demo_city.cases, day).set_index("Ref").fillna("") for day in EXTRACTS
    )
    assert list(extract_sheet(demo_city.cases, EXTRACTS[0])) == list(SHEET_COLUMNS)
    missing = first.index.difference(last.index)
    assert (len(missing), (first.loc[missing, "Closed"] == "").all()) == (VANISHED, True)
    both = first.index.intersection(last.index)
    was, now = first.loc[both], last.loc[both]
    reopened = (was["Closed"] != "") & (now["Closed"] == "")
    assert reopened.sum() == REOPENED
    same = ["Type", "Via", "Category", "Logged", "Target", "Team", "Ward", "Easting", "Street"]
    assert was[same].equals(now[same])
    assert ((was["Closed"] == "") & (now["Closed"] != "")).sum() > 20
    # A time that the first extract states stays, but for those that were opened again.
    stays = (was["Closed"] != "") & ~reopened
    assert was.loc[stays, "Closed"].equals(now.loc[stays, "Closed"])


def test_the_same_seed_gives_the_same_records(demo_city: DemoCity, demo_folder: Path) -> None:
    for day in EXTRACTS:
        written = (demo_folder / "files" / f"records-{day}.csv").read_text()
        assert written == to_csv(extract_sheet(demo_city.cases, day))


def test_the_wards_that_were_planted_slow_are_found_and_no_others(lives: pd.DataFrame) -> None:
    waits = waits_at(lives, MOMENT)
    verdicts = against_rest(waits, lives["stated_area"])["verdict"]
    assert set(verdicts[verdicts == SLOWER].index) == set(SLOW_WARDS)
    others = verdicts.drop(list(SLOW_WARDS))
    # Held against a rest with slow wards in it, another can be called faster.
    assert set(others) <= {NO_CLEAR_DIFFERENCE, FASTER}
    slow = lives["stated_area"].isin(SLOW_WARDS)
    ratio = wait_of(waits[slow]).median / wait_of(waits[~slow]).median
    assert 1.7 < ratio < 3.3


def test_the_planted_place_repeats_and_its_clearing_does_not_last(lives: pd.DataFrame) -> None:
    repeats = repeat_issues(lives).repeats
    spots = repeats.groupby([repeats["x"].round(-2), repeats["y"].round(-2)]).size()
    assert spots.max() >= REPEATS - 2
    planted = repeats[repeats["days"].between(20, 45) & (repeats["category"] == "fly-tipping")]
    assert (planted["outcome"] == "Cleared").sum() >= REPEATS - 2
    table = came_back_after(lives, MOMENT)
    assert table.loc["Cleared", "came_back"] >= 4


def test_a_spot_has_reports_of_asb_enough_for_a_case_review(
    lives: pd.DataFrame, demo_city: DemoCity
) -> None:
    reports = lives[lives["category"] == "report-of-anti-social-behaviour"]
    places = case_review_places(reports, MOMENT)
    assert places["reports"].max() == ASB_REPORTS
    first = places.iloc[0]
    assert first["spread_m"] < 20
    # Where many incidents are, so that it lies in a ranked place of the board.
    near = demo_city.incidents[["x", "y"]] - first[["x", "y"]].to_numpy(float)
    within = (np.hypot(near["x"], near["y"]) <= 150).sum()
    assert within > 0.002 * len(demo_city.incidents)


def test_the_measure_of_requests_answered_in_time_is_that_of_the_records(
    lives: pd.DataFrame, demo_city: DemoCity
) -> None:
    values = demo_city.values[demo_city.values["measure_id"] == "requests-in-time"]
    names = demo_city.wards["area_name"]
    for start, end in (("2025-04-01", "2025-10-01"), ("2025-10-01", "2026-04-01")):
        first, after = (
            pd.Timestamp(day, tz="Europe/London").tz_convert("UTC") for day in (start, end)
        )
        own = lives[(lives["received"] >= first) & (lives["received"] < after)]
        moment = after - pd.Timedelta(seconds=1)
        account = received_account(own, moment, by=["stated_area"])
        rows = values[(values["first_day"] == pd.Timestamp(start)) & values["value"].notna()]
        assert len(rows) >= len(names) - 1
        expected = account.loc[names[rows["area_code"]]]
        assert rows["denominator"].tolist() == expected["due"].tolist()
        assert rows["numerator"].tolist() == expected["due_in_time"].tolist()
    early = values[values["first_day"] < pd.Timestamp("2025-04-01")]
    share = early["numerator"].sum() / early["denominator"].sum()
    late = values[values["first_day"] >= pd.Timestamp("2025-04-01")]
    assert abs(share - late["numerator"].sum() / late["denominator"].sum()) < 0.05


def test_both_accounts_of_the_year_add_up(lives: pd.DataFrame) -> None:
    wards = received_account(lives, MOMENT, by=["stated_area"])
    total = received_account(lives, MOMENT).loc["all"]
    assert total["received"] == len(lives) == wards["received"].sum()
    assert total["withdrawn"] == lives["withdrawn"].sum()
    assert (wards["why"] == "").all()
    slow = wards.loc[list(SLOW_WARDS), "share_in_time"].max()
    assert slow < wards.drop(list(SLOW_WARDS))["share_in_time"].min()
    start = pd.Timestamp("2026-01-01", tz="Europe/London").tz_convert("UTC")
    quarter = backlog_account(lives, start, MOMENT).loc["all"]
    assert quarter["received"] == (lives["received"] > start).sum()
    assert quarter["open_after"] == lives["closed"].isna().sum()


def test_enforcement_climbs_the_ladder(lives: pd.DataFrame) -> None:
    some = lives[lives["kind"] == "enforcement"]
    ladder = enforcement_ladder(some, some["stated_area"])
    assert (ladder.steps.loc[list(STEPS), "records"] > 5).all()
    assert ladder.steps["stopped"].sum() == len(ladder.places)
    # What has no outcome yet has no step.
    waiting = (some["outcome"] == "").sum()
    assert ladder.no_step == waiting
    assert np.isclose(waiting / len(some), 0.1, atol=0.1)
