"""Analyses whose rows are areas or cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.analyses.found import Found, as_layer
from geo.answer import Answer, Floats
from geo.errors import InputError, QuestionError
from geo.hotspots import change, density, emerging
from geo.incidents import london_months, months_between

_SERIES = (
    "Incidents are taken to be independent of one another: where they come in series, the test "
    "finds clear changes somewhat too often."
)
_EDGE = (
    "Near the study area's edge the density is too low: what lies beyond it is not known. Ask for "
    "edge=corrected."
)
E_TEST = (
    "E-test of two Poisson means by published days (Krishnamoorthy & Thomson 2004), corrected "
    "over all areas (Benjamini & Hochberg 1995)"
)


def area_counts(answer: Answer) -> Found:
    """Incidents of each area, beside those of a compared period where one is asked for."""
    compared = answer.accounts.compared
    return Found(
        answer.area_counts,
        "Counts of incidents by area" + (f"; {E_TEST}" if compared else ""),
        compared_parameters(answer) if compared else {},
    )


def hotspots(answer: Answer) -> Found:
    """Every cell of the study area, hot, cold or neither."""
    caveats: list[str] = []
    if answer.harm is not None:
        caveats.append(
            f"Gi* is of harm by {answer.harm.title} ({answer.harm.source}); the exact tail is of "
            "counts."
        )
    return Found(
        answer.hotspots,
        "Getis-Ord Gi* (Ord & Getis 1995) and the exact binomial tail of each neighbourhood's "
        "sum, both corrected over all cells (Benjamini & Hochberg 1995); hot or cold needs both",
        cell_parameters(answer),
        caveats,
    )


def changes(answer: Answer) -> Found:
    """How each area differs from the compared period, and whether beyond chance.

    Without a compared period in the Question it is the one before.
    """
    if not answer.accounts.compared:
        raise QuestionError("compare", "say what to compare with: previous or year")
    frame = answer.area_counts
    alike = change.similarity(frame["n"], frame["n_compared"]) if _both(frame) else None
    told = {"s": alike.s, "robust_s": alike.robust_s} if alike else {}
    return Found(
        frame,
        f"{E_TEST}; S of Andresen 2009 by the tests of Wheeler, Steenbeek & Andresen 2018",
        compared_parameters(answer) | told,
        [_SERIES],
    )


def expected(answer: Answer) -> Found:
    """What the period's last month was to be expected to hold, by area."""
    month = answer.accounts.period.months[-1]
    months = [name for name in answer.published if name <= month]
    numbers = london_months(answer.history["occurred_from"]).astype(str)
    held = answer.history["area"].to_numpy() >= 0
    table = pd.crosstab(answer.history["area"].to_numpy()[held], numbers[held])
    table = table.reindex(index=range(len(answer.areas)), columns=months, fill_value=0)
    band = change.expected_band(table, month)
    band.insert(0, "month", month)
    band.insert(0, "area_name", answer.areas["area_name"].to_numpy())
    band.insert(0, "area_code", answer.areas.index.astype(str))
    return Found(
        answer.shown(as_layer(band, answer.areas.geometry.to_numpy(), answer)),
        "Predictive band of the same months of up to five earlier years, negative binomial with "
        "pooled dispersion (Gelman et al. 2013; Farrington et al. 1996)",
        {"level": 0.95, "fewest_years": change.FEWEST_YEARS},
    )


def densities(answer: Answer) -> Found:
    """Incidents per km² at the centre of each cell."""
    width = bandwidth_m(answer)
    now = _density(answer, answer.counted, width)
    frame = pd.DataFrame({"n": answer.cell_counts, "density": now})
    compared = answer.accounts.compared
    if compared:
        before = _density(answer, answer.compared, width)
        found = density.compare_densities(now, before, days=answer.days, bandwidth=width)
        frame = frame.assign(**found.drop(columns="density"))
    corrected = answer.question.edge == "corrected"
    unit = "harm" if answer.harm is not None else "incidents"
    return Found(
        answer.on_cells(frame),
        f"Quartic kernel density in {unit} per km²"
        + (
            ", each incident's kernel divided by its share inside the study area (Jones 1993)"
            if corrected
            else ""
        ),
        cell_parameters(answer)
        | {"bandwidth_m": width, "bandwidth": "asked" if answer.question.bandwidth else "suggested"}
        | (compared_parameters(answer) if compared else {}),
        [] if corrected else [_EDGE],
    )


def bandwidth_m(answer: Answer) -> float:
    """The bandwidth that the Question asks for, else one that is suggested.

    Raises
    ------
    QuestionError
        If none can be suggested for so few places.
    """
    if answer.question.bandwidth:
        return float(answer.question.bandwidth)
    try:
        return density.suggest_bandwidth(
            answer.counted["x"], answer.counted["y"], at_least=2.0 * answer.question.cell
        )
    except InputError as error:
        raise QuestionError("bandwidth", str(error)) from error


def emerging_hotspots(answer: Answer) -> Found:
    """Every cell by how hot and cold the months of the period were."""
    months = months_between(answer.accounts.period.months[0], answer.accounts.period.months[-1])
    counts = cell_months(answer, months)
    whole = set(answer.accounts.months_published) - set(answer.short)
    counts[:, [month not in whole for month in months]] = np.nan
    try:
        found = emerging.emerging(
            counts, answer.cells.neighbours, answer.cells.inside_area, months=months
        )
    except InputError as error:
        raise QuestionError("period", str(error)) from error
    caveats: list[str] = []
    if passed := sorted(set(months) - whole):
        caveats.append(
            f"{len(passed)} months were not published, or only in part, and are passed over: "
            f"{', '.join(passed[:6])}{' …' if len(passed) > 6 else ''}."
        )
    return Found(
        answer.on_cells(found),
        "Categories of emerging hot spot analysis on each cell's months, a month being hot or "
        "cold by Gi* and the exact tail of its last three months; trends by Mann–Kendall",
        cell_parameters(answer) | {"window_months": 3, "months": len(whole)},
        caveats,
    )


def cell_months(answer: Answer, months: list[str]) -> Floats:
    """Incidents of each cell in each month, as an n × m array of floats."""
    when = london_months(answer.counted["occurred_from"])
    month = (when - np.datetime64(months[0], "M")).astype(np.int64)
    cube = np.zeros((len(answer.cells), len(months)))
    np.add.at(cube, (answer.cell_of_counted, month), 1.0)
    return cube


def _density(answer: Answer, incidents: pd.DataFrame, width: float) -> Floats:
    cells = answer.cells
    corrected = answer.question.edge == "corrected"
    try:
        return density.quartic_density(
            incidents["x"],
            incidents["y"],
            at=cells.grid.centres(cells.positions),
            bandwidth=width,
            weights=answer.harm_of(incidents),
            inside_area=cells.inside_area if corrected else None,
        )
    except InputError as error:
        raise QuestionError("bandwidth", str(error)) from error


def cell_parameters(answer: Answer) -> dict[str, object]:
    """What the cells are, for the parameters of a method."""
    question = answer.question
    return {"cell_m": question.cell, "shape": question.shape, "cells": len(answer.cells)}


def compared_parameters(answer: Answer) -> dict[str, object]:
    """What is compared, for the parameters of a method."""
    told = answer.accounts.compared
    now, before = answer.days
    return {
        "compared": str(told.period) if told else "",
        "published_days": now,
        "published_days_compared": before,
    }


def _both(frame: pd.DataFrame) -> bool:
    return bool(frame["n"].sum() and frame["n_compared"].sum())
