"""Answers that share their incidents are those that each Question would get alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import api.snapshot
from api.answers import Answers
from geo.analyses import LAYERS
from geo.question.ask import Question, ask
from geo.question.subjects import AnswerSubject, ask_about
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import MONTHS, month_of_incidents, two_wards

SAME = (
    {"cell": "200", "shape": "square"},
    {"layer": "wards"},
    {"layer": "wards", "posts": "5", "test": "gi"},
    {"by": "month"},
    {"cell": "300", "minutes": "90", "officers": "2"},
)
OTHER = (
    {"category": "burglary"},
    {"within": "A"},
    {"radius": "120"},
    {"compare": "previous", "period": "latest-1m"},
)


@pytest.fixture(params=["geopackage", "postgis"])
def town(request: pytest.FixtureRequest, tmp_path: Path, made_town: Path) -> Iterator[Store]:
    if request.param == "geopackage":
        store: Store = GeoPackageStore(shutil.copy(made_town, tmp_path / "town.gpkg"))
    else:
        store = PostgisStore(request.getfixturevalue("cluster").new_database(), create=True)
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
            for month in MONTHS:
                store.put_partition(month_of_incidents(month))
    yield store
    store.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The Questions for which incidents were read."""
    questions: list[Question] = []

    def counted(
        subject: AnswerSubject, question: Question, *others: object, **options: object
    ) -> object:
        questions.append(question)
        return ask_about(subject, question, *others, **options)

    monkeypatch.setattr(api.snapshot, "ask_about", counted)
    return questions


def test_answers_of_the_same_incidents_are_those_that_each_would_be_alone(
    town: Store, asked: list[Question]
) -> None:
    answers = Answers(town)
    for history in (False, True):
        give = answers.ask_history if history else answers.ask
        for options in ({}, *SAME):
            question = Question.read(options)
            shared, alone = give(question), ask(question, answers.snapshot(), history=history)
            assert shared.question == alone.question
            assert shared.accounts == alone.accounts
            pd.testing.assert_frame_equal(shared.area_counts, alone.area_counts)
            pd.testing.assert_frame_equal(shared.hotspots, alone.hotspots)
            pd.testing.assert_frame_equal(shared.history, alone.history)
        assert len(asked) == 1 + history


def test_other_incidents_are_read_for_another_question(town: Store, asked: list[Question]) -> None:
    answers = Answers(town)
    for options in OTHER:
        question = Question.read(options)
        shared, alone = answers.ask(question), ask(question, answers.snapshot())
        assert shared.accounts == alone.accounts
        ranked = [LAYERS["ranked-hotspots"].compute(each).frame for each in (shared, alone)]
        pd.testing.assert_frame_equal(*ranked)
    assert len(asked) == len(OTHER)
