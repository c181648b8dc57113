"""The presentation: the board step by step, in few large words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from api.board.cards import (
    SPARK,
    Card,
    history,
    kinds_words,
    place_cards,
    place_title,
    records,
    share_held,
    verdict_line,
    verdict_rows,
)
from api.board.findings import Findings
from api.board.headline import during_words, headline_of
from api.board.leading import leading_area
from api.board.tasks import decided_lines, news, tasks_at
from api.board.variables import Variables
from api.board.view import BoardView
from api.errors import UNANSWERED
from api.pages.charts import Chart, chart
from api.pages.text import PATTERN_WORDS, average_words, officer_words, percent
from api.retries import made_of_one_state
from api.snapshot import Snapshot
from geo.analyses.places import circles_of
from geo.analyses.unusual import JudgedSeries
from geo.analyses.unusual_text import series_title, step_title
from geo.hotspots.verdict import CERTAINTY

MOST_UNUSUAL: Final = 5
MOST_AREAS: Final = 5
MOST_NAMED: Final = 3
MOST_STREETS: Final = 3


@dataclass(frozen=True)
class Step:
    """One step of the presentation.

    Attributes
    ----------
    count
        Which step of which part: `Place 1 of 6`.
    title, key
        What it is about, and the one thing to know of it.
    lines
        What else is known, a sentence each.
    at
        The id of the place that the map shows; '' for all areas.
    chart
        The last two years of the place, or of all that is shown.
    months
        The first and the last month of the chart.
    of
        How many things `lines` is the beginning of, a line each; 0 where it lists none. On a low
        screen fewer are shown, and the rest is counted there.
    decided
        What was decided at the place, a line each; None where the step is of no place.
    """

    count: str
    title: str
    key: str
    lines: list[str]
    at: str = ""
    chart: Chart | None = None
    months: tuple[str, str] = ("", "")
    of: int = 0
    decided: list[str] | None = None


def presentation(findings: Findings, shared: Variables) -> Variables:
    """The steps: the news, the finding, what is unusual, places, areas, and who goes where.

    Parameters
    ----------
    findings
        The results of the Question.
    shared
        The variables of the page, with its `view`, and `take_snapshot` for what tasks are read in.
    """
    judged, trend, _ = history(findings)
    cards = place_cards(findings, judged, trend)
    first, last = (trend.months[0], trend.months[-1]) if trend and trend.months else ("", "")
    months = (step_title(first), step_title(last)) if first else ("", "")
    # Read when the rest of the page is sent: somebody may have saved a task since it was begun.
    take_snapshot = cast("Callable[[], Snapshot]", shared["take_snapshot"])
    view = cast("BoardView", shared["view"])
    since, decided = made_of_one_state(lambda: _of_tasks(take_snapshot(), view, findings, cards))
    steps = [
        *since,
        _finding(findings, cards, judged, months),
        *([_unusual(judged)] if judged else []),
        *(
            _place(findings, card, judged, months=months, of=len(cards), decided=decided[card.at])
            for card in cards
        ),
        _areas(findings),
        *_patrols(findings),
    ]
    return {"steps": steps}


def _of_tasks(
    snapshot: Snapshot, view: BoardView, findings: Findings, cards: list[Card]
) -> tuple[list[Step], dict[str, list[str]]]:
    """What is said of tasks: the step of the news, and what was decided at each place."""
    circles = circles_of(tuple(card.at for card in cards), findings.answer, option="at")
    at = [tasks_at(snapshot, circle) for circle in circles]
    return _news(snapshot, view), {
        card.at: decided_lines(rows) for card, rows in zip(cards, at, strict=True)
    }


def _news(snapshot: Snapshot, view: BoardView) -> list[Step]:
    """What became of what was decided before, so that a meeting begins with it."""
    since = news(snapshot, view.meeting)
    return [Step("Tasks", since.title, since.key, since.lines)] if since else []


def _finding(
    findings: Findings, cards: list[Card], judged: JudgedSeries | None, months: tuple[str, str]
) -> Step:
    """What a minute needs: how many, whether that is usual, and where and what most of it is."""
    finding, share = headline_of(findings.answer), share_held(findings)
    change, verdict = finding.change, finding.verdict
    key = f"{change}{verdict}".strip(" ;:")
    # Without their numbers: places are ranked by a longer window than the period.
    first = ", ".join(card.name for card in cards[:MOST_NAMED])
    counted = findings.answer.counted
    kinds = kinds_words(counted[findings.in_view(counted)])
    lines = [
        f"{judged.headline.partition(' (')[0]}." if judged else "",
        f"{share.words}." if share else "",
        f"First of the places: {first}" if len(cards) > 1 else "",
        f"Most frequent: {kinds}" if kinds else "",
    ]
    trend = findings.whole_trend if judged else None
    return Step(
        "The finding",
        f"{finding.subject} {finding.count}{finding.where}".strip(),
        f"{key[:1].upper()}{key[1:]}." if key else "",
        [line for line in lines if line],
        chart=chart(trend, 0, width=SPARK[0], height=SPARK[1]) if trend and trend.months else None,
        months=months,
    )


def _unusual(judged: JudgedSeries) -> Step:
    rows = verdict_rows(judged)
    lines = [
        f"{series_title(row)}: {row['n']:,}, {row['why']}"
        for row in records(rows.head(MOST_UNUSUAL))
    ]
    headline, _, aside = judged.headline.rstrip(")").partition(" (")
    key = f"{aside[:1].upper()}{aside[1:]}"
    return Step("What is unusual", f"{headline}.", key, lines, of=len(rows))


def _place(
    findings: Findings,
    card: Card,
    judged: JudgedSeries | None,
    *,
    months: tuple[str, str],
    of: int,
    decided: list[str],
) -> Step:
    place = findings.ranked[findings.ranked["hotspot_id"] == card.at].iloc[0]
    circle = (float(place["x"]), float(place["y"]), float(place["radius_m"]))
    incidents = findings.answer.counted[findings.within(findings.answer.counted, circle)]
    span = during_words(findings.answer.accounts.period)
    usual = "" if card.usual is None else f"; its average is {average_words(card.usual)}"
    streets = [name for name in str(place["streets"] or "").split("; ") if name]
    peak = str(place["peak"]).partition(",")[0]
    group = str(place["group"])
    lines = [
        verdict_line(card, judged),
        kinds_words(incidents),
        f"Busiest: {peak}" if peak else "",
        PATTERN_WORDS[group] if group not in ("", "none", "undefined") else "",
        f"Streets: {', '.join(streets[:MOST_STREETS])}" if len(streets) > 1 else "",
    ]
    return Step(
        f"Place {card.rank} of {of}",
        place_title(card),
        f"{card.n:,} incident{'' if card.n == 1 else 's'} {span}{usual}.",
        [line for line in lines if line],
        at=card.at,
        chart=card.chart,
        months=months,
        decided=decided,
    )


def _areas(findings: Findings) -> Step:
    rows = findings.areas.to_dict("records")
    known = [row for row in rows if row["n"] is not None]
    clear = [row for row in rows if row.get("certainty") in CERTAINTY[:2]]
    compared = findings.answer.accounts.compared
    key = ""
    if compared and any(row.get("certainty") == CERTAINTY[2] for row in rows) and not clear:
        key = "No area changed by more than chance."
    elif clear:
        number = f"{len(clear):,} of {len(rows):,} areas"
        key = f"{number} changed by more than chance."
    lines = [f"{row['area_name']}: {_changed(row)}" for row in clear[:MOST_AREAS]] or [
        f"{row['area_name']}: {_size(row)}" for row in known[:MOST_AREAS]
    ]
    harm = findings.answer.harm is not None
    title = str(leading_area(findings.areas, harm=harm))
    return Step("Areas", title, key, lines, of=len(clear or known))


def _changed(row: dict[object, object]) -> str:
    change = int(float(str(row["change"])))
    return f"{row['n']:,}, {abs(change):,} {'more' if change > 0 else 'fewer'}"


def _size(row: Mapping[object, object]) -> str:
    """How much an area has of what the areas are ordered by."""
    n = f"{row['n']:,}, {percent(float(str(row['share'])))} of all"
    return f"harm {row['weighted']:,.0f}, incidents {n}" if "weighted" in row else n


def _number(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _patrols(findings: Findings) -> list[Step]:
    try:
        summary = findings.patrols
    except UNANSWERED:
        return []
    lines = [
        f"{officer_words(patrol.officer)}: {_number(len(patrol.stops), 'place')}, "
        f"{_number(patrol.visits, 'visit')}"
        for patrol in summary.patrols[:MOST_AREAS]
    ]
    return [Step("Who goes where", f"{summary.title}.", "", lines, of=len(summary.patrols))]
