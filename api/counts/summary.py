"""A Question about a file of counts: the counts, shades, months and accounts of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.counts.file import CountsFile
from api.pages.charts import Chart, chart
from api.pages.trends import Trend
from geo.coverage import Knowledge
from geo.coverage.comparison import SERIES_SHARE
from geo.errors import NotFoundError, QuestionError
from geo.incidents import category_title
from geo.period import Interval, Period
from geo.properties import cached_property
from geo.question.alike import unknown_areas
from geo.question.model import DEFAULT_PERIOD, Question
from geo.scale.counting import COUNTED_AGAIN, IN_SEVERAL

ANSWERED: Final = ("datetime", "period", "category")
"""Options of a Question that counts by month can answer."""

VIEW: Final = ("at", "month", "find")
"""Other parameters of the address: the open area, the month on the map, and a search text."""

MOST_ROWS: Final = 100
"""Areas in the table; the download has all of them."""

SHADES: Final = 6
"""Shades of areas with incidents; the style sheet defines as many."""

_STEPS: Final = (0.2, 0.4, 0.6, 0.8, 0.95)
"""Quantiles of the areas with incidents at which the shade changes."""

_WIDTH, _HEIGHT = 620.0, 110.0
"""Size of the chart of months, in SVG units."""


@dataclass(frozen=True)
class CountsView:
    """A Question about a file of counts and how the page presents it.

    Attributes
    ----------
    at
        The code of the area whose story is open; '' for all areas.
    month
        The month that the map is limited to; '' for the whole period.
    find
        Part of the name or code of the areas to list.
    """

    file: CountsFile
    question: Question
    at: str = ""
    month: str = ""
    find: str = ""

    @classmethod
    def read(cls, file: CountsFile, options: Mapping[str, str]) -> CountsView:
        """Read the parameters of an address.

        Raises
        ------
        QuestionError
            If counts by area and month cannot answer it.
        NotFoundError
            If the file has no such area.
        """
        rest = dict(options)
        own = {name: rest.pop(name, "").strip() for name in VIEW}
        question = Question.read(rest)
        for name in question.options():
            if name not in ANSWERED:
                raise QuestionError(
                    name,
                    "needs single incidents, but this file only has counts by area and month; "
                    "remove it, or import the incidents into a store",
                )
        if unknown := set(question.category) - set(file.cube.categories):
            known = ", ".join(file.cube.categories)
            raise QuestionError("category", f"unknown value {min(unknown)!r}; choose {known}")
        view = cls(file, question, **own)
        if not view.period.is_whole_months:
            raise QuestionError("datetime", "these are counts by month; choose whole months")
        if view.month and view.month not in view.months:
            raise QuestionError(
                "month", f"{view.month!r} is not a month of the period with complete data"
            )
        if view.at and view.at not in file.codes:
            raise NotFoundError(f"{file.name} has no area {view.at!r}")
        return view

    @cached_property
    def period(self) -> Period:
        """The chosen months."""
        known = self.file.cube.months
        if not known:
            raise QuestionError("period", f"{self.file.name} contains no months")
        data = Period.of_months(known[0], known[-1])
        period = self.question.period or DEFAULT_PERIOD
        if isinstance(period, Interval):
            return period.within(data)
        latest = period.up_to(data.last)
        return replace(latest, first=max(latest.first, data.first))

    @cached_property
    def months(self) -> list[str]:
        """The months of the period of which there is complete data."""
        whole = set(self.file.whole_months)
        return [month for month in self.period.months if month in whole]

    @property
    def missing(self) -> list[str]:
        """The months of the period of which there is no complete data."""
        return [month for month in self.period.months if month not in self.months]

    @cached_property
    def by_area(self) -> NDArray[np.int64]:
        """Incidents of each area in the period."""
        return self.file.cube.by_place(self.months, self.question.category)

    @cached_property
    def known(self) -> Knowledge:
        """What is known of each area."""
        return self.file.known(self.question.category)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which areas are unknown in every month of the period: their count is no zero."""
        return np.asarray(self.known.counted(self.months) == 0)

    @property
    def mapped(self) -> list[int | None]:
        """Incidents of each area on the map, in the period or one month; None where unknown."""
        months = [self.month] if self.month else self.months
        n = self.file.cube.by_place(months, self.question.category)
        unknown = self.known.counted(months) == 0
        return [None if gap else k for k, gap in zip(n.tolist(), unknown.tolist(), strict=True)]

    @cached_property
    def unknown_words(self) -> str:
        """Which areas are unknown or known less than the others, as a sentence; '' if none is."""
        names = pd.DataFrame({"area_name": self.file.names})
        return unknown_areas(names, self.known, self.months)

    @cached_property
    def breaks(self) -> list[int]:
        """The smallest count of each shade, without the shade for zero.

        They are the same for each month of a period, so that months can be compared.
        """
        per = len(self.months) if self.month else 1
        return shades_of(self.by_area[~self.unknown] / max(per, 1))

    @cached_property
    def _overlaps(self) -> NDArray[np.int64]:
        return self.file.overlaps.by_place(self.months, self.question.category)

    @property
    def total(self) -> int:
        """Incidents of the period, each once; where areas overlap less than the areas' sum."""
        return int(self.by_area.sum() - self._overlaps[COUNTED_AGAIN])

    @property
    def in_several(self) -> int:
        """Incidents of the period that lie in two or more areas."""
        return int(self._overlaps[IN_SEVERAL])

    def frame(self) -> pd.DataFrame:
        """Every area with its count and share, and `why` they are empty where they are unknown."""
        total = max(self.total, 1)
        frame = pd.DataFrame(
            {
                "area_code": self.file.codes,
                "area_name": self.file.names,
                "n": self.by_area,
                "share": self.by_area / total,
            }
        )
        why = self.known.why(self.months)
        if not (why != "").any():
            return frame
        frame["n"] = frame["n"].astype("Int64").mask(self.unknown)
        return frame.assign(share=frame["share"].mask(why != ""), why=why)

    def accounts(self) -> dict[str, Any]:
        """Where every row of the source files went, for this Question."""
        file = self.file.accounts
        counted = self.total
        return {
            "read": file["read"],
            "rejected": file["rejected"],
            "not_asked": file["not_asked"] + file["counted"] - counted,
            "outside": file["outside"],
            "counted": counted,
            "in_several_areas": self.in_several,
            "period": {"from": f"{self.period.first}", "to": f"{self.period.last}"},
            "months_missing": self.missing,
            "crs": file["crs"],
            "unknown": self.unknown_words,
            "caveats": file["caveats"],
            "question": self.question.options(),
            "data_version": self.file.version,
        }

    def matches(self) -> pd.DataFrame:
        """The areas that match the search, or all of them, by rank among all areas."""
        frame = self.frame()
        # Among the known areas; the unknown ones come last, without a rank.
        frame["rank"] = frame["n"].rank(method="min", ascending=False).astype("Int64")
        frame["why"] = frame.get("why", "")
        if self.find:
            words = self.find.casefold()
            named = frame["area_name"].str.casefold() + " " + frame["area_code"].str.casefold()
            frame = frame[named.str.contains(words, regex=False)]
        return frame.sort_values(["rank", "area_code"], kind="stable")

    def story(self) -> dict[str, object]:
        """The variables of the story: months and categories of the open area, or of all areas."""
        cube, place = self.file.cube, self.file.codes.index(self.at) if self.at else None
        kinds = cube.by_category(self.months, place=place)
        if place is None:
            again = self.file.overlaps.by_category(self.months, place=COUNTED_AGAIN)
            kinds = {slug: n - again[slug] for slug, n in kinds.items()}
        rows = [
            (slug, category_title(slug), n)
            for slug, n in sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
            if n
        ]
        story: dict[str, object] = {"name": "", "kinds": rows, "chart": self._chart(place)}
        if place is not None:
            n, unknown = int(self.by_area[place]), bool(self.unknown[place])
            story |= {
                "name": self.file.names[place],
                "n": None if unknown else n,
                "rank": 1 + int((self.by_area > n).sum()),
                "share": n / max(self.total, 1),
                "why": self.known.why(self.months)[place],
            }
        return story

    def _chart(self, place: int | None) -> Chart:
        cube = self.file.cube
        if place is None:
            n = cube.by_month(self.question.category, place=self._charted).astype(float)
            n -= self.file.overlaps.by_month(self.question.category, place=COUNTED_AGAIN)
        else:
            n = cube.by_month(self.question.category, place=place).astype(float)
        whole = set(self.file.whole_months) & self._known_months(place)
        n[[month not in whole for month in cube.months]] = np.nan
        nothing = np.full((1, len(n)), np.nan)
        trend = Trend(list(cube.months), n[None, :], nothing, nothing)
        return chart(trend, 0, width=_WIDTH, height=_HEIGHT)

    def _known_months(self, place: int | None) -> set[str]:
        """The months that are known of one area, or of all in the chart."""
        parts = self._charted_parts if place is None else [int(self.known.of_area[place])]
        if self.file.coverage is None:
            return {*self.file.cube.months}
        own = [self.known.months(part) for part in parts]
        return set[str]().union(*own).intersection(*own)

    @cached_property
    def _charted_parts(self) -> list[int]:
        """Territories of which most months are known: a sum that gains or loses one would lie."""
        own = [len(self.known.months(part)) for part in range(len(self.known.territories))]
        return [part for part, n in enumerate(own) if n >= SERIES_SHARE * max(own)]

    @cached_property
    def _charted(self) -> NDArray[np.int64]:
        """The areas that the chart of all areas sums up."""
        return np.flatnonzero(np.isin(self.known.of_area, self._charted_parts))

    @property
    def chart_note(self) -> str:
        """Which areas the chart of all areas leaves out, as a sentence; '' if none."""
        left = len(self.file.codes) - len(self._charted)
        if not left or self.at:
            return ""
        return f"Not in it: {left:,} areas of which too few of these months are known."

    def options(self, **others: str) -> dict[str, str]:
        """The parameters of its address; `others` replace some of them."""
        own = {"at": self.at, "month": self.month, "find": self.find}
        options = self.question.options() | own | others
        return {name: text for name, text in options.items() if text}

    def address(self, path: str = "/", **others: str) -> str:
        """Its address; `others` replace some of its parameters."""
        query = urlencode(self.options(**others), safe="/:,.")
        return f"{path}?{query}" if query else path


def shades_of(numbers: NDArray[np.floating[Any]]) -> list[int]:
    """The smallest count of each shade: quantiles of the areas, rounded to two digits.

    The first is 1; there are none where no area has incidents.
    """
    counts = numbers[numbers > 0]
    if not len(counts):
        return []
    return sorted({1, *(_round(cut) for cut in np.quantile(counts, _STEPS))})


def _round(number: float) -> int:
    digits = max(len(str(int(number))) - 2, 0)
    return max(int(round(number, -digits)), 1)


def legend(breaks: Sequence[int]) -> list[tuple[int, str]]:
    """The number and label of each shade, zero first; a few shades still span the whole scale."""
    labels = [(0, "none")]
    for number, (least, following) in enumerate(pairwise([*breaks, 0]), start=1):
        last = following - 1
        words = f"{least:,} to {last:,}" if last > least else f"{least:,}"
        if not following:
            words = f"{least:,} or more"
        labels.append((round(number * SHADES / len(breaks)), words))
    return labels
