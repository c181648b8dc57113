"""Sentences of the reports: each says what a verdict says, and no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from api.pages.measure_text import days_words, pounds, ratio_words, value_words
from api.pages.text import percent
from geo.judging import NO_CLEAR_CHANGE, NO_CLEAR_DIFFERENCE

Row = Mapping[str, Any]

DIFFERENT: Final = ("worse", "better", "higher", "lower")
"""Verdicts that say that an area differs."""

JUDGED: Final = (*DIFFERENT, NO_CLEAR_DIFFERENCE, NO_CLEAR_CHANGE)
"""All verdicts; beside them stands why there is none."""


def joined(parts: Iterable[str], last: str = "and") -> str:
    """Words as a list in a sentence: `a, b and c`."""
    words = [*parts]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(n: int, word: str, many: str = "") -> str:
    """A number with its word: `1 measure`, `3 measures`."""
    return f"{n:,} {word if n == 1 else many or f'{word}s'}"


def area_sentence(area: str, rows: pd.DataFrame, whole: str) -> str:
    """In which measures an area differs from the rest, in one sentence.

    Parameters
    ----------
    area
        Its name.
    rows
        Its rows of the profile: one a measure, with `verdict` and `measure`.
    whole
        The name of the whole.
    """
    judged = rows[rows["verdict"].isin(JUDGED)]
    if judged.empty:
        return f"None of the measures of {area} can be judged against the rest of {whole}."
    of = counted(len(judged), "measure that can be judged", "measures that can be judged")
    if not (said := _differing(judged, "verdict", than=f" than the rest of {whole}")):
        return f"Of {of}, none shows a clear difference between {area} and the rest of {whole}."
    return f"Of {of}, {area} is {joined(said)}{_others(judged, 'verdict', 'difference')}."


def change_sentence(rows: pd.DataFrame, before: str) -> str:
    """What changed clearly in an area, in one sentence.

    Parameters
    ----------
    rows
        Its rows with `measure`, and the verdict of the change as `change_verdict`.
    before
        What it is held against: `the same half a year before`.
    """
    judged = rows[rows["change_verdict"].isin(JUDGED)]
    if judged.empty:
        return f"Nothing can be compared with {before}."
    of = counted(len(judged), "measure")
    if not (said := _differing(judged, "change_verdict")):
        return f"Of {of} compared with {before}, none shows a clear change."
    others = _others(judged, "change_verdict", "change")
    return f"Of {of} compared with {before}, it is {joined(said)}{others}."


def _differing(judged: pd.DataFrame, column: str, *, than: str = "") -> list[str]:
    """`worse than the rest in 2 (ASB; Burglary)`, for each verdict that says that it differs."""
    said: list[str] = []
    for verdict in DIFFERENT:
        names = sorted(judged.loc[judged[column] == verdict, "measure"].astype(str))
        if names:
            said.append(f"{verdict}{'' if said else than} in {len(names)} ({'; '.join(names)})")
    return said


def _others(judged: pd.DataFrame, column: str, noun: str) -> str:
    same = len(judged) - int(judged[column].isin(DIFFERENT).sum())
    return f"; {same} show{'s' if same == 1 else ''} no clear {noun}" if same else ""


def measure_sentence(row: Row, whole: str) -> str:
    """One measure of one area, in one sentence.

    Parameters
    ----------
    row
        Of the profile.
    whole
        The name of the whole.
    """
    when = days_words(row["first_day"], row["last_day"])
    name = row["measure"]
    if math.isnan(row["value"]):
        return f"{name}: unknown for {when}{_because(row)}."
    own = f"{name}: {value_words(row['value'], row['unit'])} in {when}"
    if row["verdict"] not in JUDGED:
        return f"{own}; not judged{_because(row)}."
    rest = f"against {value_words(row['rest'], row['unit'])} in the rest of {whole}"
    times = ratio_words(row["ratio"], row["lower"], row["upper"]).replace(" (", " times (", 1)
    partly = f" ({row['why']})" if row.get("why") else ""
    return f"{own}{partly}, {rest}: {row['verdict']}, {times}."


def _because(row: Row) -> str:
    return f": {row['why']}" if row.get("why") else ""


def partly_sentences(rows: pd.DataFrame) -> list[str]:
    """Of which measures a part of the period is unknown that verdicts are of, and which part.

    Parameters
    ----------
    rows
        With `measure`, `verdict` and `why`.
    """
    partly = rows[rows["verdict"].isin(JUDGED) & (rows["why"].fillna("") != "")]
    return [
        f"{joined(str(name) for name in part['measure'])}: {reason}; value and verdict are of the "
        "rest of the period."
        for reason, part in partly.groupby(partly["why"].astype(object), sort=False)
    ]


def unknown_sentences(rows: pd.DataFrame) -> list[str]:
    """What the data cannot say of an area, and why: measures with the same reason stand together.

    Parameters
    ----------
    rows
        With `measure`, `verdict` and `why`.
    """
    silent = rows[~rows["verdict"].isin(JUDGED)]
    return [
        f"{joined(str(name) for name in part['measure'])}: {reason or 'not judged'}."
        for reason, part in silent.groupby(silent["why"].astype(object), sort=False)
    ]


def spend_sentence(totals: Row) -> str:
    """What was given, and what has become of it, in one sentence.

    Parameters
    ----------
    totals
        `allocated`, `committed`, `paid` and `left` in pounds; `year_gone`, the share of the
        `financial_year` that is gone by the day `as_of`.
    """
    left = totals["left"]
    rest = f"{pounds(left)} is left" if left >= 0 else f"{pounds(-left)} more than that is spent"
    gone = percent(totals["year_gone"]).replace(".0 %", " %")
    day = f"{pd.Timestamp(totals['as_of']):%-d %B %Y}"
    spent = f"{pounds(totals['paid'])} is paid and {pounds(totals['committed'])} more is committed"
    said = f"Of {pounds(totals['allocated'])} allocated, {spent}; {rest}"
    if not totals["allocated"]:
        said = f"No allocation is recorded; {spent}"
    return f"{said}. By {day}, {gone} of the financial year {totals['financial_year']} is gone."
