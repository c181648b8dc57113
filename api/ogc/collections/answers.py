"""Answers as collections: the features of each analysis for the Question of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd

from api.answers import Answers
from api.defaults import COLLECTION_DEFAULTS, NO_DEFAULTS
from api.formats.encoding import feature_ids
from api.formats.registry import JSON
from api.ogc.collections.base import BoundingBox, Collection, GeometryFormat, Summary
from api.ogc.collections.extents import cells_box, circles_box, incidents_times, layer_box
from api.ogc.collections.incidents import source_terms
from api.ogc.collections.unanswered import no_items, unanswered_items
from api.ogc.items import Items
from api.ogc.links import Link, link
from api.ogc.properties import Property, answer_properties
from api.query import QUESTION_PARAMETERS
from api.settings import VERSION
from geo.analyses import Analysis, AnalysisResult
from geo.analyses.analysis import FeatureShape
from geo.errors import InputError, QuestionError
from geo.period import Moments
from geo.question.ask import Answer, Question, default_layer, refuse_without_data
from geo.question.model import OPTIONS
from geo.question.store_settings import source_notes
from geo.question.street_layer import street_metadata
from geo.question.subjects import record_sources
from geo.store.layer_ids import areas_among

_PARAMETERS: Final = frozenset(QUESTION_PARAMETERS)
_TIMES: Final = frozenset({"datetime", "period", "from", "to"})
"""The parameters that choose a period: where one is given, none of them is assumed."""

_GEOMETRIES: Final[Mapping[FeatureShape, GeometryFormat]] = {
    "areas": "geometry-multipolygon",
    "cells": "geometry-polygon",
    "outlines": "geometry-multipolygon",
    "circles": "geometry-polygon",
    "points": "geometry-point",
    "lines": "geometry-multilinestring",
}


class AnswerCollection(Collection):
    """The features of one analysis."""

    options = tuple(option.name for option in OPTIONS)

    def __init__(self, analysis: Analysis, answers: Answers) -> None:
        super().__init__(analysis.collection, answers)
        self.analysis = analysis
        self.geometry = _GEOMETRIES[analysis.shape]
        self.merges_points = analysis.shape == "points"
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
        given = _given(query)
        if self.analysis.addresses and "source" not in given:
            given |= self._true_sources()
        return Question.read(self._defaults.fill(given, areas=self._area_count(given)))

    def _true_sources(self) -> dict[str, str]:
        """The sources with true places as an option, where only some are; else no option."""
        names = sorted({record.source for record in self.snapshot.imports()})
        notes = source_notes(self.snapshot, names)
        true = [name for name in names if not (name in notes and notes[name].snapped)]
        return {"source": ",".join(true)} if 0 < len(true) < len(names) else {}

    def _area_count(self, given: Mapping[str, str]) -> int:
        """How many areas the layer has; 0 where it does not matter or there is no layer."""
        if not self._defaults.posts_per_area:
            return 0
        snapshot = self.snapshot
        return snapshot.area_count(given.get("layer") or default_layer(snapshot))

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
        try:
            return self.answers.cached(
                f"{self.id}?{question.query()}", lambda _: self._answered(question)
            )
        except QuestionError as refusal:
            if refusal.option in _named(query):
                raise
            # What the caller did not ask for is no fault of theirs.
            return self._unanswered(question, refusal)

    def _answered(self, question: Question) -> Items:
        answer, result = self.answers.result(self.analysis, question)
        frame = gpd.GeoDataFrame(result.frame)
        return Items.of_frame(
            frame,
            feature_ids(frame),
            projection=self.snapshot.projection,
            kind=self.kind,
            members=members_of(answer, result),
            declared=True,
        )

    def _unanswered(self, question: Question, refusal: QuestionError) -> Items:
        if self.analysis.subject == "records" and refusal.option == "source":
            # Where no source has records, nothing is known of any area.
            raise refusal
        if self.analysis.shape in ("areas", "cells"):
            try:
                return self.answers.cached(
                    f"unanswered {self.id}?{question.query()}",
                    lambda _: unanswered_items(
                        self.analysis, question, self.answers, refusal=refusal, kind=self.kind
                    ),
                )
            except (QuestionError, InputError):
                raise refusal from None
        answer = self.answers.ask(question)
        if len(answer.counted):
            raise refusal
        # There are no places because there was no incident, and that is known.
        members = {"accounts": answer.accounts.as_dict(), "why": str(refusal)}
        return no_items(self.analysis, self.answers, self.kind, members)

    def unavailable(self) -> str:
        """Return why no plain request can have features: no layer, or no places to be known."""
        return self.answers.cached(f"why no {self.id}", lambda _: self._unavailable(), light=True)

    def _unavailable(self) -> str:
        try:
            layer = default_layer(self.snapshot)
            if self.analysis.shape in ("outlines", "circles", "points", "lines"):
                refuse_without_data(self.question({}), self.snapshot, layer)
            if self.analysis.subject == "records":
                record_sources(Question(), self.snapshot)
            if self.analysis.shape == "lines":
                street_metadata(self.snapshot.layers())
        except QuestionError as refusal:
            return str(refusal)
        if self.analysis.addresses:
            names = {record.source for record in self.snapshot.imports()}
            notes = source_notes(self.snapshot, names)
            if all(name in notes and notes[name].snapped for name in names):
                return (
                    "every source moves its incidents to anonymous points, so no address is known"
                )
        return ""

    def properties(self) -> list[Property]:
        """Return the properties that answers can have; none where only an answer would tell."""
        if declared := answer_properties(self.id):
            return declared
        try:
            return super().properties()
        except (InputError, QuestionError):
            return []

    def extent_box(self) -> BoundingBox | None:
        """Return the box of the areas, cells or places of the layer that is asked by default."""
        if not areas_among(self.snapshot.layers()):
            return None
        layer, question = default_layer(self.snapshot), Question()
        if self.analysis.shape == "cells":
            return cells_box(self.answers, layer, question)
        if self.analysis.shape == "circles":
            return circles_box(self.answers, layer, question.places.radius)
        return layer_box(self.answers, layer)

    def extent_times(self) -> Moments | None:
        """Return the times of the incidents that can be asked about."""
        return incidents_times(self.snapshot)

    def further_links(self, root: str) -> list[Link]:
        """Return a link to the layer that a Question without one is asked about."""
        snapshot = self.snapshot
        if not areas_among(snapshot.layers()):
            return []
        address = f"{root}/collections/{default_layer(snapshot)}"
        return [link(address, "related", JSON, "The layer used when the Question names none")]


def members_of(answer: Answer, result: AnalysisResult) -> dict[str, object]:
    """Return what every JSON answer says of itself beside its rows."""
    accounts = answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
    return {"accounts": accounts, **result.as_dict()}


def _given(query: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in query.items() if text and name in _PARAMETERS}


def _named(query: Mapping[str, str]) -> frozenset[str]:
    """Return the options that a caller chose: any way to say when names all of them."""
    given = frozenset(_given(query))
    return given | _TIMES if given & _TIMES else given
