"""Money by area as its page and its workbook present it: to the penny, in the order of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from api.answers import Answers
from api.formats.workbooks import FORMATS
from api.pages.financial_years import year_or_days
from api.pages.measure_text import pounds
from geo.analyses import LAYERS, AnalysisResult
from geo.analyses.entry_rows import ELSEWHERE
from geo.formats.workbook import Sheet
from geo.measures.spending import AMOUNTS
from geo.question.answer import Answer
from geo.question.ask import Question


@dataclass(frozen=True)
class MoneyRow:
    """Money of an area, of a priority, or of what stands in no area.

    Attributes
    ----------
    code
        Of the area; '' of anything else.
    share_paid
        Of what was allocated; None where nothing was.
    paid_part, committed_part
        How much of what was allocated is paid, and committed beyond that, from 0 to 1.
    """

    code: str
    name: str
    allocated: float
    committed: float
    paid: float
    left: float
    share_paid: float | None
    paid_part: float
    committed_part: float

    @property
    def is_overspent(self) -> bool:
        """Whether more was paid and committed than allocated, where anything was."""
        return self.left < 0 < self.allocated

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of what was allocated is paid or committed."""
        return self.allocated > 0 and not self.paid and not self.committed


@dataclass(frozen=True)
class Money:
    """Money of a period.

    Attributes
    ----------
    rows
        A row for each area, in the order of names.
    beside
        A row for the whole city, and for each area that cannot be placed here.
    total
        The sum of all of these.
    priorities
        A row for each priority, all areas and those beside together.
    gone, financial_year
        The share of this financial year that is gone by `as_of`.
    """

    answer: Answer
    result: AnalysisResult
    rows: list[MoneyRow]
    beside: list[MoneyRow]
    total: MoneyRow
    priorities: list[MoneyRow]
    gone: float
    financial_year: str
    as_of: str

    @property
    def year(self) -> str:
        """The financial year, or the days: `2025/26`."""
        return year_or_days(self.answer.accounts.period)

    @property
    def sees_all(self) -> bool:
        """Whether its reader sees all areas, and so all money."""
        return self.answer.visible.codes is None

    @property
    def untouched(self) -> list[MoneyRow]:
        """The areas with money of which nothing is paid or committed."""
        return [row for row in self.rows if row.is_untouched]

    @property
    def overspent(self) -> list[MoneyRow]:
        """The areas in which more was paid and committed than allocated."""
        return [row for row in self.rows if row.is_overspent]

    def row(self, code: str) -> MoneyRow | None:
        """The row of an area; None where nothing is recorded of it."""
        own = next((row for row in self.rows if row.code == code), None)
        return own if own and (own.allocated or own.committed or own.paid) else None


def money_of(answers: Answers, question: Question) -> Money:
    """Add up the money of a Question.

    Parameters
    ----------
    answers
        About the store.
    question
        Its layer and its period: by default the financial year of the last entry.

    Raises
    ------
    QuestionError
        If no money is recorded.
    """
    answer, result = answers.result(LAYERS["spend"], question)
    split = replace(question, measures=replace(question.measures, split="priority"))
    _, by_priority = answers.result(LAYERS["spend"], split)
    frame = _plain(result.frame).sort_values(["area_name", "area_code"], kind="stable")
    beside = result.tables.get(ELSEWHERE, pd.DataFrame())
    rows = _rows(frame, "area_name", code="area_code")
    others = _rows(_plain(beside), "where")
    return Money(
        answer,
        result,
        rows=rows,
        beside=others,
        total=_total([*rows, *others]),
        priorities=_priorities(by_priority),
        gone=float(str(result.parameters["year_gone"])),
        financial_year=str(result.parameters["financial_year"]),
        as_of=f"{date.fromisoformat(str(result.parameters['as_of'])):%-d %B %Y}",
    )


def money_sheets(money: Money) -> list[Sheet]:
    """The tables of the page of money."""
    areas = _frame([*money.rows, *money.beside, money.total])
    # A sheet's name has no slash.
    sheets = [Sheet(f"Money {money.year.replace('/', '-')}", areas, formats=FORMATS)]
    if money.priorities:
        priorities = _frame(money.priorities).drop(columns="area_code")
        by_priority = priorities.rename(columns={"area_name": "priority"})
        sheets.append(Sheet("By priority", by_priority, formats=FORMATS))
    said = [money.result.parameters["headline"], money.result.method, *money.result.caveats]
    return [*sheets, Sheet("How we know", pd.DataFrame({"what": [str(one) for one in said]}))]


def area_money_sheet(money: Money, row: MoneyRow) -> Sheet:
    """The money of an area as a table of its workbook, with that of all areas beside it."""
    days = money.answer.accounts.period
    table = _frame([row, money.total]).assign(
        first_day=f"{days.first}", last_day=f"{days.last}", as_of=money.as_of
    )
    return Sheet("Money", table, formats=FORMATS)


def left_words(row: MoneyRow) -> str:
    """What is left, by how much it is overspent, or what was spent of no allocation."""
    if row.left >= 0:
        return pounds(row.left)
    amount = pounds(-row.left)
    return f"overspent by {amount}" if row.is_overspent else f"{amount} with nothing allocated"


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))


def _rows(frame: pd.DataFrame, name: str, *, code: str = "") -> list[MoneyRow]:
    return [
        _row(str(record[code]) if code else "", str(record[name]), record)
        for record in frame.to_dict("records")
    ]


def _row(code: str, name: str, amounts: Mapping[Any, Any]) -> MoneyRow:
    allocated, committed, paid = (float(amounts[one]) for one in ("allocated", "committed", "paid"))
    part = paid / allocated if allocated > 0 else 0.0
    further = committed / allocated if allocated > 0 else 0.0
    bar = min(max(part, 0.0), 1.0)
    return MoneyRow(
        code,
        name,
        allocated,
        committed,
        paid,
        float(amounts["left"]),
        share_paid=part if allocated > 0 else None,
        paid_part=bar,
        committed_part=min(max(further, 0.0), 1.0 - bar),
    )


def _total(rows: list[MoneyRow]) -> MoneyRow:
    # Pounds of two decimals: their sums are rounded back to pence.
    sums = {name: round(sum(getattr(row, name) for row in rows), 2) for name in AMOUNTS}
    return _row("", "Total", sums)


def _priorities(result: AnalysisResult) -> list[MoneyRow]:
    tables = [_plain(result.frame), _plain(result.tables.get(ELSEWHERE, pd.DataFrame()))]
    every = pd.concat([table for table in tables if "priority" in table], ignore_index=True)
    sums = every.groupby("priority", as_index=False)[list(AMOUNTS)].sum().round(2)
    return _rows(sums, "priority")


def _frame(rows: list[MoneyRow]) -> pd.DataFrame:
    names = ("allocated", "committed", "paid", "left", "share_paid")
    table = [(row.code, row.name, *(getattr(row, name) for name in names)) for row in rows]
    return pd.DataFrame(table, columns=["area_code", "area_name", *names])
