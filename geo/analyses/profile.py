"""Profiles: how each area fares by each measure, against the whole without it and a year before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from geo import judging
from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.measure_figures import (
    INCIDENTS,
    RESIDENTS,
    MeasureFigures,
    asked_again,
    figures_of,
    measures_asked,
    method_of,
    nothing_known,
    own_incidents,
    unit_of,
)
from geo.errors import QuestionError
from geo.measures import comparison
from geo.question.answer import Answer

VALUE_COLUMNS: Final = (
    *("area_code", "area_name", "measure_id", "measure", "unit", "first_day", "last_day"),
    *("value", "numerator", "denominator", "why", "source", "licence", "caveat", "carried"),
)
"""The columns that say what the values are, and not how they compare."""

SOURCE: Final = f"{INCIDENTS}:"
"""Begins the id of a measure that is the incidents of one source."""

CENTRE: Final = 2.0
"""From so many times the rate of the rest on, an area's residents are few for its incidents."""

MOST_NAMED: Final = 5

METHOD: Final = (
    "Each area against the whole without it: ratio of rates with its exact 95 % interval, which "
    "takes incidents to be independent (Clopper & Pearson 1934), and exact test, counts divided by "
    "how they vary from month to month (Student's t, as that is estimated); shares by Fisher's "
    "exact test with score intervals (Koopman 1984); means and adjusted rates by their published "
    "limits (Zou & Donner 2008); verdicts at a false discovery rate of 5 % over all areas and "
    "measures (Benjamini & Hochberg 1995), changes by themselves"
)


def profiles(answer: Answer) -> AnalysisResult:
    """Hold each area against the whole without it, by each measure."""
    refuse_weight(answer, "a profile")
    measured = answer.facts.measured()
    return _judged(
        answer,
        [figures_of(answer, measure, measured) for measure in measures_asked(answer, measured)],
    )


def profiles_by_source(answer: Answer) -> AnalysisResult:
    """The same with the incidents of each source as a measure of its own, judged together.

    Parameters
    ----------
    answer
        The Answer.

    Returns
    -------
    As `profiles`; the ids of single sources begin with `SOURCE`. Of one source it is the profile.
    """
    refuse_weight(answer, "a profile")
    measured = answer.facts.measured()
    sources, chosen = answer.accounts.source, measures_asked(answer, measured)
    several = len(sources) > 1 and any(one.measure_id == INCIDENTS for one in chosen)
    own = [_of_source(answer, name) for name in sources] if several else []
    return _judged(answer, [*own, *(figures_of(answer, one, measured) for one in chosen)])


def _of_source(answer: Answer, source: str) -> MeasureFigures:
    """The incidents of one source."""
    measured = answer.facts.measured()
    incidents = own_incidents(answer, measured)
    named = replace(
        incidents,
        measure_id=f"{SOURCE}{source}",
        title=f"{incidents.title} ({source})",
        source=source,
    )
    question = replace(answer.question, source=(source,), within=(), by="", compare="")
    try:
        figures = figures_of(asked_again(answer, question), incidents, measured)
    except QuestionError as refusal:
        return nothing_known(answer, named, refusal.reason)
    return replace(figures, measure=named)


def values_of_areas(answer: Answer) -> pd.DataFrame:
    """The values of the measures of all areas, held against nothing.

    Parameters
    ----------
    answer
        The Answer.

    Returns
    -------
    With `VALUE_COLUMNS`: a row for each measure and each area that the Question shows.
    """
    measured = answer.facts.measured()
    parts = [figures_of(answer, one, measured) for one in measures_asked(answer, measured)]
    shown = answer.shown_areas
    tables = [pd.DataFrame(_values(answer, part))[shown] for part in parts]
    return pd.concat(tables, ignore_index=True)[list(VALUE_COLUMNS)]


def _judged(answer: Answer, parts: list[MeasureFigures]) -> AnalysisResult:
    """All areas and measures in one table, corrected over all of its rows."""
    table = pd.concat([_rows(answer, part) for part in parts], ignore_index=True)
    better = table.pop("better")
    table = _with_verdicts(table, better)
    order = np.argsort(np.tile(np.arange(len(answer.areas)), len(parts)), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    shapes = answer.areas.geometry.to_numpy().repeat(len(parts))
    layer = answer.shown(as_layer(table, shapes, answer))
    return AnalysisResult(
        layer,
        METHOD,
        _parameters(parts, layer),
        [*_centre(layer), *_caveats(answer, parts)],
    )


def _rows(answer: Answer, part: MeasureFigures) -> pd.DataFrame:
    """The rows of one measure: `FIGURES`, comparisons and what it is, one for each area."""
    measure, figures = part.measure, part.figures
    method = method_of(measure, figures)
    against = comparison.against_rest(
        method,
        figures,
        multiplier=measure.multiplier,
        whole=part.whole,
        dispersion=part.spreads.among,
        freedom=part.spreads.among_freedom,
    )
    before, now = part.earlier
    change = comparison.against_before(
        method,
        now,
        before,
        dispersion=part.spreads.over_time,
        freedom=part.spreads.over_time_freedom,
    )
    own = _values(answer, part)
    at = VALUE_COLUMNS.index("why")
    return pd.DataFrame(
        {
            **{name: own[name] for name in VALUE_COLUMNS[:at]},
            **{name: against[name].to_numpy() for name in ("rest", "ratio", "lower", "upper", "p")},
            "why": np.where(part.why == "", against["why"], part.why),
            "year_before": change["before"].to_numpy(),
            "change": change["ratio"].to_numpy(),
            "change_lower": change["lower"].to_numpy(),
            "change_upper": change["upper"].to_numpy(),
            "change_p": change["p"].to_numpy(),
            "change_why": change["why"].to_numpy(),
            **{name: own[name] for name in VALUE_COLUMNS[at + 1 :]},
            "better": measure.better,
        }
    )


def _values(answer: Answer, part: MeasureFigures) -> dict[str, object]:
    """`VALUE_COLUMNS` of one measure, one value for each area or one for all."""
    measure, figures, period = part.measure, part.figures, part.period
    return {
        "area_code": answer.areas.index.astype(str),
        "area_name": answer.areas["area_name"].to_numpy(),
        "measure_id": measure.measure_id,
        "measure": measure.title,
        "unit": unit_of(measure),
        "first_day": f"{period.first}" if period else "",
        "last_day": f"{period.last}" if period else "",
        **{name: figures[name].to_numpy() for name in ("value", "numerator", "denominator")},
        "why": part.why,
        "source": measure.source,
        "licence": measure.licence,
        "caveat": measure.caveat,
        "carried": part.carried,
    }


def _with_verdicts(table: pd.DataFrame, better: pd.Series) -> pd.DataFrame:
    """The table with `q` and both verdicts, each corrected over all of its rows."""
    judged = judging.judged(table, better)
    change = pd.DataFrame(
        {"ratio": table["change"], "p": table["change_p"], "why": table["change_why"]}
    )
    changed = judging.judged(change, better, alike=judging.NO_CLEAR_CHANGE)
    at = list(judged.columns).index("change_upper") + 1
    judged.insert(at, "change_verdict", changed["verdict"])
    return judged.drop(columns=["change_p", "change_why"])


def _parameters(parts: list[MeasureFigures], shown: pd.DataFrame) -> dict[str, object]:
    verdicts = shown["verdict"].value_counts()
    return {
        "headline": headline_of(shown, "than the rest", judging.NO_CLEAR_DIFFERENCE),
        "measures": len(parts),
        "judged": int((shown["q"].notna()).sum()),
        **{
            name.replace(" ", "_"): int(verdicts.get(name, 0))
            for name in (judging.BETTER, judging.WORSE, judging.TOO_FEW)
        },
        "fewest": judging.FEWEST,
        "false_discovery_rate": judging.FALSE_DISCOVERY_RATE,
        "variance_over_mean": max((part.spreads.among for part in parts), default=1.0),
    }


def headline_of(shown: pd.DataFrame, than: str, alike: str) -> str:
    """How many of the rows that are judged are better, worse or neither, as one sentence.

    Parameters
    ----------
    shown
        With `verdict`.
    than
        What they are held against: "than the rest".
    alike
        The verdict where nothing is clear.

    Returns
    -------
    A sentence for people.
    """
    n = shown["verdict"].value_counts()
    judged = int(shown["q"].notna().sum())
    if not judged:
        return "Nothing can be said yet of the areas shown."
    worse, better = (int(n.get(name, 0)) for name in (judging.WORSE, judging.BETTER))
    other = int(n.get(judging.HIGHER, 0)) + int(n.get(judging.LOWER, 0))
    beside = f", {other:,} higher or lower" if other else ""
    return (
        f"Of {judged:,} comparisons, {worse:,} are worse {than} and {better:,} better{beside}; "
        f"{int(n.get(alike, 0)):,} show {alike}."
    )


def _centre(shown: pd.DataFrame) -> list[str]:
    """What a rate per resident hides where few live and many come."""
    per_head = shown["unit"].str.contains(RESIDENTS) & (shown["ratio"] >= CENTRE)
    names = list(dict.fromkeys(shown.loc[per_head, "area_name"].astype(str)))
    if not names:
        return []
    listed = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
    caveat = (
        "A rate per resident counts the incidents of everybody who comes against the few who live "
        f"there. Keep that in mind of places that many visit: {listed}."
    )
    return [caveat]


def _caveats(answer: Answer, parts: list[MeasureFigures]) -> list[str]:
    caveats = []
    if answer.facts.no_incidents:
        caveats.append(f"No incidents are shown: {answer.facts.no_incidents}.")
    if any(part.measure.per == RESIDENTS for part in parts) and answer.membership.overlapping:
        caveats.append(
            "The areas overlap: each is held against the study area without it, where the "
            "residents of that are known."
        )
    incidents = [part for part in parts if not part.measure.layer_id and part.period]
    if any(part.spreads.months == 0 for part in incidents):
        caveats.append(
            "Too few months have data to know how much counts vary beyond chance: verdicts take "
            "incidents to be independent."
        )
    caveats += [
        f"{part.measure.title}, a year before: {part.no_earlier}."
        for part in parts
        if part.no_earlier
    ]
    caveats += [f"{part.measure.title}: {part.carried}." for part in parts if part.carried]
    return caveats
