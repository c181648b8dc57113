"""The finding of a board as one sentence: how many, how that changed, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from api.pages.text import categories_words, hours_words
from geo.hotspots.verdict import CERTAINTY, UNJUDGED
from geo.period import Period
from geo.question.answer import Answer

FEWEST_FOR_SHARES: Final = 20
"""Of fewer incidents before, a change is given as a number: 3 of 6 is no meaningful 50 %."""

MOST_NAMES: Final = 2
"""How many chosen areas are named; of more only their number is given."""

VERDICTS: Final = dict(
    zip(
        (*CERTAINTY, UNJUDGED),
        (
            "a clear change",
            "a clear change",
            "no clear change",
            "too few earlier months or incidents to say whether that is a clear change",
        ),
        strict=True,
    )
)
"""What each certainty of a change says of its size, up or down."""


@dataclass(frozen=True)
class Headline:
    """The parts of a finding; its sentence is all of them.

    Attributes
    ----------
    subject
        The categories, with a colon; '' for all incidents.
    count
        As `828 incidents`.
    where
        The areas and the period, with a space before each.
    change
        As `5 % fewer`; '' without a compared period.
    verdict
        Against what, and how sure that is.
    """

    subject: str
    count: str
    where: str
    change: str
    verdict: str

    def __str__(self) -> str:
        """The whole sentence."""
        subject = f"{self.subject} " if self.subject else ""
        change = f", {self.change}" if self.change else ""
        return f"{subject}{self.count}{self.where}{change}{self.verdict}."


def headline_of(answer: Answer) -> Headline:
    """The finding of an Answer."""
    n = answer.n_shown
    count = f"{n:,} incident{'' if n == 1 else 's'}"
    if not (answer.area_counts["n"].notna()).any():
        count = "An unknown number of incidents"
    change, verdict = _change(answer)
    question = answer.question
    hours = (
        f" between {hours_words(question.hours).replace(' to ', ' and ')}" if question.hours else ""
    )
    return Headline(
        subject=f"{categories_words(answer)}:" if question.category else "",
        count=count,
        where=f"{_area_words(answer)} {during_words(answer.accounts.period)}{hours}",
        change=change,
        verdict=verdict,
    )


def during_words(period: Period) -> str:
    """A period within a sentence: `in March 2026`, `from 4 to 31 March 2026`."""
    first, last = period.first, period.last
    if period.is_whole_months:
        if (first.year, first.month) == (last.year, last.month):
            return f"in {first:%B %Y}"
        begun = f"{first:%B}" if first.year == last.year else f"{first:%B %Y}"
        return f"from {begun} to {last:%B %Y}"
    end = f"{last.day} {last:%B %Y}"
    if first == last:
        return f"on {end}"
    if (first.year, first.month) == (last.year, last.month):
        return f"from {first.day} to {end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"from {first.day} {first:%B}{year} to {end}"


def span_title(period: Period) -> str:
    """A period as a title: `March 2026`, `4 to 31 March 2026`."""
    return during_words(period).partition(" ")[2]


def compared_words(answer: Answer) -> str:
    """The compared period within a sentence: `in February 2026`, `in the 28 days before`."""
    compared = answer.accounts.compared
    if compared is None:
        return ""
    period = compared.period
    if answer.question.compare == "year":
        return "a year earlier"
    if not period.is_whole_months:
        return f"in the {period.days:,} days before" if period.days > 1 else "on the day before"
    months = len(period.months)
    return during_words(period) if months == 1 else f"in the {months:,} months before"


def _area_words(answer: Answer) -> str:
    """The areas that are shown, where they are not all of them or some are unknown."""
    names = answer.areas["area_name"].reindex(answer.question.within).dropna().astype(str).tolist()
    chosen = len(answer.question.within)
    words = ""
    if chosen:
        words = " in " + (" and ".join(names) if 0 < chosen <= MOST_NAMES else f"{chosen:,} areas")
    known = answer.area_counts.groupby("area_code")["n"].count() > 0
    if unknown := int((~known).sum()):
        words += f" ({unknown:,} of {len(known):,} areas unknown)"
    return words


def _change(answer: Answer) -> tuple[str, str]:
    """The size of the change, and what is said of it: the one verdict on all that is shown."""
    if not answer.accounts.compared:
        return "", ""
    than = compared_words(answer)
    comparable = int((answer.compares & answer.shown_areas).sum())
    if not comparable:
        return "", f"; no area can be compared with those {than}"
    total = answer.total_change.areas.iloc[0]
    before, share = float(total["n_compared"]), float(total["change_share"])
    if not before or math.isnan(share):
        return "", f"; there were none {than}"
    daily = " a day" if "n_per_day" in total else ""
    part = ""
    if comparable < int(answer.shown_areas.sum()):
        part = f" in the {comparable:,} areas that can be compared"
    verdict = f"{part}: {VERDICTS[str(total['certainty'])]}"
    more = "more" if share > 0 else "fewer"
    size = f"{abs(share):.0%}".replace("%", " %")
    if before < FEWEST_FOR_SHARES and not daily:
        size = f"{abs(float(total['change'])):,.0f}"
    if size in ("0", "0 %"):
        about = "" if share == 0 else "about "
        return f"{about}as many{daily}", f" as {than}{verdict}"
    return f"{size} {more}{daily}", f" than {than}{verdict}"
