"""What the allocation page says of each answer: officers by area, patches, rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from api.answers import Answers
from api.pages.allocation_view import AllocationView
from api.pages.text import headline, percent
from geo.allocation.adjacency import contiguity
from geo.analyses import LAYERS, AnalysisResult
from geo.errors import QuestionError
from geo.question.answer import Answer

HUES: Final = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#d55e00")
"""Okabe and Ito's colours, which colour-blind people can tell apart."""


@dataclass(frozen=True)
class Sheet:
    """One answer as the page shows it.

    Attributes
    ----------
    view
        What was asked.
    answer, found
        What came of it.
    """

    view: AllocationView
    answer: Answer
    found: AnalysisResult

    @classmethod
    def ask(cls, answers: Answers, view: AllocationView) -> Sheet:
        """Work an answer out.

        Raises
        ------
        QuestionError
            If the data cannot answer it, or there are fewer plans than the one asked for.
        """
        answer, found = answers.result(LAYERS[view.tab], view.question)
        sheet = cls(view, answer, found)
        if view.tab == "patches" and view.plan > len(sheet.records):
            raise QuestionError("plan", f"there is no plan {view.plan} in this short list")
        return sheet

    @property
    def records(self) -> list[dict[str, Any]]:
        """The measures of each plan of patches, as the analysis gives them."""
        return cast("list[dict[str, Any]]", self.found.parameters["plans"])

    @property
    def title(self) -> str:
        """What was asked, in one line."""
        return TITLES[self.view.tab](self)

    @property
    def about(self) -> str:
        """The incidents that it rests on, in one line."""
        n, areas = self.answer.accounts.counted, len(self.answer.areas)
        return f"{headline(self.answer)}; n = {n:,} incidents in {areas:,} areas"

    @property
    def unit(self) -> str:
        """What demand is counted in."""
        return "harm" if self.answer.harm else "incidents"

    @property
    def names(self) -> dict[str, str]:
        """The name of each area, by its code."""
        names: dict[str, str] = self.answer.areas["area_name"].astype(str).to_dict()
        return names

    @property
    def base(self) -> tuple[float, float] | None:
        """X and y of where rounds start: the given base, or the best of the candidates."""
        base = self.view.question.patrols.base
        if base:
            return base.at
        best = self.found.parameters.get("base_at")
        return (float(best[0]), float(best[1])) if isinstance(best, list) else None

    @property
    def downloads(self) -> dict[str, str]:
        """Where the whole answer is to be had as a file."""
        query = self.view.question.query()
        return {
            title: f"/download/{self.view.tab}.{ending}?{query}"
            for title, ending in (("GeoJSON", "geojson"), ("CSV", "csv"))
        }

    @property
    def map_address(self) -> str:
        """Where its map is."""
        return self.view.address("/allocation/map", beside="")

    @property
    def plans(self) -> list[dict[str, Any]]:
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
    def rows(self) -> pd.DataFrame:
        """What is shown: of patches the one plan."""
        frame = self.found.frame
        if self.view.tab == "patches":
            frame = frame[frame["plan"] == self.view.plan]
        return frame

    @cached_property
    def patches(self) -> list[dict[str, Any]]:
        """The patches of the plan shown: number, colour, areas, work, and work in fair shares."""
        shares = self.rows.groupby("patch")["workload"].sum()
        hues = patch_hues(self)
        fair = shares.sum() / max(len(shares), 1)
        return [
            {
                "patch": patch,
                "hue": HUES[hues[patch]],
                "areas": sorted(rows["area_name"].astype(str)),
                "share": shares[patch] / shares.sum(),
                "against": shares[patch] / fair - 1,
            }
            for patch, rows in self.rows.groupby("patch")
        ]

    @property
    def busiest(self) -> dict[str, Any]:
        """The area with the most work: its name and its share."""
        work = self.rows.set_index("area_name")["workload"]
        return {"name": work.idxmax(), "share": work.max() / work.sum()}

    @cached_property
    def areas(self) -> list[dict[str, Any]]:
        """Areas with their posts or money, those with most first."""
        order = "need_pence" if "need_pence" in self.rows else "posts"
        rows = self.rows.drop(columns="geometry").sort_values(
            [order, "need", "area_code"], ascending=[False, False, True]
        )
        records: list[dict[str, Any]] = (
            rows.astype(object).where(rows.notna(), None).to_dict("records")
        )
        return records

    @cached_property
    def officers(self) -> list[dict[str, Any]]:
        """Each officer's round: the stops in their order, with every time they are visited."""
        found = []
        for number, (officer, stops) in enumerate(self.rows.groupby("officer", sort=False)):
            first = stops[stops["round"] == 1]
            times = stops.groupby("hotspot_id")["arrive"].agg(list)
            found.append(
                {
                    "officer": officer,
                    "shift": first["shift"].iloc[0],
                    "hue": HUES[number % len(HUES)],
                    "dashed": number // len(HUES) % 2 == 1,
                    "rounds": int(stops["round"].max()),
                    "visits": len(stops),
                    "minutes": float(stops["minutes"].sum()),
                    "travel": float(stops["travel_minutes"].sum()),
                    "stops": [
                        {
                            **stop,
                            "times": [time for time in times[stop["hotspot_id"]] if time],
                            "area": self.names.get(stop["area_code"], ""),
                        }
                        for stop in first.drop(columns="geometry").to_dict("records")
                    ],
                }
            )
        return found

    @property
    def next_in_line(self) -> str:
        """The area that the next officer would go to."""
        first = self.rows[self.rows["in_line"] == 1]
        return str(first["area_name"].iloc[0]) if len(first) else ""

    @property
    def first_to_lose(self) -> str:
        """The area that a vacancy would be taken from; '' where the floors forbid it."""
        fewer = self.rows["posts_if_one_fewer"]
        loses = self.rows[(fewer < self.rows["posts"]).fillna(value=False).astype(bool)]
        return str(loses["area_name"].iloc[0]) if len(loses) else ""


def patch_hues(sheet: Sheet) -> dict[int, int]:
    """A colour for each patch, neighbours in different ones where that can be.

    Each patch takes the colour that is used least and that no neighbour has.
    """
    rows = sheet.rows.set_index("area_code").sort_index()
    layer = contiguity(rows, bridges=dict(sheet.view.question.patches.bridges))
    patch = rows["patch"].to_numpy()
    pairs = {frozenset(pair) for pair in patch[layer.edges].tolist()}
    hues: dict[int, int] = {}
    for number in np.unique(patch).tolist():
        beside = {other for pair in pairs if number in pair for other in pair - {number}}
        taken = {hues[other] for other in beside if other in hues}
        used = Counter(hues.values())
        hues[number] = min(range(len(HUES)), key=lambda hue: (hue in taken, used[hue], hue))
    return hues


def _posts_title(sheet: Sheet) -> str:
    question = sheet.view.question
    terms, areas = question.posts, len(sheet.answer.areas) - len(question.need.exclude)
    if terms.money is not None:
        pounds = f"{terms.money / 100:,.2f}".removesuffix(".00")
        return f"£{pounds} for {areas} areas, flat and by need"
    least = f"at least {terms.least} each, the rest by need" if terms.least else "by need"
    return f"{terms.officers:,} officers for {areas} areas: {least}"


def _patches_title(sheet: Sheet) -> str:
    plan = sheet.plans[sheet.view.plan - 1]
    return (
        f"{plan['groups']} patches: the worst is {percent(plan['worst_imbalance'])} from a fair "
        "share of the work"
    )


def _patrols_title(sheet: Sheet) -> str:
    told, crews = sheet.found.parameters, len(sheet.officers)
    minutes = sheet.view.question.patrols.minutes
    officers = "1 officer" if crews == 1 else f"{crews} officers"
    return (
        f"{officers}, {minutes} minutes each: {told['visits']} visits to "
        f"{told['places_visited']} of {told['places']} places"
    )


TITLES: Final[dict[str, Callable[[Sheet], str]]] = {
    "posts": _posts_title,
    "patches": _patches_title,
    "patrols": _patrols_title,
}
