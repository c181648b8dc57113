"""Repeat issues: where an issue came back, what had been done, and what may be reviewed."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.record_rows import (
    RecordRows,
    both_accounts,
    record_caveats,
    record_rows,
)
from geo.errors import InputError, NotFoundError, QuestionError
from geo.incidents import LONDON
from geo.question.answer import Answer
from geo.records.places import SAME_PLACE_M
from geo.records.repeats import (
    CASE_REVIEW_MONTHS,
    CASE_REVIEW_REPORTS,
    WITHIN_DAYS,
    RepeatIssues,
    came_back_after,
    case_review_places,
    repeat_issues,
)

METHOD: Final = (
    f"A repeat is a record of the same category within {SAME_PLACE_M:.0f} metres of one that was "
    f"closed, and not withdrawn, at most {WITHIN_DAYS} days before it was received; what was done "
    "before is the outcome of the one closed last, and is not known of one that was opened again "
    "later. Places of a case review had "
    f"{CASE_REVIEW_REPORTS} or more reports in the {CASE_REVIEW_MONTHS} months to the end of the "
    "period (Anti-social Behaviour, Crime and Policing Act 2014, section 104)"
)

CASE_REVIEW: Final = "case_review"
DONE_BEFORE: Final = "done_before"

REVIEW_TEXT: Final = (
    "three reports in six months: the threshold of the ASB case review, if one person made them"
)
"""What the table of places says: Patchmap knows no persons."""

NO_ASB: Final = (
    "No category is called anti-social behaviour: name categories, and their reports are held "
    "against the threshold of the ASB case review."
)

ASB_WORD: Final = "anti-social"
"""In the categories of anti-social behaviour, where the Question names none."""


def repeats(answer: Answer) -> AnalysisResult:
    """List the records that repeat an issue which had been closed.

    Raises
    ------
    QuestionError
        If the Question weighs by harm, or the source moves its points.
    NotFoundError
        If the reader's role does not see single points.
    """
    refuse_weight(answer, "a repeat issue")
    if not answer.visible.locations:
        raise NotFoundError("your role does not see single points, so it sees no repeat issues")
    rows = record_rows(answer)
    received = rows.whole["received"]
    in_period = ((received > rows.before) & (received <= rows.moment)).to_numpy(bool)
    try:
        issues = repeat_issues(
            rows.whole, examine=in_period, snapped=answer.snapped, spells=rows.spells
        )
        after = came_back_after(rows.whole, rows.moment, snapped=answer.snapped)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    frame = _listed(answer, rows, issues.repeats)
    shown = answer.shown(
        as_layer(frame, shapely.points(issues.repeats[["x", "y"]].to_numpy(float)), answer)
    )
    caveats = [*record_caveats(rows)]
    if issues.without_place:
        caveats.append(f"{issues.without_place:,} records without a place are not looked at.")
    if (codes := answer.visible.codes) is not None:
        # What was done elsewhere alone would tell of areas that the reader does not see.
        visible = rows.by_area[rows.by_area["area_code"].isin(codes)]
        after = after[after.index.isin(visible["outcome"])]
    tables: dict[str, pd.DataFrame] = {DONE_BEFORE: after.reset_index()} if len(after) else {}
    review, categories = _review(answer, rows)
    if len(review):
        tables[CASE_REVIEW] = review
    return AnalysisResult(
        shown,
        METHOD,
        {
            "headline": _headline(issues, len(review), categories),
            **both_accounts(answer),
            "examined": issues.examined,
            "repeats": len(issues.repeats),
            "within_days": WITHIN_DAYS,
            "within_m": SAME_PLACE_M,
            "case_review_categories": ", ".join(categories),
        },
        caveats,
        tables=tables,
    )


def _headline(issues: RepeatIssues, places: int, categories: list[str]) -> str:
    share = "" if pd.isna(issues.share) else f" ({100 * issues.share:.0f} %)"
    said = (
        f"{len(issues.repeats):,} of {issues.examined:,} records{share} repeat an issue that had "
        f"been closed at most {WITHIN_DAYS} days before. "
    )
    if not categories:
        return f"{said}{NO_ASB}"
    return f"{said}{places:,} {'place' if places == 1 else 'places'} had {REVIEW_TEXT}."


def _listed(answer: Answer, rows: RecordRows, issues: pd.DataFrame) -> pd.DataFrame:
    """The repeats as rows of a list, the latest first."""
    codes = rows.whole["area_code"].reindex(issues.index)
    if answer.membership.overlapping:
        codes = pd.Series(
            answer.membership.codes_at(issues["x"].to_numpy(float), issues["y"].to_numpy(float)),
            index=issues.index,
        )
    names = rows.whole["area_name"].reindex(issues.index)
    earlier, outcome = issues["earlier"], issues["outcome"]
    if (codes_shown := answer.visible.codes) is not None:
        # The earlier record may lie just beyond the areas that the reader sees.
        is_shown = rows.whole["area_code"].reindex(earlier).isin(codes_shown).to_numpy()
        earlier, outcome = earlier.where(is_shown, ""), outcome.where(is_shown, "")
    return pd.DataFrame(
        {
            "incident_id": issues.index,
            "category": issues["category"].to_numpy(),
            "received_on": _days(issues["received"]),
            "earlier": earlier.to_numpy(),
            "closed_on": _days(issues["closed"]),
            "days": issues["days"].to_numpy(int),
            "metres": issues["metres"].round(1).to_numpy(float),
            "outcome": outcome.to_numpy(),
            "area_code": codes.to_numpy(),
            "area_name": names.to_numpy(),
        }
    )


def _review(answer: Answer, rows: RecordRows) -> tuple[gpd.GeoDataFrame, list[str]]:
    """The places whose reports reach the threshold, and the categories that were counted."""
    every = sorted(rows.whole["category"].astype(str).unique())
    chosen = [one for one in every if ASB_WORD in one or one in answer.question.category]
    reports = rows.whole[rows.whole["category"].isin(chosen)]
    places = case_review_places(reports, rows.moment)
    x, y = places["x"].to_numpy(float), places["y"].to_numpy(float)
    frame = places.assign(
        area_code=answer.membership.codes_at(x, y),
        **{name: places[name].astype(str) for name in ("first", "last")},
    )
    return answer.shown(as_layer(frame, shapely.points(x, y), answer)), chosen


def _days(times: pd.Series) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in times.dt.tz_convert(LONDON)]
