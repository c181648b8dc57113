"""How pages word an answer: plain English, with units."""

from __future__ import annotations

import math

import geopandas as gpd

from api.calls import BusyError
from geo.coverage import no_data_words, partly_covered
from geo.errors import PatchmapError, QuestionError
from geo.hotspots.verdict import CERTAINTY, UNJUDGED
from geo.incidents import category_title
from geo.question.answer import Answer
from geo.question.values import Hours

CLASS_WORDS = {
    "hot_99": "Hot: far more than an even spread (false discovery rate 1 %)",
    "hot_95": "Hot: more than an even spread (false discovery rate 5 %)",
    "none": "No clear pattern",
    "cold_95": "Quiet: fewer than an even spread (false discovery rate 5 %)",
    "cold_99": "Quiet: far fewer than an even spread (false discovery rate 1 %)",
    "undefined": "Cannot be judged",
}
"""Each class of a hotspot cell in words; what it is held against is the mask of the accounts."""

PATTERN_WORDS = {
    "new": "New: hot of late, not before",
    "lasting": "Lasting: hot nearly all the time",
    "on_and_off": "On and off: mostly near the threshold, or over already",
    "fading": "Fading, or hot in the past",
    "cold": "Quiet, now or for long",
    "none": "No clear pattern",
    "undefined": "Cannot be judged",
}
"""Each group of patterns of emerging hotspots in words."""

CHANGE_WORDS = dict(
    zip(
        (*CERTAINTY, UNJUDGED),
        ("▲ more than chance", "▼ less than chance", "no clear change", "cannot be judged"),
        strict=True,
    )
)
"""Each certainty of a change, in words."""


def categories_words(answer: Answer) -> str:
    """The chosen categories, as a phrase."""
    chosen = [category_title(slug) for slug in answer.question.category]
    return ", ".join(chosen) if chosen else "All incidents"


def period_words(answer: Answer) -> str:
    """The period, and of how many of its months there is no data."""
    accounts = answer.accounts
    missing = accounts.months_missing
    unknown = f" ({no_data_words(missing, accounts.period.months)})" if missing else ""
    return accounts.period.title + unknown


def headline(answer: Answer) -> str:
    """One line that names the incidents of an answer."""
    hours = f", {hours_words(answer.question.hours)}" if answer.question.hours else ""
    harm = f", by harm ({answer.harm.title})" if answer.harm else ""
    return f"{categories_words(answer)}{hours}{harm}, {answer.accounts.period.title}"


def hours_words(hours: Hours) -> str:
    """Hours of the day as people write them: `18-02` is `18:00 to 02:00`."""
    return f"{hours.first % 24:02}:00 to {hours.last % 24:02}:00"


def area_words(answer: Answer) -> str:
    """How many areas the incidents shown lie in: `in 3 of 4 areas (1 unknown)`."""
    known = answer.area_counts.groupby("area_code")["n"].count() > 0
    areas, unknown = len(known), int((~known).sum())
    if not unknown:
        return f"in {areas:,} area{'s' if areas != 1 else ''}"
    return f"in {areas - unknown:,} of {areas:,} areas ({unknown:,} unknown)"


def shown_words(answer: Answer) -> str:
    """The number of incidents shown, and of those that they are judged against."""
    shown, counted = answer.n_shown, answer.accounts.counted
    text = f"n = {shown:,} incidents {area_words(answer)}"
    whole = f"judged against the whole of {answer.study_title}"
    return f"{text}, {whole}" + (f", n = {counted:,}" if shown != counted else "")


def gap_notes(answer: Answer) -> list[str]:
    """What the headline's numbers lack, as sentences; none where all is covered."""
    accounts, compared = answer.accounts, answer.accounts.compared
    partly = partly_covered(answer.known, accounts.period.months)
    notes = [f"Not covered throughout the period: {'; '.join(partly)}."] if partly else []
    if compared:
        notes = [note for note in (compared.left_out, compared.not_compared) if note]
    return notes


def hot_cells(answer: Answer) -> gpd.GeoDataFrame:
    """The hot cells in the areas shown: a study area of another layer has others besides."""
    cells = answer.hotspots
    return cells[cells["class"].str.startswith("hot") & (cells["area_code"] != "")]


def hot_words(answer: Answer) -> str:
    """What the number of hot cells means: `more than an even spread over Derby would give`."""
    return (
        f"with their neighbours they hold more than an even spread over {answer.study_title} would "
        "give (false discovery rate 5 %)"
    )


def occupied_words(answer: Answer) -> str:
    """How many of the hot cells hold an incident: `51 with an incident`; '' where none is hot."""
    hot = hot_cells(answer)
    return f"{int((hot['n'] > 0).sum()):,} with an incident" if len(hot) else ""


def total_words(answer: Answer) -> str:
    """The change of all incidents shown: `110 before, +21 (+19 %): no clear change`.

    Of areas that are compared, where not all are.

    Returns
    -------
    '' without a compared period.
    """
    if not answer.accounts.compared:
        return ""
    total = answer.total_change.areas.iloc[0]
    compared, shown = int((answer.compares & answer.shown_areas).sum()), answer.shown_areas.sum()
    if not compared:
        return "no area can be compared"
    part = f"in the {compared:,} areas compared {total['n']:,}, " if compared < shown else ""
    share = percent(total["change_share"], sign=True)
    a_day = " a day" if "n_per_day" in total else ""
    certainty = total["certainty"]
    if certainty == UNJUDGED:
        certainty = "too few earlier months or incidents to judge"
    change = f"{signed(total['change'])} ({share}{a_day})"
    return f"{part}{total['n_compared']:,} before, {change}: {certainty}"


def signed(number: float) -> str:
    """A change with its sign: `+12`, `−3`, `0`; `–` for NaN."""
    if math.isnan(number):
        return "–"
    text = f"{abs(number):,.0f}"
    return text if text == "0" else f"{'+' if number > 0 else '−'}{text}"


def percent(share: float, *, sign: bool = False) -> str:
    """A share in per cent: `4.2 %`, `0.23 %`; `–` for NaN.

    Parameters
    ----------
    sign
        Whether to write it as a change, `+4 %`.
    """
    if math.isnan(share):
        return "–"
    if sign:
        return f"{signed(share * 100)} %"
    # Of the number as it is printed: 0.996 % is 1.0 %, as 1 % is.
    decimals = 1 if round(share, 4) >= 0.01 or not share else 2
    return f"{share * 100:.{decimals}f} %"


def reason_of(refusal: PatchmapError | BusyError) -> str:
    """The message of a refusal without the name of its option."""
    option = refusal.option if isinstance(refusal, QuestionError) else ""
    return str(refusal).removeprefix(f"{option}: ")
