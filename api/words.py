"""What answers are called on pages: plain English, with units."""

from __future__ import annotations

from geo.incidents import category_title
from geo.question import Answer

CLASS_WORDS = {
    "hot_99": "Hot: far more than chance (99 %)",
    "hot_95": "Hot: more than chance (95 %)",
    "none": "No clear pattern",
    "cold_95": "Quiet: fewer than chance (95 %)",
    "cold_99": "Quiet: far fewer than chance (99 %)",
    "undefined": "Cannot be judged",
}
"""Each class of a hotspot cell in words."""

CELL_WORDS = {"hexagon": "hexagons", "square": "squares"}


def categories_words(answer: Answer) -> str:
    """The categories asked for, as a phrase."""
    chosen = [category_title(slug) for slug in answer.question.category]
    return ", ".join(chosen) if chosen else "All incidents"


def period_words(answer: Answer) -> str:
    """The period, and how many of its months were never published."""
    accounts = answer.accounts
    missing, months = len(accounts.months_missing), len(accounts.period.months)
    unknown = f" ({missing} of {months} months not published)" if missing else ""
    return accounts.period.title + unknown


def headline(answer: Answer) -> str:
    """What the answer is about, in one line."""
    hours = f", {answer.question.hours} h" if answer.question.hours else ""
    return f"{categories_words(answer)}{hours}, {answer.accounts.period.title}"


def shown_words(answer: Answer) -> str:
    """How many incidents lie in what is shown, and against how many they are judged."""
    shown, counted = int(answer.area_counts["n"].sum()), answer.accounts.counted
    areas = answer.area_counts["area_code"].nunique()
    text = f"n = {shown:,} incidents in {areas:,} area{'s' if areas != 1 else ''}"
    whole = f"judged against the whole of {answer.accounts.mask}"
    return f"{text}, {whole}" + (f", n = {counted:,}" if shown != counted else "")
