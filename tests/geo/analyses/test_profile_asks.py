"""What a profile asks for, and how often; and that sources are judged together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.analyses import ANALYSES, measure_figures
from geo.analyses import profile as profile_module
from geo.analyses.profile import SOURCE, VALUE_COLUMNS, profiles_by_source, values_of_areas
from geo.measures import carry_cache
from geo.measures.carry_cache import carried_once
from geo.measures.measured import Measured
from geo.question.ask import Question, answer, ask
from geo.statistics import benjamini_hochberg
from geo.store.geopackage import GeoPackageStore
from tests.geo.analyses.material import rows_of

PROFILE = next(one for one in ANALYSES if one.command == "profile")
OF_INCIDENTS = {
    "asb": {"category": "anti-social-behaviour"},
    "burglary": {"category": "burglary"},
    "asb-late": {"category": "anti-social-behaviour", "hours": "18-02"},
}
"""The measures of the demo city that are made of incidents."""


@pytest.fixture(scope="module")
def store(demo_store: Path) -> Iterator[GeoPackageStore]:
    with closing(GeoPackageStore(demo_store)) as opened:
        yield opened


@pytest.mark.parametrize(("compare", "times"), [("", 4), ("year", 3)])
def test_each_measure_of_incidents_is_asked_for_once(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch, compare: str, times: int
) -> None:
    again, questions = measure_figures.asked_again, []

    def counted(own, question, **options):
        questions.append(question)
        return again(own, question, **options)

    monkeypatch.setattr(measure_figures, "asked_again", counted)
    asked = {"datetime": "2025-10/2026-03", "layer": "wards"}
    question = Question.read({**asked, **({"compare": compare} if compare else {})})
    frame = PROFILE.compute(ask(question, store)).frame
    # The Question's own incidents have a year before already where they are compared with it.
    assert len(questions) == times
    for measure_id, options in OF_INCIDENTS.items():
        own = ask(Question.read({**asked, **options}), store).area_counts
        rows = frame[frame["measure_id"] == measure_id].set_index("area_code")
        expected = own.set_index("area_code")["n"].astype(float)
        assert rows["numerator"].to_dict() == expected.to_dict(), measure_id
        both = ask(Question.read({**asked, **options, "compare": "year"}), store).area_counts
        before = 1_000 * both.set_index("area_code")["n_compared"].astype(float)
        shown = (rows["year_before"] * rows["denominator"]).reindex(before.index)
        np.testing.assert_allclose(shown, before, err_msg=measure_id)


@pytest.mark.parametrize("within", ["", "D05000003,D05000001"])
def test_values_held_against_nothing_are_those_of_the_profile(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch, within: str
) -> None:
    own = ask(Question.read({"period": "latest-6m", "layer": "wards", "within": within}), store)
    keys = ["measure_id", "area_code"]
    profile = pd.DataFrame(PROFILE.compute(own).frame)[list(VALUE_COLUMNS)]
    monkeypatch.setattr(profile_module.comparison, "against_rest", None)
    values = values_of_areas(own)
    assert values["measure_id"].nunique() > 8
    # Of a value that is known, the profile may say why it is held against nothing.
    unknown = profile["value"].isna()
    profile["why"] = profile["why"].where(unknown, "")
    values["why"] = values["why"].where(values["value"].isna(), "")
    pd.testing.assert_frame_equal(
        values.sort_values(keys, ignore_index=True),
        profile.sort_values(keys, ignore_index=True),
        check_dtype=False,
    )


def test_values_of_the_same_frames_are_carried_once(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = next(one for one in store.measures() if one.measure_id == "residents")
    old, new = store.layer("blocks")[1], store.layer("wards")[1]
    values = store.measure_values(["residents"])
    calls = []
    carry = carry_cache.carry_values
    monkeypatch.setattr(
        carry_cache, "carry_values", lambda *a, **b: calls.append(a) or carry(*a, **b)
    )
    first = carried_once(values, measure, old, new, target="wards")
    assert carried_once(values, measure, old, new, target="wards") is first
    assert len(calls) == 1
    # Another frame, be it alike, may be of another state of the store.
    other = carried_once(values.copy(), measure, old, new, target="wards")
    assert len(calls) == 2
    pd.testing.assert_frame_equal(other[0], first[0])


def test_periods_and_measures_are_read_once(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    periods = store.measure_periods
    monkeypatch.setattr(
        store, "measure_periods", lambda *a: reads.append(a) or periods(*a), raising=False
    )
    areas = store.layer("wards")[1]
    measured = Measured(store, "wards", areas, lambda name: store.layer(name)[1])
    for one in store.measures():
        days = periods([one.measure_id]).sort_values(["last_day", "first_day"])
        spans = [(own.first, own.last) for own in measured.periods(one.measure_id)]
        pairs = zip(days["first_day"], days["last_day"], strict=True)
        assert spans == [(first.date(), last.date()) for first, last in pairs]
    assert len(reads) == 1


def test_single_sources_are_corrected_with_all_areas_and_measures(
    four_squares, incident_frame
) -> None:
    police, council = incident_frame(rows_of(1)), incident_frame(rows_of(2, timed=True))
    council = council.assign(incident_id="c" + council["incident_id"].astype(str))
    incidents = pd.concat([police, council], ignore_index=True)
    areas = four_squares.assign(residents=[300.0, 280.0, 310.0, 290.0])
    question = Question.read({"layer": "wards", "datetime": "2023-01/2023-12"})
    result = profiles_by_source(answer(question, incidents, areas))
    frame = result.frame
    assert set(frame["measure_id"]) == {"incidents", f"{SOURCE}police.uk", f"{SOURCE}council"}
    assert len(frame) == 12
    together = benjamini_hochberg(frame["p"].to_numpy(float))
    np.testing.assert_allclose(frame["q"].to_numpy(float), together)
    # Corrected by themselves the same rows would have other numbers.
    own = frame[frame["measure_id"] == f"{SOURCE}council"]
    alone = benjamini_hochberg(own["p"].to_numpy(float))
    assert not np.allclose(own["q"].to_numpy(float), alone, equal_nan=True)
    n = frame.pivot_table(index="measure_id", columns="area_code", values="numerator")
    total = n.loc[f"{SOURCE}police.uk"] + n.loc[f"{SOURCE}council"]
    assert n.loc["incidents"].to_dict() == total.to_dict()
