"""The spend report: what each ward was given, and what has become of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from api.answers import Answers
from api.reports.asking import Result, asked_of
from api.reports.fares import rows_of
from api.reports.model import Part, Report, ReportTable
from api.reports.money import (
    AMOUNTS,
    TOTAL,
    money_table,
    paid_table,
    priority_tables,
    standing_out,
)
from api.reports.sentences import spend_sentence
from geo.analyses.entry_rows import ELSEWHERE
from geo.analyses.entry_rows import elsewhere as in_no_area
from geo.calendar_parts import parts_of
from geo.question.model import Question


def spend_report(answers: Answers, question: Question) -> Report:
    """Put together what was allocated, committed and paid: by ward, priority and quarter.

    Parameters
    ----------
    question
        Its period is the year of the money; its layer has the wards.
    """
    question = replace(question, by="")
    result = asked_of(answers, "spend", _split(question, ""))
    rows = result.frame.sort_values("area_name", kind="stable", ignore_index=True)
    answer, further = result.answer, _elsewhere(result)
    table = money_table("Money by area", rows, further, by="area_name", head="Area")
    (totals,) = rows_of(table.frame.tail(1))
    areas = answer.facts.title(answer.question.layer)
    return Report(
        title=f"{areas}: money",
        period=answer.accounts.period.title,
        about=[],
        sentences=[
            spend_sentence({**result.analysis.parameters, **totals}),
            *standing_out(rows),
        ],
        tables=[table],
        parts=[
            Part("By priority", [], _by_priority(answers, question)),
            Part("By quarter", [], [paid_table("Paid by quarter", _paid(result))]),
        ],
        methods=[result.analysis.method, *result.analysis.warnings, *result.analysis.caveats],
    )


def _split(question: Question, split: Literal["", "priority"]) -> Question:
    return replace(question, measures=replace(question.measures, split=split))


def _elsewhere(result: Result) -> pd.DataFrame:
    """What is in no area: a row for each place where it is."""
    table = result.analysis.tables.get(ELSEWHERE, pd.DataFrame(columns=["where", *AMOUNTS]))
    return table.rename(columns={"where": "area_name"})


def _by_priority(answers: Answers, question: Question) -> list[ReportTable]:
    result = asked_of(answers, "spend", _split(question, "priority"))
    every = pd.concat([result.frame, _elsewhere(result)], ignore_index=True)
    return priority_tables(result.frame, every)


def _paid(result: Result) -> pd.DataFrame:
    """What was paid in each quarter, by the name of the area, in pounds, with a total."""
    period = result.answer.accounts.period
    entries = result.answer.facts.measured().entries("money", period=period)
    names = result.frame.set_index("area_code")["area_name"]
    rows = [entries.placed.assign(where=entries.placed["area_code"].map(names))]
    if ELSEWHERE in result.analysis.tables:
        other = in_no_area(entries)
        rows.append(other.assign(where=other["area_code"]))
    paid = pd.concat(rows)
    paid = paid[(paid["state"] == "paid") & paid["where"].notna()]
    quarters = {
        part.label: paid["day"].between(
            pd.Timestamp(part.period.first), pd.Timestamp(part.period.last)
        )
        for part in parts_of(period, "quarter")
    }
    order = [*sorted(names.astype(str)), *dict.fromkeys(rows[-1]["where"] if len(rows) > 1 else ())]
    sums = {
        label: paid[chosen].groupby("where")["amount"].sum().reindex(order).fillna(0) / 100
        for label, chosen in quarters.items()
    }
    table = pd.DataFrame(sums)
    return pd.concat([table, table.sum().to_frame(TOTAL).T])
