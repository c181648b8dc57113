"""An allocation as pages present it: officers by area, patches, or rounds of patrols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from api.addresses import own_address
from api.answers import Answers
from api.defaults import PAGE_DEFAULTS
from api.pages.allocation_view import AllocationView
from api.pages.text import headline, percent
from geo.allocation.adjacency import contiguity
from geo.analyses import LAYERS, AnalysisResult
from geo.errors import QuestionError
from geo.properties import cached_property
from geo.question.answer import Answer

HUES: Final = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#d55e00")
"""Okabe and Ito 2008: colours that colour-blind people can tell apart."""


PROVEN: Final = 1e-9
"""The gap of a plan that is proven to cover the most, up to the rounding of sums."""

LEAST_GAP: Final = 0.0001
"""The smallest gap that is named: a smaller one counts as this."""

Record = dict[str, object]
"""The variables of one row in a template."""


@dataclass(frozen=True)
class Patch:
    """One patch of a plan.

    Attributes
    ----------
    areas
        The names of its areas.
    share
        Its share of all work.
    against
        Its work less a fair share, in fair shares.
    """

    patch: int
    hue: str
    areas: list[str]
    share: float
    against: float


@dataclass(frozen=True)
class Stop:
    """One place of a patrol, in metres.

    Attributes
    ----------
    stop
        Its number in the round, from 1.
    why
        Why the place was chosen, in a sentence.
    times
        The time of each visit, `HH:MM`; empty where visits are spread over a day.
    area
        The name of its area.
    """

    stop: int
    hotspot_id: str
    x: float
    y: float
    streets: str
    demand: float
    why: str
    times: list[str]
    area: str


@dataclass(frozen=True)
class Patrol:
    """One officer's patrol.

    Attributes
    ----------
    hue, dashed
        The colour of the line, and whether it is dashed: there are more officers than colours.
    rounds, visits
        How often the round is made, and the visits of all rounds.
    minutes, travel
        Minutes at the places, and minutes between them.
    """

    officer: str
    shift: str
    hue: str
    dashed: bool
    rounds: int
    visits: int
    minutes: float
    travel: float
    stops: list[Stop]

    def line(self, base: tuple[float, float] | None) -> list[tuple[float, float]]:
        """The points of the round in order: from the base and back, or closed if repeated."""
        points = [(stop.x, stop.y) for stop in self.stops]
        if base:
            return [base, *points, base]
        return [*points, points[0]] if self.rounds > 1 else points


@dataclass(frozen=True)
class AllocationSummary:
    """One allocation, with the texts and rows that a page presents.

    Attributes
    ----------
    view
        The Question and how it is presented.
    answer
        The incidents that the allocation rests on.
    result
        The allocation: its table, parameters and caveats.
    """

    view: AllocationView
    answer: Answer
    result: AnalysisResult

    @classmethod
    def ask(cls, answers: Answers, view: AllocationView) -> AllocationSummary:
        """Compute the allocation of a view, or take it from the cache.

        Raises
        ------
        QuestionError
            If the data cannot answer it, or the short list has no plan of that number.
        """
        answer, result = answers.result(LAYERS[view.tab], view.question)
        summary = cls(view, answer, result)
        if view.tab == "patches" and view.plan > len(summary.records):
            last = len(summary.records)
            raise QuestionError(
                "plan", f"there is no plan {view.plan}; choose one from 1 to {last}"
            )
        return summary

    @property
    def records(self) -> list[Record]:
        """The measures of each plan of patches, from the analysis."""
        return cast("list[Record]", self.result.parameters["plans"])

    @property
    def title(self) -> str:
        """One line that names the allocation."""
        return TITLES[self.view.tab](self)

    @property
    def about(self) -> str:
        """One line on the incidents that it rests on."""
        n, areas = self.answer.accounts.counted, len(self.answer.areas)
        return f"{headline(self.answer)}; n = {n:,} incidents in {areas:,} areas"

    @property
    def warnings(self) -> list[str]:
        """What forbids to rely on it, or was assumed; to be read before the result."""
        each = PAGE_DEFAULTS["posts"].posts_per_area
        officers = self.view.question.posts.officers
        if self.view.tab != "posts" or officers != each * len(self.answer.areas):
            return list(self.result.warnings)
        # The address does not say who entered a number: the sentence is true either way.
        assumed = (
            f"{officers:,} officers, {each} for each area, are assumed until you enter how many "
            "there are."
        )
        return [*self.result.warnings, assumed]

    @property
    def limit(self) -> str:
        """How far the patrols are from the most that any could cover, as a sentence."""
        parameters = self.result.parameters
        gap = float(str(parameters["gap"]))
        # Proven only where nothing is left but the rounding of sums.
        if gap < PROVEN:
            return "No plan can cover more."
        short = percent(gap) if gap >= LEAST_GAP else f"{100 * LEAST_GAP:g} %"
        return (
            f"It is not proven that no plan covers more, but this one is at most {short} short of "
            "the best."
        )

    @property
    def unit(self) -> str:
        """The unit of demand."""
        return "harm" if self.answer.harm else "incidents"

    @property
    def base(self) -> tuple[float, float] | None:
        """X and y of where patrols start: the given base, or the best of the candidates."""
        base = self.view.question.patrols.base
        if base:
            return base.at
        best = self.result.parameters.get("base_at")
        return (float(best[0]), float(best[1])) if isinstance(best, list) else None

    @property
    def downloads(self) -> dict[str, str]:
        """The address of each file of the whole result, by its format."""
        query = self.view.question.query()
        return {
            title: own_address("/download/") + f"{self.view.tab}.{ending}?{query}"
            for title, ending in (("GeoJSON", "geojson"), ("CSV", "csv"))
        }

    @property
    def map_address(self) -> str:
        """The address of its map."""
        return self.view.address("/allocation/map", beside="")

    @property
    def plans(self) -> list[Record]:
        """The short list of plans of patches, each with its address."""
        return [
            {
                **record,
                "now": record["plan"] == self.view.plan,
                "address": self.view.address(plan=str(record["plan"])),
            }
            for record in self.records
        ]

    @cached_property
    def rows(self) -> gpd.GeoDataFrame:
        """The rows that are shown: for patches, those of the chosen plan."""
        frame = gpd.GeoDataFrame(self.result.frame)
        if self.view.tab == "patches":
            frame = frame[frame["plan"] == self.view.plan]
        return frame

    @cached_property
    def patches(self) -> list[Patch]:
        """The patches of the chosen plan."""
        shares = self.rows.groupby("patch")["workload"].sum()
        names = self.rows["area_name"].astype(str).groupby(self.rows["patch"]).agg(sorted)
        hues = patch_hues(self)
        fair = shares.sum() / max(len(shares), 1)
        return [
            Patch(
                patch=patch,
                hue=HUES[hues[patch]],
                areas=names[patch],
                share=work / shares.sum(),
                against=work / fair - 1,
            )
            for patch, work in zip(shares.index.tolist(), shares.tolist(), strict=True)
        ]

    @property
    def busiest(self) -> Record:
        """The `name` and `share` of the area with the most work."""
        work = self.rows.set_index("area_name")["workload"]
        return {"name": work.idxmax(), "share": work.max() / work.sum()}

    @cached_property
    def areas(self) -> list[Record]:
        """Areas with their officers or money, most first; None stands for an empty value."""
        order = "need_pence" if "need_pence" in self.rows else "posts"
        rows = self.rows.drop(columns="geometry").sort_values(
            [order, "need", "area_code"], ascending=[False, False, True]
        )
        records = rows.astype(object).where(rows.notna(), None).to_dict("records")
        return [{str(name): value for name, value in record.items()} for record in records]

    @cached_property
    def patrols(self) -> list[Patrol]:
        """The officers' patrols, in the order of the plan."""
        patrols = []
        for number, (officer, visits) in enumerate(self.rows.groupby("officer", sort=False)):
            first = visits[visits["round"] == 1]
            patrols.append(
                Patrol(
                    officer=str(officer),
                    shift=str(first["shift"].iloc[0]),
                    hue=HUES[number % len(HUES)],
                    dashed=number // len(HUES) % 2 == 1,
                    rounds=int(visits["round"].max()),
                    visits=len(visits),
                    minutes=float(visits["minutes"].sum()),
                    travel=float(visits["travel_minutes"].sum()),
                    stops=self._stops(first, visits.groupby("hotspot_id")["arrive"].agg(list)),
                )
            )
        return patrols

    def _stops(self, first: pd.DataFrame, times: pd.Series) -> list[Stop]:
        """The stops of a round; `times` has every arrival by the id of the place."""
        areas = self.answer.membership.names_of(first["area_code"])
        return [
            Stop(
                **{name: row[name] for name in _STOP_COLUMNS},
                times=[time for time in times[row["hotspot_id"]] if time],
                area=area,
            )
            for row, area in zip(first.to_dict("records"), areas, strict=True)
        ]

    @property
    def hides_areas(self) -> bool:
        """Whether there are areas that its reader may not see."""
        return self.answer.visible.codes is not None

    @property
    def next_in_line(self) -> str:
        """The area that one more officer would go to."""
        first = self.rows[self.rows["in_line"] == 1]
        return str(first["area_name"].iloc[0]) if len(first) else ""

    @property
    def first_to_lose(self) -> str:
        """The area that would lose an officer with one fewer; '' if a minimum forbids it."""
        fewer = self.rows["posts_if_one_fewer"]
        loses = self.rows[(fewer < self.rows["posts"]).fillna(value=False).astype(bool)]
        return str(loses["area_name"].iloc[0]) if len(loses) else ""


def patch_hues(summary: AllocationSummary) -> dict[int, int]:
    """The colour of each patch, as an index of `HUES`; neighbours differ where possible.

    Greedy: each patch takes the least used colour that none of its neighbours has.
    """
    rows = summary.rows.set_index("area_code").sort_index()
    layer = contiguity(rows, bridges=dict(summary.view.question.patches.bridges))
    patch = rows["patch"].to_numpy()
    pairs = {frozenset(pair) for pair in patch[layer.edges].tolist()}
    hues: dict[int, int] = {}
    for number in np.unique(patch).tolist():
        beside = {other for pair in pairs if number in pair for other in pair - {number}}
        taken = {hues[other] for other in beside if other in hues}
        used = Counter(hues.values())
        hues[number] = min(range(len(HUES)), key=lambda hue: (hue in taken, used[hue], hue))
    return hues


def _posts_title(summary: AllocationSummary) -> str:
    question = summary.view.question
    terms, areas = question.posts, len(summary.answer.areas) - len(question.need.exclude)
    if terms.money is not None:
        pounds = f"{terms.money / 100:,.2f}".removesuffix(".00")
        return f"£{pounds} for {areas} areas, flat and by need"
    least = f"at least {terms.least} each, the rest by need" if terms.least else "by need"
    return f"{terms.officers:,} officers for {areas} areas: {least}"


def _patches_title(summary: AllocationSummary) -> str:
    plan = summary.plans[summary.view.plan - 1]
    worst = percent(float(str(plan["worst_imbalance"])))
    return f"{plan['groups']} patches: the worst is {worst} from a fair share of the work"


def _patrols_title(summary: AllocationSummary) -> str:
    parameters, crews = summary.result.parameters, len(summary.patrols)
    minutes = summary.view.question.patrols.minutes
    officers = "1 officer" if crews == 1 else f"{crews} officers"
    return (
        f"{officers}, {minutes} minutes each: {parameters['visits']} visits "
        f"to {parameters['places_visited']} of {parameters['places']} places"
    )


_STOP_COLUMNS: Final = ("stop", "hotspot_id", "x", "y", "streets", "demand", "why")

TITLES: Final[dict[str, Callable[[AllocationSummary], str]]] = {
    "posts": _posts_title,
    "patches": _patches_title,
    "patrols": _patrols_title,
}
