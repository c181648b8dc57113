"""The records of a place or area in its story: what is open there, and where reports add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.board.findings import Findings
from api.errors import UNANSWERED
from geo.analyses.backlog import days_between
from geo.analyses.record_rows import record_rows
from geo.analyses.repeat_issues import CASE_REVIEW
from geo.incidents import LONDON
from geo.records.life import OPEN_STATES, known_at
from geo.records.repeats import CASE_REVIEW_MONTHS, CASE_REVIEW_REPORTS

Bools = NDArray[np.bool_]

THRESHOLD: Final = (
    f"{CASE_REVIEW_REPORTS} reports in {CASE_REVIEW_MONTHS} months, if one person made them, are a "
    "threshold of the ASB case review that many areas use; your council’s own may differ"
)
"""Anti-social Behaviour, Crime and Policing Act 2014, section 104: each body sets its own."""


def records_there(
    findings: Findings, chosen: Callable[[pd.DataFrame], Bools], *, area: bool = False
) -> dict[str, object]:
    """What the story of a place, cell or area says of its records.

    Parameters
    ----------
    chosen
        Which of some rows with `x`, `y` and `area_code` are there.
    area
        Whether it is an area: then records without a place are in it too, and readers who see no
        single points have that sentence.

    Returns
    -------
    `records`, the sentence on what is open, and `case_review`, a sentence for each spot whose
    reports of anti-social behaviour reach the threshold; nothing where the store has no records.
    """
    if not findings.has_records:
        return {}
    try:
        there = _open(findings, chosen, area=area)
        return {"records": there, "case_review": _review(findings, chosen)}
    except UNANSWERED:
        # The section of records says why it has none.
        return {}


def _open(findings: Findings, chosen: Callable[[pd.DataFrame], Bools], *, area: bool) -> str:
    answer = findings.answer_of_records
    if not (area or answer.visible.locations):
        return ""
    rows = record_rows(answer)
    still = rows.by_area if area else rows.whole[rows.whole["placed"].astype(bool)]
    still = still[rows.states.reindex(still.index).isin(OPEN_STATES).to_numpy(dtype=bool)]
    if answer.visible.codes is not None:
        is_visible = still["area_code"].isin(answer.visible.codes)
        still = still[is_visible.to_numpy(dtype=bool)]
    still = still[chosen(still)]
    if still.empty:
        return f"None is open on {rows.day}"
    oldest = still["received"].min()
    moment = pd.Series(rows.moment, index=still.index)
    days = int(days_between(still["received"], moment).max())
    kinds = (
        still["kind"]
        .value_counts(sort=False)
        .sort_index()
        .sort_values(ascending=False, kind="stable")
    )
    named = ", ".join(f"{kind or 'of no kind'} {n:,}" for kind, n in kinds.items())
    # Of a list that was extracted earlier: what is open there may be closed by now.
    older = " ".join(rows.known) if (known_at(still, rows.moment) < moment).any() else ""
    return (
        f"{len(still):,} open on {rows.day} ({named}); the oldest was received on "
        f"{oldest.tz_convert(LONDON):%-d %B %Y}, {days:,} day{'' if days == 1 else 's'} before"
        + (f". {older.removesuffix('.')}" if older else "")
    )


def _review(findings: Findings, chosen: Callable[[pd.DataFrame], Bools]) -> list[str]:
    """The spots of the table of repeat issues that lie there."""
    try:
        spots = findings.of_records("repeat-issues").tables.get(CASE_REVIEW)
    except UNANSWERED:
        return []
    if spots is None or spots.empty:
        return []
    some = pd.DataFrame(spots[chosen(pd.DataFrame(spots))])
    return [
        f"{one.reports:,} reports of anti-social behaviour at one spot in {CASE_REVIEW_MONTHS} "
        f"months, {_day(one.first)} to {_day(one.last)}, {one.still_open:,} still open"
        for one in some.itertuples()
    ]


def _day(text: object) -> str:
    return f"{pd.Timestamp(str(text)):%-d %B %Y}"
