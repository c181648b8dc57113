"""The sentences at the head of an area's page: no more than its verdicts say."""

from __future__ import annotations

from typing import Final

from api.areas.area import Area
from api.areas.fares import Fare, verdicts
from api.areas.incidents import Incidents
from api.pages.text import period_words
from geo.hotspots.verdict import CERTAINTY, UNJUDGED

_CHANGES: Final = dict(
    zip(
        (*CERTAINTY, UNJUDGED),
        (
            "more than {before}, beyond chance",
            "fewer than {before}, beyond chance",
            "no clear change on {before}",
            "too few to compare with {before}",
        ),
        strict=True,
    )
)


_OPENINGS: Final = {
    "worse": "worse than the rest for {names}",
    "better": "better for {names}",
    "higher": "higher in {names}",
    "lower": "lower in {names}",
}
_MOST_NAMED: Final = 3


def lead_of(area: Area) -> str:
    """What is known of an area, in a few sentences."""
    said = [_fares(area.fares.rows), _incidents(area), _unusual(area.incidents)]
    return " ".join(filter(None, said))


def _fares(fares: list[Fare]) -> str:
    """In which measures an area differs clearly from the rest: `Worse than the rest for …`."""
    judged = [fare for fare in fares if fare.verdict]
    if not judged:
        return ""
    parts = [
        _OPENINGS[name].format(names=measures_named(titles))
        for name, titles in verdicts(fares).items()
    ]
    alike = len(judged) - sum(map(len, verdicts(fares).values()))
    if alike:
        measures = "measure" if alike == 1 else "measures"
        parts.append(f"no clear difference in {alike} {'other ' if parts else ''}{measures}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def measures_named(titles: list[str]) -> str:
    """The titles of measures inside a sentence; those that begin with an acronym keep it."""
    shown = [_inside(title) for title in titles[:_MOST_NAMED]]
    rest = len(titles) - len(shown)
    listed = [*shown, *([f"{rest} more"] if rest else [])]
    return " and ".join(filter(None, [", ".join(listed[:-1]), listed[-1]]))


def _inside(title: str) -> str:
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _incidents(area: Area) -> str:
    answer, incidents = area.facts.answer, area.incidents
    if answer is None or incidents is None:
        return f"No incidents are known here. {area.facts.reason}."
    period = period_words(answer)
    if incidents.n is None:
        return f"How many incidents there were in {period} is not known: {incidents.row['why']}."
    plural = "" if incidents.n == 1 else "s"
    return f"{incidents.n:,} incident{plural} in {period}{_change(area, incidents)}."


def _change(area: Area, incidents: Incidents) -> str:
    certainty = incidents.row.get("certainty")
    if not certainty:
        return ""
    before = "a year before" if area.facts.question.compare == "year" else "the period before"
    return f": {_CHANGES[certainty].format(before=before)}"


def _unusual(incidents: Incidents | None) -> str:
    if incidents is None or not incidents.unusual:
        return ""  # the page says so further down
    n, month = len(incidents.unusual), incidents.judged[1]
    return f"{n} {'thing stands' if n == 1 else 'things stand'} out from its own past in {month}."
