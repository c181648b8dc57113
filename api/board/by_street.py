"""The streets on the board: how concentrated incidents are on them, and the busiest ones."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.board.findings import Findings
from api.board.variables import Variables
from api.maps.street_mode import NUMBERED, STREET_AT
from geo.analyses.study_streets import StudyStreets
from geo.errors import QuestionError

Bools = NDArray[np.bool_]

OWN_OPTIONS: Final = ("streets", "tolerance", "unit")
"""The options of the section's form."""


def by_street(findings: Findings) -> Variables:
    """The streets with most incidents, and on how little of their length half of them are."""
    result = findings.streets
    rows = result.frame.drop(columns="geometry")
    rows = rows[rows["rank"].notna()].head(NUMBERED)
    return {
        "rows": rows.to_dict("records"),
        "measures": result.parameters,
        "method": result.method,
        "caveats": result.caveats,
        "compares": "certainty" in rows and bool((rows["certainty"] != "").any()),
        "why_not": rows["why"].iloc[0] if "why" in rows and len(rows) else "",
        "months_of": len(findings.answer.accounts.months_published),
        "at": STREET_AT,
    }


def street_form(findings: Findings) -> Variables:
    """The layers of lines that the section's form offers."""
    return {
        "line_layers": [one for one in findings.every_layer if one.kind == "lines"],
        "own_options": OWN_OPTIONS,
    }


def street_row(findings: Findings, at: str) -> pd.DataFrame:
    """The row of one street, by what stands for it in an address.

    Raises
    ------
    QuestionError
        If there is no such street here, or no layer of streets.
    """
    frame = findings.streets.frame
    name = at.removeprefix(STREET_AT)
    row = frame[frame["street_id"] == name]
    if row.empty:
        raise QuestionError("at", f"there is no street {name!r} here; choose one of the table")
    return row


def on_street(findings: Findings, street_id: str) -> Bools:
    """Which of the counted incidents are on a street."""
    streets = StudyStreets.of(findings.answer)
    position = np.flatnonzero(streets.ids == street_id)[0]
    mask: Bools = streets.nearest(findings.answer.counted).positions == position
    return mask
