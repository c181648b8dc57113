"""Counts along four streets drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.analyses import AnalysisResult
from geo.analyses.study_streets import StudyStreets
from geo.errors import QuestionError
from geo.question.answer import Answer
from geo.question.ask import StoreFacts, answer
from geo.question.layer_index import LayerIndexes
from geo.question.model import Question
from geo.question.street_layer import StreetLayer, street_metadata
from geo.store.contract import LayerMetadata
from tests.geo.analyses.material import ASB, COMPUTE

WEST, SOUTH = 435_000.0, 336_000.0
CRS = "EPSG:27700"
DAYS = range(1, 31)
FIRST = [f"2023-{month:02}" for month in range(1, 13)]

STREETS = {
    "a1": ("North Road", [(100, 300), (200, 300)]),
    "a2": ("North Road", [(200, 300), (300, 300)]),
    "b": ("West Row", [(100, 100), (100, 300)]),
    "c": (None, [(100, 100), (300, 100)]),
    "d": ("North Road", [(300, 130), (300, 170)]),
}
"""
    300   +-- a1 --+-- a2 --+
          |                       d has the name of a1 and a2, but lies 130 m away from them
          b                 |
          |                 d
    100   +------- c ----------
         100      200      300
"""

POINTS = [
    *[(150, 310)] * 3,  # 10 m from a1
    *[(250, 290)] * 2,  # 10 m from a2
    (200, 320),  # where a1 and a2 meet: equally near
    (200, 350),  # likewise, at just 50 m
    *[(90, 90)] * 2,  # beyond the corner of b and c: 14 m from both
    (300, 150),  # on d
    (350, 350),  # 71 m from the end of a2
    (500, 500),  # outside
]


def layer_of(streets: dict[str, tuple[str | None, list[tuple[int, int]]]]) -> StreetLayer:
    paths = [[(WEST + x, SOUTH + y) for x, y in path] for _, path in streets.values()]
    segments = gpd.GeoDataFrame(
        {"name": pd.Series([name for name, _ in streets.values()], dtype=object).to_numpy()},
        geometry=[shapely.LineString(path) for path in paths],
        index=pd.Index(list(streets), name="code"),
        crs=CRS,
    )
    return StreetLayer("streets", "Streets", segments)


@pytest.fixture
def count(incident_frame) -> Callable[..., AnalysisResult]:
    square = gpd.GeoDataFrame(
        {"area_name": ["North", "South"]},
        geometry=[
            shapely.box(WEST, SOUTH + 200, WEST + 400, SOUTH + 400),
            shapely.box(WEST, SOUTH, WEST + 400, SOUTH + 200),
        ],
        index=pd.Index(["N", "S"], name="area_code"),
        crs=CRS,
    )

    def answered(points: list = POINTS, when: str = "2024-01", rows=(), **options: str) -> Answer:
        drawn = [(WEST + x, SOUTH + y, ASB, when) for x, y in points]
        frame = incident_frame([*drawn, *rows])
        facts = StoreFacts(accepted=len(frame), streets=lambda: layer_of(STREETS))
        question = Question.read({"layer": "wards", "datetime": "2024-01", **options})
        return answer(question, frame, square, facts=facts)

    def ask(*args, **options) -> AnalysisResult:
        return COMPUTE["streets"](answered(*args, **options))

    ask.answer = answered
    return ask


def by_id(result: AnalysisResult) -> pd.DataFrame:
    return pd.DataFrame(result.frame).set_index("street_id")


def test_streets_have_the_values_of_the_drawing(count) -> None:
    result = count()
    rows = by_id(result)
    assert rows.index.tolist() == ["a1", "b", "d", "c"]
    assert rows["rank"].astype(object).where(rows["rank"].notna(), None).tolist() == [1, 2, 3, None]
    assert rows["street_name"].tolist() == ["North Road", "West Row", "North Road", ""]
    assert rows["n"].tolist() == [7, 2, 1, 0]
    assert rows["share"].tolist() == pytest.approx([7 / 11, 2 / 11, 1 / 11, 0])
    assert rows["length_m"].tolist() == [200, 200, 40, 200]
    assert rows["per_100m"].tolist() == pytest.approx([3.5, 1, 2.5, 0])
    assert rows["n_tied"].tolist() == [0, 2, 0, 0]
    assert rows["segments"].tolist() == [2, 1, 1, 1]
    assert rows["median_distance_m"].tolist()[:3] == pytest.approx([10, np.sqrt(200), 0])
    assert rows["farthest_m"].tolist()[:3] == pytest.approx([50, np.sqrt(200), 0])
    assert rows["area_code"].tolist() == ["N", "N;S", "S", "S"]
    sums = ("on_streets", "too_far", "equally_near_several", "streets", "length_km")
    assert [result.parameters[name] for name in sums] == [10, 1, 2, 4, 0.64]
    assert result.caveats[0] == (
        "10 of 11 incidents are within 50 m of a street; 1 is farther away and counted on none."
    )


def test_streets_are_made_once_for_all_answers_about_one_state_of_them(count) -> None:
    def streets(version: str, **options: str) -> StudyStreets:
        layer = replace(layer_of(STREETS), version=version)
        asked = replace(count.answer(**options), indexes=indexes, study_areas=areas)
        return StudyStreets.of(replace(asked, facts=replace(asked.facts, streets=lambda: layer)))

    indexes, areas = LayerIndexes(), count.answer().study_areas
    made = streets("1")
    assert streets("1", by="month") is made
    assert streets("1", tolerance="20") is not made
    assert streets("2") is not made
    assert streets("") is not streets("")


def test_segments_are_counted_one_by_one_where_the_question_says_so(count) -> None:
    rows = by_id(count(unit="segment"))
    assert rows["n"].to_dict() == {"a1": 5, "a2": 2, "b": 2, "c": 0, "d": 1}
    assert rows["n_tied"].to_dict() == {"a1": 2, "a2": 0, "b": 2, "c": 0, "d": 0}


def test_the_tolerance_is_the_farthest_that_counts(count) -> None:
    assert count(tolerance="49").parameters["too_far"] == 2
    assert count(tolerance="71").parameters["too_far"] == 0


def test_anonymous_points_are_concentrated_and_chance_knows_them(count) -> None:
    anonymous = count()
    assert by_id(anonymous)["n_snapped"].tolist() == [7, 2, 1, 0]
    # Nothing is to be expected of c, which has no point.
    assert by_id(anonymous)["expected"].tolist() == pytest.approx(
        [10 * 200 / 440, 10 * 200 / 440, 10 * 40 / 440, 0]
    )
    assert any("move each incident" in caveat for caveat in anonymous.caveats)
    true = count(when="2024-01-10T12:00:00")
    assert by_id(true)["n_snapped"].sum() == 0
    assert by_id(true)["expected"].tolist() == pytest.approx([3.125, 3.125, 0.625, 3.125])
    assert not any("move each incident" in caveat for caveat in true.caveats)


def along_the_streets(n: int) -> list[tuple[float, float]]:
    """Points at random along the 640 m of the streets."""
    places = []
    for at in np.random.default_rng(4).uniform(0, 640, n):
        if at < 200:
            places.append((100 + at, 301))
        elif at < 400:
            places.append((101, at - 100))
        else:
            places.append((at - 300, 101) if at < 600 else (301, at - 470))
    return places


def test_concentration_is_only_claimed_where_it_is_more_than_chance(count) -> None:
    few = count().parameters["headline"]
    assert few.startswith("Too few incidents to say how concentrated they are: 10 are within 50 m")
    even = along_the_streets(400)
    spread = count(even, when="2024-01-10T12:00:00").parameters
    assert spread["concentrated"] is False
    assert "not clearly more concentrated" in spread["headline"]
    busy = [*even[:60], *[(300, 130 + s % 40) for s in range(200)]]
    concentrated = count(busy, when="2024-01-10T12:00:00").parameters
    assert concentrated["concentrated"] is True
    assert concentrated["headline"].startswith(
        "Half of the incidents within 50 m of a street of the layer are on 1 of its 4 streets, 6.2 "
        "% of the street length; chance"
    )


def test_the_places_of_a_series_are_no_evidence_of_concentration(count) -> None:
    reported_often = [(150, 300)] * 60 + along_the_streets(60)
    assert count(reported_often, when="2024-01-10T12:00:00").parameters["concentrated"] is False
    other_hours = [(WEST + 150, SOUTH + 300, ASB, f"2024-01-{day:02}T12:00:00") for day in DAYS]
    each_alone = count(along_the_streets(60), when="2024-01-10T12:00:00", rows=other_hours * 2)
    assert each_alone.parameters["concentrated"] is True


def test_within_selects_whole_streets_and_ranks_begin_anew(count) -> None:
    part = by_id(count(within="S"))
    assert part["n"].to_dict() == {"b": 2, "d": 1, "c": 0}
    assert part["rank"].tolist()[:2] == [1, 2]
    assert part["share"].tolist() == by_id(count()).loc[["b", "d", "c"], "share"].tolist()


def test_a_street_at_the_edge_of_the_study_area_counts_what_is_inside(incident_frame) -> None:
    """The border of the area runs 10 m beside a1 and a2, which lie outside."""
    square = gpd.GeoDataFrame(
        {"area_name": ["South"]},
        geometry=[shapely.box(WEST, SOUTH, WEST + 400, SOUTH + 290)],
        index=pd.Index(["S"], name="area_code"),
        crs=CRS,
    )
    frame = incident_frame([(WEST + 150, SOUTH + 285, ASB, "2024-01")])
    facts = StoreFacts(accepted=1, streets=lambda: layer_of(STREETS))
    question = Question.read({"layer": "wards", "datetime": "2024-01"})
    rows = by_id(COMPUTE["streets"](answer(question, frame, square, facts=facts)))
    assert rows.loc["a1", ["n", "length_m"]].tolist() == [1, 200]


def test_a_compared_period_says_how_sure_a_change_is(count) -> None:
    moments = [f"{month}-10T12:00:00" for month in FIRST]
    rows = [(WEST + 150, SOUTH + 300, ASB, when) for when in moments for _ in range(6)]
    rows += [(WEST + 200, SOUTH + 100, ASB, when) for when in moments for _ in range(8)]
    now = [(150, 300)] * 60 + [(200, 100)] * 8
    result = count(now, when="2024-01-10T12:00:00", rows=rows, compare="previous")
    table = by_id(result)
    assert table.loc[["a1", "c"], "n_compared"].tolist() == [6, 8]
    assert table.loc["a1", "certainty"] == "more than chance"
    assert table.loc["c", "certainty"] == "no clear change"
    assert result.parameters["earlier_periods"] > 0


def test_a_layer_of_streets_is_chosen_or_refused_in_words() -> None:
    lines = LayerMetadata("roads", geometry_type="MultiLineString")
    areas = LayerMetadata("wards")
    assert street_metadata([areas, lines]) == lines
    assert street_metadata([areas, lines], "roads") == lines
    rivers = LayerMetadata("rivers", geometry_type="MultiLineString")
    refusals = {
        "": "streets: there are several layers of lines; name one of: roads, rivers",
        "wards": "streets: 'wards' is a layer of areas, and streets are lines; choose roads",
        "x": "streets: there is no layer 'x'; choose roads, rivers",
    }
    for named, message in refusals.items():
        with pytest.raises(QuestionError, match=f"^{message}"):
            street_metadata([areas, lines, rivers], named)
    with pytest.raises(QuestionError, match="streets: there is no layer of streets; add one"):
        street_metadata([areas])


def test_an_answer_from_frames_alone_has_no_streets(incident_frame, four_squares) -> None:
    reply = answer(
        Question.read({"layer": "wards"}),
        incident_frame([(435_050, 336_050, ASB, "2024-01")]),
        four_squares,
    )
    with pytest.raises(QuestionError, match="streets: there is no layer of streets"):
        COMPUTE["streets"](reply)
