"""Plans tally measures: sums of what adds up, ratios of sums of what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from boundaries.plans.comparison import compare
from boundaries.plans.draft import open_plan, save_plan
from geo.errors import QuestionError
from geo.measures.model import Measure, values_frame
from geo.question.model import Question
from geo.store.contract import Store
from geo.store.measure_contract import TableFile
from tests.boundaries.cities import begun
from tests.boundaries.drawn import SIGNED

COUNT = Measure("visits", "Visits", "visits", "count", "neither", "blocks", "A log")
SHARE = Measure("fit", "Fit homes", "%", "share", "up", "blocks", "A survey", multiplier=100.0)
MEAN = Measure("age", "Age", "years", "mean", "neither", "blocks", "A census")
WARDS = Measure("loans", "Loans", "loans", "count", "neither", "wards", "A library")


@pytest.fixture
def table(city: Store) -> pd.DataFrame:
    """Values of each block; the share is published as a whole number, and unknown of one."""
    codes = city.layer("blocks")[1].index.astype(str)
    n = np.arange(1, len(codes) + 1)
    table = pd.DataFrame({"visits": n, "of": 7 * n + 3, "fit": 3 * n + 1, "age": 20 + n % 5}, codes)
    table.loc[codes[0], ["fit", "of"]] = np.nan
    days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
    share = {"numerator": table["fit"], "denominator": table["of"]}
    rounded = (100 * table["fit"] / table["of"]).round()
    frames = [
        pd.DataFrame({"measure_id": "visits", "value": table["visits"]}),
        pd.DataFrame({"measure_id": "fit", "value": rounded, **share}),
        pd.DataFrame({"measure_id": "age", "value": table["age"], "denominator": table["visits"]}),
    ]
    rows = [frame.rename_axis("area_code").reset_index().assign(**days) for frame in frames]
    wards = city.layer("wards")[1].index.astype(str)
    rows.append(pd.DataFrame({"measure_id": "loans", "area_code": wards, "value": 5.0, **days}))
    with city.transaction():
        file = TableFile("m.csv", "1", 0, {}, (COUNT, SHARE, MEAN, WARDS))
        city.put_measure_values(values_frame(pd.concat(rows)), file)
    return table


ASKED = Question.read({"measures": "visits,fit,age,loans"})


def test_areas_of_a_plan_have_sums_and_ratios_of_sums(city: Store, table: pd.DataFrame) -> None:
    draft = begun(city, question=ASKED)
    moved = draft.follow(draft.plan.move(["c1", "c2"], "E", signed=SIGNED))
    for one in (draft, moved):
        frame, area = one.measures.frame, one.plan.assignment
        sums = table.groupby(area.reindex(table.index).to_numpy()).sum().reindex(frame.index)
        assert frame["visits"].to_dict() == sums["visits"].to_dict()
        assert np.allclose(frame["fit"], 100 * sums["fit"] / sums["of"])
        weighted = (table["age"] * table["visits"]).groupby(area.to_numpy()).sum()
        assert np.allclose(frame["age"], weighted.reindex(frame.index) / sums["visits"])


def test_what_is_unknown_or_guessed_is_told(city: Store, table: pd.DataFrame) -> None:
    figures = begun(city, question=ASKED).figures
    assert figures.titles == {
        "visits": "Visits (visits)",
        "fit": "Fit homes (%)",
        "age": "Age (years)",
    }
    notes = "\n".join(figures.notes)
    assert "Visits: values of January 2023 to December 2023" in notes
    assert (
        f"Fit homes: values of January 2023 to December 2023; averaged by its denominators; "
        f"not known of 1 of {len(table)} blocks, which count for nothing in it"
    ) in notes
    assert "Loans left out: published on wards; of blocks most of it would be guessed" in notes


def test_a_sum_with_a_gap_is_left_out_and_said_so(city: Store, table: pd.DataFrame) -> None:
    rows = pd.DataFrame({"measure_id": "gap", "area_code": table.index[1:], "value": 1.0})
    days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
    gap = replace(COUNT, measure_id="gap", title="Gap")
    with city.transaction():
        city.put_measure_values(
            values_frame(rows.assign(**days)), TableFile("g", "2", 0, {}, (gap,))
        )
    figures = begun(city, question=Question.read({"measures": "gap"})).figures
    assert "gap" not in figures.blocks.sums
    assert any("not known of 1 of" in note and "left out" in note for note in figures.notes)


def test_comparisons_move_sums_and_set_ratios_side_by_side(
    city: Store, table: pd.DataFrame
) -> None:
    draft = begun(city)
    save_plan(city, draft.plan)
    plan = open_plan(city, draft.plan.metadata.plan_id, question=None).plan
    save_plan(city, plan.move(["c1", "c2"], "E", signed=SIGNED))
    comparison = compare(city, "wards", draft.plan.metadata.plan_id, question=ASKED)
    assert comparison.totals["visits"] == table.loc[["c1", "c2"], "visits"].sum()
    rows = comparison.measures.set_index(["measure", "area_code"])
    after = comparison.after.assignment.reindex(table.index)
    sums = table.groupby(after.to_numpy()).sum()
    for code in sums.index:
        made = 100 * sums.loc[code, "fit"] / sums.loc[code, "of"]
        assert rows.loc[("fit", code), "after"] == pytest.approx(made)
    assert (rows.loc["fit", "before"] != rows.loc["fit", "after"]).any()


def test_a_measure_that_there_is_not_is_refused(city: Store) -> None:
    with pytest.raises(QuestionError, match="measures: unknown value 'x'; there are: none yet"):
        begun(city, question=Question.read({"measures": "x"}))


def test_a_measure_takes_the_place_of_no_column(city: Store, table: pd.DataFrame) -> None:
    rows = pd.DataFrame({"measure_id": "residents", "area_code": table.index, "value": 3.0})
    days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
    residents = replace(COUNT, measure_id="residents", title="Residents of 2023")
    with city.transaction():
        file = TableFile("r", "3", 0, {}, (residents,))
        city.put_measure_values(values_frame(rows.assign(**days)), file)
    frame = begun(city, question=Question.read({"measures": "residents"})).measures.frame
    assert frame["measure_residents"].sum() == 3 * len(table)
    assert frame["residents"].sum() != 3 * len(table)
