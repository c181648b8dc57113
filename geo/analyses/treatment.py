"""Whether a treatment worked: treated places against a control, before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import (
    AnalysisResult,
    doubled_months,
    refuse_new_points,
    refuse_part_months,
    refuse_weight,
    short_months,
)
from geo.analyses.places import circles_of
from geo.coverage import Comparison
from geo.errors import InputError, QuestionError
from geo.hotspots import controls, ranking, treatment
from geo.hotspots.treatment import Spread
from geo.hotspots.zones import zone_counts
from geo.incidents import london_months
from geo.period import Period, month_title
from geo.properties import cached_property
from geo.question.alike import is_alike
from geo.question.answer import Answer
from geo.store.layer_ids import MATCHED

Counts = NDArray[np.int64]

MATCHED_MONTHS = 24
"""How many months before the choice are matched, at most: earlier ones say little of the places."""

FEWEST_COMPARABLE = 8
"""With fewer untreated places, how much places change of themselves is estimated from months."""

NOTABLE_FALL = 0.005
"""A smaller fall to expect from the choice alone is not worth a sentence."""

PLACES = "places"
"""The table of the treated places and of their controls, with their outlines."""

_WHERE = {
    "": "in the rest of the study area",
    MATCHED: "at the matched untreated places",
}


def treated(answer: Answer) -> AnalysisResult:
    """Test whether treated places fell more than a control, and what happened around them."""
    refuse_weight(answer, "a treatment's effect")
    refuse_part_months(answer, "a treatment's effect")
    terms = answer.question.treatment
    if not terms.treated or not terms.since:
        raise QuestionError(
            "treated", "name the places that were treated, and since the month in which it started"
        )
    if terms.chosen > terms.since:
        raise QuestionError(
            "chosen",
            f"the places were treated since {month_title(terms.since)}; choose that month or an "
            "earlier one",
        )
    before, after = _windows(answer)
    both = Period(before.first, after.last)
    refuse_new_points(answer, both, option="since", name="a treatment's effect")
    alike = _alike(answer, before, after)
    comparison = _Comparison(answer, before, after, _like_incidents(answer, alike))
    _refuse_unlike(answer, comparison.places, alike)
    study = answer.study_areas.geometry
    try:
        counts = zone_counts(
            comparison.history,
            treated=list(comparison.places.geometry),
            control=list(study if comparison.control is None else comparison.control.geometry),
            study=shapely.union_all(study.to_numpy()),
            before=before,
            after=after,
            buffer_m=float(terms.buffer),
            control_buffer=bool(terms.control),
        )
    except InputError as error:
        raise QuestionError("treated", str(error)) from error
    share = comparison.expected_share
    where = _WHERE.get(str(terms.control), "in the control")
    effect = treatment.effects(
        counts,
        spread=comparison.spread,
        places=comparison.effective_places(counts),
        expected=share,
        where=where,
    )
    parameters: dict[str, object] = {
        **effect,
        "before": str(before),
        "after": str(after),
        "n": int(counts[["before", "after"]].to_numpy().sum()),
        "buffer_m": terms.buffer,
        "expected_by_choice": share,
        "untreated_places": len(comparison.like),
    }
    if comparison.pairs:
        parameters["matched"] = comparison.pairs
    return AnalysisResult(
        counts.reset_index(),
        "Ratio of rates (Wilson 2022), with an interval that allows for how much untreated places "
        "change of themselves (DerSimonian & Laird 1986); where the control is of like size, also "
        "the weighted displacement difference (WDD, Wheeler & Ratcliffe 2018) and quotient (WDQ, "
        "Bowers & Johnson 2003). The control is " + _control_words(terms.control),
        parameters,
        [
            *_left_out(alike),
            *short_months(answer, [*before.months, *after.months]),
            *doubled_months(answer, [*before.months, *after.months], own=True),
        ],
        {PLACES: comparison.table},
        warnings=[*_by_choice(answer, share), *_unmatched(comparison)],
    )


def _control_words(control: str | tuple[str, ...]) -> str:
    if control == MATCHED:
        return (
            "the untreated places most like the treated ones in level, trend and season before the "
            "choice"
        )
    return "as asked" if control else "the rest of the study area"


@dataclass(frozen=True)
class _Comparison:
    """The treated places with the untreated ones that they are compared with."""

    answer: Answer
    before: Period
    after: Period
    history: pd.DataFrame

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The treated places, with `place_id` and `area_name`."""
        terms, facts = self.answer.question.treatment, self.answer.facts
        return self._named("treated", terms.treated, facts.treated)

    @cached_property
    def control(self) -> gpd.GeoDataFrame | None:
        """The places of the control; None where it is the rest of the study area."""
        terms, facts = self.answer.question.treatment, self.answer.facts
        if terms.control == MATCHED:
            return self.candidates.iloc[self.matches.chosen]
        if not terms.control:
            return None
        return self._named("control", terms.control, facts.control)

    @cached_property
    def candidates(self) -> gpd.GeoDataFrame:
        """The untreated places of the kind of the treated ones, away from them."""
        question = self.answer.question
        land = shapely.union_all(self.places.geometry.to_numpy())
        gap = float(question.treatment.buffer)
        if not isinstance(question.treatment.treated, str):
            return self._circles(land, gap)
        areas = self.answer.areas
        away = shapely.distance(areas.geometry.to_numpy(), land) > gap
        return _as_places(areas[away], areas.index[away].astype(str))

    @cached_property
    def matches(self) -> controls.Matches:
        """The controls of each treated place among the candidates."""
        try:
            return controls.match_controls(
                self._counts(self.places, self._choosing),
                self._counts(self.candidates, self._choosing),
            )
        except InputError as error:
            raise QuestionError("control", str(error)) from error

    @property
    def pairs(self) -> list[dict[str, object]]:
        """The controls of each treated place by their ids; none unless they were matched."""
        if self.answer.question.treatment.control != MATCHED:
            return []
        ids = self.candidates["place_id"].to_numpy()
        return [
            {"place": place, "controls": ", ".join(ids[list(own)]) or "none of like level"}
            for place, own in zip(self.places["place_id"], self.matches.controls, strict=True)
        ]

    @cached_property
    def like(self) -> Counts:
        """Positions of the untreated places of like level among the candidates."""
        return controls.like_level(self._own[0], self._others[0])

    @property
    def _by_places(self) -> bool:
        return len(self.like) >= FEWEST_COMPARABLE

    @cached_property
    def spread(self) -> Spread:
        """How much places change of themselves, from the untreated ones of like level.

        Where there are too few of those, how much the treated places' share changes from month to
        month before, and from month to month after.
        """
        if self._by_places:
            before, after = self._others
            groups = [self._own, (before[self.like], after[self.like])]
        else:
            windows = (self.before.months, self.after.months)
            groups = [self._monthly(months) for months in windows]
        return treatment.spread_of_changes(groups)

    def _monthly(self, months: list[str]) -> tuple[Counts, Counts]:
        """Incidents of each month at the treated places, and in the control."""
        own = self._counts(self.places, months).sum(axis=0)
        if self.control is not None:
            return own, self._counts(self.control, months).sum(axis=0)
        column = pd.Index(months).get_indexer(pd.Index(self._months.astype(str)))
        return own, np.bincount(column[column >= 0], minlength=len(months)) - own

    @property
    def expected_share(self) -> float:
        """The ratio to expect without any effect, because of how the places were chosen."""
        before = self._others[0]
        every = np.concatenate([self._own[0], before])
        dispersion = self.spread.dispersion
        own = controls.expected_share(self._own[0], every, dispersion=dispersion)
        if self.answer.question.treatment.control != MATCHED:
            return min(own, 1.0)
        others = controls.expected_share(before[self.matches.chosen], every, dispersion=dispersion)
        return min(own / others, 1.0)

    def effective_places(self, counts: pd.DataFrame) -> tuple[float, float]:
        """The effective number of treated places, and of those of the control.

        Of months where the spread is that of months.
        """
        if not self._by_places:
            months = float(len(self.before.months))
            return months, months
        own = treatment.effective_number(self._own[0])
        if self.control is not None:
            control = self._counts(self.control, self.before.months).sum(axis=1)
            return own, treatment.effective_number(control)
        # The rest of the study area: as many places of the kind as it has incidents for.
        times = counts["before"]["control"] / max(counts["before"]["treated"], 1)
        rest = np.ones(max(int(len(self.places) * float(times)), 1))
        return own, treatment.effective_number(rest)

    @property
    def table(self) -> gpd.GeoDataFrame:
        """The treated places and their controls, with their counts and outlines."""
        parts = {"treated": self.places}
        if self.control is not None:
            parts["control"] = self.control
        frames = []
        for zone, places in parts.items():
            before, after = (
                self._counts(places, window.months).sum(axis=1)
                for window in (self.before, self.after)
            )
            frames.append(places.assign(zone=zone, before=before, after=after))
        table = pd.concat(frames, ignore_index=True)
        likeness = {
            control: pair["place"]
            for pair in self.pairs
            for control in str(pair["controls"]).split(", ")
        }
        like = [likeness.get(str(name), "") for name in table["place_id"]]
        table["like"] = pd.Series(like, index=table.index, dtype="str")
        ordered = ["zone", "place_id", "place_name", "like", "before", "after", "geometry"]
        return gpd.GeoDataFrame(table[ordered], crs=self.answer.areas.crs)

    @cached_property
    def _own(self) -> tuple[Counts, Counts]:
        return self._pair(self.places)

    @cached_property
    def _others(self) -> tuple[Counts, Counts]:
        return self._pair(self.candidates)

    def _pair(self, places: gpd.GeoDataFrame) -> tuple[Counts, Counts]:
        return (
            self._counts(places, self.before.months).sum(axis=1),
            self._counts(places, self.after.months).sum(axis=1),
        )

    @cached_property
    def _months(self) -> NDArray[np.datetime64]:
        return london_months(self.history["occurred_from"])

    @property
    def _choosing(self) -> list[str]:
        """The months before the choice that are matched, of one list of anonymous points."""
        last = self.before.months[-1]
        since = max((month for month in self.answer.point_lists if month <= last), default="")
        published = [month for month in self.answer.published if since <= month <= last]
        return published[-MATCHED_MONTHS:]

    def _counts(self, places: gpd.GeoDataFrame, months: list[str]) -> Counts:
        column = pd.Index(months).get_indexer(pd.Index(self._months.astype(str)))
        return controls.counts_of_places(
            self.history["x"], self.history["y"], column, places=places.geometry, months=len(months)
        )

    def _circles(self, land: shapely.Geometry, gap: float) -> gpd.GeoDataFrame:
        question = self.answer.question
        radius = ranking.place_of(question.treatment.treated[0])[2]
        chosen = np.isin(self._months.astype(str), self._choosing[-12:])
        history = self.history[chosen]
        centres = controls.untreated_circles(
            history["x"],
            history["y"],
            treated=land,
            radius=radius,
            apart=max(float(question.places.spacing), 2 * radius),
            gap=gap,
        )
        return self._drawn("control", tuple(ranking.place_id(x, y, radius) for x, y in centres))

    def _drawn(self, option: str, ids: tuple[str, ...]) -> gpd.GeoDataFrame:
        circles = (
            circles_of(ids, self.answer, option=option)
            if ids
            else gpd.GeoSeries([], crs=self.answer.areas.crs)
        )
        return _as_places(gpd.GeoDataFrame(geometry=circles), pd.Index(ids, dtype=object))

    def _named(
        self, option: str, named: str | tuple[str, ...], layer: gpd.GeoDataFrame | None
    ) -> gpd.GeoDataFrame:
        """The areas of the layer that an option names, or the circles of its ranked places."""
        if reason := self.answer.facts.unknown.get(option):
            raise QuestionError(option, reason)
        if layer is not None:
            return _as_places(layer, layer.index.astype(str))
        return self._drawn(option, (named,) if isinstance(named, str) else named)


def _alike(answer: Answer, before: Period, after: Period) -> Comparison:
    """What the windows before and after have in common; only that is compared."""
    alike = Comparison.of(answer.known, after.months, before.months)
    if alike is None:
        raise QuestionError("since", f"no source covers both {before.title} and {after.title}")
    unknown = sorted({*before.months, *after.months} - {*alike.before, *alike.now})
    if unknown:
        raise QuestionError(
            "since",
            f"some source or category is unknown in {', '.join(unknown)}; choose a period, "
            "categories or sources without a gap",
        )
    return alike


def _like_incidents(answer: Answer, alike: Comparison) -> pd.DataFrame:
    """The incidents of the sources and categories that both windows cover, of all years."""
    every = replace(alike, now=answer.published, before=answer.published)
    return answer.history[is_alike(answer.history, answer.known, every, compared=True)]


def _refuse_unlike(answer: Answer, places: gpd.GeoDataFrame, alike: Comparison) -> None:
    centres = np.asarray(places.geometry.representative_point().get_coordinates(), float)
    compares = np.append(alike.compares(answer.known), True)
    unlike = ~compares[answer.areas_at(*centres.T)]
    if unlike.any():
        names = ", ".join(places["place_id"][unlike])
        raise QuestionError(
            "treated", f"not the same months are known of {names} as of the other places"
        )


def _left_out(alike: Comparison) -> list[str]:
    if not alike.left_out:
        return []
    return [
        f"Compared is only what both windows cover. Left out: {'; '.join(alike.left_out)}.",
    ]


def _as_places(areas: gpd.GeoDataFrame, ids: pd.Index) -> gpd.GeoDataFrame:
    names = areas["area_name"].astype(str) if "area_name" in areas else pd.Series("", areas.index)
    return gpd.GeoDataFrame(
        {"place_id": ids.to_numpy(), "place_name": names.to_numpy()},
        geometry=areas.geometry.to_numpy(),
        crs=areas.crs,
    )


def _by_choice(answer: Answer, share: float) -> list[str]:
    """The question when the places were chosen, and what the choice alone may have done."""
    chosen, caveats = answer.question.treatment.chosen, []
    if not chosen:
        caveats.append(
            "When were the places chosen? Say the month (chosen), so that the months of the choice "
            "and after it do not count as before the treatment."
        )
    if share < 1 - NOTABLE_FALL:
        on = f"before {month_title(chosen)}" if chosen else "that they may have been chosen on"
        fall = f"{1 - share:.0%}".replace("%", " %")
        caveats.append(
            f"The period before is among the months {on}, in which the treated places were busier "
            f"than most. By regression to the mean alone they would be expected to fall by {fall} "
            "against the control (empirical Bayes, Hauer 1997); a fall counts as clear only beyond "
            "that."
        )
    return caveats


def _unmatched(comparison: _Comparison) -> list[str]:
    if comparison.answer.question.treatment.control != MATCHED:
        return []
    left = comparison.matches.unmatched
    if not left:
        return []
    names = ", ".join(comparison.places["place_id"].iloc[left])
    caveat = (
        f"{len(left)} of {len(comparison.places)} treated places have no untreated place of like "
        f"level and are compared with the controls of the others: {names}."
    )
    return [caveat]


def _windows(answer: Answer) -> tuple[Period, Period]:
    """As many published months before the choice as since the treatment, to the period's end."""
    terms = answer.question.treatment
    months = list(answer.published)
    choice = terms.chosen or terms.since
    after = [month for month in months if terms.since <= month <= answer.accounts.period.months[-1]]
    before = [month for month in months if month < choice][-len(after) :] if after else []
    if not after or len(before) < len(after):
        raise QuestionError(
            "since",
            f"needs as many months with data before {month_title(choice)} as from "
            f"{month_title(terms.since)} on, and has "
            f"{len(before)} and {len(after)}; choose a shorter period, or import earlier months",
        )
    return Period.of_months(before[0], before[-1]), Period.of_months(after[0], after[-1])
