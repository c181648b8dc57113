"""Like is compared with like: what two periods have in common, and what a comparison leaves out."""

from __future__ import annotations

from collections.abc import Sequence, Set

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage import Comparison, Knowledge, Series, partly_covered, span_words
from geo.errors import QuestionError
from geo.incidents import london_months
from geo.period import Period
from geo.question.accounts import Compared
from geo.question.resolve import ResolvedQuestion

MOST_NAMES = 6
"""How many areas a sentence names, at most."""

Bools = NDArray[np.bool_]


def comparison_of(resolved: ResolvedQuestion, known: Knowledge) -> Comparison | None:
    """What the period and the compared one have in common; None without a comparison.

    Parameters
    ----------
    resolved
        The Question's periods.
    known
        What is known of each area.

    Returns
    -------
    The comparison, or None.

    Raises
    ------
    QuestionError
        If they have nothing in common.
    """
    before = resolved.compared
    if before is None:
        return None
    if set(before.months).isdisjoint(resolved.ever_published):
        raise QuestionError(
            "compare",
            f"nothing was published for {before.title}, the period to compare with; choose "
            "another period, or no comparison",
        )
    comparison = Comparison.of(known, resolved.period.months, before.months)
    if comparison is None:
        raise QuestionError(
            "compare",
            f"no source covers both {resolved.period.title} and {before.title}; choose another "
            "period, or no comparison",
        )
    return comparison


def is_alike(
    rows: pd.DataFrame, known: Knowledge, comparison: Comparison | None, *, compared: bool = False
) -> Bools:
    """Which located incidents a comparison counts.

    Parameters
    ----------
    rows
        Incidents with `area`, the position of their area; those in none count as those of the
        largest territory.
    known
        What is known of each area.
    comparison
        What the two periods have in common; without one all count.
    compared
        Whether they are of the compared period. An area that cannot be compared keeps its
        incidents of the period, but has none to compare them with.

    Returns
    -------
    n flags.
    """
    chosen = np.ones(len(rows), dtype=bool)
    if comparison is None or not (comparison.left_out or compared):
        return chosen
    area = rows["area"].to_numpy()
    territory = np.where(area >= 0, known.of_area[area], min(comparison.common))
    if compared and len(comparison.common) < len(known.territories):
        chosen &= np.isin(territory, list(comparison.common))
    if not comparison.left_out:
        return chosen
    months = comparison.before if compared else comparison.now
    in_months = np.isin(london_months(rows["occurred_from"]).astype(str), months)
    for part, strata in comparison.common.items():
        here = territory == part
        chosen &= in_months | ~here
        chosen &= ~_beside(rows, here, known.strata(part).keys() - strata)
    return chosen


def is_in_series(rows: pd.DataFrame, known: Knowledge, series: Series) -> Bools:
    """Which located incidents a series of months counts.

    Parameters
    ----------
    rows
        Incidents with `area`, the position of their area; those in none count as those of the
        largest territory.
    known
        What is known of each area.
    series
        What is alike over the months.

    Returns
    -------
    n flags.
    """
    chosen = np.ones(len(rows), dtype=bool)
    if not series.left_out:
        return chosen
    area = rows["area"].to_numpy()
    territory = np.where(area >= 0, known.of_area[area], 0)
    for part, strata in enumerate(series.strata):
        chosen &= ~_beside(rows, territory == part, known.strata(part).keys() - strata)
    return chosen


def _beside(rows: pd.DataFrame, here: Bools, strata: Set[tuple[str, str]]) -> Bools:
    """Which of some incidents are of sources and categories that do not count."""
    beside = np.zeros(len(rows), dtype=bool)
    for source, category in strata:
        beside |= (
            here
            & (rows["source"] == source).to_numpy(dtype=bool)
            & (rows["category"] == category).to_numpy(dtype=bool)
        )
    return beside


def compared_account(
    resolved: ResolvedQuestion,
    comparison: Comparison | None,
    *,
    counted: int,
    left_out: int,
) -> Compared | None:
    """The account of the compared period; None without a comparison.

    Parameters
    ----------
    resolved
        The Question's periods.
    comparison
        What the two periods have in common.
    counted
        Incidents of the compared period.
    left_out
        Incidents of both periods that only one of them covers.

    Returns
    -------
    The account, or None.
    """
    period = resolved.compared
    if period is None or comparison is None:
        return None
    missing = [month for month in period.months if month not in resolved.ever_published]
    sentence = ""
    if comparison.left_out:
        n = f"{left_out:,} incident{'' if left_out == 1 else 's'}"
        sentence = (
            f"Compared is only what both periods cover. Left out: {n} of "
            f"{'; '.join(comparison.left_out)}."
        )
    return Compared(period, counted, missing, sentence)


def crossed(lists: Sequence[str], period: Period, compared: Period | None) -> str:
    """The last change of points that lies between or within two periods; '' where none does.

    Parameters
    ----------
    lists
        The months from which a source has other points, as `YYYY-MM`.
    period, compared
        The periods; without a compared one the change lies within the period.

    Returns
    -------
    The month of the change, `YYYY-MM`, or ''.
    """
    first = (compared or period).months[0]
    return max((month for month in lists if first < month <= period.months[-1]), default="")


def unknown_areas(areas: gpd.GeoDataFrame, known: Knowledge, months: Sequence[str]) -> str:
    """Which areas are unknown, or known less than the others, as a sentence; '' if none is.

    Parameters
    ----------
    areas
        The layer's areas, with `area_name`.
    known
        What is known of each of them.
    months
        The months that are counted, as `YYYY-MM`.

    Returns
    -------
    The sentence, or ''.
    """
    why = pd.Series(known.why(months))
    names = areas["area_name"].reset_index(drop=True)
    parts = []
    for reason, group in names[why != ""].groupby(why[why != ""]):
        listed = ", ".join(group.astype(str)[:MOST_NAMES]) + (
            " …" if len(group) > MOST_NAMES else ""
        )
        parts.append(f"{len(group):,} of {len(areas):,} areas ({listed}): {reason}")
    return f"Unknown, not zero: {'; '.join(parts)}." if parts else ""


def coverage_caveats(
    resolved: ResolvedQuestion, known: Knowledge, comparison: Comparison | None
) -> list[str]:
    """What to keep in mind of a period that not every source or category covers.

    Parameters
    ----------
    resolved
        The Question's period.
    known, comparison
        What is known of each area, and what the two periods have in common.

    Returns
    -------
    Sentences; none where all is covered.
    """
    caveats = list(resolved.zeros)
    partly = partly_covered(known, resolved.period.months) if comparison is None else []
    if partly:
        caveats.append(f"Not covered throughout the period: {'; '.join(partly)}.")
    if comparison is not None and len(comparison.common) < len(known.territories):
        n = int((~comparison.compares(known)).sum())
        caveats.append(
            f"{n:,} of {len(known.of_area):,} areas are not compared: not the same months are "
            f"known of them as of the others ({span_words(comparison.now)}, against "
            f"{span_words(comparison.before)})."
        )
    return caveats


def new_points_caveats(resolved: ResolvedQuestion, lists: Sequence[str]) -> list[str]:
    """What to keep in mind of periods in which a source replaced its anonymous points.

    Parameters
    ----------
    resolved
        The Question's periods.
    lists
        The months from which a source has other points, as `YYYY-MM`.

    Returns
    -------
    At most one sentence.
    """
    month = crossed(lists, resolved.period, resolved.compared)
    if not month:
        return []
    reach = "Areas of 1 km² and more are compared all the same" if resolved.compared else ""
    return [
        f"From {month} the source uses other anonymous points. Cells, places and areas of less "
        f"than 1 km² cannot be compared across it. {reach}".strip()
        + (": near their edges incidents may have changed sides." if reach else "")
    ]
