"""Candidate bases for patrols: which of them suits the ranked places best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from geo.analyses.analysis import Runner, as_layer
from geo.errors import InputError, QuestionError
from geo.question.answer import Answer
from geo.question.concealed import is_concealed

if TYPE_CHECKING:
    from geo.allocation.patrols.bases import BaseComparison
    from geo.allocation.patrols.problem import StraightLines
    from geo.allocation.patrols.street_network import AlongStreets

_LISTED = 10  # candidates that the parameters list; the table has them all

METHOD = (
    "rounds start at the candidate base with the least demand-weighted travel; several bases are "
    "chosen as p-medians (ReVelle & Swain 1970) and maximal coverings (Church & ReVelle 1974)"
)

CAVEAT = (
    "Bases are compared by travel from the base to the ranked places, weighted by their demand: "
    "rooms, parking and opening hours are not considered."
)


def compared(
    answer: Answer,
    places: pd.DataFrame,
    travel: StraightLines | AlongStreets | pd.DataFrame,
    *,
    officers: int,
    run: Runner,
) -> BaseComparison | None:
    """Compare the candidate bases that the Question names.

    Parameters
    ----------
    answer
        With the layer of candidate bases.
    places
        The ranked places: `x`, `y` (metres) and `demand`.
    travel
        Straight lines or streets.
    officers
        On duty in a day: no more bases than officers are chosen together.
    run
        Runs the solver.

    Returns
    -------
    The comparison; None where the Question names no candidate bases.

    Raises
    ------
    QuestionError
        If a base is given too, travel is a table, or the candidates cannot be compared.
    """
    from geo.allocation.patrols.bases import compare_bases  # noqa: PLC0415 - it brings solvers

    terms, layer = answer.question.patrols, answer.facts.bases
    if layer is None:
        return None
    if terms.base:
        raise QuestionError("bases", "use either base or bases, not both")
    if isinstance(travel, pd.DataFrame):
        raise QuestionError(
            "bases",
            "a table of travel times does not lead to candidate bases; use straight lines or a "
            "file of street lines",
        )
    bases = _candidates(layer)
    if bases.empty and len(layer):
        raise QuestionError("bases", "none of these candidate bases lies in your areas")
    try:
        minutes = travel.minutes_to(places["x"], places["y"], bases["x"], bases["y"])
        result: BaseComparison = run(
            compare_bases, places, bases, minutes, reach=float(terms.reach), most=officers
        )
    except InputError as error:
        raise QuestionError("bases", str(error)) from error
    return result


def _candidates(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Those that the reader sees: rounds from a place without a name or address help nobody."""
    layer = layer[~is_concealed(layer)]
    # A point on the surface lies inside an area; its centroid may not.
    points = shapely.point_on_surface(layer.geometry.to_numpy())
    codes = layer.index.astype(str)
    names = layer["area_name" if "area_name" in layer else "name"]
    return pd.DataFrame(
        {
            "base_code": codes,
            "base_name": names.astype(object).where(names.notna(), codes).astype(str).to_numpy(),
            "x": shapely.get_x(points),
            "y": shapely.get_y(points),
        }
    )


def base_caveats(answer: Answer, comparison: BaseComparison | None) -> list[str]:
    """What readers are to know of a comparison of bases.

    Parameters
    ----------
    answer
        With the layer of candidate bases.
    comparison
        As `compared` returns it.

    Returns
    -------
    Nothing where no bases were compared.
    """
    if comparison is None or answer.facts.bases is None:
        return []
    unseen = int(is_concealed(answer.facts.bases).sum())
    if not unseen:
        return [CAVEAT]
    lie = "1 candidate base lies" if unseen == 1 else f"{unseen:,} candidate bases lie"
    return [CAVEAT, f"{lie} outside your areas, and {'is' if unseen == 1 else 'are'} left out."]


def base_parameters(answer: Answer, comparison: BaseComparison | None) -> dict[str, object]:
    """What was compared and chosen, for the readers of the answer.

    Parameters
    ----------
    answer
        With the Question.
    comparison
        As `compared` returns it.

    Returns
    -------
    Nothing where no bases were compared.
    """
    if comparison is None:
        return {}
    candidates = comparison.candidates
    best = candidates.iloc[0]
    listed = ["base_code", "base_name", "rank", "minutes_mean", "minutes_most", "covered_share"]
    return {
        "candidate_bases": len(candidates),
        "reach_minutes": answer.question.patrols.reach,
        "base": str(best["base_code"]),
        "base_name": str(best["base_name"]),
        "base_at": list(comparison.best),
        "best_bases": candidates[listed].head(_LISTED).to_dict("records"),
        "base_choices": comparison.choices.to_dict("records"),
    }


def base_table(answer: Answer, comparison: BaseComparison) -> gpd.GeoDataFrame:
    """All candidates as points, best first.

    Parameters
    ----------
    answer
        With the CRS.
    comparison
        As `compared` returns it.

    Returns
    -------
    As `BaseComparison.candidates`.
    """
    candidates = comparison.candidates
    return as_layer(candidates, gpd.points_from_xy(candidates["x"], candidates["y"]), answer)
