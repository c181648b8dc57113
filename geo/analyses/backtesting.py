"""The last months of a Question, held out, and what each window of months before them holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from geo.analyses.analysis import refuse_new_points, refuse_part_months, refuse_weight
from geo.errors import QuestionError
from geo.hotspots.baselines import Baseline
from geo.hotspots.dispersion import FEWEST_MONTHS, MOST_MONTHS, TIMED, begins_series, dispersion
from geo.hotspots.held_out import FEWEST_MONTHS as FEWEST_MONTHS_TESTED
from geo.incidents import london_months
from geo.period import Period
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.question.baseline import StatedBaseline, possible_baselines, stated_baseline
from geo.question.rows import QuestionRows

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOWS: Final = (1, 3, 12, 36)
"""Months of history that methods are given."""

MOST_HELD_OUT: Final = 12
"""Months that are tested on where the Question does not say how many: a year with its seasons."""

_YEAR: Final = 12

LEVEL_MONTHS: Final = 3
"""The level of the last months is what is to be expected of the next."""


@dataclass(frozen=True)
class HeldOut:
    """An Answer's history by month, and which months are held out.

    Attributes
    ----------
    answer
        An Answer with its history.
    months
        The months that are known in full, with the same list of snap points, in order.
    tested
        The last of them: methods see only months before the one that they are tested on.
    cells
        Which of the Answer's cells have these months.
    """

    answer: Answer
    months: tuple[str, ...]
    tested: tuple[str, ...]
    cells: Bools
    _baselines: dict[tuple[str, tuple[str, ...]], StatedBaseline] = field(default_factory=dict)

    @classmethod
    def of(cls, answer: Answer) -> HeldOut:
        """Hold out the last months of an Answer's period.

        Parameters
        ----------
        answer
            With its history.

        Returns
        -------
        The months.

        Raises
        ------
        QuestionError
            If there is a harm table, a part of a month, a change of snap points within the months
            that are tested, or no month before them.
        """
        refuse_weight(answer, "an evaluation")
        refuse_part_months(answer, "an evaluation")
        own = answer.accounts.period.months
        since = max((name for name in answer.point_lists if name <= own[-1]), default="")
        published = [name for name in answer.published if name <= own[-1]]
        alike, areas = answer.known.like(published)
        if answer.known.uniform:
            alike = set(published)
        parts = np.unique(answer.known.of_area[areas]).tolist()
        known = sorted(alike.difference(*map(answer.known.short_months, parts)))
        mine = [name for name in known if name in own]
        holdout = answer.question.holdout or _usual_holdout(
            len(mine), history=len([name for name in known if name >= since])
        )
        if not mine or len(known) <= holdout:
            raise _too_few(holdout, len(known))
        if len(mine) < holdout:
            months = f"{len(mine)} month{'s' if len(mine) > 1 else ''} with data"
            message = f"{holdout} months to test on, and the period has {months}; choose a longer"
            raise QuestionError("holdout", f"{message} period, or fewer months")
        tested = mine[-holdout:]
        span = Period.of_months(min(tested[0], known[-holdout - 1]), tested[-1])
        refuse_new_points(answer, span, option=answer.question.period_option, name="an evaluation")
        usable = tuple(name for name in known if name >= since)
        return cls(answer, usable, tuple(tested), answer.at_centres(np.append(areas, True)))

    def window(self, length: int, month: str) -> tuple[str, ...]:
        """The last known months before a month.

        Parameters
        ----------
        length
            How many.
        month
            As `YYYY-MM`.

        Returns
        -------
        As many or fewer. A month without data is skipped, but no more than one in six and one
        more: what lies further back is not the latest history.
        """
        reach = length + length // 6 + 1
        first = str(np.datetime64(month, "M") - reach)
        return tuple(name for name in self.months if first <= name < month)[-length:]

    def known_of(self, length: int) -> int:
        """How many months of a window are known, of the month tested that has fewest."""
        return min(len(self.window(length, month)) for month in self.tested)

    @property
    def area(self) -> Floats:
        """Square metres of each cell inside the study area."""
        return self.answer.cells.inside_area[self.cells]

    @cached_property
    def neighbours(self) -> scipy.sparse.csr_array:
        """Which cells touch."""
        return self.answer.cells.neighbours[self.cells][:, self.cells]

    @property
    def centres(self) -> tuple[Floats, Floats]:
        """X and y of each cell's centre, in metres."""
        cells = self.answer.cells
        return cells.grid.centres(cells.positions[self.cells])

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The incidents of the known months in these cells, with `cell` and `month` by number."""
        rows = self.answer.history
        # History may reach beyond the period by days of the last month alone.
        number = pd.Index(self.months).get_indexer(
            pd.Index(london_months(rows["occurred_from"]).astype(str))
        )
        of_cell = np.full(len(self.cells), -1)
        of_cell[self.cells] = np.arange(self.cells.sum())
        cell = of_cell[self.answer.cells.assign(rows["x"], rows["y"])]
        rows = rows.assign(cell=cell, month=number, begins=begins_series(rows))
        return rows[(cell >= 0) & (number >= 0)].reset_index(drop=True)

    @cached_property
    def counts(self) -> Floats:
        """Incidents by cell and known month."""
        return self._cube(self.rows)

    @cached_property
    def evidence(self) -> Floats:
        """As `counts`, but incidents of one series count once."""
        return self._cube(self.rows[self.rows["begins"].to_numpy(dtype=bool)])

    def _cube(self, rows: pd.DataFrame) -> Floats:
        cube = np.zeros((int(self.cells.sum()), len(self.months)))
        np.add.at(cube, (rows["cell"].to_numpy(), rows["month"].to_numpy()), 1.0)
        return cube

    def columns(self, months: Sequence[str]) -> Ints:
        """The positions of known months."""
        return pd.Index(self.months).get_indexer(pd.Index(months))

    def training(self, length: int, month: str) -> Training:
        """What a window before a month holds.

        Parameters
        ----------
        length
            Its months.
        month
            The month that is tested.

        Returns
        -------
        Its months and incidents.
        """
        return Training(self, self.window(length, month), month)

    @cached_property
    def rows_before(self) -> QuestionRows:
        """The rows of the store before the first month tested: baselines are made of them."""
        start = Period.of_months(self.tested[0], self.tested[0]).start
        rows = self.answer.rows
        return replace(rows, everything=rows.everything.before(start))

    @cached_property
    def dispersion(self) -> float:
        """Variance over mean of the last year before, where incidents have no time of day."""
        before = self.window(MOST_MONTHS, self.tested[0])
        if len(before) < FEWEST_MONTHS:
            return 1.0
        counts = self.counts[:, self.columns(before)]
        value = dispersion(self.neighbours @ counts, counts.sum(axis=0))
        untimed = ~self.rows["precision"].isin(TIMED)
        return float(1 + untimed.mean() * (value - 1)) if len(untimed) else 1.0

    @property
    def baselines(self) -> list[str]:
        """The names of the baselines that cells can be held against."""
        return possible_baselines(self.answer.baseline_sources)

    def baseline(self, name: str, months: Sequence[str]) -> StatedBaseline:
        """A baseline of the incidents of some months.

        Parameters
        ----------
        name
            As the Question names it; '' for that of each source.
        months
            In order. Only other incidents are those of these months: land, residents and points
            are the same for all.

        Returns
        -------
        The baseline of the known cells.
        """
        key = name, tuple(months) if name == "other" else ()
        if key not in self._baselines:
            self._baselines[key] = self._stated(*key)
        return self._baselines[key]

    def _stated(self, name: str, months: tuple[str, ...]) -> StatedBaseline:
        sources = self.answer.baseline_sources
        rows = self.rows_before
        if months:
            period = Period.of_months(months[0], months[-1])
            rows = replace(sources.rows, resolved=replace(rows.resolved, period=period))
        question = replace(sources.question, baseline=name, test="tail")
        counted = self.rows[(self.rows["month"] < self.columns(self.tested[:1])[0]).to_numpy()]
        stated = stated_baseline(replace(sources, question=question, counted=counted, rows=rows))
        own = Baseline(stated.baseline.amounts[self.cells], labels=stated.baseline.labels)
        return replace(stated, baseline=own)


def _usual_holdout(period: int, *, history: int) -> int:
    """How many months to test on: those of the period, where a year of history is left."""
    return max(min(period, MOST_HELD_OUT, history - _YEAR), FEWEST_MONTHS_TESTED)


def _too_few(holdout: int, months: int) -> QuestionError:
    return QuestionError(
        "holdout",
        f"{holdout} month{'s' if holdout > 1 else ''} to test on leave none of the {months} months "
        "with data; choose a longer period",
    )


@dataclass(frozen=True)
class Training:
    """What a method may know: a window of months before the one that it is tested on.

    Attributes
    ----------
    of
        The held-out months.
    months
        The window, in order.
    tested
        The month that it is tested on.
    """

    of: HeldOut
    months: tuple[str, ...]
    tested: str

    @cached_property
    def by_month(self) -> Floats:
        """Incidents by cell and month."""
        return self.of.counts[:, self.of.columns(self.months)]

    @cached_property
    def n(self) -> Floats:
        """Incidents by cell."""
        total: Floats = self.by_month.sum(axis=1)
        return total

    @cached_property
    def evidence(self) -> Floats:
        """As `n`, but incidents of one series count once."""
        total: Floats = self.of.evidence[:, self.of.columns(self.months)].sum(axis=1)
        return total

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The incidents of the window."""
        number = self.of.rows["month"].to_numpy()
        return self.of.rows[np.isin(number, self.of.columns(self.months))]

    @property
    def days_tested(self) -> int:
        """Days of the month that is tested."""
        return days([self.tested])

    @property
    def expected_days(self) -> float:
        """Days of the window that have as many incidents as the tested month, at the last level.

        A count of the window, divided by them and times the days of the month tested, is what is
        to be expected of that month.
        """
        recent = self.months[-LEVEL_MONTHS:]
        lately = self.by_month[:, -len(recent) :].sum() / days(recent)
        return float(self.n.sum() / lately) if lately > 0 else float(days(self.months))


def days(months: Sequence[str]) -> int:
    """The number of days of some months, `YYYY-MM`."""
    return sum(pd.Period(month, "M").days_in_month for month in months)
