"""Money by area: allocated, committed, paid, left, and how much of the year is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from geo.analyses.analysis import AnalysisResult
from geo.analyses.entry_rows import (
    ELSEWHERE,
    elsewhere,
    on_areas,
    placing_caveats,
    refuse_none,
    visible_entries,
)
from geo.calendar_parts import CalendarPart, column_of, part_of, parts_of
from geo.errors import QuestionError
from geo.measures.model import MONEY_STATES
from geo.measures.placing import PlacedEntries
from geo.measures.spending import AMOUNTS, NO_PRIORITY, outstanding, spending
from geo.period import Period
from geo.question.answer import Answer
from geo.question.time_parts import part_columns, unit_of

METHOD: Final = (
    "Sums of dated entries, in pence. Left is what was allocated less what was paid and less what "
    "is outstanding of commitments; a payment that settles a commitment takes its amount from it. "
    "A reversal is an entry of the opposite amount"
)
BY_PARTS: Final = (
    ". In a part of time stands what was allocated and paid in it; committed, left, share_paid and "
    "year_gone are as they stood at its end"
)


def spent(answer: Answer) -> AnalysisResult:
    """Add up money by area; by priority and by parts of time where that is asked for."""
    period, split = answer.accounts.period, answer.question.measures.split
    if split not in ("", "priority"):
        raise QuestionError("split", "money is split by priority alone")
    recorded = answer.facts.measured().entries("money", period=period)
    entries = _with_outstanding(recorded)
    every, other = visible_entries(answer, entries), elsewhere(entries)
    refuse_none(answer, every, "money")
    by = {}
    if split == "priority":
        by["priority"] = sorted(every["priority"].unique())
    year = YearGone.of(period, every)
    unit = unit_of(answer.question.by) if answer.question.by else None
    parts = parts_of(period, unit) if unit else []

    def table(codes: list[str], placed: Callable[[PlacedEntries], pd.DataFrame]) -> pd.DataFrame:
        if not parts:
            return spending(placed(entries), codes, by=by)
        return _by_parts(recorded, parts, codes, by=by, placed=placed)

    sums = table(list(answer.areas.index.astype(str)), lambda one: one.placed)
    gone = {
        part.label: YearGone.of(Period(period.first, part.period.last), every).share
        for part in parts
    }
    shares = sums[column_of(unit)].map(gone) if unit else year.share
    shown = on_areas(answer, sums.assign(year_gone=shares))
    whole = on_areas(answer, spending(entries.placed, list(answer.areas.index.astype(str))))
    facts = {
        "year_gone": year.share,
        "financial_year": year.label,
        "as_of": f"{year.as_of}",
        "nothing_spent": _nothing_spent(whole),
    }
    method = METHOD + (BY_PARTS if parts else "")
    cut = [f"{part.label}: only {part.period.title}." for part in parts if part.is_cut]
    if answer.visible.codes is not None:
        # Who sees some areas only sees nothing of the money of others.
        headline = f"In the areas shown: {_headline(_sums(whole), year)}"
        return AnalysisResult(shown, method, {"headline": headline, **facts}, cut)
    totals = _sums(spending(every.assign(area_code=""), [""]))
    beside = table(list(dict.fromkeys(other["area_code"])), elsewhere) if len(other) else other
    return AnalysisResult(
        shown,
        method,
        {
            "headline": _headline(totals, year),
            **{f"total_{name}": value for name, value in totals.items()},
            **facts,
        },
        [*cut, *placing_caveats(entries)],
        tables={ELSEWHERE: beside.rename(columns={"area_code": "where"})} if len(other) else {},
    )


def _by_parts(
    recorded: PlacedEntries,
    parts: Sequence[CalendarPart],
    codes: list[str],
    *,
    by: Mapping[str, Sequence[str]],
    placed: Callable[[PlacedEntries], pd.DataFrame],
) -> pd.DataFrame:
    """Money by area and part of time: what is dated in each part, and what was left at its end."""
    tables = []
    for part in parts:
        until = _with_outstanding(_up_to(recorded, part.period.last))
        table = spending(placed(until), codes, by=by)
        rows = placed(until)
        dated = spending(rows[rows["day"] >= pd.Timestamp(part.period.first)], codes, by=by)
        table = table.assign(allocated=dated["allocated"], paid=dated["paid"])
        for at, (name, value) in enumerate(part_columns(part).items(), start=1):
            table.insert(at, name, value)
        tables.append(table)
    every = pd.concat(tables, ignore_index=True)
    position = every["area_code"].map({code: at for at, code in enumerate(codes)})
    return every.iloc[position.argsort(kind="stable")].reset_index(drop=True)


def _up_to(entries: PlacedEntries, day: date) -> PlacedEntries:
    frames = (entries.placed, entries.city_wide, entries.not_placed)
    return PlacedEntries(*(frame[frame["day"] <= pd.Timestamp(day)] for frame in frames))


def _with_outstanding(entries: PlacedEntries) -> PlacedEntries:
    """The entries with what is outstanding of commitments, which payments elsewhere may settle."""
    parts = {"placed": entries.placed, "city_wide": entries.city_wide, "not": entries.not_placed}
    every = outstanding(pd.concat(parts))
    every["priority"] = every["priority"].where(every["priority"] != "", NO_PRIORITY)
    placed, city_wide, lost = (
        every[every.index.get_level_values(0) == name].reset_index(drop=True) for name in parts
    )
    return PlacedEntries(placed, city_wide, lost)


@dataclass(frozen=True)
class YearGone:
    """How much of a financial year is gone.

    Attributes
    ----------
    label
        Of the year: `2025/26`.
    share
        From 0 to 1.
    as_of
        By which day.
    """

    label: str
    share: float
    as_of: date

    @classmethod
    def of(cls, period: Period, entries: pd.DataFrame) -> YearGone:
        """How much is gone of the financial year that a period ends in.

        By the end of the period; where that is the end of the year itself, by the last entry in
        this year, if there is one: what is recorded later cannot be known yet.

        Parameters
        ----------
        period
            Of the money.
        entries
            With `day`, all of the period.

        Returns
        -------
        The share, with its year and its day.
        """
        year = part_of(period.last, "financial-year")
        whole, as_of = year.whole, period.last
        in_year = entries["day"][entries["day"] >= pd.Timestamp(whole.first)]
        if as_of == whole.last and len(in_year):
            as_of = in_year.max().date()
        return cls(year.label, Period(whole.first, as_of).days / whole.days, as_of)


def _sums(shown: pd.DataFrame) -> dict[str, float]:
    return {name: round(float(shown[name].sum()), 2) for name in AMOUNTS}


def _nothing_spent(shown: pd.DataFrame) -> list[str]:
    """The names of areas that were given money of which nothing is paid or committed."""
    sums = shown.groupby("area_code", sort=False)[["allocated", "paid", "committed"]].sum()
    names = shown.drop_duplicates("area_code")["area_name"].astype(str).to_numpy()
    nothing = (sums["allocated"] > 0) & (sums[["paid", "committed"]] == 0).all(axis=1)
    return sorted(names[nothing.to_numpy()])


def _headline(amounts: dict[str, float], year: YearGone) -> str:
    states = MONEY_STATES if amounts["allocated"] else MONEY_STATES[1:]
    said = ", ".join(f"£{amounts[name]:,.2f} {name}" for name in states)
    left = amounts["left"]
    rest = f"£{left:,.2f} left" if left >= 0 else f"overspent by £{-left:,.2f}"
    if not amounts["allocated"]:
        rest = "no allocation is recorded"  # of what is left of it nobody can tell
    gone = f"{100 * year.share:.0f} % of the financial year {year.label} is gone"
    return f"{said}; {rest}. By {year.as_of:%-d %B %Y}, {gone}."
