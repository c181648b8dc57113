"""Four years in four squares, by month and by minute, and a way to ask an analysis of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from geo.analyses import AnalysisResult
from geo.measures.measured import Measured
from geo.question.ask import StoreFacts, answer
from geo.question.model import Question
from tests.geo.analyses.material import COMPUTE, ENTRIES, Entered, rows_of, streets


@pytest.fixture(scope="module")
def monthly(incident_frame):
    return incident_frame(rows_of(1))


@pytest.fixture(scope="module")
def timed(incident_frame):
    return incident_frame(rows_of(2, timed=True))


@pytest.fixture
def find(four_squares):
    def compute(
        command: str, frame: pd.DataFrame, facts=None, imports=(), **options: str
    ) -> AnalysisResult:
        given = {"cell": "25", "layer": "wards", **options}
        # Few facts of a store matter here, but without a layer of streets none can be counted.
        facts = replace(facts or StoreFacts(accepted=len(frame)), streets=streets)
        if command in ENTRIES:
            recorded = partial(Measured, Entered(), "wards", four_squares, lambda _: four_squares)
            facts = replace(facts, measured=recorded)
        reply = answer(Question.read(given), frame, four_squares, facts=facts, imports=imports)
        return COMPUTE[command](reply)

    return compute
