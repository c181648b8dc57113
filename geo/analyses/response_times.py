"""Response times: what was answered in time, and how long people wait, by area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd

from geo import judging
from geo.analyses.analysis import AnalysisResult, refuse_weight
from geo.analyses.record_rows import (
    ALL,
    ELSEWHERE,
    Part,
    RecordRows,
    both_accounts,
    cut_caveats,
    listed,
    on_shown_areas,
    received_in,
    record_caveats,
    record_parts,
    record_rows,
    rows_of_areas,
    without_unknown,
)
from geo.errors import QuestionError
from geo.period import Period
from geo.question.answer import Answer
from geo.records.flow import RECEIVED_COLUMNS, received_account
from geo.records.targets import Target
from geo.records.waits import (
    FASTER,
    SLOWER,
    Wait,
    against_before,
    against_rest,
    judged_waits,
    wait_of,
    waits_at,
)

METHOD: Final = (
    "Shares are of the records that were due by the day, with the 95 % interval of Wilson 1927; "
    "medians by Kaplan & Meier 1958, where records that still wait count as waiting at least so "
    "long, with the interval of Brookmeyer & Crowley 1982; working days are those of England and "
    "Wales after the day of receipt; each area against all others by the "
    "log-rank test (Mantel 1966), verdicts at a false discovery rate of 5 % over all rows "
    "(Benjamini & Hochberg 1995), and none with fewer than 10 records on either side"
)

_COUNTS: Final = (*RECEIVED_COLUMNS, "due", "due_in_time")
_FIRST: Final = (
    *("received", "due", "share_in_time", "share_in_time_low", "share_in_time_high"),
    *("answer_days", "answer_days_low", "answer_days_high", "verdict"),
)
"""What a reader looks for stands before what it is made of."""

_TEXTS: Final = ("share_why", "wait_why", "verdict", "why", "change_verdict")


def response_times(answer: Answer) -> AnalysisResult:
    """Say of each area what was answered in time, how long records wait, and if longer than others.

    Raises
    ------
    QuestionError
        If the Question weighs by harm, or both splits and compares.
    """
    refuse_weight(answer, "a response time")
    compared = answer.accounts.compared
    if compared and answer.question.by:
        raise QuestionError("by", "use either by or compare, not both")
    rows = record_rows(answer)
    target = answer.question.records.target
    parts = record_parts(answer, rows.moment)
    table = _judged(answer, rows, parts, answer.areas.index.astype(str).tolist())
    if compared:
        table = _with_change(table, rows, compared.period)
    names = ["area_code", "area_name", *parts[0].columns]
    order = list(dict.fromkeys([*names, *_FIRST, *table.columns]))
    shown = on_shown_areas(answer, table[order])
    whole = pd.DataFrame(
        [
            {**part.columns, **_figures(received_in(rows.whole, part.period), rows, target)}
            for part in parts
        ]
    )
    total = whole
    if answer.question.by:
        total = pd.DataFrame([_figures(received_in(rows.whole, rows.period), rows, target)])
    return AnalysisResult(
        shown,
        METHOD,
        {
            "headline": _headline(total, rows, shown),
            **both_accounts(answer),
            "target": target.text if target else "as each record states",
            "fewest": judging.FEWEST,
            "false_discovery_rate": judging.FALSE_DISCOVERY_RATE,
        },
        [*record_caveats(rows), *cut_caveats(answer)],
        tables={
            ALL: without_unknown(whole, parts, counts=_COUNTS, texts=_TEXTS),
            **_elsewhere(rows, parts, target),
        },
    )


def response_times_of(answer: Answer, code: str) -> pd.Series:
    """Say of one area what `response_times` says of it, without the figures of all the others.

    Parameters
    ----------
    answer
        An Answer to a Question about records that splits nothing.
    code
        One of its areas.

    Returns
    -------
    The area's row without its change.
    """
    rows = record_rows(answer)
    table = _judged(answer, rows, record_parts(answer, rows.moment), [code])
    return table[table["area_code"] == code].iloc[0]


def _judged(
    answer: Answer, rows: RecordRows, parts: list[Part], codes: Sequence[str]
) -> pd.DataFrame:
    """A row for each area and part with its verdict; the figures are those of some areas."""
    make = partial(_rows_by_area, answer, rows, codes=codes)
    # A verdict is corrected over all areas, so all of them are compared.
    return judged_waits(_known(rows_of_areas(answer, rows, parts, make), parts))


def _figures(lives: pd.DataFrame, rows: RecordRows, target: Target | None) -> dict[str, Any]:
    """What is said of some records that were received in a period."""
    account = received_account(lives, rows.moment, target=target).iloc[0]
    return _figures_of(account.to_dict(), *(wait_of(one) for one in _waits(lives, rows)))


def _waits(lives: pd.DataFrame, rows: RecordRows) -> tuple[pd.DataFrame, ...]:
    """The waits of records for an answer, for their closing, and for an answer in working days."""
    return (
        waits_at(lives, rows.moment),
        waits_at(lives, rows.moment, end="closed"),
        waits_at(lives, rows.moment, working=True),
    )


def _figures_of(
    account: Mapping[Any, Any], answered: Wait, closed: Wait, working: Wait
) -> dict[str, Any]:
    return {
        **{name: int(account[name]) for name in _COUNTS},
        "share_in_time": account["share_in_time"],
        "share_in_time_low": account["lower"],
        "share_in_time_high": account["upper"],
        "share_why": account["why"],
        "answer_days": answered.median,
        "answer_days_low": answered.lower,
        "answer_days_high": answered.upper,
        "answer_days_90": answered.days_90,
        "answer_working_days": working.median,
        "answer_working_days_low": working.lower,
        "answer_working_days_high": working.upper,
        "close_days": closed.median,
        "close_days_low": closed.lower,
        "close_days_high": closed.upper,
        "wait_why": answered.why,
    }


def _rows_by_area(
    answer: Answer, rows: RecordRows, lives: pd.DataFrame, part: Part, *, codes: Sequence[str]
) -> pd.DataFrame:
    """The figures of some areas, and how the waits of each area differ from those of all others."""
    target = answer.question.records.target
    some = received_in(lives, part.period)
    some = some[some["area_code"].isin(codes)]
    accounts = received_account(some, rows.moment, by=["area_code"], target=target)
    by_area = accounts.to_dict("index")
    waits = _waits(some, rows)
    made = {
        code: _figures_of(by_area[code], *(wait_of(one.iloc[own]) for one in waits))
        for code, own in some.groupby("area_code").indices.items()
    }
    empty = _figures(some[:0], rows, target)
    figures = pd.DataFrame([made.get(code, empty) for code in codes], index=pd.Index(codes))
    # Of the whole period it is asked for on the page of each area.
    whole = part.period == rows.period
    rest = answer.once(_against_rest_of_all) if whole else _against_rest(answer, rows, part.period)
    return figures.join(rest, how="outer")


def _against_rest_of_all(answer: Answer) -> pd.DataFrame:
    """`_against_rest` of the whole period."""
    rows = record_rows(answer)
    return _against_rest(answer, rows, rows.period)


def _against_rest(answer: Answer, rows: RecordRows, period: Period) -> pd.DataFrame:
    """`ratio`, `p` and `why` of each area against the whole without it."""
    waits = waits_at(received_in(rows.whole, period), rows.moment)
    if not answer.membership.overlapping:
        group = rows.whole["area_code"].reindex(waits.index)
        table = against_rest(waits, group.where(group != "").astype(object))
        return table[["ratio", "p", "why"]]
    # Overlapping areas share records: each is held against the records that are not its own.
    parts = []
    for code, own in received_in(rows.by_area, period).groupby("area_code"):
        if code:
            group = pd.Series(code, index=waits.index, dtype=object)
            group = group.where(waits.index.isin(own.index))
            parts.append(against_rest(waits, group))
    empty = against_rest(waits[:0], pd.Series(dtype=object))
    return (pd.concat(parts) if parts else empty)[["ratio", "p", "why"]]


def _known(table: pd.DataFrame, parts: list[Part]) -> pd.DataFrame:
    """The table of areas, in which nothing is said of parts of time of which nothing is known."""
    no_verdict = table["why"].fillna("")
    table = without_unknown(table, parts, counts=_COUNTS, texts=_TEXTS)
    none = (no_verdict == "") & table["ratio"].isna()
    no_verdict = no_verdict.mask(none, judging.TOO_FEW)
    return table.assign(why=table["why"].where(table["why"] != "", no_verdict).astype(object))


def _with_change(table: pd.DataFrame, rows: RecordRows, period: Period) -> pd.DataFrame:
    """The table with how the waits of each area changed since the compared period."""
    own = rows.by_area[rows.by_area["area_code"] != ""]
    now, before = (received_in(own, one) for one in (rows.period, period))
    waits, earlier = (
        waits_at(part, rows.moment).assign(area_code=part["area_code"]) for part in (now, before)
    )
    change = against_before(waits, earlier, "area_code").reindex(table["area_code"])
    median = {code: wait_of(part).median for code, part in earlier.groupby("area_code")}
    change_why = change["why"].fillna(judging.NO_EARLIER)
    return table.assign(
        received_before=before.groupby("area_code")
        .size()
        .reindex(table["area_code"], fill_value=0)
        .to_numpy(),
        answer_days_before=table["area_code"].map(median).astype(float),
        change=change["ratio"].to_numpy(float),
        change_verdict=change["verdict"].fillna("").to_numpy(object),
        change_why=change_why.to_numpy(object),
    )


def _elsewhere(
    rows: RecordRows, parts: list[Part], target: Target | None
) -> dict[str, pd.DataFrame]:
    lost = rows.whole[rows.whole["where"] != ""]
    made = []
    for where, own in lost.groupby("where"):
        for part in parts:
            some = received_in(own, part.period)
            if len(some):
                made.append({"where": where, **part.columns, **_figures(some, rows, target)})
    return {ELSEWHERE: pd.DataFrame(made)} if made else {}


def _headline(whole: pd.DataFrame, rows: RecordRows, shown: pd.DataFrame) -> str:
    one = whole.iloc[0]
    if not one["received"]:
        return "No record was received in this period."
    first = f"{one['received']:,} records received, {one['due']:,} of them due by {rows.day}"
    if pd.isna(one["share_in_time"]):
        first += f": {one['share_why']} what share was answered in time."
    else:
        low, high = (100 * one[f"share_in_time_{end}"] for end in ("low", "high"))
        first += (
            f": {100 * one['share_in_time']:.0f} % of these were answered in time "
            f"({low:.0f} to {high:.0f} %)."
        )
    return " ".join([first, _wait_sentence(one), *_verdicts(shown)])


def _wait_sentence(one: pd.Series) -> str:
    if pd.isna(one["answer_days"]):
        return f"Median wait: {one['wait_why']}."
    upper = one["answer_days_high"]
    span = (
        f"{one['answer_days_low']:.1f} to {upper:.1f}"
        if pd.notna(upper)
        else f"at least {one['answer_days_low']:.1f}"
    )
    return f"Half were answered within {one['answer_days']:.1f} days ({span})."


def _verdicts(shown: pd.DataFrame) -> list[str]:
    named = {
        word: list(dict.fromkeys(shown.loc[shown["verdict"] == word, "area_name"].astype(str)))
        for word in (SLOWER, FASTER)
    }
    if not shown["q"].notna().any():
        return ["Too few to say how areas differ."]
    said = [
        f"{word.capitalize()} than the rest: {listed(names)}."
        for word, names in named.items()
        if names
    ]
    return said or ["No area is clearly slower or faster than the rest."]
