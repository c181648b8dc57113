"""What is known of the incidents of a layer, for the pages of its areas.

All of it is about the whole layer and shared by the pages of its areas: the second one is quick.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode

import geopandas as gpd
import pandas as pd

from api.answers import Answers, SnapshotAnswers
from api.errors import LASTING
from api.pages.text import reason_of
from api.pages.trends import Trend, area_trend
from geo.analyses import LAYERS, AnalysisResult
from geo.analyses.hot_cells import hotspot_ids
from geo.analyses.measure_tracks import counts_over_time
from geo.analyses.profile import values_of_areas
from geo.errors import PatchmapError
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.question.ask import Question, default_layer
from geo.question.model import COUNT
from geo.store.contract import LayerMetadata


class LayerFacts:
    """A layer, and the answers to a Question about it; each is computed when it is first read.

    Parameters
    ----------
    answers
        About the store. One state of it is used throughout.
    layer_id
        A layer, or `plan-` and a plan's id.
    options
        The Question's, without its layer.

    Attributes
    ----------
    layer_id, layer, areas
        The layer, its metadata, and the areas that are seen, indexed by `area_code`, in metres.
    reason
        Why the Question has no answer; '' where it has one.

    Raises
    ------
    NotFoundError
        If there is no such layer, or none of its areas is seen.
    InputError
        If it is no layer of areas.
    QuestionError
        If an option is unknown, or refused.
    """

    def __init__(self, answers: Answers, layer_id: str, options: dict[str, str]) -> None:
        self._answers = SnapshotAnswers(answers)
        self.snapshot = self._answers.snapshot()
        self.layer: LayerMetadata
        self.areas: gpd.GeoDataFrame
        self.layer, self.areas = self.snapshot.layer(layer_id)
        self.layer_id, self.options = layer_id, options
        self.reason = ""
        self._answer: Answer | None = None
        question = replace(Question.read(options), layer=layer_id, within=(), by="", weight=COUNT)
        self.question = self._answered(question, is_bare=not options)

    def _answered(self, question: Question, *, is_bare: bool) -> Question:
        """The Question that has an answer: without an address of its own, compared with last year.

        A year against the year before has the same seasons on both sides.
        """
        if is_bare:
            try:
                self._answer = self._answers.ask(replace(question, compare="year"))
            except LASTING:
                pass  # there may be no year before
            else:
                return self._answer.question
        try:
            self._answer = self._answers.ask(question)
        except LASTING as refusal:
            self.reason = _sentence(refusal)
            return question
        return self._answer.question

    @property
    def answer(self) -> Answer | None:
        """The Answer; None where there is none, for a `reason`."""
        return self._answer

    @property
    def linked(self) -> Question | None:
        """The Question of links to other areas: none where this page has no address of its own."""
        return self.question if self.options else None

    @property
    def sees_all(self) -> bool:
        """Whether all areas are seen."""
        return self.snapshot.sees_all_areas

    @property
    def title(self) -> str:
        """The layer's title; its id where it has none."""
        return self.layer.title or self.layer.layer_id

    @cached_property
    def named(self) -> list[tuple[str, str]]:
        """Code and name of each area, in the order of names."""
        codes, names = self.areas.index.astype(str), self.areas["area_name"].astype(str)
        return sorted(zip(codes, names, strict=True), key=lambda one: (one[1], one[0]))

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Area counts by code; empty without an Answer."""
        if self._answer is None:
            return pd.DataFrame()
        counts = pd.DataFrame(self._answer.area_counts.drop(columns="geometry"))
        return counts.set_index(counts["area_code"].astype(str))

    @cached_property
    def trend(self) -> Trend | None:
        """The last 24 months of every area of the Answer; None where they are not known."""
        if self._answer is None:
            return None
        name = f"trend of areas?{self.question.query()}"
        try:
            return self._answers.cached(name, lambda _: self._area_trend())
        except LASTING:
            return None

    def _area_trend(self) -> Trend:
        return area_trend(self._answers.ask_history(self.question))

    @property
    def two_years(self) -> Question:
        """The Question over the months of the trend by quarter, whichever of them it is about."""
        options = self.question.options() | {"by": "quarter"}
        if self.trend and self.trend.months:
            options.pop("period", None)
            options["datetime"] = f"{self.trend.months[0]}/{self.trend.months[-1]}"
        return replace(Question.read(options), compare="")

    @cached_property
    def hotspots(self) -> gpd.GeoDataFrame | None:
        """The outlines of hotspots; None where they are not known."""
        result = self._result("hotspot-outlines")
        return None if result is None else gpd.GeoDataFrame(result.frame)

    @cached_property
    def places(self) -> gpd.GeoDataFrame | None:
        """The ranked places, by which no area is chosen; None where they are not known."""
        result = self._result("ranked-hotspots")
        return None if result is None else gpd.GeoDataFrame(result.frame)

    @cached_property
    def unusual(self) -> AnalysisResult | None:
        """The verdicts on the last month of each area and category, and of each place."""
        return self._result("unusual")

    def _result(self, name: str) -> AnalysisResult | None:
        if self._answer is None:
            return None
        try:
            return self._answers.result(LAYERS[name], self.question)[1]
        except LASTING:
            return None

    @cached_property
    def positions(self) -> dict[str, int]:
        """The row of each area in the Answer and in the trend, by its code."""
        codes = self._answer.areas.index.astype(str) if self._answer else ()
        return {code: row for row, code in enumerate(codes)}

    def hotspots_in(self, code: str) -> gpd.GeoDataFrame | None:
        """The outlines of the hotspots with a cell in an area; None where they are not known."""
        if self.hotspots is None or self._answer is None:
            return None
        cells = self._answer.hotspots
        inside = self._answer.membership.among(cells["area_code"], [code])
        return self.hotspots[self.hotspots["cluster_id"].isin(hotspot_ids(cells[inside]))]

    def places_in(self, code: str) -> gpd.GeoDataFrame | None:
        """The ranked places in an area, the first ranked first; None where they are not known."""
        if self.places is None or self._answer is None:
            return None
        return self.places[self._answer.membership.among(self.places["area_code"], [code])]

    @property
    def knows_usual(self) -> bool:
        """Whether what is usual of a place is known of incidents before the period."""
        answer = self._answer
        return bool(answer and len(answer.window.incidents) > len(answer.counted))


def result_of(answers: Answers, name: str, question: Question) -> AnalysisResult | str:
    """The result of an analysis, or the reason why there is none.

    What reads measures and entries is asked for here and not kept with the facts of a layer, which
    stay as they are when these change.

    Parameters
    ----------
    answers
        About the present state of the store.
    name
        The analysis's collection.
    question
        What is asked.
    """
    try:
        return answers.result(LAYERS[name], question)[1]
    except LASTING as refusal:
        return _sentence(refusal)


def counts_of_layer(answers: Answers, question: Question) -> pd.DataFrame:
    """The measures made of incidents over time, of all areas of a layer and shared by their pages.

    Parameters
    ----------
    answers
        About the present state of the store.
    question
        With the parts of time as `by`.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """

    def counted() -> pd.DataFrame:
        return counts_over_time(answers.ask_history(question, subject="measures"))

    return answers.cached(f"counts over time?{question.query()}", lambda _: counted())


def values_of_layer(answers: Answers, question: Question) -> pd.DataFrame | str:
    """The values of the measures of a layer's areas, or the reason why there are none.

    Parameters
    ----------
    answers
        About the present state of the store.
    question
        What is asked.
    """
    name = f"values of measures?{question.query()}"
    try:
        return answers.cached(
            name, lambda _: values_of_areas(answers.ask(question, subject="measures"))
        )
    except LASTING as refusal:
        return _sentence(refusal)


def layer_facts(answers: Answers, layer_id: str, options: dict[str, str]) -> LayerFacts:
    """What is known of a layer, shared by the pages of its areas for each version of the data.

    Parameters
    ----------
    answers, layer_id, options
        As for `LayerFacts`.

    Raises
    ------
    NotFoundError, InputError, QuestionError
        As `LayerFacts`.
    """
    name = f"facts of {layer_id!r}?{urlencode(sorted(options.items()))}"
    return answers.cached(name, lambda _: LayerFacts(answers, layer_id, options))


def prepare_areas(answers: Answers) -> None:
    """Work out what the pages of the areas of the default layer begin with; it is cached.

    Raises
    ------
    PatchmapError
        If there is no layer yet.
    """
    facts = layer_facts(answers, default_layer(answers.snapshot()), {})
    for part in ("trend", "hotspots", "places", "unusual"):
        getattr(facts, part)
    result_of(answers, "profile", facts.question)
    with suppress(*LASTING):
        counts_of_layer(answers, facts.two_years)


def _sentence(refusal: PatchmapError) -> str:
    """The reason of a refusal, to stand in the place of what it refuses."""
    reason = reason_of(refusal).rstrip(".")
    return reason[:1].upper() + reason[1:]
