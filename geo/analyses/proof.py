"""Whether maps predicted later incidents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.analyses.analysis import (
    AnalysisResult,
    refuse_new_points,
    refuse_part_months,
    refuse_weight,
)
from geo.analyses.surfaces import bandwidth_m, cell_months, cell_parameters
from geo.errors import QuestionError
from geo.hotspots import density, evaluation, getis_ord
from geo.hotspots.shrinkage import prior, shrunk
from geo.incidents import london_months
from geo.question.answer import Answer

_TESTED = (
    "No method uses the months that it is tested on. A plain count often does as well as a "
    "statistic: the table shows where."
)
LAST, ALL, GI_STAR, KERNEL = "last month", "count", "gi_star", "density"
SHRUNK = "shrunk count"
"""The count, shrunk towards the mean of all cells and at the level of the last months."""

LEVEL_MONTHS = 3


def evaluated(answer: Answer) -> AnalysisResult:
    """Score maps of the period's first months by its last ones, against baselines."""
    refuse_weight(answer, "an evaluation")
    refuse_part_months(answer, "an evaluation")
    option, period = answer.question.period_option, answer.accounts.period
    refuse_new_points(answer, period, option=option, name="an evaluation")
    known, later = _training_and_test(answer)
    column = {month: number for number, month in enumerate(answer.accounts.period.months)}
    cube = cell_months(answer, answer.accounts.period.months)
    cells, n = answer.cells, cube[:, [column[month] for month in known]].sum(axis=1)
    last = cube[:, column[known[-1]]]
    early = london_months(answer.counted["occurred_from"]) < np.datetime64(later[0], "M")
    train = answer.counted[early]
    # Not even the bandwidth may depend on the months that are tested.
    width = bandwidth_m(answer, train)
    spread = density.quartic_density(
        train["x"], train["y"], at=cells.grid.centres(cells.positions), bandwidth=width
    )
    z = getis_ord.gi_star(n, cells.neighbours)
    # One exposure for all: the order, and so what is caught, is that of the plain count.
    shrunk_n = shrunk(n, np.ones(len(n)), prior(n, np.ones(len(n)))).rate
    recent = known[-LEVEL_MONTHS:]
    level = cube[:, [column[month] for month in recent]].sum() / max(n.sum(), 1)
    a_day = {
        ALL: n / _days(known),
        SHRUNK: shrunk_n * level / _days(recent),
        LAST: last / _days(known[-1:]),
        KERNEL: spread * cells.inside_area / 1e6 / _days(known),
    }
    frame = evaluation.compare_methods(
        {
            GI_STAR: np.where(np.isnan(z), -np.inf, z),
            ALL: n,
            SHRUNK: shrunk_n,
            LAST: last,
            KERNEL: spread,
        },
        {month: cube[:, column[month]] for month in later},
        area=cells.inside_area,
        earlier=n,
        expected={
            (name, month): rate * _days([month]) for name, rate in a_day.items() for month in later
        },
    )
    return AnalysisResult(
        frame,
        "Share of later incidents caught on a share of the land: PAI (Chainey, Tompson & Uhlig "
        "2008), PEI (Hunt 2016), prediction over observation (Wheeler & Steenbeek 2021) and "
        "recapture ratio (Levine 2008), the last two both called RRI elsewhere; where scores tie, "
        "the emptier cell is taken first",
        cell_parameters(answer)
        | {"trained_on": f"{known[0]}/{known[-1]}", "tested_on": later, "bandwidth_m": width},
        [_TESTED],
    )


def _training_and_test(answer: Answer) -> tuple[list[str], list[str]]:
    """The published months that maps are made of, and those they are tested on."""
    months, tested = answer.accounts.months_published, answer.question.holdout
    if len(months) <= tested:
        raise QuestionError(
            "holdout",
            f"{tested} months to test on leave none of the {len(months)} months with data; choose "
            "a longer period",
        )
    return months[:-tested], months[-tested:]


def _days(months: list[str]) -> int:
    return sum(pd.Period(month, "M").days_in_month for month in months)
