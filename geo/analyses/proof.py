"""Whether maps predicted later incidents, and whether a treatment worked."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analyses.analysis import (
    AnalysisResult,
    refuse_new_points,
    refuse_part_months,
    refuse_weight,
    short_months,
)
from geo.analyses.places import circles_of
from geo.analyses.surfaces import bandwidth_m, cell_months, cell_parameters
from geo.errors import InputError, QuestionError
from geo.hotspots import density, evaluation, getis_ord, treatment
from geo.hotspots.zones import zone_counts
from geo.incidents import london_months
from geo.period import Period
from geo.question.answer import Answer

_TESTED = (
    "No method uses the months that it is tested on. A plain count often does as well as a "
    "statistic: the table shows where."
)
_REGRESSION = (
    "Places that are treated because they were worst improve by chance alone. Without a control "
    "that was as bad, part of the difference is that."
)
MOST_UNLIKE = 2.0
"""Times more, or fewer, incidents than the treated places: beyond, a control is too unlike."""

LAST, ALL, GI_STAR, KERNEL = "last month", "count", "gi_star", "density"


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
    a_day = {
        ALL: n / _days(known),
        LAST: last / _days(known[-1:]),
        KERNEL: spread * cells.inside_area / 1e6 / _days(known),
    }
    frame = evaluation.compare_methods(
        {GI_STAR: np.where(np.isnan(z), -np.inf, z), ALL: n, LAST: last, KERNEL: spread},
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
            f"{tested} months to test on leave none of the {len(months)} published months; choose "
            "a longer period",
        )
    return months[:-tested], months[-tested:]


def _days(months: list[str]) -> int:
    return sum(pd.Period(month, "M").days_in_month for month in months)


def treated(answer: Answer) -> AnalysisResult:
    """Test whether treated places fell more than the rest, and what happened around them."""
    refuse_weight(answer, "a treatment's effect")
    refuse_part_months(answer, "a treatment's effect")
    terms, study = answer.question.treatment, answer.study_areas.geometry
    if not terms.treated or not terms.since:
        raise QuestionError(
            "treated", "name the places that were treated, and since the month in which it started"
        )
    before, after = _windows(answer)
    both = Period(before.first, after.last)
    refuse_new_points(answer, both, option="since", name="a treatment's effect")
    facts = answer.facts
    control = _places(answer, "control", terms.control, facts.control) if terms.control else study
    try:
        counts = zone_counts(
            answer.history,
            treated=list(_places(answer, "treated", terms.treated, facts.treated)),
            control=list(control),
            study=shapely.union_all(study.to_numpy()),
            before=before,
            after=after,
            buffer_m=float(terms.buffer),
            control_buffer=bool(terms.control),
        )
    except InputError as error:
        raise QuestionError("treated", str(error)) from error
    effect = treatment.effects(counts)
    return AnalysisResult(
        counts.reset_index(),
        "Weighted displacement difference (WDD, Wheeler & Ratcliffe 2018), "
        + ("with the buffers of both" if terms.control else "without the buffer")
        + "; ratio of rates (Wilson 2022); weighted displacement quotient (WDQ, Bowers & Johnson "
        "2003). The control is " + ("as asked" if terms.control else "the rest of the study area"),
        {
            "before": str(before),
            "after": str(after),
            "n": int(counts[["before", "after"]].to_numpy().sum()),
            "buffer_m": terms.buffer,
            **effect,
        },
        [_REGRESSION, *_unlike(counts), *short_months(answer, [*before.months, *after.months])],
    )


def _places(
    answer: Answer, option: str, named: str | tuple[str, ...], layer: gpd.GeoDataFrame | None
) -> gpd.GeoSeries:
    """The areas of the layer that an option names, or the circles of its ranked places."""
    if layer is not None:
        return layer.geometry
    ids = (named,) if isinstance(named, str) else named
    return circles_of(ids, answer, option=option)


def _unlike(counts: pd.DataFrame) -> list[str]:
    """A caveat where the control is much larger or smaller than the treated places."""
    before = counts["before"].astype(float)
    times = before["control"] / max(before["treated"], 1)
    if 1 / MOST_UNLIKE <= times <= MOST_UNLIKE:
        return []
    caveat = (
        f"The control had {times:,.1f} times as many incidents as the treated places. The "
        "difference assumes that both would have changed by the same number of incidents: use "
        "the ratio of rates instead, or a control of similar size."
    )
    return [caveat]


def _windows(answer: Answer) -> tuple[Period, Period]:
    """As many published months before the treatment as after it, up to the period's end."""
    months = list(answer.published)
    since = answer.question.treatment.since
    after = [month for month in months if since <= month <= answer.accounts.period.months[-1]]
    before = [month for month in months if month < since][-len(after) :] if after else []
    if not after or len(before) < len(after):
        raise QuestionError(
            "since",
            f"needs as many published months before {since} as after it, and has "
            f"{len(before)} and {len(after)}; choose a shorter period, or import earlier months",
        )
    return Period.of_months(before[0], before[-1]), Period.of_months(after[0], after[-1])
