"""What an analysis is, what it gives, and refusals that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, ParamSpec, Protocol, TypeVar

import geopandas as gpd
import pandas as pd

from geo.coverage import span_words, spans_of
from geo.errors import QuestionError
from geo.incidents import ANSWER_COLUMNS
from geo.period import Period, month_title
from geo.question.alike import crossed
from geo.question.answer import Answer
from geo.question.ask import Needs
from geo.question.kinds import one_of
from geo.question.model import OPTIONS, SplitBy
from geo.question.options import Option
from geo.question.subjects import AnswerSubject
from geo.store.layer_ids import AnswerCollection

Params = ParamSpec("Params")
T = TypeVar("T")

FeatureShape = Literal["areas", "cells", "outlines", "circles", "points", "lines"]
"""Areas of the layer, cells over them, outlines of joined cells, circles around places, points, or
streets.

Which areas and cells there are is known before a Question is answered, which places is not.
"""

MOST_SPANS = 6
"""How many months, or months in a row, a caveat names at most."""


@dataclass(frozen=True)
class AnalysisResult:
    """A frame, and how it was computed.

    Attributes
    ----------
    frame
        A GeoDataFrame in the working CRS where the analysis is a layer.
    method
        What was computed, in a sentence, with its source.
    parameters
        The numbers that went in or came out, with units in their names.
    caveats
        What to keep in mind beside the accounts' own.
    tables
        Further frames by name, which the command line writes beside the first. One with geometry
        is what a file of shapes holds where the first frame has none.
    warnings
        What forbids to rely on it, or was assumed: stands first, before the result.
    """

    frame: pd.DataFrame
    method: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    caveats: Sequence[str] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def as_dict(self) -> dict[str, object]:
        """Method, parameters and caveats, as members of a JSON answer."""
        return {
            "method": self.method,
            "parameters": dict(self.parameters),
            "method_caveats": [*self.warnings, *self.caveats],
        }


class Runner(Protocol):
    """Calls a function: in this process, or in another one that can be stopped."""

    def __call__(
        self, function: Callable[Params, T], /, *args: Params.args, **kwargs: Params.kwargs
    ) -> T:
        """Return what the function returns, and raise what it raises."""


def run_here(function: Callable[Params, T], /, *args: Params.args, **kwargs: Params.kwargs) -> T:
    """Call a function in this process, for as long as it takes."""
    return function(*args, **kwargs)


@dataclass(frozen=True)
class Analysis:
    """One analysis, as the command line, collections and pages offer it.

    Attributes
    ----------
    command
        Its command, such as `rank` for `patchmap rank`.
    collection
        The id of its OGC collection; '' for a table without geometry.
    title
        Its name on pages and in catalogues.
    summary
        What the command does: an imperative sentence of at most 80 characters.
    description
        What the result holds.
    function
        Computes it from an Answer; one that `searches` also takes a `Runner` as `run`.
    history
        Whether it needs the incidents of the years before the period.
    searches
        Whether it may take longer than a page can wait.
    shape
        What the features of its collection are.
    addresses
        Whether it needs true addresses, which a source with anonymous points does not have.
    subject
        What it reads: incidents, measures, money or time.
    splits
        The parts of time that `by` can split it into; others are of the whole period.
    reads
        The columns of the incidents that it needs.
    """

    command: str
    collection: AnswerCollection | Literal[""]
    title: str
    summary: str
    description: str
    function: Callable[..., AnalysisResult]
    history: bool = False
    searches: bool = False
    shape: FeatureShape = "areas"
    addresses: bool = False
    splits: tuple[SplitBy, ...] = ()
    reads: Sequence[str] = ANSWER_COLUMNS
    subject: AnswerSubject = "incidents"

    def compute(self, answer: Answer, **options: object) -> AnalysisResult:
        """Compute it.

        Parameters
        ----------
        answer
            An Answer, with its history where the analysis needs that.
        options
            `run` for one that `searches`, and what else its function takes.

        Returns
        -------
        The result.

        Raises
        ------
        QuestionError
            If the Question splits what is of the whole period, or by what it is not split by, or
            as `function`.
        """
        self._check_split(answer.question.by)
        return self.function(answer, **options)

    def _check_split(self, by: SplitBy) -> None:
        if not by or by in self.splits:
            return
        if not self.splits:
            raise QuestionError(
                "by",
                f"“{self.title}” is of the whole period; leave by out, or ask for one "
                f"{by.replace('-', ' ')} at a time by its dates",
            )
        raise QuestionError(
            "by", f"“{self.title}” is not split by {by}; choose {one_of(self.splits)}"
        )

    @property
    def needs(self) -> Needs:
        """What it asks of an Answer."""
        return Needs(cells=self.shape == "cells", columns=self.reads)

    @property
    def options(self) -> tuple[Option, ...]:
        """The options that it takes: those of every analysis, and its own."""
        return tuple(option for option in OPTIONS if option.serves(self.command))


def as_layer(frame: pd.DataFrame, geometry: object, answer: Answer) -> gpd.GeoDataFrame:
    """Give a frame geometry.

    Parameters
    ----------
    frame
        n rows.
    geometry
        The geometries of the n rows, in metres of the Answer's areas.
    answer
        Its areas give the CRS.

    Returns
    -------
    The frame as a layer in the working CRS.
    """
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=answer.areas.crs)


def refuse_weight(answer: Answer, name: str) -> None:
    """Refuse a harm table for an analysis of counts, rather than ignore it in silence.

    Parameters
    ----------
    answer
        The Answer to be analysed.
    name
        What is counted, for the refusal: "a repeat place".

    Raises
    ------
    QuestionError
        If the Question weighs by a harm table.
    """
    if answer.harm is not None:
        raise QuestionError("weight", f"{name} counts incidents; use weight=count")


def short_months(answer: Answer, months: Sequence[str]) -> list[str]:
    """Caveats for months, `YYYY-MM`, that look incomplete; none for the others.

    Parameters
    ----------
    answer
        It knows which months look incomplete.
    months
        As `YYYY-MM`.

    Returns
    -------
    At most one caveat.
    """
    short = [month for month in months if month in answer.short]
    return [f"These months look incomplete: {span_words(short)}."] if short else []


def doubled_months(answer: Answer, months: Sequence[str], *, own: bool = False) -> list[str]:
    """Caveats for months that look published twice.

    Parameters
    ----------
    answer
        An Answer with its history; its accounts speak of the months of its own periods.
    months
        As `YYYY-MM`.
    own
        Whether to name the months of the Answer's own periods too, because they are set against
        each other. Else the accounts suffice.

    Returns
    -------
    A caveat for each category of such a month.
    """
    accounts = answer.accounts
    compared = accounts.compared.period.months if accounts.compared else ()
    in_accounts = set() if own else {*accounts.period.months, *compared}
    named = {*months} - in_accounts
    return [
        f"{month_title(one.month)}: {one.text}." for one in answer.doubled if one.month in named
    ]


def skipped_months(answer: Answer, months: Sequence[str]) -> list[str]:
    """Caveats for months, `YYYY-MM`, without complete data and so not used.

    Parameters
    ----------
    answer
        It knows which months were published, and which look incomplete.
    months
        As `YYYY-MM`.

    Returns
    -------
    At most one caveat, with how many months are skipped.
    """
    complete = set(answer.published) - answer.short
    if not (skipped := sorted(set(months) - complete)):
        return []
    spans = spans_of(skipped)
    named = ", ".join(spans[:MOST_SPANS]) + (" …" if len(spans) > MOST_SPANS else "")
    if len(skipped) == 1:
        return [f"1 month without complete data is left out: {named}."]
    return [f"{len(skipped)} months without complete data are left out: {named}."]


def refuse_new_points(answer: Answer, period: Period, *, option: str, name: str) -> None:
    """Refuse to compare places across a month from which their source uses other points.

    Parameters
    ----------
    answer
        The Answer to be analysed.
    period
        From the first to the last day that is compared.
    option
        The option that chooses it, for the refusal.
    name
        The analysis, for the refusal: "an evaluation".

    Raises
    ------
    QuestionError
        If such a month begins within the period.
    """
    if month := crossed(answer.point_lists, period, None):
        raise QuestionError(
            option,
            f"{name} cannot compare across {month_title(month)}, from which the source uses other "
            f"anonymous points; choose months before it, or from it on",
        )


def refuse_part_months(answer: Answer, name: str) -> None:
    """Refuse a period with part of a month, which would look like a fall.

    Parameters
    ----------
    answer
        The Answer to be analysed.
    name
        The analysis, for the refusal: "an evaluation".

    Raises
    ------
    QuestionError
        If the period does not start with a month and end with one.
    """
    if not answer.accounts.period.is_whole_months:
        message = f"{name} needs whole months; choose a first and a last month"
        raise QuestionError(answer.question.period_option, message)
