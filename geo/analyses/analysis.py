"""What an analysis finds, and what it is called at every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import geopandas as gpd
import pandas as pd

from geo.errors import QuestionError
from geo.question.answer import Answer
from geo.store.layer_ids import AnswerCollection


@dataclass(frozen=True)
class AnalysisResult:
    """A frame with what its reader must know of how it was made.

    Attributes
    ----------
    frame
        A GeoDataFrame in the working CRS where the analysis is a layer.
    method
        What was computed, in a sentence, with its source.
    parameters
        The numbers it rests on, with units in their names.
    caveats
        What to keep in mind beside the accounts' own.
    tables
        Further frames by name, which the command line writes beside the first.
    """

    frame: pd.DataFrame
    method: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    caveats: Sequence[str] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The method as every JSON answer shows it."""
        return {
            "method": self.method,
            "parameters": dict(self.parameters),
            "method_caveats": list(self.caveats),
        }


class Runner(Protocol):
    """Calls a function where it may take its time: here, or in a process that can be stopped."""

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What the function returns; what it raises is raised."""


def run_here(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function in this process, for as long as it takes."""
    return function(*args, **kwargs)


@dataclass(frozen=True)
class Analysis:
    """One kind of answer.

    Attributes
    ----------
    command
        Its command; `patchmap rank` for one.
    collection
        The id of its OGC collection; '' where it is a table and no layer.
    title
        Its name on pages and in catalogues.
    summary
        What the command does: an imperative sentence of at most 80 characters.
    description
        What the result holds.
    find
        Works it out; where it searches, by a `Runner` that it is given as `run`.
    history
        Whether it needs the incidents of the years before the period.
    searches
        Whether it may search for longer than a page can wait.
    """

    command: str
    collection: AnswerCollection | Literal[""]
    title: str
    summary: str
    description: str
    find: Callable[..., AnalysisResult]
    history: bool = False
    searches: bool = False


def as_layer(frame: pd.DataFrame, geometry: object, answer: Answer) -> gpd.GeoDataFrame:
    """A frame with the geometry of its rows, in the working CRS."""
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=answer.areas.crs)


def refuse_weight(answer: Answer, name: str) -> None:
    """Refuse to count where harm is asked for, rather than count without a word.

    Raises
    ------
    QuestionError
        If the Question weighs by a harm table.
    """
    if answer.harm is not None:
        raise QuestionError("weight", f"{name} counts incidents: ask without a harm table")


def short_months(answer: Answer, months: Sequence[str]) -> list[str]:
    """What to say where some of the months look published short."""
    short = [month for month in months if month in answer.short]
    return [f"Published short, by the look of it: {', '.join(short)}."] if short else []


def passed_over(answer: Answer, months: Sequence[str]) -> list[str]:
    """What to say where some of the months were not published whole, and so not used."""
    whole = set(answer.published) - set(answer.short)
    if not (passed := sorted(set(months) - whole)):
        return []
    named = ", ".join(passed[:6]) + (" …" if len(passed) > 6 else "")
    return [
        f"{len(passed)} months were not published, or only in part, and are passed over: {named}."
    ]


def refuse_part_months(answer: Answer, name: str) -> None:
    """Refuse a period that holds part of a month, which would look like a fall.

    Raises
    ------
    QuestionError
        If the period does not begin with a month and end with one.
    """
    if not answer.accounts.period.is_whole_months:
        raise QuestionError(answer.question.period_option, f"{name} needs whole months")
