"""Answers as workbooks: the same sheets whether a page, a report's reader or a command asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd

from geo.analyses import AnalysisResult
from geo.errors import InputError
from geo.formats.workbook import Sheet, write_workbook
from geo.measures.spending import AMOUNTS
from geo.output import Output
from geo.question.accounts import Accounts

POUNDS: Final = "£#,##0.00"
SHARE: Final = "0.0%"
FORMATS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*AMOUNTS, "cost"), POUNDS),
    **dict.fromkeys(
        ("share", "share_paid", "year_gone", "share_of_this_area", "share_of_the_other"), SHARE
    ),
}
"""The number formats of columns, by their names."""

MOST_ROWS: Final = 1_048_575
"""Of a sheet below its header: as many as Excel takes."""


def about(rows: Iterable[tuple[str, object]]) -> Sheet:
    """What the numbers of a workbook are of, and how they came about: its last sheet."""
    return Sheet("How we know", pd.DataFrame([*rows], columns=["what", "value"], dtype=object))


def accounts_rows(accounts: Accounts) -> list[tuple[str, object]]:
    """The period of an Answer, where every row went, caveats and sources: for `about`."""
    return [
        ("Period", accounts.period.title),
        *([("Compared with", accounts.compared.period.title)] if accounts.compared else []),
        *(
            (f"Rows {name.replace('_', ' ')}", getattr(accounts, name))
            for name in ("read", "rejected", "not_asked", "outside", "counted")
        ),
        *(("Caveat", caveat) for caveat in accounts.caveats),
        *(("Source", credit) for credit in accounts.attribution),
    ]


def result_sheets(title: str, result: AnalysisResult, accounts: Accounts) -> list[Sheet]:
    """A result of an analysis: its frame, its further tables, and how it was computed.

    Parameters
    ----------
    title
        Of the first sheet.
    result
        The result.
    accounts
        Of its Answer.
    """
    # What the accounts say already is not said twice.
    further = [one for one in result.caveats if one not in accounts.caveats]
    said = [("Warning", one) for one in result.warnings]
    headline = result.parameters.get("headline")
    return [
        Sheet(title, result.frame, formats=FORMATS),
        *(
            Sheet(name.replace("_", " ").capitalize(), table, formats=FORMATS)
            for name, table in result.tables.items()
        ),
        about(
            [
                *said,
                *([("Result", headline)] if headline else []),
                ("Method", result.method),
                *accounts_rows(accounts),
                *(("Caveat", one) for one in further),
                *(("Question", f"{name}={text}") for name, text in accounts.question.items()),
            ]
        ),
    ]


@contextmanager
def complete_workbook(sheets: list[Sheet], path: Path) -> Iterator[None]:
    """Write a workbook whose file appears at the end, unless what is done inside fails.

    Raises
    ------
    InputError
        If a table has more rows than a sheet.
    """
    most = max(len(sheet.table) for sheet in sheets)
    if most > MOST_ROWS:
        raise InputError(
            f"{path.name}: {most:,} rows are more than a workbook holds ({MOST_ROWS:,}); name a "
            ".csv file"
        )
    output = Output(path)
    with output as part:
        write_workbook(sheets, part)
        output.complete()
        yield
