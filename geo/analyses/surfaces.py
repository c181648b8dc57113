"""Analyses whose rows are areas or cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from geo.analyses.analysis import (
    AnalysisResult,
    as_layer,
    doubled_months,
    refuse_part_months,
    refuse_weight,
    skipped_months,
)
from geo.analyses.variance import tail_words, variance_caveats, variance_parameters
from geo.errors import InputError, QuestionError
from geo.hotspots import change, density, emerging
from geo.hotspots.baselines import Baseline
from geo.hotspots.change import Changes
from geo.hotspots.dispersion import begins_series
from geo.hotspots.emerging import BaselineOf
from geo.hotspots.verdict import Against
from geo.incidents import london_months, months_between
from geo.period import month_title
from geo.question.alike import crossed
from geo.question.answer import UNKNOWN_CELL, Answer, Bools, Floats

_EDGE = (
    "Near the edge of the study area the density is too low, as incidents beyond it are unknown. "
    "Use edge=corrected."
)
_EVENLY = (
    "Residents are spread evenly over their area. Use small areas, and remember that few people "
    "live where many come to shop or drink."
)
_NO_SHARES = (
    "The areas overlap, so their shares do not add up to one: shares are not compared, and there "
    "is no S."
)
_RESIDENTS_TWICE = (
    "Areas of the study area overlap, so their residents would count twice: there is no rate."
)
_SUGGESTED = (
    "suggested: median distance of a place to its k-th nearest, k half the root of their number"
)
VERDICT = (
    "change by the exact test of two counts (Przyborowski & Wilenski 1940), counts divided by "
    "their dispersion, corrected over all of them (Benjamini & Hochberg 1995)"
)


def area_counts(answer: Answer) -> AnalysisResult:
    """Count the incidents of each area, beside those of a compared period."""
    compared = answer.accounts.compared
    return AnalysisResult(
        answer.area_counts,
        "Counts of incidents by area" + (f"; {VERDICT}" if compared else ""),
        compared_parameters(answer, answer.area_changes) if compared else {},
        change_caveats(answer) if compared else [],
    )


def changes(answer: Answer) -> AnalysisResult:
    """Test how each area differs from the compared period, in its count and its share."""
    if not answer.accounts.compared:
        raise QuestionError("compare", "choose previous or year to compare with")
    # Shares and tests are among all areas, however few of them the Question shows.
    frame = answer.area_counts_of_all
    overlapping = answer.membership.overlapping
    shares, similarity = (pd.DataFrame(index=frame.index), {}) if overlapping else _shares(frame)
    together = pd.concat([frame.drop(columns="geometry"), shares], axis=1)
    return AnalysisResult(
        answer.shown(as_layer(together, frame.geometry.to_numpy(), answer)),
        f"{VERDICT}; S of Andresen 2009 by the tests of Wheeler, Steenbeek & Andresen 2018",
        compared_parameters(answer, answer.area_changes) | similarity,
        [*change_caveats(answer), *([_NO_SHARES] if overlapping else [])],
    )


def expected(answer: Answer) -> AnalysisResult:
    """Predict the count of the period's last month, by area, from earlier years."""
    refuse_weight(answer, "the expected band")
    refuse_part_months(answer, "the expected band")
    month = answer.accounts.period.months[-1]
    earlier = [name for name in answer.published if name < month]
    whole = [name for name in earlier if name not in answer.short]
    alike = [name for name in whole if name[5:] == month[5:]][-change.MOST_YEARS :]
    months = [*earlier, *([month] if month in answer.published else [])]
    history = answer.history_in_areas
    numbers = london_months(history["occurred_from"]).astype(str)
    point, area = answer.membership.of(history)
    table = pd.crosstab(area, numbers[point])
    table = table.reindex(index=range(len(answer.areas)), columns=months, fill_value=0)
    # Areas of which the same months are known share a band's dispersion.
    bands = [
        change.expected_band(table.loc[rows, own], month)
        for rows, own in answer.groups(months, even_short=month)
    ]
    band = pd.concat(bands).sort_index()
    band.insert(0, "month", month)
    band.insert(0, "area_name", answer.areas["area_name"].to_numpy())
    band.insert(0, "area_code", answer.areas.index.astype(str))
    return AnalysisResult(
        answer.shown(as_layer(band, answer.areas.geometry.to_numpy(), answer)),
        "Predictive band of the same months of up to five earlier years, negative binomial with "
        "pooled dispersion (Gelman et al. 2013; Farrington et al. 1996)",
        {"level": 0.95, "fewest_years": change.FEWEST_YEARS},
        [
            *skipped_months(answer, [name for name in earlier if name[5:] == month[5:]]),
            *doubled_months(answer, alike),
        ],
    )


def densities(answer: Answer) -> AnalysisResult:
    """Estimate incidents per km² at each cell's centre, per resident and compared."""
    question, compared = answer.question, answer.accounts.compared
    width = bandwidth_m(answer, answer.counted)
    now = _density(answer, answer.counted, width)
    frame = pd.DataFrame({"n": answer.cell_counts, "density": now})
    if compared:
        before = _density(answer, answer.compared, width)
        changes = density.compare_densities(now, before, days=answer.days, bandwidth=width)
        changes.loc[~answer.cells_compare, :] = np.nan
        frame = pd.concat([frame, changes.drop(columns="density").set_axis(frame.index)], axis=1)
        if not answer.cells_compare.all():
            frame["why"] = answer.why_not_compared(answer.cells_compare)
    residents = "residents" in answer.study_areas.columns
    twice = residents and answer.indexes.of(answer.study_areas).membership.overlapping
    per_head = residents and not twice
    if per_head:
        people = _residents_density(answer, width)
        frame["rate_per_1000"] = density.rate_per_1000(now, people, bandwidth=width)
    if not answer.cells_known.all():
        frame = frame.astype({"n": "Int64"})
        frame.loc[~answer.cells_known, frame.columns != "why"] = pd.NA
    corrected = question.edge == "corrected"
    unit = "harm" if answer.harm is not None else "incidents"
    return AnalysisResult(
        answer.on_cells(frame),
        f"Quartic kernel density in {unit} per km² (Silverman 1986)"
        + (", its kernels divided by their share inside (Jones 1993)" if corrected else "")
        + (f"; {unit} per 1,000 residents by two such densities (Levine 2015)" if per_head else ""),
        cell_parameters(answer)
        | {"bandwidth_m": width, "bandwidth": "asked" if question.bandwidth else _SUGGESTED}
        | (compared_parameters(answer) if compared else {}),
        ([] if corrected else [_EDGE])
        + ([_EVENLY] if per_head else [])
        + ([_RESIDENTS_TWICE] if twice else []),
    )


def _residents_density(answer: Answer, width: float) -> Floats:
    """Residents per km² at the centre of each cell, each area's spread evenly over its cells."""
    cells, areas = answer.cells, answer.study_areas
    # Any file's column may be called residents: without a number nobody is counted.
    residents = pd.to_numeric(areas["residents"], errors="coerce").fillna(0.0).to_numpy(float)
    x, y = cells.grid.centres(cells.positions)
    area = answer.indexes.of(areas).locator.locate(x, y)
    located = area >= 0
    # An area too small to hold the centre of a cell has its residents at a point of its own.
    missed = np.setdiff1d(np.arange(len(areas)), area)
    own = areas.geometry.take(missed).representative_point()
    of = np.concatenate([area[located], missed])
    land = np.concatenate([cells.inside_area[located], np.ones(len(missed))])
    return _smoothed(
        answer,
        np.concatenate([x[located], own.x]),
        np.concatenate([y[located], own.y]),
        width,
        weights=residents[of] * land / np.bincount(of, land)[of],
    )


def bandwidth_m(answer: Answer, incidents: pd.DataFrame) -> float:
    """Return the Question's bandwidth in metres, else one that incidents suggest.

    Parameters
    ----------
    answer
        Its question may have a bandwidth.
    incidents
        With `x` and `y` in metres; they suggest one otherwise.

    Returns
    -------
    Metres.

    Raises
    ------
    QuestionError
        If there are too few places to suggest one.
    """
    if answer.question.bandwidth:
        return float(answer.question.bandwidth)
    try:
        return density.suggest_bandwidth(
            incidents["x"], incidents["y"], at_least=2.0 * answer.question.cell
        )
    except InputError as error:
        raise QuestionError("bandwidth", str(error)) from error


def emerging_hotspots(answer: Answer) -> AnalysisResult:
    """Class every cell by how hot and cold the months of the period were."""
    refuse_weight(answer, "the pattern of a cell")
    refuse_part_months(answer, "the pattern of a cell")
    months = months_between(answer.accounts.period.months[0], answer.accounts.period.months[-1])
    counts = cell_months(answer, months)
    known = answer.cells_known
    complete = answer.cell_months_known
    # Of the cells' points only those of the latest list tell how a cell has changed.
    latest = crossed(answer.point_lists, answer.accounts.period, None)
    complete = {month for month in complete if month >= latest}
    counts[:, [month not in complete for month in months]] = np.nan
    caveats = skipped_months(answer, [month for month in months if month >= latest])
    if latest:
        caveats.append(
            f"Only months from {month_title(latest)} on are used: from then the source has other "
            "anonymous points."
        )
    gi = answer.question.test == "gi"
    try:
        classes = emerging.emerging(
            counts[known],
            answer.cells.neighbours[known][:, known],
            _baseline_of(answer, months, known),
            months=months,
            tested=None if gi else _evidence_months(answer, months)[known],
            dispersion=1.0 if gi else answer.dispersion.value,
            gi=gi,
        )
    except InputError as error:
        raise QuestionError("period", " ".join([f"{error}.", *caveats])) from error
    if not known.all():
        unknown = {"pattern": "undefined", "why": UNKNOWN_CELL}
        classes = answer.on_all_cells(classes.assign(why=""), unknown)
    return AnalysisResult(
        answer.on_cells(classes),
        "Categories of emerging hot spot analysis on each cell's steps: a step looks at a month "
        "and the two before it, and is hot or cold where a cell, with those that touch it, holds "
        f"more or fewer than {answer.baseline.phrase}, by the {tail_words(answer)} of the three "
        "months together"
        + (" and Gi* too" if gi else "")
        + "; new and consecutive only where the last month alone bears it out; trends of Gi* by "
        "Mann–Kendall",
        cell_parameters(answer)
        | {
            "window_months": emerging.WINDOW,
            "months": len(complete),
            "baseline": answer.baseline.name,
            "baseline_words": answer.baseline.phrase,
            "test": answer.question.test,
        }
        | variance_parameters(answer),
        [*caveats, *answer.baseline.caveats, *([] if gi else variance_caveats(answer))],
    )


def _baseline_of(answer: Answer, months: list[str], known: Bools) -> Baseline | BaselineOf:
    """The baseline of the known cells: other incidents are those of the months of each step."""
    baseline = answer.baseline.baseline
    if not baseline.labels:
        return Baseline(baseline.amounts[known])
    rows = answer.rows.of_all_categories()
    rows = rows if answer.question.test == "gi" else rows[begins_series(rows)]
    everything = _by_cell(answer, rows, months)[known]
    return lambda span: Baseline(everything[:, span].sum(axis=1), labels=True)


def cell_months(answer: Answer, months: list[str]) -> Floats:
    """Count incidents by cell and month.

    Parameters
    ----------
    answer
        The counted incidents, and n cells.
    months
        m months that follow one another, as `YYYY-MM`, from the first to the last with an
        incident.

    Returns
    -------
    n × m counts.
    """
    return _by_cell(answer, answer.counted, months)


def _evidence_months(answer: Answer, months: list[str]) -> Floats:
    """As `cell_months`, but incidents of one series count once, in the month of the first."""
    return _by_cell(answer, answer.counted[begins_series(answer.counted)], months)


def _by_cell(answer: Answer, incidents: pd.DataFrame, months: list[str]) -> Floats:
    when = london_months(incidents["occurred_from"])
    month = (when - np.datetime64(months[0], "M")).astype(np.int64)
    cube = np.zeros((len(answer.cells), len(months)))
    np.add.at(cube, (answer.cells.assign(incidents["x"], incidents["y"]), month), 1.0)
    return cube


def _density(answer: Answer, incidents: pd.DataFrame, width: float) -> Floats:
    weights = answer.harm_of(incidents)
    return _smoothed(answer, incidents["x"], incidents["y"], width, weights=weights)


def _smoothed(
    answer: Answer, x: ArrayLike, y: ArrayLike, width: float, *, weights: Floats
) -> Floats:
    """The density of weights at some points, per km², at the centre of each cell."""
    cells = answer.cells
    try:
        return density.quartic_density(
            x,
            y,
            at=cells.grid.centres(cells.positions),
            bandwidth=width,
            weights=weights,
            inside_area=cells.inside_area if answer.question.edge == "corrected" else None,
        )
    except InputError as error:
        raise QuestionError("bandwidth", str(error)) from error


def cell_parameters(answer: Answer) -> dict[str, object]:
    """The cells' size, shape and number, as parameters of a result."""
    question = answer.question
    return {"cell_m": question.cell, "shape": question.shape, "cells": len(answer.cells)}


def compared_parameters(answer: Answer, changes: Changes | None = None) -> dict[str, object]:
    """The compared period, published days, and how changes are judged, as parameters of a result.

    Parameters
    ----------
    answer
        An Answer with a compared period.
    changes
        Changes of areas or places; none where nothing is judged.

    Returns
    -------
    Parameters by name.
    """
    compared = answer.accounts.compared
    now, before = answer.days
    parameters: dict[str, object] = {
        "compared": str(compared.period) if compared else "",
        "published_days": now,
        "published_days_compared": before,
    }
    if changes is None:
        return parameters
    verdicts = changes.verdicts
    total = answer.total_change.areas.iloc[0]
    return parameters | {
        "total": int(total["n"]),
        "total_compared": int(total["n_compared"]),
        "total_change": int(total["change"]),
        "total_certainty": str(total["certainty"]),
        "judged_against": against_words(answer, verdicts.against),
        "variance_over_mean": verdicts.dispersion,
        "earlier_periods": verdicts.periods,
    }


def against_words(answer: Answer, against: Against) -> str:
    """What changes are judged against: `the rest of Wards of Derby, 2025`.

    Parameters
    ----------
    answer
        It has the study area.
    against
        The kind of null.

    Returns
    -------
    The words.
    """
    if against == "rest":
        return f"the rest of {answer.study_title}"
    return "its own rate in earlier periods"


def change_caveats(answer: Answer) -> list[str]:
    """What to keep in mind about the verdicts on the areas of an Answer."""
    verdicts = answer.area_changes.verdicts
    own = verdicts.against == "own rate"
    caveats = []
    if own and not verdicts.periods:
        caveats.append(
            "Too few earlier months have data to know how much these counts vary anyway, so no "
            "change can be called more or less than chance."
        )
    elif own:
        caveats.append(
            "There are too few areas to compare one with the rest: each is judged by its own rate, "
            "seasons counting as ordinary variation."
        )
    elif not verdicts.periods:
        caveats.append(
            "Too few earlier months have data to know how much these counts vary anyway: it is "
            "estimated from the two periods, so that changes of several areas are hard to find."
        )
    return caveats


def _shares(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float]]:
    """Test how each area's share of all incidents differs, and how similar both patterns are."""
    if not (frame["n"].sum() and frame["n_compared"].sum()):
        return pd.DataFrame(index=frame.index), {}
    alike = change.similarity(frame["n"], frame["n_compared"])
    names = {"share_compared": "share_compared", "q": "share_q", "differs": "share_differs"}
    measures = ("s", "robust_s", "s_corrected", "robust_s_corrected")
    return alike.areas[list(names)].rename(columns=names), {
        name: getattr(alike, name) for name in measures
    }
