"""Like is compared with like: what two periods have in common, and what a comparison leaves out."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage import Comparison, Knowledge, Series, partly_covered
from geo.errors import QuestionError
from geo.incidents import in_months
from geo.period import Period, month_title
from geo.question.accounts import Compared
from geo.question.resolve import ResolvedQuestion

UNLIKE = "no source covers both periods here"
"""Why an area is not compared where as much is known of it as of the others."""

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
            f"{resolved.no_data_words(before)}, the period to compare with; choose another "
            "period, or no comparison",
        )
    # Days may touch another number of months than those before them: they have no counterparts.
    paired = resolved.period.is_whole_months
    comparison = Comparison.of(known, resolved.period.months, before.months, paired=paired)
    if comparison is None:
        raise QuestionError(
            "compare",
            f"no source covers both {resolved.period.title} and {before.title}"
            + (", month by month" if paired else "")
            + "; choose another period, or no comparison",
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
    # Of the same months in areas that are not compared: they stand in the same table.
    months = comparison.before if compared else comparison.now
    chosen &= in_months(rows["occurred_from"], months)
    for part, strata in comparison.common.items():
        chosen &= ~_beside(rows, territory == part, known.strata(part).keys() - strata)
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
    not_compared: str,
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
    not_compared
        Which areas are not compared, and why.

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
    return Compared(period, counted, missing, sentence, not_compared)


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


def unknown_areas(areas: pd.DataFrame, known: Knowledge, months: Sequence[str]) -> str:
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
    listed = _areas_by_reason(areas, known.why(months))
    return f"Unknown, not zero: {listed}." if listed else ""


def not_compared_areas(
    areas: pd.DataFrame,
    known: Knowledge,
    comparison: Comparison | None,
    *,
    incidents: int,
) -> str:
    """Which areas are not compared, and why, as a sentence; '' if all are.

    Parameters
    ----------
    areas
        The layer's areas, with `area_name`.
    known, comparison
        What is known of each of them, and what the two periods have in common.
    incidents
        Incidents of the compared period in these areas, which are not counted.

    Returns
    -------
    The sentence, or ''.
    """
    if comparison is None or len(comparison.common) == len(known.territories):
        return ""
    listed = _areas_by_reason(areas, why_not_compared(known, comparison))
    n = f"{incidents:,} incident{'' if incidents == 1 else 's'}"
    return f"Not compared: {listed}. Their {n} of the compared period do not count."


def why_not_compared(known: Knowledge, comparison: Comparison) -> NDArray[np.object_]:
    """Why areas cannot be compared as the others are.

    Parameters
    ----------
    known
        What is known of each area.
    comparison
        What the two periods have in common.

    Returns
    -------
    n texts, '' for those that are compared.
    """
    why, now = known.why(comparison.before), known.why(comparison.now)
    why = np.where(why == "", now, why)
    unlike = ~comparison.compares(known)
    why[unlike & (why == "")] = UNLIKE
    why[~unlike] = ""
    return why


def _areas_by_reason(areas: pd.DataFrame, reasons: NDArray[np.object_]) -> str:
    """Areas that have a reason, the first few by name: `2 of 9 areas (A, B): no data from …`."""
    why = pd.Series(reasons)
    names = areas["area_name"].reset_index(drop=True)
    parts = []
    for reason, group in names[why != ""].groupby(why[why != ""]):
        listed = ", ".join(group.astype(str)[:MOST_NAMES]) + (
            " …" if len(group) > MOST_NAMES else ""
        )
        parts.append(f"{len(group):,} of {len(areas):,} areas ({listed}): {reason}")
    return "; ".join(parts)


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
    caveats = [resolved.latest_note] if resolved.latest_note else []
    caveats += resolved.zeros
    partly = partly_covered(known, resolved.period.months) if comparison is None else []
    if partly:
        caveats.append(f"Not covered throughout the period: {'; '.join(partly)}.")
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
        f"From {month_title(month)} the source uses other anonymous points. Cells, places and "
        f"areas of less than 1 km² cannot be compared across it. {reach}".strip()
        + (": near their edges incidents may have changed sides." if reach else "")
    ]
