"""Counts along streets: the streets of a study area, ranked, and how concentrated incidents are."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer
from geo.analyses.study_streets import StudyStreets
from geo.analyses.surfaces import VERDICT, compared_parameters
from geo.hotspots.concentration import FEWEST_INCIDENTS
from geo.hotspots.dispersion import begins_series
from geo.hotspots.street_concentration import (
    StreetConcentration,
    beyond_chance,
    concentration_on_length,
    is_concentrated,
)
from geo.hotspots.street_counts import JOIN_GAP_M, OnStreets, count_streets
from geo.incidents import london_months
from geo.question.answer import UNKNOWN_CELL, Answer

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARES: Final = (0.25, 0.5, 0.8)
"""Shares of the incidents of which it is said on how few streets they are."""

HALF: Final = SHARES.index(0.5)

MOVED: Final = (
    "Sources with anonymous points move each incident to one of a list of points, mostly the "
    "middle of a street: the count of a street is that of its points, and of a street without "
    "such a point none can be known. By chance: as many incidents placed at random along the "
    "streets that have one."
)
_RANK = (
    "Ranks go by the count of the period and are not tested: streets with nearly the same count "
    "could as well be in another order."
)


def street_counts(answer: Answer) -> AnalysisResult:
    """Count incidents along streets, and measure on how little of their length most of them are."""
    streets = StudyStreets.of(answer)
    areas = streets.areas(answer)
    # What is unknown has no count, and no part in what chance would give.
    known = areas.all_of(answer.areas_known)
    on = _on_streets(answer, streets)
    expected = _expected(answer, streets, on, known=known)
    frame = pd.DataFrame({"street_id": streets.ids, "street_name": streets.names})
    frame = pd.concat([frame, count_streets(on, streets.length_m)], axis=1)
    frame = frame.assign(
        length_m=streets.length_m,
        expected=expected,
        segments=streets.segments,
        area_code=areas.joined(answer.areas.index.astype(str).tolist(), ";"),
        area_name=areas.joined(answer.areas["area_name"].astype(str).tolist(), "; "),
    )
    if answer.harm is not None:
        counted = on.street >= 0
        harm = answer.harm_of(answer.counted)[counted]
        frame["weighted"] = np.bincount(on.street[counted], harm, minlength=len(frame))
    parameters = _parameters(answer, streets, on) | _concentration(
        answer, streets, on, known=known, expected=expected
    )
    if answer.accounts.compared:
        frame, judged = _compared(answer, streets, frame, compares=areas.all_of(answer.compares))
        parameters |= judged
    if not known.all():
        frame = _emptied(frame, known)
    layer = as_layer(frame, streets.lines, answer)
    if answer.question.within:
        layer = layer[areas.any_of(answer.shown_areas)].reset_index(drop=True)
        layer = answer.without_hidden(layer)
    ranked = _ranked(layer, "weighted" if answer.harm is not None else "n")
    return AnalysisResult(
        ranked[[name for name in _ORDER if name in ranked]],
        _method(streets) + (f"; {VERDICT}" if answer.accounts.compared else ""),
        parameters,
        _caveats(answer, streets, on),
    )


_ORDER: Final = (
    *("rank", "street_id", "street_name", "n", "share", "length_m", "per_100m", "expected"),
    *("months", "n_snapped", "n_tied", "median_distance_m", "farthest_m", "segments", "area_code"),
    "area_name",
    *("weighted", "n_compared", "n_compared_per_day", "n_per_day", "change", "change_per_day"),
    *("change_share", "p", "q", "certainty", "why", "geometry"),
)


def _on_streets(answer: Answer, streets: StudyStreets) -> OnStreets:
    counted, notes = answer.counted, answer.facts.notes
    moving = [name for name, note in notes.items() if note.snapped]
    nearest = streets.nearest(counted)
    return OnStreets(
        nearest.positions,
        nearest.distances_m,
        nearest.tied,
        counted["source"].isin(moving).to_numpy(dtype=bool),
        london_months(counted["occurred_from"]).astype(np.int64),
    )


def _expected(answer: Answer, streets: StudyStreets, on: OnStreets, *, known: Bools) -> Floats:
    """How many incidents each street would have if they were dealt at random along the streets.

    Those of a source with anonymous points can only fall on streets that have such a point.
    """
    counted = answer.counted
    here = np.append(known, False)[on.street]
    months = london_months(counted["occurred_from"]).astype(str)
    total = np.zeros(len(streets.ids))
    for source in counted["source"].unique():
        of_source = here & (counted["source"] == source).to_numpy(dtype=bool)
        lists = [one for one in answer.rows.point_lists if one.source == source]
        if not on.snapped[of_source].any() or not lists:
            total += _dealt(streets.length_m * known, of_source.sum())
            continue
        for one in lists:
            n = (of_source & np.isin(months, one.months)).sum()
            at = streets.locator.nearest(one.x, one.y).positions
            pointed = np.bincount(at[at >= 0], minlength=len(known)) > 0
            total += _dealt(streets.length_m * (known & pointed), n)
    return total


def _dealt(lengths: Floats, n: np.integer) -> Floats:
    """So many incidents in proportion to lengths."""
    return np.asarray(n * lengths / max(lengths.sum(), 1e-9), dtype=np.float64)


def _compared(
    answer: Answer, streets: StudyStreets, frame: pd.DataFrame, *, compares: Bools
) -> tuple[pd.DataFrame, dict[str, object]]:
    """The frame with how each street differs from the compared period, and the parameters."""
    if answer.crossed:
        # The new points may lie on other streets.
        compares = np.zeros(len(compares), dtype=bool)
    changes = answer.changes(streets.count, compares=compares, places=True)
    frame = pd.concat([frame, changes.areas.drop(columns="n")], axis=1)
    if not compares.all():
        frame["why"] = answer.why_not_compared(compares)
    return frame, compared_parameters(answer, changes)


def _emptied(frame: pd.DataFrame, known: Bools) -> pd.DataFrame:
    """Empty the counts of streets in areas of which other months are known, and say why."""
    fixed = [
        "street_id",
        "street_name",
        "length_m",
        "segments",
        "area_code",
        "area_name",
        "certainty",
        "why",
    ]
    values = frame.columns.difference(fixed, sort=False)
    whole = [name for name in values if pd.api.types.is_integer_dtype(frame[name])]
    frame = frame.astype(dict.fromkeys(whole, "Int64"))
    frame.loc[~known, values] = pd.NA
    if "certainty" in frame:
        frame.loc[~known, "certainty"] = ""
    return frame.assign(why=np.where(known, frame.get("why", ""), UNKNOWN_CELL))


def _ranked(frame: pd.DataFrame, most: str) -> pd.DataFrame:
    """The streets with most incidents, or most harm, first; of equal ones the shortest."""
    size = pd.to_numeric(frame[most]).fillna(-1).to_numpy(float)
    per_metre = pd.to_numeric(frame["per_100m"]).fillna(-1).to_numpy(float)
    order = np.lexsort([frame["street_id"].to_numpy(str), -per_metre, -size])
    rank = pd.Series(range(1, len(frame) + 1), dtype="Int64")
    ranked = frame.iloc[order].reset_index(drop=True)
    # Streets without an incident have no order.
    return ranked.assign(rank=rank.mask(size[order] <= 0))


def _parameters(answer: Answer, streets: StudyStreets, on: OnStreets) -> dict[str, object]:
    counted = on.street >= 0
    return {
        "streets_layer": streets.layer.layer_id,
        "unit": streets.unit,
        "tolerance_m": streets.tolerance_m,
        "streets": len(streets.ids),
        "length_km": float(streets.length_m.sum() / 1000),
        "on_streets": int(counted.sum()),
        "too_far": int((~counted).sum()),
        "equally_near_several": int(on.tied.sum()),
        "at_anonymous_points": int(on.snapped[counted].sum()),
        "study_area": answer.accounts.mask,
    }


def _concentration(
    answer: Answer, streets: StudyStreets, on: OnStreets, *, known: Bools, expected: Floats
) -> dict[str, object]:
    """On how few streets shares of the incidents are, and whether that is more than chance."""
    here = np.append(known, False)[on.street]
    n = np.bincount(on.street[here], minlength=len(known))[known]
    if n.sum() < FEWEST_INCIDENTS:
        return {"headline": _too_few(int(n.sum()), streets), "concentrated": None}
    evidence = here & begins_series(answer.counted)
    independent = np.bincount(on.street[evidence], minlength=len(known))[known]
    measured = concentration_on_length(n, streets.length_m[known], expected[known], SHARES)
    p = beyond_chance(independent, expected[known])
    half = measured[HALF]
    concentrated = is_concentrated(half, p)
    return {
        "headline": _headline(half, streets, of=int(known.sum()), concentrated=concentrated),
        "concentrated": concentrated,
        "concentrated_p": p,
        "concentration": [one._asdict() for one in measured],
    }


def _headline(
    half: StreetConcentration, streets: StudyStreets, *, of: int, concentrated: bool
) -> str:
    noun = f"{streets.unit}{'' if of == 1 else 's'}"
    length, chance = _percent(half.length_share), _percent(half.length_share_by_chance)
    start = (
        f"Half of the incidents within {streets.tolerance_m} m of a {streets.unit} of the layer "
        f"are on {half.streets:,} of its {of:,} {noun}, {length} of the street length"
    )
    if concentrated:
        return f"{start}; chance alone would put them on {chance}."
    return (
        f"{start}. Chance alone would put them on {chance}: they are not clearly more concentrated."
    )


def _too_few(n: int, streets: StudyStreets) -> str:
    near = f"within {streets.tolerance_m} m of a {streets.unit}"
    if not n:
        return f"No incident of this period is {near}."
    return (
        f"Too few incidents to say how concentrated they are: {n} {'is' if n == 1 else 'are'} "
        f"{near}, and {FEWEST_INCIDENTS} are needed."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.{1 if share < 0.1 else 0}f} %"


def _method(streets: StudyStreets) -> str:
    joined = (
        f"; segments of one name with no gap over {JOIN_GAP_M:.0f} m are one street"
        if streets.unit == "street"
        else ""
    )
    return (
        f"Each incident counts on the nearest {streets.unit} within {streets.tolerance_m} m, of "
        f"equally near ones on that with the lowest id{joined}. Lengths reach "
        f"{streets.tolerance_m} m beyond the edge of the study area, as a street just outside has "
        "incidents inside. By chance: as many incidents placed at random along the streets "
        "(binomial counts), and the score test for overdispersion (Dean & Lawless 1989)"
    )


def _caveats(answer: Answer, streets: StudyStreets, on: OnStreets) -> list[str]:
    far, tied = int((on.street < 0).sum()), int(on.tied.sum())
    n = len(answer.counted)
    near = f"{n - far:,} of {n:,} incidents are within {streets.tolerance_m} m of a {streets.unit}"
    caveats = [f"{near}; {far:,} {'is' if far == 1 else 'are'} farther away and counted on none."]
    if not far:
        caveats = [f"{near}."]
    if tied:
        caveats.append(
            f"{tied:,} incident{' is' if tied == 1 else 's are'} equally near to several "
            f"{streets.unit}s and counted on that with the lowest id (n_tied)."
        )
    return [*caveats, *([MOVED] if on.snapped.any() else []), _RANK]
