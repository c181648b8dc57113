"""Raised and answered: how records fare, on boards of stores that have records with a life."""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from api.addresses import own_address
from api.board.findings import Findings
from api.board.variables import Variables
from api.pages.tasking_text import day_words
from geo.analyses import ANALYSES
from geo.analyses.backlog import OLDEST
from geo.analyses.record_rows import ACCOUNTS_OF_RECORDS

RECORDS: Final = {one.command: one for one in ANALYSES if one.subject == "records"}

LISTED: Final = 5
"""How many of the oldest open records a brief lists."""

_ROW: Final = (
    *("area_code", "area_name", "received", "share_in_time", "share_in_time_low"),
    *("share_in_time_high", "answer_days", "answer_days_low", "answer_days_high", "verdict"),
    "answer_working_days",
)


def raised(findings: Findings) -> Variables:
    """What was answered in time, how long records wait and what is open; nothing without records.

    Raises
    ------
    QuestionError
        If the Question is about sources or days without records.
    """
    if not findings.has_records:
        return {}
    question = findings.question_of_records
    times, backlog = findings.of_records("response-times"), findings.of_records("backlog")
    frame = pd.DataFrame(times.frame.drop(columns="geometry"))[[*_ROW]]
    still = pd.DataFrame(backlog.frame).set_index("area_code")[["open_after", "oldest_days"]]
    rows = frame.join(still, on="area_code").astype(object)
    rows = rows.where(rows.notna(), None)
    return {
        "sentences": [times.parameters["headline"], backlog.parameters["headline"]],
        "areas": rows.to_dict("records"),
        "oldest": [
            one | {"received": day_words(date.fromisoformat(one["received"]))}
            for one in backlog.tables.get(OLDEST, pd.DataFrame()).head(LISTED).to_dict("records")
        ],
        "sums": [times.parameters[name] for name in ACCOUNTS_OF_RECORDS],
        "method": times.method,
        "notes": list(dict.fromkeys([*times.caveats, *backlog.caveats])),
        "pages": {
            one.title: own_address(f"/answers/{one.command}?{question.query()}")
            for one in RECORDS.values()
            if findings.answer.visible.locations or not one.addresses
        },
    }
