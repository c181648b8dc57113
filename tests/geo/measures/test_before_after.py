"""Before and after: periods paired with those of earlier years, and a control."""

from datetime import date

import numpy as np
import pytest

from geo.incidents import months_between
from geo.judging import TOO_FEW
from geo.measures import before_after as module
from geo.measures.before_after import CountsOverTime, before_and_after
from geo.period import Period

MONTHS = months_between("2022-01", "2024-12")


def over_time(counts) -> CountsOverTime:
    table = np.asarray(counts, float)
    periods = tuple(Period.of_months(month, month) for month in MONTHS)
    return CountsOverTime(periods, table, np.ones(table.shape))


def season() -> np.ndarray:
    return 100 + 50 * np.sin(np.arange(36) * np.pi / 6)


def test_a_season_and_a_change_of_all_are_no_effect():
    city = season() * np.where(np.arange(36) >= 24, 0.8, 1.0)
    rows = before_and_after(over_time([city, 2 * city, city]), date(2024, 1, 1))
    assert rows["ratio"].tolist() == pytest.approx([1, 1, 1])
    assert (rows["p"] > 0.9).all()


def test_an_area_that_halved_against_the_others_is_found():
    counts = np.array([season(), season(), season()])
    counts[0, 30:] /= 2
    rows = before_and_after(over_time(counts), date(2024, 7, 1))
    assert rows["ratio"][0] == pytest.approx(0.5)
    assert rows["upper"][0] < 1
    # July to December 2024 against July to December 2023.
    assert rows["before"][0] == pytest.approx(counts[0, 18:24].sum())
    assert rows["after"][0] == pytest.approx(counts[0, 30:].sum())


def test_eighteen_months_after_are_paired_two_years_back():
    rows = before_and_after(over_time([season(), season()]), date(2023, 7, 1))
    # Only July 2023 and later, less two years: from January 2022 on, known for 2024.
    assert rows["before"][0] == pytest.approx(season()[:12].sum())
    assert rows["after"][0] == pytest.approx(season()[24:].sum())


def test_a_month_that_is_unknown_counts_on_neither_side():
    counts = np.array([season(), season()])
    counts[0, 20] = np.nan
    rows = before_and_after(over_time(counts), date(2024, 7, 1))
    known = [18, 19, 21, 22, 23]
    assert rows["before"][0] == pytest.approx(season()[known].sum())
    assert rows["control_before"][0] == pytest.approx(season()[known].sum())
    assert rows["before"][1] == pytest.approx(season()[18:24].sum())


def test_a_named_control_is_judged_by_nothing_and_the_others_by_it():
    counts = np.array([season(), 2 * season(), season()])
    counts[2, 30:] *= 3
    control = np.array([False, True, False])
    rows = before_and_after(over_time(counts), date(2024, 7, 1), control=control)
    assert rows["why"].tolist() == ["", module.IN_CONTROL, ""]
    assert rows["ratio"].tolist()[::2] == pytest.approx([1, 3])


def test_few_counts_and_no_earlier_periods_say_nothing():
    few = before_and_after(over_time(np.full((2, 36), 1.0)), date(2024, 7, 1))
    assert few["why"].tolist() == [TOO_FEW, TOO_FEW]
    none = before_and_after(over_time(np.full((2, 36), 50.0)), date(2021, 12, 1))
    assert none["why"].tolist() == [module.NO_PAIRS] * 2
    assert none["ratio"].isna().all()


def test_changes_alike_are_seldom_called_effects():
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(200):
        counts = rng.poisson(np.outer([4, 9, 30], season() / 10))
        rows = before_and_after(over_time(counts), date(2024, 1, 1))
        found += int(rows["p"][0] <= 0.05)
    assert found <= 20
