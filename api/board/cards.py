"""The ranked places as short cards: how many incidents, how many are usual, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from api.board.findings import Findings
from api.board.lasting import reason_shown
from api.board.variables import Variables
from api.errors import UNANSWERED
from api.pages.charts import Chart, chart
from api.pages.text import percent
from api.pages.trends import Trend
from geo.analyses.unusual import JudgedSeries
from geo.analyses.unusual_text import SEASON, season_title, series_title, step_title
from geo.incidents import category_title
from geo.surveillance import CANNOT_SAY, FEWER, MORE, USUAL

SPARK: Final = (150.0, 40.0)
"""Width and height of a card's chart, in SVG units."""

MOST_KINDS: Final = 3
"""Categories that are named of a place."""

NAMED: Final = 1
"""How many unusual series the lead names: a second one takes a line of the map."""

NOT_JUDGED: Final = "not judged"
"""What a card says of a place that was none of the places judged."""

NUMBERS: Final = (
    "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
)  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A ranked place as the chair reads it.

    Attributes
    ----------
    rank, at
        Its number on the map, and its id.
    name
        Its most named street; its number where no street is known.
    beside
        The next street; '' where there is none.
    area, area_code
        The name of its area; '' outside all areas. The code where it lies in one alone, else ''.
    n
        Its incidents in the period.
    usual
        What a period of this length has there, by many months; None where that is not known.
    verdict
        One of the verdicts on its last month; '' if it was not judged.
    said
        The verdict in words, or that there is none.
    expected
        What was to be expected where it is unusual: `1 to 4`.
    chart
        Its last two years; None if they are not known.
    """

    rank: int
    at: str
    name: str
    beside: str
    area: str
    area_code: str
    n: int
    usual: float | None
    verdict: str
    said: str
    expected: str
    chart: Chart | None


def cards(findings: Findings) -> Variables:
    """The cards of the ranked places."""
    judged, trend, reason = history(findings)
    shown = place_cards(findings, judged, trend)
    return {
        "cards": shown,
        "window": findings.answer.window.period.title,
        "judged": step_title(judged.known.steps.labels[-1]) if judged else "",
        "window_months": len(findings.answer.window.period.months),
        "no_history": reason,
        "knows_usual": findings.knows_usual,
        "trend": trend,
    }


def lead(findings: Findings) -> Variables:
    """The sentences under the headline: what is unusual, and how much the places hold."""
    try:
        judged = findings.unusual
    except UNANSWERED as refusal:
        sentence = f"What is unusual cannot be said: {reason_shown(refusal).rstrip('.')}"
        return {"sentence": sentence, "named": [], "more": 0, "places": _share_words(findings)}
    unusual = verdict_rows(judged)
    named = [
        {
            "title": series_title(row),
            "at": str(row["area_code"] if isinstance(row["category"], str) else row["hotspot_id"]),
            "n": row["n"],
            "range": range_words(row),
        }
        for row in records(unusual.head(NAMED))
    ]
    season = season_title(judged.known.steps.labels[-1])
    sentence = judged.headline.partition(" (")[0]
    return {
        "sentence": sentence,
        "named": named,
        "season": season,
        "more": len(unusual) - len(named),
        "places": _share_words(findings),
    }


def place_cards(findings: Findings, judged: JudgedSeries | None, trend: Trend | None) -> list[Card]:
    """A card for each ranked place.

    Parameters
    ----------
    judged
        The verdicts on the last month; None where nothing can be judged.
    trend
        The last two years of the places; None where they are not known.
    """
    places = findings.places
    verdicts = _verdicts(judged)
    names = findings.answer.membership.names_of(places["area_code"]).tolist()
    made = []
    for position, (place, area) in enumerate(zip(places.to_dict("records"), names, strict=True)):
        streets = [street for street in str(place["streets"] or "").split("; ") if street]
        unjudged = ("", NOT_JUDGED if judged else "", "")
        verdict, said, expected = verdicts.get(str(place["hotspot_id"]), unjudged)
        made.append(
            Card(
                rank=int(place["rank"]),
                at=str(place["hotspot_id"]),
                name=streets[0] if streets else f"Place {int(place['rank'])}",
                beside=streets[1] if len(streets) > 1 else "",
                area=str(area or ""),
                area_code=_one_code(findings, place["area_code"]),
                n=int(place["n"]),
                usual=float(place["expected"]) if findings.knows_usual else None,
                verdict=verdict,
                said=said,
                expected=expected,
                chart=_chart(trend, position),
            )
        )
    return made


def _one_code(findings: Findings, codes: object) -> str:
    """The code of the only area of a place that is shown; '' where there is none, or several."""
    own = [code for code in findings.answer.membership.split(str(codes or "")) if code]
    visible = findings.answer.visible.codes
    return own[0] if len(own) == 1 and (visible is None or own[0] in visible) else ""


def place_title(card: Card) -> str:
    """The name of a place, as cards, stories and the presentation have it: `Mill Lane, Abbey`."""
    return f"{card.name}, {card.area}" if card.area else card.name


def verdict_line(card: Card, judged: JudgedSeries | None) -> str:
    """The verdict on the last month of a place: `Usual for the time of year in March 2026`.

    Returns
    -------
    '' where nothing can be judged.
    """
    if not judged:
        return ""
    when = step_title(judged.known.steps.labels[-1])
    if not card.verdict:
        return f"Not judged: it was not among the places with most incidents before {when}"
    expected = f": {card.expected} is usual" if card.expected else ""
    if card.verdict == CANNOT_SAY:
        return f"Too early to say of {when}"
    verdict = "Usual" if card.verdict == USUAL else "Unusual"
    return f"{verdict} for the time of year in {when}{expected}"


def kinds_words(incidents: pd.DataFrame) -> str:
    """The most frequent categories: `Drugs 17, Burglary 7 and 2 more kinds`; '' of one alone."""
    counts = incidents["category"].value_counts().sort_index()
    counts = counts[counts > 0].sort_values(ascending=False, kind="stable")
    if len(counts) < 2:
        return ""
    rest = len(counts) - MOST_KINDS
    listed = [f"{category_title(str(slug))} {n:,}" for slug, n in counts.head(MOST_KINDS).items()]
    more = f" and {rest:,} more kind{'' if rest == 1 else 's'}" if rest > 0 else ""
    return ", ".join(listed) + more


def verdict_rows(judged: JudgedSeries) -> pd.DataFrame:
    """The series that are unusual, the surest first."""
    rows = judged.shown
    return rows[rows["verdict"].isin([MORE, FEWER])]


def unusual_kinds(judged: JudgedSeries | None, area: str) -> str:
    """The unusual categories of an area: `Burglary: 9 in March 2026, where 1 to 4 is …`.

    Returns
    -------
    '' where none is unusual, or nothing can be judged.
    """
    if judged is None:
        return ""
    rows, when = verdict_rows(judged), step_title(judged.known.steps.labels[-1])
    own = rows[rows["category"].notna() & (rows["area_code"] == area)]
    return "; ".join(
        f"{category_title(str(row['category']))}: {row['n']:,} in {when}, where {range_words(row)} "
        "is usual for the time of year"
        for row in records(own)
    )


def records(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Rows for a template."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def range_words(row: Mapping[Any, Any] | pd.Series) -> str:
    """What was to be expected of a series: `1 to 4`."""
    return f"{row['lower']:,.0f} to {row['upper']:,.0f}"


def history(findings: Findings) -> tuple[JudgedSeries | None, Trend | None, str]:
    """What is known of the places' past, and why it is not where it is not."""
    try:
        return findings.unusual, findings.place_trend, ""
    except UNANSWERED as refusal:
        return None, None, reason_shown(refusal)


def _verdicts(judged: JudgedSeries | None) -> dict[str, tuple[str, str, str]]:
    """The verdict on each judged place, by its id, its words, and what was to be expected."""
    if judged is None:
        return {}
    table = judged.table
    season = season_title(judged.known.steps.labels[-1])
    begin = f"{season}: " if season != SEASON else ""
    words = {USUAL: f"{begin}usual", CANNOT_SAY: "too early to say"}
    return {
        str(row["hotspot_id"]): (
            row["verdict"],
            words.get(row["verdict"], f"{begin}unusual"),
            range_words(row) if row["verdict"] in (MORE, FEWER) else "",
        )
        for row in table[table["x"].notna()].to_dict("records")
    }


def _chart(trend: Trend | None, position: int) -> Chart | None:
    if trend is None or not trend.months:
        return None
    return chart(trend, position, width=SPARK[0], height=SPARK[1])


@dataclass(frozen=True)
class Share:
    """How many places hold which share of all incidents, as one sentence without its stop.

    Attributes
    ----------
    places, share
        The number of places, and their share from 0 to 1.
    where
        Which incidents all are, where they are not those that the page counts.
    """

    places: int
    share: float
    where: str = ""

    @property
    def words(self) -> str:
        """As `Ten places hold 21 % of all incidents`."""
        number = NUMBERS[self.places] if self.places < len(NUMBERS) else f"{self.places:,}"
        holds = "place holds" if self.places == 1 else "places hold"
        return f"{number} {holds} {percent(self.share)} of all incidents{self.where}"


def share_held(findings: Findings) -> Share | None:
    """How much the ranked places hold; None of part of the areas, or without incidents."""
    counted, places = findings.answer.counted, findings.places
    if not len(places) or not len(counted) or findings.question.within:
        return None
    # Places may overlap: an incident in two of them is held once.
    inside = np.zeros(len(counted), dtype=bool)
    for circle in places[["x", "y", "radius_m"]].astype(float).itertuples(index=False, name=None):
        inside |= findings.within(counted, circle)
    answer = findings.answer
    where = "" if answer.n_shown == len(counted) else f" in {answer.study_title}"
    return Share(len(places), float(inside.mean()), where)


def _share_words(findings: Findings) -> str:
    share = share_held(findings)
    return share.words if share else ""
