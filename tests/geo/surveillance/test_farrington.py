"""Farrington flexible against R, and what it says of series that it cannot judge.

`reference.csv` was made by `reference.R` in this folder from ten series of 72 months and two of
330 weeks: levels 2 to 400, dispersions 1 to 6, with and without seasons, trends and outbreaks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.surveillance import Options, Reference, farrington_flexible
from geo.surveillance.quasi_poisson import fit_quasi_poisson
from geo.surveillance.thresholds import Chances, Rule

HERE = Path(__file__).parent
REFERENCES = {
    "months": Reference(12, years=5, half_window=1, seasons=4, latest_left_out=1),
    "single months": Reference(12, years=5, half_window=0, seasons=12, latest_left_out=3),
    "weeks": Reference(52, years=5, half_window=3, seasons=10, latest_left_out=26),
}


def series(steps: str) -> np.ndarray:
    return np.loadtxt(HERE / f"{steps.rsplit(maxsplit=1)[-1]}.csv", delimiter=",")


@pytest.fixture(scope="module")
def by_r() -> pd.DataFrame:
    return pd.read_csv(HERE / "reference.csv")


@pytest.mark.parametrize("steps", REFERENCES)
def test_expected_counts_bounds_and_tails_are_those_of_r(by_r: pd.DataFrame, steps: str) -> None:
    cases = by_r[by_r["steps"] == steps].groupby(["kind", "reweight", "trend_p", "rule"])
    assert len(cases) == 15
    for (kind, reweight, trend_p, rule), values in cases:
        result = farrington_flexible(
            series(steps),
            REFERENCES[steps],
            options=Options(
                residual_limit=2.58 if reweight else None,
                trend_p=trend_p,
                rule=rule,
                students=False,
                fewest_in_season=0,
                as_surveillance=kind == "plain" and reweight,
            ),
        )
        np.testing.assert_array_equal(result.trend, values["trend"] == 1)
        # R's lower bound by muan is about the upper bound of the expected count: ours is not.
        for name in ("expected", "upper", *(["lower"] if rule != "muan" else [])):
            np.testing.assert_allclose(getattr(result, name), values[name], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(result.at_least, values["p"], atol=1e-4)


def test_the_score_is_that_of_r_above_the_expected_count(by_r: pd.DataFrame) -> None:
    values = by_r.query("steps == 'months' and kind == 'mended' and trend_p == 1")
    values = values[values["rule"] == "delta"]
    options = Options(rule="delta", students=False, fewest_in_season=0)
    result = farrington_flexible(series("months"), REFERENCES["months"], options=options)
    above = series("months")[:, -1] > result.expected
    assert above.sum() >= 3
    np.testing.assert_allclose(result.score[above], values["score"][above], rtol=1e-3)


def test_a_fit_solves_the_score_equations_and_weighs_known_steps_alone() -> None:
    """Residuals are uncorrelated with the trend and with each season; hat values sum to p."""
    table = series("months")
    design = REFERENCES["months"].design()
    past = table[:, -len(design.season) :]
    known = np.ones_like(past)
    known[0, 5:30] = 0
    fit = fit_quasi_poisson(past, known, design, trend=True)
    residual = known * design.used * (past - fit.fitted)
    scale = past.sum(axis=1)
    np.testing.assert_allclose((residual @ design.time) / scale, 0, atol=1e-6)
    np.testing.assert_allclose((residual @ design.dummies) / scale[:, None], 0, atol=1e-9)
    np.testing.assert_allclose(fit.leverage.sum(axis=1), 5, rtol=1e-9)
    changed = np.where(known > 0, past, 1e6)
    np.testing.assert_array_equal(
        fit_quasi_poisson(changed, known, design, trend=True).expected, fit.expected
    )


def test_an_unknown_month_is_left_out_and_no_zero() -> None:
    table = series("months")
    gap = table.copy()
    gap[:, 30] = np.nan
    zero = table.copy()
    zero[:, 30] = 0
    reference = REFERENCES["single months"]
    result = [farrington_flexible(one, reference) for one in (gap, zero)]
    assert (result[0].history == 59).all()
    assert (result[1].history == 60).all()
    large = table.mean(axis=1) > 50
    # A zero would make the dispersion larger.
    assert (result[1].dispersion[large] > 1.3 * result[0].dispersion[large]).all()


def test_a_series_without_any_incident_expects_next_to_none() -> None:
    table = np.zeros((3, 61))
    table[:, -1] = [0, 1, 6]
    result = farrington_flexible(table, REFERENCES["single months"])
    np.testing.assert_allclose(result.expected, 0.5 / 57)
    assert result.at_least[0] == 1
    assert 1e-4 < result.at_least[1] < 0.02
    assert result.at_least[2] < 1e-6


def test_no_series_and_one_step_are_no_errors() -> None:
    reference = REFERENCES["single months"]
    assert farrington_flexible(np.empty((0, 61)), reference).expected.shape == (0,)
    assert farrington_flexible(np.ones((1, 1)), reference).history.tolist() == [0]


@pytest.mark.parametrize("rule", ["predictive", "nbPlugin", "muan", "delta"])
def test_poisson_and_other_counts_side_by_side_have_the_chances_that_each_has_alone(
    rule: Rule,
) -> None:
    expected, se = np.array([4.0, 4.0, np.nan, 30.0]), np.array([0.0, 0.4, 0.0, 2.0])
    dispersion, n = np.array([1.0, 2.5, 1.0, 1.0]), np.array([9.0, 9.0, 3.0, 0.0])

    def chances(rows: slice) -> Chances:
        return Chances(expected[rows], se[rows], dispersion[rows], 0.01, rule)

    def values(rows: slice) -> np.ndarray:
        one = chances(rows)
        return np.stack([one.lower, one.upper, one.at_least(n[rows]), one.at_most(n[rows])])

    alone = np.hstack([values(slice(row, row + 1)) for row in range(len(n))])
    np.testing.assert_array_equal(values(slice(None)), alone)
