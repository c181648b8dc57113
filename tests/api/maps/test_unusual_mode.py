"""The map of what is unusual: an area's colour is the verdict on its series."""

from __future__ import annotations

import pytest

from api.maps.unusual_mode import paint_unusual
from geo.analyses.unusual import JudgedSeries
from geo.errors import QuestionError
from geo.question.ask import answer
from geo.question.model import Question
from tests.geo.analyses.material import DRUGS, rows_of

BURST = [(435_150 + i, 336_150, DRUGS, "2024-12") for i in range(30)]


@pytest.fixture(scope="module")
def judged(incident_frame, four_squares):
    def judge(rows, **options: str) -> JudgedSeries:
        given = {"cell": "25", "layer": "wards", "datetime": "2024-12", **options}
        return JudgedSeries.of(answer(Question.read(given), incident_frame(rows), four_squares))

    return judge


def test_the_area_of_a_burst_is_in_colour_and_the_others_quiet(judged):
    series = judged(rows_of(1) + BURST)
    painting = paint_unusual(series)
    areas = painting.cells[painting.cells["cell_id"] == painting.cells["area_code"]]
    assert dict(zip(areas["area_code"], areas["kind"], strict=True)) == {
        "A": "usual", "B": "usual", "C": "usual", "D": "more",
    }  # fmt: skip
    row = series.shown.iloc[0]
    meaning = areas.set_index("area_code")["meaning"]
    assert meaning["D"] == f"Drugs: {row['n']:,}, {row['why']}"
    assert meaning["A"] == "nothing is unusual"
    assert painting.shades["more"].words == "Areas with unusually many: 1"
    assert painting.note.startswith("December 2024 held against the history of each area")
    counted = series.shown[series.shown["area_code"].eq("D") & series.shown["category"].notna()]
    assert areas.set_index("area_code")["n"]["D"] == counted["n"].sum()
    # Its name is on the map, whatever larger area lies beside it.
    assert painting.named == ["D"]


def test_with_too_little_history_no_area_is_said_to_be_usual(judged):
    rows = [row for row in rows_of(1) + BURST if row[3] >= "2024-01"]
    painting = paint_unusual(judged(rows))
    assert set(painting.cells["kind"]) == {"cannot be said yet"}
    assert painting.cells["meaning"].str.contains("of 36 months").all()


def test_areas_that_are_not_shown_are_not_drawn(judged):
    painting = paint_unusual(judged(rows_of(1) + BURST, within="A,D"))
    assert set(painting.cells["area_code"]) == {"A", "D"}


def test_counts_by_month_have_no_map_of_what_is_unusual(judged):
    with pytest.raises(QuestionError, match="leave by out"):
        paint_unusual(judged(rows_of(1), by="month"))
