"""Money by area: allocated, committed, paid, left, and how much of the year is gone."""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from geo.analyses.analysis import AnalysisResult
from geo.analyses.entry_rows import ELSEWHERE, elsewhere, every_entry, on_areas, placing_caveats
from geo.calendar_parts import part_of
from geo.measures.model import MONEY_STATES
from geo.measures.placing import PlacedEntries
from geo.measures.spending import AMOUNTS, NO_PRIORITY, outstanding, spending
from geo.period import Period
from geo.question.answer import Answer

METHOD: Final = (
    "Sums of dated entries, in pence. Left is what was allocated less what was paid and less what "
    "is outstanding of commitments; a payment that settles a commitment takes its amount from it. "
    "A reversal is an entry of the opposite amount"
)


def spent(answer: Answer) -> AnalysisResult:
    """Add up money by area, and by priority where that is asked for."""
    period = answer.accounts.period
    entries = _with_outstanding(answer.facts.measured().entries("money", period=period))
    every, other = every_entry(entries), elsewhere(entries)
    by = {}
    if answer.question.measures.split == "priority":
        by["priority"] = sorted(every["priority"].unique())
    gone, as_of = _year_gone(period, every)
    table = spending(entries.placed, list(answer.areas.index.astype(str)), by=by)
    shown = on_areas(answer, table.assign(year_gone=gone))
    facts = {"year_gone": gone, "as_of": f"{as_of}", "nothing_spent": _nothing_spent(shown)}
    if answer.visible.codes is not None:
        # Who sees some areas only sees nothing of the money of others.
        headline = f"In the areas shown: {_headline(_sums(shown), gone, as_of)}"
        return AnalysisResult(shown, METHOD, {"headline": headline, **facts})
    totals = _sums(spending(every.assign(area_code=""), [""]))
    beside = spending(other, list(dict.fromkeys(other["area_code"])), by=by)
    return AnalysisResult(
        shown,
        METHOD,
        {
            "headline": _headline(totals, gone, as_of),
            **{f"total_{name}": value for name, value in totals.items()},
            **facts,
        },
        placing_caveats(entries),
        tables={ELSEWHERE: beside.rename(columns={"area_code": "where"})} if len(other) else {},
    )


def _with_outstanding(entries: PlacedEntries) -> PlacedEntries:
    """The entries with what is outstanding of commitments, which payments elsewhere may settle."""
    parts = {"placed": entries.placed, "city_wide": entries.city_wide, "not": entries.not_placed}
    every = outstanding(pd.concat(parts))
    every["priority"] = every["priority"].where(every["priority"] != "", NO_PRIORITY)
    placed, city_wide, lost = (
        every[every.index.get_level_values(0) == name].reset_index(drop=True) for name in parts
    )
    return PlacedEntries(placed, city_wide, lost)


def _year_gone(period: Period, entries: pd.DataFrame) -> tuple[float, date]:
    """The share of the financial year that is gone, and by which day.

    By the end of the period; where that is the end of the year itself, by the last entry.
    """
    year = part_of(period.last, "financial-year").whole
    last = entries["day"].max().date() if len(entries) else period.last
    as_of = last if period.last == year.last else period.last
    return Period(year.first, as_of).days / year.days, as_of


def _sums(shown: pd.DataFrame) -> dict[str, float]:
    return {name: round(float(shown[name].sum()), 2) for name in AMOUNTS}


def _nothing_spent(shown: pd.DataFrame) -> list[str]:
    """The names of areas of which nothing is paid or committed."""
    sums = shown.groupby("area_name", sort=False)[["paid", "committed"]].sum().abs().sum(axis=1)
    return sorted(map(str, sums.index[sums == 0]))


def _headline(amounts: dict[str, float], gone: float, as_of: date) -> str:
    said = ", ".join(f"£{amounts[name]:,.2f} {name}" for name in MONEY_STATES)
    left = amounts["left"]
    rest = f"£{left:,.2f} left" if left >= 0 else f"overspent by £{-left:,.2f}"
    return f"{said}; {rest}. By {as_of:%-d %B %Y} {100 * gone:.0f} % of the financial year is gone."
