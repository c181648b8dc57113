"""The backlog: how many records were open before and after, what changed that, and the oldest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from geo.analyses.analysis import AnalysisResult, refuse_weight
from geo.analyses.record_rows import (
    ALL,
    ELSEWHERE,
    Part,
    RecordRows,
    both_accounts,
    cut_caveats,
    on_shown_areas,
    record_caveats,
    record_parts,
    record_rows,
    rows_of_areas,
    without_unknown,
)
from geo.errors import QuestionError
from geo.incidents import LONDON
from geo.period import Period
from geo.question.answer import Answer
from geo.records.flow import FLOW_COLUMNS, backlog_account
from geo.records.life import OPEN_STATES, known_at, state_at

METHOD: Final = (
    "A record is open from when it was received until it is closed or withdrawn, or missing from a "
    "later extract; one that was opened again counts as closed in between, as far as two extracts "
    "show it. Ages are whole days of the calendar in London"
)

AGES: Final = {
    "open_to_30_days": (0, 30),
    "open_31_to_90_days": (31, 90),
    "open_91_to_365_days": (91, 365),
    "open_longer": (366, None),
}
"""Columns of the ages of what is open after, and the days of each, both included."""

OLDEST: Final = "oldest_open"
MOST_OLDEST: Final = 60
"""Rows of the list of the oldest open records."""

OLDEST_COLUMNS: Final = (
    *("incident_id", "category", "kind", "service", "state", "area_code", "area_name"),
    *("received", "due", "days_open", "location"),
)

_NO_SPLIT: Final = "a backlog is split by category or kind; money alone is split by priority"


def backlog(answer: Answer) -> AnalysisResult:
    """Count what is open before and after, by area, part of time and, where asked, by type.

    Raises
    ------
    QuestionError
        If the Question weighs by harm, or splits by what records do not have.
    """
    refuse_weight(answer, "a backlog")
    split = answer.question.measures.split
    if split == "priority":
        raise QuestionError("split", _NO_SPLIT)
    rows = record_rows(answer)
    parts = record_parts(answer, rows.moment)
    types: list[str] = sorted(rows.whole[split].unique()) if split else [""]
    tables = []
    for one in types:
        table = rows_of_areas(
            answer, rows, parts, partial(_rows_by_area, rows, of={split: one} if split else {})
        )
        if split:
            table.insert(2 + len(parts[0].columns), split, one)
        tables.append(table)
    frame = _known(pd.concat(tables, ignore_index=True), parts)
    order = pd.Series(range(len(answer.areas)), index=answer.areas.index.astype(str))
    frame = frame.iloc[np.argsort(frame["area_code"].map(order).to_numpy(), kind="stable")]
    by: list[str] = [split] if split else []
    oldest = _oldest(answer, rows)
    return AnalysisResult(
        on_shown_areas(answer, frame.reset_index(drop=True)),
        METHOD,
        {"headline": _headline(rows), **both_accounts(answer)},
        [*record_caveats(rows), *cut_caveats(answer)],
        tables={
            ALL: _all(rows, parts, by),
            **_elsewhere(rows, parts, by),
            **({OLDEST: oldest} if len(oldest) else {}),
        },
    )


def open_in_area(answer: Answer, code: str) -> tuple[int, int]:
    """How many records of one area are open before the period and at its end.

    Parameters
    ----------
    answer
        With the area.
    code
        The area.

    Returns
    -------
    `open_before` and `open_after` of its row of `backlog`, of a Question that splits nothing,
    without the rows of the others.

    Raises
    ------
    QuestionError
        If there are no records with lives.
    """
    rows = record_rows(answer)
    own = rows.by_area[rows.by_area["area_code"] == code]
    before, after = _ends(rows, rows.period)
    account = backlog_account(own, before, after, spells=rows.spells).iloc[0]
    return int(account["open_before"]), int(account["open_after"])


def _ends(rows: RecordRows, period: Period) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The moment before a period, and the last one of it of which anything is known."""
    second = pd.Timedelta(seconds=1)
    before = period.start - second
    return before, max(min(period.end - second, rows.moment), before)


def _figures(lives: pd.DataFrame, rows: RecordRows, part: Part, by: list[str]) -> pd.DataFrame:
    """The account of a part of time by groups, and the ages of what is open at its end."""
    before, after = _ends(rows, part.period)
    # Of a part that begins after the moment, the states are those of the moment.
    moment = min(after, rows.moment)
    spells = rows.spells
    account = backlog_account(lives, before, after, by=by, spells=spells)
    state = state_at(lives, moment, spells)
    still = lives[state.isin(OPEN_STATES)]
    ages = days_between(still["received"], known_at(still, moment))
    table = pd.DataFrame(
        {
            name: (ages >= first) & (ages <= (np.inf if last is None else last))
            for name, (first, last) in AGES.items()
        },
        index=still.index,
    ).astype(int)
    table["oldest_days"] = ages
    how = dict.fromkeys(AGES, "sum") | {"oldest_days": "max"}
    if not by:
        sums = table.agg(how).to_frame().T.set_axis(account.index)
    else:
        sums = table.groupby([still[name] for name in by]).agg(how)
    joined = account.join(sums)
    joined[list(AGES)] = joined[list(AGES)].fillna(0).astype(int)
    return joined


def _rows_by_area(
    rows: RecordRows, lives: pd.DataFrame, part: Part, *, of: Mapping[str, str]
) -> pd.DataFrame:
    """The figures of each area; `of` names a column and its value that records must have."""
    for name, value in of.items():
        lives = lives[lives[name] == value]
    return _figures(lives, rows, part, ["area_code"])


def _known(table: pd.DataFrame, parts: list[Part]) -> pd.DataFrame:
    """The table with zeros where a group has no record, and nothing where nothing is known."""
    flows = [*FLOW_COLUMNS, *AGES]
    table[flows] = table[flows].fillna(0)
    return without_unknown(table, parts, counts=[*flows, "oldest_days"])


def _all(rows: RecordRows, parts: list[Part], by: list[str]) -> pd.DataFrame:
    made = [(part, _figures(rows.whole, rows, part, by)) for part in parts]
    return _known(_stacked(made, by), parts)


def _elsewhere(rows: RecordRows, parts: list[Part], by: list[str]) -> dict[str, pd.DataFrame]:
    lost = rows.whole[rows.whole["where"] != ""]
    known = [part for part in parts if not part.why]
    if lost.empty or not known:
        return {}
    groups = ["where", *by]
    made = _stacked([(part, _figures(lost, rows, part, groups)) for part in known], groups)
    counts = made[list(FLOW_COLUMNS)].sum(axis=1) > 0
    return {ELSEWHERE: made[counts].reset_index(drop=True)} if counts.any() else {}


def _stacked(made: list[tuple[Part, pd.DataFrame]], by: list[str]) -> pd.DataFrame:
    tables = []
    for part, table in made:
        flat = table.reset_index() if by else table.reset_index(drop=True)
        for at, (name, value) in enumerate(part.columns.items()):
            flat.insert(at, name, value)
        tables.append(flat)
    return pd.concat(tables, ignore_index=True)


def _oldest(answer: Answer, rows: RecordRows) -> pd.DataFrame:
    """The records that have been open longest, of the areas that the Question shows."""
    state = rows.states
    still = rows.whole.assign(state=state)[state.isin(OPEN_STATES).to_numpy()]
    codes = answer.question.within
    if codes:
        still = still[answer.membership.within(still, codes)]
    days = days_between(still["received"], known_at(still, rows.moment))
    still = still.assign(days_open=days).reset_index(names="incident_id")
    still = still.sort_values(["received", "incident_id"]).head(MOST_OLDEST)
    for name in ("received", "due"):
        still[name] = still[name].dt.tz_convert(LONDON).dt.strftime("%Y-%m-%d").fillna("")
    table = still[[*OLDEST_COLUMNS]].reset_index(drop=True)
    return table if answer.visible.locations else table.drop(columns="location", errors="ignore")


def days_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """The days of the calendar in London from each time to the day of another.

    Parameters
    ----------
    start, end
        n UTC timestamps each, with one index.

    Returns
    -------
    n numbers.
    """
    first, last = (
        one.dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize() for one in (start, end)
    )
    days: pd.Series = (last - first).dt.days
    return days


def _headline(rows: RecordRows) -> str:
    flow = rows.flow
    before, after = int(flow["open_before"]), int(flow["open_after"])
    said = f"{after:,} records were open on {rows.day}"
    if not rows.begins:
        said += f", {_change(after - before)} before {rows.period.first:%-d %B %Y}"
    still = rows.whole[rows.states.isin(OPEN_STATES)]
    if len(still):
        days = int(days_between(still["received"], known_at(still, rows.moment)).max())
        said += f". The oldest has been open for {days:,} days"
    return said + "."


def _change(change: int) -> str:
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than" if change else "as many as"
