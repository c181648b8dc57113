"""Whether a map foretold what came, and whether what was done about it worked."""

from __future__ import annotations

import numpy as np

from geo.analyses.found import Found
from geo.analyses.places import circles_of
from geo.analyses.surfaces import bandwidth_m, cell_months, cell_parameters
from geo.answer import Answer
from geo.errors import InputError, QuestionError
from geo.hotspots import density, evaluation, getis_ord, treatment
from geo.incidents import london_months
from geo.period import Period, read_interval

_TESTED = (
    "No method has seen the months it is tested on. A plain count often does as well as a "
    "statistic: the table shows where."
)
_REGRESSION = (
    "Places that are treated because they were worst fall back by themselves: without a control "
    "as bad as they were, part of the difference is that."
)
LAST, ALL, GI_STAR, KERNEL = "last month", "count", "gi_star", "density"


def evaluated(answer: Answer) -> Found:
    """How well maps of the period's first months foretell its last ones, against baselines."""
    months = answer.accounts.months_published
    held_out = answer.question.holdout
    if len(months) <= held_out:
        raise QuestionError(
            "holdout",
            f"keeps {held_out} months back, and the period has {len(months)} published months: "
            "ask for a longer period",
        )
    cube = cell_months(answer, answer.accounts.period.months)
    column = {month: number for number, month in enumerate(answer.accounts.period.months)}
    known, later = months[:-held_out], months[-held_out:]
    cells, n = answer.cells, cube[:, [column[month] for month in known]].sum(axis=1)
    early = london_months(answer.counted["occurred_from"]) < np.datetime64(later[0], "M")
    train = answer.counted[early]
    width = bandwidth_m(answer)
    z = getis_ord.gi_star(n, cells.neighbours)
    methods = {
        GI_STAR: np.where(np.isnan(z), -np.inf, z),
        ALL: n,
        LAST: cube[:, column[known[-1]]],
        KERNEL: density.quartic_density(
            train["x"], train["y"], at=cells.grid.centres(cells.positions), bandwidth=width
        ),
    }
    tested = {month: cube[:, column[month]] for month in later}
    frame = evaluation.compare_methods(methods, tested, area=cells.inside_area)
    return Found(
        frame,
        "Share of later incidents caught on a share of the land: PAI (Chainey, Tompson & Uhlig "
        "2008), PEI (Hunt 2016); where scores tie, the emptier cell is taken first",
        cell_parameters(answer)
        | {"trained_on": f"{known[0]}/{known[-1]}", "tested_on": later, "bandwidth_m": width},
        [_TESTED],
    )


def treated(answer: Answer) -> Found:
    """Whether treated places fell more than the rest, and what happened around them."""
    question = answer.question
    if not question.treated or not question.since:
        raise QuestionError("treated", "say which places were treated, and since which month")
    before, after = _windows(answer)
    places = answer.facts.treated
    zones = circles_of(question.treated, answer) if places is None else places.geometry
    try:
        counts = treatment.zone_counts(
            answer.history,
            treated=list(zones),
            control=list(answer.study_areas.geometry),
            before=before,
            after=after,
            buffer_m=float(question.buffer),
        )
    except InputError as error:
        raise QuestionError("treated", str(error)) from error
    pairs = {zone: (float(row.before), float(row.after)) for zone, row in counts.iterrows()}
    difference = treatment.displacement_difference(pairs["treated"], pairs["control"])
    quotient = treatment.displacement_quotient(
        pairs["treated"], pairs["control"], buffer=pairs["buffer"]
    )
    return Found(
        counts.reset_index(),
        "Weighted displacement difference (Wheeler & Ratcliffe 2018) and quotient (Bowers & "
        "Johnson 2003); the control is the rest of the study area",
        {
            "before": str(before),
            "after": str(after),
            "buffer_m": question.buffer,
            "wdd": difference.wdd,
            "wdd_se": difference.se,
            "wdd_z": difference.z,
            "wdd_p": difference.p,
            "wdd_low": difference.low,
            "wdd_high": difference.high,
            "wdq": quotient.quotient,
            "wdq_denominator": quotient.denominator,
            "wdq_reading": quotient.reading,
        },
        [_REGRESSION],
    )


def _windows(answer: Answer) -> tuple[Period, Period]:
    """As many published months before the treatment as after it, up to the period's end."""
    months = list(answer.published)
    since = answer.question.since
    after = [month for month in months if since <= month <= answer.accounts.period.months[-1]]
    before = [month for month in months if month < since][-len(after) :] if after else []
    if not after or len(before) < len(after):
        raise QuestionError(
            "since",
            f"there must be as many published months before {since} as after it; there "
            f"are {len(before)} and {len(after)}",
        )
    spans = (f"{window[0]}/{window[-1]}" for window in (before, after))
    first, last = (read_interval(span, data=answer.accounts.period) for span in spans)
    return first, last
