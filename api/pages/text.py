"""How pages word an answer: plain English, with units."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Final

import geopandas as gpd

from api.calls import BusyError, OverdueError
from boundaries.tasking.history import LONDON
from geo.allocation.patrols.scheduling import DAY
from geo.coverage import no_data_words, partly_covered
from geo.errors import PatchmapError, QuestionError
from geo.hotspots.verdict import CERTAINTY, UNJUDGED
from geo.incidents import category_title
from geo.period import Period, month_title
from geo.question.answer import Answer
from geo.question.values import Hours

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

Refusal = PatchmapError | BusyError | OverdueError
"""Why a page lacks what was asked for, in words for whoever asked."""

CLASS_WORDS = {
    "hot_99": "Hot: far more than expected (false discovery rate 1 %)",
    "hot_95": "Hot: more than expected (false discovery rate 5 %)",
    "none": "No clear pattern",
    "cold_95": "Quiet: fewer than expected (false discovery rate 5 %)",
    "cold_99": "Quiet: far fewer than expected (false discovery rate 1 %)",
    "undefined": "Cannot be judged",
}
"""Each class of a hotspot cell in words; what was to be expected is the answer's baseline."""

BESIDE_WORDS = "No incident here, but beside a hotspot"
"""What an empty cell in a hot neighbourhood is."""

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
    text = f"{shown:,} incidents {area_words(answer)}"
    whole = f"judged against the whole of {answer.study_title}"
    return f"{text}, {whole}" + (f" ({counted:,})" if shown != counted else "")


def gap_notes(answer: Answer) -> list[str]:
    """What the headline's numbers lack, as sentences; none where all is covered."""
    accounts, compared = answer.accounts, answer.accounts.compared
    partly = partly_covered(answer.known, accounts.period.months)
    notes = [f"Not covered throughout the period: {'; '.join(partly)}."] if partly else []
    if compared:
        notes = [note for note in (compared.left_out, compared.not_compared) if note]
    return notes


def hot_cells(answer: Answer) -> gpd.GeoDataFrame:
    """The hot cells: of the whole study area, or those in the areas that are chosen of it."""
    cells = answer.hotspots
    return cells[cells["class"].str.startswith("hot")]


def hotspot_count(answer: Answer) -> int:
    """How many hotspots, which are joined hot cells, have a cell in `hot_cells`."""
    return int(hot_cells(answer)["cluster_id"].nunique())


def hot_words(answer: Answer) -> str:
    """What makes a hotspot: `more than its points would lead one to expect (1,543 points …)`."""
    gi = ", and by Gi*" if answer.question.test == "gi" else ""
    return f"more than {answer.baseline.phrase}{gi} (false discovery rate 5 %)"


def class_words(answer: Answer, name: str) -> str:
    """A class of a cell in words, with the baseline that it is held against.

    Parameters
    ----------
    name
        One of `geo.hotspots.getis_ord.CLASSES`.

    Returns
    -------
    As `Hot: far more than its points would lead one to expect (…); false discovery rate 1 %`.
    """
    if name == "undefined":
        return f"{CLASS_WORDS[name]}: nothing here of what it would be held against"
    phrase = f"than {answer.baseline.phrase}"
    words = CLASS_WORDS[name].replace("than expected", phrase)
    return re.sub(r" \((false discovery rate \d %)\)$", r"; \1", words)


def expected_words(answer: Answer) -> str:
    """What was to be expected in a cell, for a legend."""
    return (
        f"Expected: as many as {answer.baseline.phrase}. A cell counts with those that touch it; "
        "joined hot cells are one hotspot."
    )


def hot_share_words(answer: Answer) -> str:
    """How much lies in the hotspots: `12.3 % of incidents on 1.9 % of the land`; '' without any."""
    hot = hot_cells(answer)
    if not len(hot) or answer.question.within or not answer.accounts.counted:
        return ""
    land = answer.cells.inside_area
    # Without chosen areas the rows are the cells, in their order.
    share = land[hot.index.to_numpy()].sum() / land.sum()
    incidents = percent(hot["n"].sum() / answer.accounts.counted)
    where = "" if answer.n_shown == answer.accounts.counted else f" in {answer.study_title}"
    return f"{incidents} of incidents on {percent(share)} of the land{where}"


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


def date_words(text: str) -> str:
    """A day or a month as people write it: `31 March 2024`, `March 2024`; other text as it is.

    Parameters
    ----------
    text
        As data has it: `2024-03-31` or `2024-03`.
    """
    if _MONTH.fullmatch(text):
        return month_title(text)
    if not _DAY.fullmatch(text):
        return text
    try:
        day = date.fromisoformat(text)
    except ValueError:  # a code that only looks like one
        return text
    return Period(day, day).title


def moment_words(moment: datetime | str) -> str:
    """A moment, with its zone, as people in London write it: `31 March 2024, 09:05`."""
    stated = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = stated.astimezone(LONDON)
    return f"{date_words(local.date().isoformat())}, {local:%H:%M}"


def average_words(average: float) -> str:
    """What a place has in a period of this length, by its incidents of many months: `about 22`.

    This is no season's: what is usual for the time of year is judged by earlier years.
    """
    return "below 1" if average < 0.5 else f"about {average:,.0f}"


def conversion_words(operation: str) -> str:
    """PROJ's name of a conversion of coordinates as people read it: without the order of axes."""
    parts = [part.removeprefix("Inverse of ") for part in operation.split(" + ")]
    return ", ".join(part for part in parts if not part.startswith("axis order change"))


def officer_words(officer: str) -> str:
    """An officer of a plan as people call one: `Officer 1`, or `Late shift, officer 1`."""
    shift, _, number = officer.rpartition(" ")
    if shift in ("", DAY):
        return f"Officer {number}"
    return f"{shift[:1].upper()}{shift[1:]} shift, officer {number}"


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


def reason_of(refusal: Refusal) -> str:
    """The message of a refusal without the name of its option."""
    option = refusal.option if isinstance(refusal, QuestionError) else ""
    return str(refusal).removeprefix(f"{option}: ")
