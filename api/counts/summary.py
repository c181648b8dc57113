"""What a page of counts says of a Question: numbers, shades, months, and where every row went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.counts.file import CountsFile
from api.pages.charts import Chart, chart
from api.pages.trends import Trend
from geo.errors import NotFoundError, QuestionError
from geo.incidents import category_title
from geo.period import Interval, Period
from geo.question.model import DEFAULT_PERIOD, Question

ANSWERED: Final = ("datetime", "period", "category")
"""Options of a Question that counts by month can answer."""

VIEW: Final = ("at", "month", "find")
"""What an address says besides: the area whose story is open, the month on the map, a search."""

MOST_ROWS: Final = 100
"""Areas in the table; the file to take away has all."""

SHADES: Final = 6
"""Shades of areas that hold any, as the style sheet has them."""

_STEPS: Final = (0.2, 0.4, 0.6, 0.8, 0.95)  # of the areas that hold any
_WIDTH, _HEIGHT = 620.0, 110.0


@dataclass(frozen=True)
class CountsView:
    """A Question asked of a file of counts, and how it is looked at."""

    file: CountsFile
    question: Question
    at: str = ""
    month: str = ""
    find: str = ""

    @classmethod
    def read(cls, file: CountsFile, options: Mapping[str, str]) -> CountsView:
        """Read what an address says.

        Raises
        ------
        QuestionError
            If it asks for what counts by area and month cannot tell.
        """
        given = dict(options)
        look = {name: given.pop(name, "").strip() for name in VIEW}
        question = Question.read(given)
        for name in question.options():
            if name not in ANSWERED:
                raise QuestionError(
                    name, "cannot be asked of counts by area and month; import the incidents"
                )
        if unknown := set(question.category) - set(file.cube.categories):
            known = ", ".join(file.cube.categories)
            raise QuestionError("category", f"{min(unknown)!r} is not counted here; {known} are")
        view = cls(file, question, **look)
        if not view.period.is_whole_months:
            raise QuestionError("datetime", "these are counts by month: ask for whole months")
        if view.month and view.month not in view.months:
            raise QuestionError("month", f"{view.month!r} is no published month of the period")
        if view.at and view.at not in file.codes:
            raise NotFoundError(f"there is no area {view.at!r} in {file.name}")
        return view

    @cached_property
    def period(self) -> Period:
        """The months that are asked for."""
        known = self.file.cube.months
        if not known:
            raise QuestionError("period", f"{self.file.name} holds no month")
        data = Period.of_months(known[0], known[-1])
        period = self.question.period or DEFAULT_PERIOD
        if isinstance(period, Interval):
            return period.within(data)
        latest = period.up_to(data.last)
        return replace(latest, first=max(latest.first, data.first))

    @cached_property
    def months(self) -> list[str]:
        """The months of the period that were published whole."""
        whole = set(self.file.whole_months)
        return [month for month in self.period.months if month in whole]

    @property
    def missing(self) -> list[str]:
        """The months of the period that are unknown."""
        return [month for month in self.period.months if month not in self.months]

    @cached_property
    def by_area(self) -> NDArray[np.int64]:
        """Incidents of each area in the period."""
        return self.file.cube.by_place(self.months, self.question.category)

    @property
    def drawn(self) -> NDArray[np.int64]:
        """Incidents of each area in what the map shows: the period, or one month of it."""
        if not self.month:
            return self.by_area
        return self.file.cube.by_place([self.month], self.question.category)

    @cached_property
    def breaks(self) -> list[int]:
        """The least number of each shade but that of none.

        They are the same for each month of a period, so that shades can be compared.
        """
        per = len(self.months) if self.month else 1
        return shades_of(self.by_area / max(per, 1))

    def frame(self) -> pd.DataFrame:
        """Every area with its number and share, as `patchmap count` has them."""
        total = max(int(self.by_area.sum()), 1)
        return pd.DataFrame(
            {
                "area_code": self.file.codes,
                "area_name": self.file.names,
                "n": self.by_area,
                "share": self.by_area / total,
            }
        )

    def accounts(self) -> dict[str, Any]:
        """Where every row of the files went, for this Question."""
        told = self.file.accounts
        counted = int(self.by_area.sum())
        return {
            "read": told["read"],
            "rejected": told["rejected"],
            "not_asked": told["not_asked"] + told["counted"] - counted,
            "outside": told["outside"],
            "counted": counted,
            "period": {"from": f"{self.period.first}", "to": f"{self.period.last}"},
            "months_missing": self.missing,
            "crs": told["crs"],
            "caveats": told["caveats"],
            "question": self.question.options(),
            "data_version": self.file.version,
        }

    def found(self) -> pd.DataFrame:
        """The areas that a search finds, or all, by their rank among all."""
        frame = self.frame()
        frame["rank"] = frame["n"].rank(method="min", ascending=False).astype(int)
        if self.find:
            words = self.find.casefold()
            named = frame["area_name"].str.casefold() + " " + frame["area_code"].str.casefold()
            frame = frame[named.str.contains(words, regex=False)]
        return frame.sort_values(["rank", "area_code"], kind="stable")

    def story(self) -> dict[str, Any]:
        """The months and categories of the open area, or of all areas together."""
        cube, place = self.file.cube, self.file.codes.index(self.at) if self.at else None
        kinds = cube.by_category(self.months, place=place)
        rows = [
            (slug, category_title(slug), n)
            for slug, n in sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
            if n
        ]
        told: dict[str, Any] = {"name": "", "kinds": rows, "chart": self._chart(place)}
        if place is not None:
            n = int(self.by_area[place])
            told |= {
                "name": self.file.names[place],
                "n": n,
                "rank": 1 + int((self.by_area > n).sum()),
                "share": n / max(int(self.by_area.sum()), 1),
            }
        return told

    def _chart(self, place: int | None) -> Chart:
        cube = self.file.cube
        n = cube.by_month(self.question.category, place=place).astype(float)
        whole = set(self.file.whole_months)
        n[[month not in whole for month in cube.months]] = np.nan
        nothing = np.full((1, len(n)), np.nan)
        trend = Trend(list(cube.months), n[None, :], nothing, nothing)
        return chart(trend, 0, width=_WIDTH, height=_HEIGHT)

    def options(self, **others: str) -> dict[str, str]:
        """What its address says, with other values for some of it."""
        look = {"at": self.at, "month": self.month, "find": self.find}
        told = self.question.options() | look | others
        return {name: text for name, text in told.items() if text}

    def address(self, path: str = "/", **others: str) -> str:
        """Its address, with other values for some of it."""
        query = urlencode(self.options(**others), safe="/:,.")
        return f"{path}?{query}" if query else path


def shades_of(numbers: NDArray[np.floating[Any]]) -> list[int]:
    """Least numbers of the shades: so many areas in each, at round numbers.

    Two significant digits, each once, from 1 on; none where no area holds any.
    """
    held = numbers[numbers > 0]
    if not len(held):
        return []
    found = [1, *(_round(cut) for cut in np.quantile(held, _STEPS))]
    return sorted(set(found))


def _round(number: float) -> int:
    digits = max(len(str(int(number))) - 2, 0)
    return max(int(round(number, -digits)), 1)


def legend(breaks: Sequence[int]) -> list[tuple[int, str]]:
    """Each shade with its words, that of none first; few shades lie as far apart as many."""
    told = [(0, "none")]
    for number, (least, following) in enumerate(pairwise([*breaks, 0]), start=1):
        last = following - 1
        words = f"{least:,} to {last:,}" if last > least else f"{least:,}"
        if not following:
            words = f"{least:,} and more"
        told.append((round(number * SHADES / len(breaks)), words))
    return told
