"""The change of points of data.police.uk in July 2022: nothing small is compared across it."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from boundaries.layers.read import read_layer
from geo.analyses import ANALYSES, LAYERS
from geo.coverage import new_lists, point_counts
from geo.errors import QuestionError
from geo.incidents import Batch
from geo.question.ask import Answer, answer
from geo.question.model import Question
from geo.sources.police_uk import read_police_uk
from geo.store.contract import ImportRecord, LayerMetadata
from tests.geo.import_records import record_of

Parts = tuple[pd.DataFrame, list[ImportRecord]]


def read(path: Path, projection) -> Parts:
    frames, records = [], []
    for part in read_police_uk(path, projection):
        rows = Batch.join(part.batches()).accepted
        frames.append(rows)
        records.append(record_of(rows, month=part.month, name=part.name))
    return pd.concat(frames, ignore_index=True), records


@pytest.fixture(scope="module")
def leicestershire(real_data, projection) -> Parts:
    return read(real_data / "melton/police-uk-leicestershire-2020-11--2022-10.zip", projection)


@pytest.fixture(scope="module")
def layers(real_data, projection) -> dict[str, gpd.GeoDataFrame]:
    return {
        name: read_layer(
            (real_data / f"melton/{name}.geojson").read_bytes(),
            LayerMetadata(name, file=f"{name}.geojson"),
            projection=projection,
        ).areas
        for name in ("wards-2025", "lsoa-2021")
    }


@pytest.fixture(scope="module")
def ask(leicestershire, layers):
    def ask_about(layer: str = "wards-2025", **options: str) -> Answer:
        incidents, records = leicestershire
        return answer(Question.read(options), incidents, layers[layer], imports=records)

    return ask_about


def test_leicestershire_has_new_points_from_july_2022(leicestershire):
    incidents, _ = leicestershire
    assert new_lists(point_counts(incidents)) == ("2022-07",)
    month = incidents["occurred_from"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m")
    for earlier, later in (("2020-11", "2020-12"), ("2022-05", "2022-06"), ("2022-07", "2022-08")):
        assert new_lists(point_counts(incidents[month.isin([earlier, later])])) == ()


def test_derbyshire_has_other_points_in_2024_than_in_2019(real_data, projection):
    incidents, _ = read(real_data / "derby/police-uk-derbyshire.zip", projection)
    assert new_lists(point_counts(incidents)) == ("2024-01",)


def test_ranked_places_have_no_change_across_it(ask):
    across = ask(datetime="2022-07/2022-09", compare="previous")
    places = LAYERS["ranked-hotspots"].compute(across).frame
    assert len(places) == 20
    assert set(places["certainty"]) == {""}
    assert places["change"].isna().all()
    assert set(places["why"]) == {"not compared: from 2022-07 the source uses other points"}
    inside = ask(datetime="2022-04/2022-06", compare="previous")
    reasons = LAYERS["ranked-hotspots"].compute(inside).frame["why"]
    assert not reasons.str.contains("other points").any()


def test_cells_have_no_change_across_it(ask):
    frame = LAYERS["density"].compute(ask(datetime="2022-07", compare="previous")).frame
    assert frame["difference"].isna().all()
    assert frame["density"].notna().all()


def test_wards_are_compared_with_a_caveat_and_small_areas_are_not(ask, layers):
    across = ask(datetime="2022-07/2022-09", compare="previous")
    assert set(across.area_counts["certainty"]) <= {
        "more than chance",
        "less than chance",
        "no clear change",
    }
    assert any("other anonymous points" in caveat for caveat in across.accounts.caveats)
    small = layers["lsoa-2021"].area.to_numpy() < 1e6
    assert 0 < small.sum() < len(small)
    lsoas = ask("lsoa-2021", datetime="2022-07/2022-09", compare="previous").area_counts
    assert ((lsoas["certainty"] == "") == small).all()
    assert (lsoas["change"].isna() == small).all()
    assert lsoas["n"].notna().all()


def test_patterns_of_months_use_one_list_alone(ask):
    with pytest.raises(QuestionError, match="Only months from July 2022 on are used"):
        LAYERS["emerging-hotspots"].compute(ask(datetime="2021-01/2022-10"))
    steps = LAYERS["emerging-hotspots"].compute(ask(datetime="2021-01/2022-06")).frame["steps"]
    assert set(steps) == {18}


def test_an_evaluation_and_a_treatment_are_refused_across_it(ask):
    by_command = {analysis.command: analysis for analysis in ANALYSES}
    with pytest.raises(QuestionError, match="cannot compare across July 2022"):
        by_command["evaluate"].compute(ask(datetime="2022-01/2022-09"))
    place = "p150:475300:319100"
    with pytest.raises(QuestionError, match="cannot compare across July 2022"):
        by_command["treatment"].compute(
            ask(datetime="2022-01/2022-10", treated=place, since="2022-07")
        )
