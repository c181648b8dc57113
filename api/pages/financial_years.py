"""The financial years of entries, from which pages of money and hours let choose."""

from __future__ import annotations

from api.answers import Answers
from geo.calendar_parts import parts_of
from geo.measures.model import EntryKind
from geo.period import Interval, Period


def financial_years(answers: Answers, kind: EntryKind) -> dict[str, str]:
    """The financial years with entries, newest first: by their label the value of an option.

    Parameters
    ----------
    answers
        About the store.
    kind
        Money or time.

    Returns
    -------
    As `{"2025/26": "2025-04/2026-03"}`.
    """
    days = answers.snapshot().entries(kind)["day"]
    if not len(days):
        return {}
    parts = parts_of(Period(days.min().date(), days.max().date()), "financial-year")
    spans = {part.label: part.whole for part in reversed(parts)}
    return {
        label: str(Interval.read(f"{whole.first:%Y-%m}/{whole.last:%Y-%m}"))
        for label, whole in spans.items()
    }


def year_or_days(period: Period) -> str:
    """The label of a financial year; of other days their title."""
    parts = parts_of(period, "financial-year")
    whole = len(parts) == 1 and not parts[0].is_cut
    return parts[0].label if whole else period.title
