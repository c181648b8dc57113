"""How pages word tasks: states, outcomes and days, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, cast

from boundaries.tasking.assessment import Outcome, is_by_hand
from boundaries.tasking.transitions import OPEN, State
from geo.period import Period
from geo.store.tasking_contract import TaskRow

STATE_WORDS: Final[Mapping[State, str]] = {
    "raised": "New",
    "accepted": "Taken on",
    "declined": "Declined",
    "doing": "In hand",
    "waiting": "Waiting for an answer",
    "done": "Done",
    "assessed": "Assessed",
}
"""Each state, as lists show it."""

OUTCOME_WORDS: Final[Mapping[Outcome, str]] = {
    "worked": "It worked",
    "no clear effect": "No clear effect",
    "worse": "It got worse",
    "cannot tell": "Nobody can tell",
}
"""What an assessment found, as pages say it."""


def day_words(day: date | None) -> str:
    """A day as people write it; '' for none."""
    return f"{day.day} {day:%B %Y}" if day else ""


def months_words(first: str, last: str) -> str:
    """Months as people write them, from two such as `2026-04`: `April 2026 to June 2026`."""
    return Period.of_months(first, last).title


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters, cut between words and ended with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rsplit(' ', 1)[0].rstrip(' ,')}…"


def outcome_words(outcome: str | None, finding: str) -> str:
    """What an assessment found, in a sentence: `it worked, judged by hand`; '' for nothing."""
    if not outcome:
        return ""
    words = OUTCOME_WORDS[cast("Outcome", outcome)].lower()
    return f"{words}, judged by hand" if is_by_hand(finding) else words


def state_words(row: TaskRow, today: date, *, since: bool = True) -> str:
    """How a task stands, in few words: `done`, `in hand, overdue since 3 March 2026`.

    Parameters
    ----------
    since
        Whether to say since when it is overdue, which a column of due days says already.
    """
    words = outcome_words(row.outcome, row.finding) or STATE_WORDS[cast("State", row.state)].lower()
    is_late = row.due and row.due < today and (row.state in OPEN or row.state == "waiting")
    if not is_late:
        return words
    return f"{words}, overdue since {day_words(row.due)}" if since else f"{words}, overdue"
