"""Answers as collections: the features of each analysis for the Question of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd

from api.answers import Answers
from api.defaults import COLLECTION_DEFAULTS, NO_DEFAULTS
from api.formats.encoding import feature_ids
from api.formats.registry import JSON
from api.ogc.collections.base import Collection, Summary
from api.ogc.collections.incidents import incident_times, source_terms
from api.ogc.items import Items
from api.ogc.links import Link, link
from api.ogc.properties import Property, answer_properties
from api.query import QUESTION_PARAMETERS
from api.settings import VERSION
from api.snapshot import Snapshot
from geo.analyses import Analysis, AnalysisResult
from geo.errors import InputError, QuestionError
from geo.period import Period
from geo.question.ask import Answer, Question, default_layer
from geo.question.model import OPTIONS

_PARAMETERS: Final = frozenset(QUESTION_PARAMETERS)


class AnswerCollection(Collection):
    """The features of one analysis."""

    options = tuple(option.name for option in OPTIONS)

    def __init__(self, analysis: Analysis, answers: Answers) -> None:
        super().__init__(analysis.collection, answers)
        self.analysis = analysis
        if analysis.points:
            self.geometry = "geometry-point"
        self._defaults = COLLECTION_DEFAULTS.get(self.id, NO_DEFAULTS)

    @property
    def title(self) -> str:
        """The title of the analysis."""
        return self.analysis.title

    def summary(self) -> Summary:
        """Return what the analysis shows, and the terms of the incidents it is made of."""
        description = f"{self.analysis.description} {self._defaults.note}".strip()
        return {
            "title": self.title,
            "description": description,
            **source_terms(self.snapshot),
        }

    def question(self, query: Mapping[str, str]) -> Question:
        """Return the Question that the parameters ask, with the collection's defaults.

        Raises
        ------
        QuestionError
            If they are no Question.
        """
        given = {name: text for name, text in query.items() if text and name in _PARAMETERS}
        return Question.read(self._defaults.fill(given, areas=self._area_count(given)))

    def _area_count(self, given: Mapping[str, str]) -> int:
        """How many areas the layer has; 0 where it does not matter or there is no layer."""
        if not self._defaults.posts_per_area:
            return 0
        snapshot = self.snapshot
        areas = snapshot.areas_or_none(given.get("layer") or default_layer(snapshot))
        return 0 if areas is None else len(areas)

    def key(self, query: Mapping[str, str]) -> str:
        """Return the id and the Question: parameters in another order share an answer."""
        return f"{self.id}?{self.question(query).query()}"

    def items(self, query: Mapping[str, str]) -> Items:
        """Return the features of the answer.

        Raises
        ------
        QuestionError
            If the parameters are no Question that the data can answer.
        """
        question = self.question(query)
        return self.answers.cached(
            f"{self.id}?{question.query()}",
            lambda snapshot: _items(snapshot, *self.answers.result(self.analysis, question)),
        )

    def properties(self) -> list[Property]:
        """Return the properties that answers can have; none where only an answer would tell."""
        if declared := answer_properties(self.id):
            return declared
        try:
            return super().properties()
        except (InputError, QuestionError):
            return []

    def extent_times(self) -> Period | None:
        """Return the days of the incidents that can be asked about."""
        return incident_times(self.snapshot)

    def further_links(self, root: str) -> list[Link]:
        """Return a link to the layer that a Question without one is asked about."""
        snapshot = self.snapshot
        if not snapshot.layers():
            return []
        address = f"{root}/collections/{default_layer(snapshot)}"
        return [link(address, "related", JSON, "The layer used when the Question names none")]


def members_of(answer: Answer, result: AnalysisResult) -> dict[str, object]:
    """Return what every JSON answer says of itself beside its rows."""
    accounts = answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
    return {"accounts": accounts, **result.as_dict()}


def _items(snapshot: Snapshot, answer: Answer, result: AnalysisResult) -> Items:
    frame = gpd.GeoDataFrame(result.frame)
    return Items.of_frame(
        frame,
        feature_ids(frame),
        projection=snapshot.projection,
        members=members_of(answer, result),
    )
